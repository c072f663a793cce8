//! Others from crates.io. What a peer has to make of a name or filter before it can take it is part of its cost.

mod mqtt_topic_engine;
mod ntex_mqtt;
mod rmqtt;
mod rumqttc;

pub use self::mqtt_topic_engine::MqttTopicEngine;
pub use self::ntex_mqtt::NtexMqtt;
pub use self::rmqtt::Rmqtt;
pub use self::rumqttc::Rumqttc;
