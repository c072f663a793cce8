//! What the benches of the codec have in common: the packets, and ours, a limit and peers behind one trait.

mod limit;
mod ours;
mod packets;
pub mod peers;
mod subject;

pub use limit::Limit;
pub use ours::{Nothing, Ours, OursBytesMut, OursTyped};
pub use packets::{Sample, sample, samples};
use subject::growing;
pub use subject::{SliceBuffer, SliceStream, Subject};

/// Calls a macro with the module's name and the type of each subject.
#[macro_export]
macro_rules! for_each_subject {
    ($call:ident) => {
        $call! {
            nothing: $crate::Nothing,
            limit: $crate::Limit,
            ours: $crate::Ours,
            ours_typed: $crate::OursTyped,
            ours_bytesmut: $crate::OursBytesMut,
            rmqtt_codec: $crate::peers::RmqttCodec,
            rumqttc: $crate::peers::Rumqttc,
            ntex_mqtt: $crate::peers::NtexMqtt,
            mqtt_protocol_core: $crate::peers::MqttProtocolCore,
            mqtt_proto: $crate::peers::MqttProto,
            mqtt5_protocol: $crate::peers::Mqtt5Protocol,
            mqttrs: $crate::peers::Mqttrs,
        }
    };
}
