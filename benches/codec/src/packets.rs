use std::num::{NonZeroU16, NonZeroU32};

use mqtt_codec::{
    AckProperties, Connect, ConnectProperties, Delivery, MessageProperties, Packet, PacketId, PayloadFormat,
    PubAck, Publish, QoS, ReasonCode, SubAck, Subscribe, Subscription, SubscriptionOptions, TopicFilter,
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

const TOPIC: &str = "site3/building17/floor4/dev123456/temp/1";
const FILTERS: [&str; 10] = [
    "site3/b17/f4/dev123456/temperature",
    "site3/b17/f4/dev123456/humidity",
    "site3/b17/+/dev123456/alarm",
    "site3/b17/f4/#",
    "site3/+/f4/dev7/temperature",
    "commands/dev123456/+",
    "commands/dev123456/update/firmware",
    "commands/all",
    "$share/workers/jobs/+",
    "alarms/fire/#",
];

/// The packets that are measured, the same in every bench.
pub fn samples() -> Vec<Sample> {
    let qos0 = Publish::new(name("sensors/kitchen/temp"), &[b'x'; 16]);
    let large = vec![b'x'; 64 << 10];
    let qos1 = Publish {
        delivery: Delivery::AtLeastOnce { id: id(), dup: false },
        ..Publish::new(name(TOPIC), &[b'x'; 64])
    };
    let with_properties = Publish {
        properties: MessageProperties {
            payload_format: Some(PayloadFormat::Utf8),
            message_expiry_interval: Some(3600),
            content_type: Some("text/plain"),
            user_properties: UserProperties::new(&[("unit", "celsius"), ("source", "gateway-17")]),
            ..MessageProperties::default()
        },
        ..qos1
    };
    let subscriptions = FILTERS.map(|text| Subscription {
        filter: filter(text),
        options: SubscriptionOptions::new(QoS::AtLeastOnce),
    });
    let subscribe = Subscribe {
        packet_id: id(),
        subscription_id: None,
        user_properties: UserProperties::default(),
        subscriptions: (&subscriptions).into(),
    };
    let suback = SubAck {
        packet_id: id(),
        codes: (&[ReasonCode::GrantedQoS1; 10]).into(),
        properties: AckProperties::default(),
    };
    let puback = PubAck::new(id(), ReasonCode::Success);
    let (v3, v5) = (Version::V3_1_1, Version::V5);
    vec![
        encoded("publish-qos0-3.1.1", v3, qos0),
        encoded("publish-3.1.1", v3, qos1),
        encoded("publish-5.0", v5, qos1),
        encoded("publish-5.0-properties", v5, with_properties),
        encoded("publish-64k-3.1.1", v3, Publish { payload: &large, ..qos1 }),
        encoded("connect-3.1.1", v3, connect()),
        encoded("connect-5.0", v5, connect()),
        encoded("subscribe-3.1.1", v3, subscribe),
        encoded("subscribe-5.0", v5, subscribe),
        encoded("suback-3.1.1", v3, suback),
        encoded("suback-5.0", v5, suback),
        encoded("puback-3.1.1", v3, puback),
        encoded("puback-5.0", v5, puback),
        encoded("pingreq", v5, Packet::PingReq),
    ]
}

/// The one with this name.
pub fn sample(name: &str) -> Sample {
    samples().into_iter().find(|sample| sample.name == name).expect("it is one of them")
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

fn encoded<'a>(name: &'static str, version: Version, packet: impl Into<Packet<'a>>) -> Sample {
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
    fn sizes_are_those_of_the_table() {
        let sizes: Vec<_> = samples().iter().map(|sample| (sample.name, sample.bytes.len())).collect();
        let expected = [
            ("publish-qos0-3.1.1", 40),
            ("publish-3.1.1", 110),
            ("publish-5.0", 111),
            ("publish-5.0-properties", 169),
            ("publish-64k-3.1.1", 65_584),
            ("connect-3.1.1", 103),
            ("connect-5.0", 140),
            ("subscribe-3.1.1", 268),
            ("subscribe-5.0", 269),
            ("suback-3.1.1", 14),
            ("suback-5.0", 15),
            ("puback-3.1.1", 4),
            ("puback-5.0", 4),
            ("pingreq", 2),
        ];
        assert_eq!(sizes, expected);
    }
}
