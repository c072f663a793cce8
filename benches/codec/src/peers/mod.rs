//! Other codecs from crates.io. Each reads with the function that its own users call, and writes what it has read.

mod mqtt5_protocol;
mod mqtt_proto;
mod mqtt_protocol_core;
mod mqttrs;
mod ntex_mqtt;
mod rmqtt_codec;
mod rumqttc;

pub use self::mqtt_proto::MqttProto;
pub use self::mqtt_protocol_core::MqttProtocolCore;
pub use self::mqtt5_protocol::Mqtt5Protocol;
pub use self::mqttrs::Mqttrs;
pub use self::ntex_mqtt::NtexMqtt;
pub use self::rmqtt_codec::RmqttCodec;
pub use self::rumqttc::Rumqttc;

/// Whichever version a packet or codec is for.
#[derive(Clone, Debug)]
pub enum Of<V3, V5> {
    /// 3.1.1.
    V3(V3),
    /// 5.0.
    V5(V5),
}
