use std::num::{NonZeroU16, NonZeroU32};

use mqtt_codec::{
    Connect, ConnectProperties, Delivery, MessageProperties, Packet, PacketId, PayloadFormat, PubAck,
    Publish, QoS, ReasonCode, Subscribe, Subscription, SubscriptionId, SubscriptionOptions, TopicFilter,
    TopicName, UserProperties, Version, Will,
};

/// An encoded packet.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What it is, for the name of the bench.
    pub name: &'static str,
    /// What it is encoded as.
    pub version: Version,
    /// All of it.
    pub bytes: Vec<u8>,
}

const TOPIC: &str = "site3/b17/f4/dev123456/temperature";
const FILTERS: [&str; 8] = [
    "site3/b17/f4/dev123456/temperature",
    "site3/b17/f4/dev123456/humidity",
    "site3/b17/+/dev123456/alarm",
    "site3/b17/f4/#",
    "site3/+/f4/dev7/temperature",
    "commands/dev123456/+",
    "commands/all",
    "$share/workers/jobs/+",
];

/// The packets that are measured, the same in every bench.
pub fn samples() -> Vec<Sample> {
    let publish_v3 = publish(Version::V3_1_1, MessageProperties::default());
    let publish_v5 = publish(Version::V5, MessageProperties::default());
    let properties = MessageProperties {
        payload_format: Some(PayloadFormat::Utf8),
        message_expiry_interval: Some(3600),
        content_type: Some("text/plain"),
        correlation_data: Some(b"12345678"),
        user_properties: UserProperties::new(&[("unit", "celsius")]),
        ..MessageProperties::default()
    };
    let subscriptions = FILTERS.map(|text| Subscription {
        filter: filter(text),
        options: SubscriptionOptions::new(QoS::AtLeastOnce),
    });
    let subscribe = Subscribe {
        packet_id: id(),
        subscription_id: Some(SubscriptionId::new(7).expect("in range")),
        user_properties: UserProperties::default(),
        subscriptions: (&subscriptions).into(),
    };
    vec![
        Sample { name: "publish-3.1.1", ..publish_v3 },
        Sample { name: "publish-5.0", ..publish_v5 },
        Sample { name: "publish-5.0-properties", ..publish(Version::V5, properties) },
        sample("puback-5.0", Version::V5, PubAck::new(id(), ReasonCode::Success)),
        sample("connect-5.0", Version::V5, connect()),
        sample("subscribe-5.0", Version::V5, subscribe),
    ]
}

/// QoS 1. Without properties it has 110 bytes in all.
fn publish(version: Version, properties: MessageProperties<'_>) -> Sample {
    let fixed = if version.is_v5() { 2 + 2 + TOPIC.len() + 2 + 1 } else { 2 + 2 + TOPIC.len() + 2 };
    let payload = vec![b'x'; 110 - fixed];
    let publish = Publish {
        delivery: Delivery::AtLeastOnce { id: id(), dup: false },
        properties,
        ..Publish::new(name(TOPIC), &payload)
    };
    sample("publish", version, publish)
}

fn connect() -> Connect<'static> {
    Connect {
        keep_alive: 60,
        client_id: "dev123456",
        will: Some(Will {
            topic: name("site3/b17/f4/dev123456/state"),
            payload: b"offline",
            qos: QoS::AtLeastOnce,
            retain: true,
            delay_interval: Some(30),
            properties: MessageProperties {
                content_type: Some("text/plain"),
                ..MessageProperties::default()
            },
        }),
        user_name: Some("dev123456"),
        password: Some(b"correct horse battery staple"),
        properties: ConnectProperties {
            session_expiry_interval: Some(3600),
            receive_maximum: NonZeroU16::new(100),
            maximum_packet_size: NonZeroU32::new(1 << 20),
            topic_alias_maximum: Some(10),
            ..ConnectProperties::default()
        },
        ..Connect::default()
    }
}

fn sample<'a>(name: &'static str, version: Version, packet: impl Into<Packet<'a>>) -> Sample {
    let mut bytes = Vec::new();
    packet.into().encode(version, &mut bytes).expect("the packet is legal");
    Sample { name, version, bytes }
}

fn id() -> PacketId {
    PacketId::new(1234).expect("not 0")
}

fn name(text: &str) -> &TopicName {
    TopicName::new(text).expect("no wildcards")
}

fn filter(text: &str) -> &TopicFilter {
    TopicFilter::new(text).expect("a filter")
}

#[cfg(test)]
mod tests {
    use super::samples;

    #[test]
    fn the_plain_publish_has_110_bytes() {
        let samples = samples();
        assert_eq!(samples[0].bytes.len(), 110);
        assert_eq!(samples[1].bytes.len(), 110);
    }
}
