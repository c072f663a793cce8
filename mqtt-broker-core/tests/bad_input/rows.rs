//! What a client can do wrong, as bytes, and what comes of it once the client is connected.

use mqtt_broker_core::{Config, Fault};
use mqtt_codec::{QoS, Version};

/// What the client gets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// The connection is closed; in 5.0 after a packet with this reason code: DISCONNECT, or CONNACK for a CONNECT.
    End(u8),
    /// The connection is closed without a packet, or in 3.x with this CONNACK.
    Close(Option<u8>),
    /// This packet, and the connection stays.
    Answer(Vec<u8>),
    /// Nothing, and the connection stays.
    Nothing,
}
use Outcome::{Answer, Close, End, Nothing};

type Configure = fn(&mut Config);

/// PUBLISH of these first byte, identifier, properties and payload.
type PublishWith<'a> = dyn Fn(u8, &[u8], &[u8], &[u8]) -> Vec<u8> + 'a;

pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) config: Configure,
    /// What the client has done before, when it is connected.
    pub(crate) before: Vec<Vec<u8>>,
    /// A message of QoS 2 is sent to the client before.
    pub(crate) gets_message: bool,
    pub(crate) bytes: Vec<u8>,
    pub(crate) outcome: Outcome,
    /// What is counted.
    pub(crate) fault: Option<Fault>,
}

impl Row {
    fn new(name: &'static str, bytes: Vec<u8>, outcome: Outcome, fault: Fault) -> Self {
        let none: Configure = |_| ();
        let fault = Some(fault);
        Self { name, config: none, before: Vec::new(), gets_message: false, bytes, outcome, fault }
    }

    fn with(self, config: Configure) -> Self {
        Self { config, ..self }
    }

    fn after(self, before: Vec<Vec<u8>>) -> Self {
        Self { before, ..self }
    }

    fn uncounted(self) -> Self {
        Self { fault: None, ..self }
    }

    /// Whether the packet is a CONNECT, which is looked at only if it is the first.
    pub(crate) fn is_connect(&self) -> bool {
        self.bytes[0] == 0x10
    }
}

/// A packet of these parts, with its length in one byte.
fn packet(first: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut packet = vec![first, u8::try_from(body.len()).expect("a short packet")];
    packet.extend(body);
    packet
}

fn text(text: &str) -> Vec<u8> {
    let mut field = vec![0, u8::try_from(text.len()).expect("a short text")];
    field.extend(text.as_bytes());
    field
}

/// CONNECT of client `bad` with these flags, properties, and what is behind the Client Identifier.
fn connect(version: Version, flags: u8, properties: &[u8], rest: &[&[u8]]) -> Vec<u8> {
    let name = if version == Version::V3_1 { text("MQIsdp") } else { text("MQTT") };
    let mut parts = vec![name, vec![version.level(), flags, 0, 0]];
    if version.is_v5() {
        parts.push(vec![u8::try_from(properties.len()).expect("few")]);
        parts.push(properties.to_vec());
    }
    parts.push(text("bad"));
    parts.extend(rest.iter().map(|part| part.to_vec()));
    packet(0x10, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// What there is in this version.
pub(crate) fn rows(version: Version) -> Vec<Row> {
    let v5 = version.is_v5();
    // An empty property list, where there is one.
    let none: &[u8] = if v5 { &[0] } else { &[] };
    let publish = |first: u8, topic: &str, rest: &[u8]| packet(first, &[&text(topic), rest, none]);
    let with_properties = |first: u8, rest: &[u8], properties: &[u8], payload: &[u8]| {
        let len = [u8::try_from(properties.len()).expect("few")];
        packet(first, &[&text("a"), rest, &len, properties, payload])
    };
    let subscribe = |filter: &str, options: u8| packet(0x82, &[&[0, 9], none, &text(filter), &[options]]);
    let unsubscribe = |filter: &str| packet(0xA2, &[&[0, 9], none, &text(filter)]);
    let suback = |v5_code: u8| packet(0x90, &[&[0, 9], none, &[if v5 { v5_code } else { 0x80 }]]);
    // 3.1 knows no failure.
    let failure = |v5_code: u8, asked: u8| match version {
        Version::V3_1 => packet(0x90, &[&[0, 9], &[asked]]),
        _ => suback(v5_code),
    };
    let mut rows = vec![
        Row::new("second CONNECT", connect(version, 2, &[], &[]), End(0x82), Fault::SecondConnect),
        Row::new("packet type 0", vec![0x00, 0x00], End(0x81), Fault::ReservedPacketType),
        Row::new("flags of PINGREQ", vec![0xC1, 0x00], End(0x81), Fault::FixedHeader),
        Row::new(
            "flags of UNSUBSCRIBE",
            packet(0xA0, &[&[0, 9], none, &text("a")]),
            End(0x81),
            Fault::FixedHeader,
        ),
        Row::new("PUBLISH QoS 3", publish(0x36, "a", &[0, 1]), End(0x81), Fault::FixedHeader),
        Row::new("DUP with QoS 0", publish(0x38, "a", &[]), End(0x81), Fault::FixedHeader),
        Row::new(
            "remaining length over 4 bytes",
            vec![0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1],
            End(0x81),
            Fault::Length,
        ),
        Row::new("field truncated", packet(0x30, &[&[0, 9, b'a']]), End(0x81), Fault::Field),
        Row::new("bytes left over", vec![0xC0, 1, 0], End(0x81), Fault::Field),
        Row::new("bad UTF-8", packet(0x30, &[&[0, 2, 0xC3, 0x28], none]), End(0x81), Fault::Field),
        Row::new("U+0000", packet(0x30, &[&[0, 2, b'a', 0], none]), End(0x81), Fault::Field),
        Row::new("CONNACK from a client", packet(0x20, &[&[0, 0], none]), End(0x82), Fault::WrongDirection),
        Row::new(
            "SUBACK from a client",
            packet(0x90, &[&[0, 1], none, &[0]]),
            End(0x82),
            Fault::WrongDirection,
        ),
        Row::new("UNSUBACK from a client", packet(0xB0, &[&[0, 1], none]), End(0x82), Fault::WrongDirection),
        Row::new("PINGRESP from a client", vec![0xD0, 0], End(0x82), Fault::WrongDirection),
        Row::new(
            "packet id 0 in PUBLISH",
            publish(0x32, "a", &[0, 0]),
            End(0x82),
            Fault::PacketIdentifierZero,
        ),
        Row::new(
            "packet id 0 in SUBSCRIBE",
            packet(0x82, &[&[0, 0], none, &text("a"), &[0]]),
            End(0x82),
            Fault::PacketIdentifierZero,
        ),
        Row::new("packet id 0 in PUBREL", packet(0x62, &[&[0, 0]]), End(0x82), Fault::PacketIdentifierZero),
        Row::new("topic with wildcard", publish(0x30, "a/+", &[]), End(0x90), Fault::TopicName),
        Row::new("topic empty, no alias", publish(0x30, "", &[]), End(0x82), Fault::NoTopic),
        Row::new(
            "packet too large",
            packet(0x30, &[&text("a"), none, &[b'x'; 100]]),
            End(0x95),
            Fault::PacketSize,
        )
        .with(|config| config.limits.packet_size = 60),
        Row::new("SUBSCRIBE without entries", packet(0x82, &[&[0, 9], none]), End(0x82), Fault::NoEntries),
        Row::new("UNSUBSCRIBE without entries", packet(0xA2, &[&[0, 9], none]), End(0x82), Fault::NoEntries),
        Row::new("SUBSCRIBE QoS 3", subscribe("a", 3), End(0x82), Fault::SubscriptionOptions),
        Row::new("filter a#", subscribe("a#", 0), End(0x82), Fault::TopicFilter),
        Row::new("filter $share/g", subscribe("$share/g", 0), End(0x82), Fault::TopicFilter),
        Row::new("filter empty", subscribe("", 0), End(0x82), Fault::TopicFilter),
        Row::new("filter a# to unsubscribe", unsubscribe("a#"), End(0x82), Fault::TopicFilter),
        Row::new("filter not allowed", subscribe("denied", 1), Answer(failure(0x87, 1)), Fault::Field)
            .uncounted(),
        Row::new(
            "UNSUBSCRIBE of an unknown filter",
            unsubscribe("a"),
            Answer(packet(0xB0, &[&[0, 9], none, if v5 { &[0x11] } else { &[] }])),
            Fault::Field,
        )
        .uncounted(),
        Row::new(
            "PUBREC for an unknown id",
            packet(0x50, &[&[0, 7]]),
            Answer(packet(0x62, &[&[0, 7], if v5 { &[0x92] } else { &[] }])),
            Fault::UnknownPubRec,
        ),
        Row::new(
            "PUBREL for an unknown id",
            packet(0x62, &[&[0, 7]]),
            Answer(packet(0x70, &[&[0, 7], if v5 { &[0x92] } else { &[] }])),
            Fault::UnknownPubRel,
        ),
        Row::new("PUBACK for an unknown id", packet(0x40, &[&[0, 7]]), Nothing, Fault::UnknownAck),
        Row::new("PUBCOMP for an unknown id", packet(0x70, &[&[0, 7]]), Nothing, Fault::UnknownAck),
        Row {
            gets_message: true,
            ..Row::new("PUBACK for QoS 2", packet(0x40, &[&[0, 1]]), End(0x82), Fault::WrongAck)
        },
        Row {
            gets_message: true,
            ..Row::new("PUBCOMP instead of PUBREC", packet(0x70, &[&[0, 1]]), End(0x82), Fault::WrongAck)
        },
        Row::new("connect flag bit 0", connect(version, 3, &[], &[]), End(0x81), Fault::ConnectFlags),
        Row::new("will QoS without will", connect(version, 0x0A, &[], &[]), End(0x81), Fault::ConnectFlags),
        Row::new(
            "will retain without will",
            connect(version, 0x22, &[], &[]),
            End(0x81),
            Fault::ConnectFlags,
        ),
        Row::new(
            "will QoS 3",
            connect(version, 0x1E, &[], &[none, &text("w"), &text("x")]),
            End(0x81),
            Fault::ConnectFlags,
        ),
        Row::new("CONNECT truncated", connect(version, 0x06, &[], &[none]), End(0x81), Fault::Field),
        Row::new(
            "CONNECT larger than the limit",
            connect(version, 0x82, &[], &[&text(&"u".repeat(60))]),
            End(0x95),
            Fault::PacketSize,
        )
        .with(|config| config.connect_packet_size = 60),
        Row::new(
            "will QoS above Maximum QoS",
            connect(version, 0x16, &[], &[none, &text("w"), &text("x")]),
            End(0x9B),
            Fault::WillQoS,
        )
        .with(|config| config.maximum_qos = QoS::AtLeastOnce),
        Row::new(
            "will retain unsupported",
            connect(version, 0x26, &[], &[none, &text("w"), &text("x")]),
            End(0x9A),
            Fault::WillRetain,
        )
        .with(|config| config.retain_available = false),
    ];
    rows.extend(version_rows(version));
    // Announced in 5.0; a 3.x client has to be told by a failure code.
    let availability: [(&str, Vec<u8>, u8, Fault, Configure); 2] = [
        ("wildcard unavailable", subscribe("a/+", 1), 0xA2, Fault::Wildcard, |config| {
            config.wildcard_subscription_available = false;
        }),
        ("shared unavailable", subscribe("$share/g/a", 1), 0x9E, Fault::Shared, |config| {
            config.shared_subscription_available = false;
        }),
    ];
    for (name, bytes, code, fault, config) in availability {
        let row = if v5 {
            Row::new(name, bytes, End(code), fault)
        } else {
            Row::new(name, bytes, Answer(failure(code, 1)), fault).uncounted()
        };
        rows.push(row.with(config));
    }
    // A 3.x client was not told what is not available, so it gets the acknowledgement that it waits for.
    let above = publish(0x34, "a", &[0, 5]);
    let retained = packet(0x33, &[&text("a"), &[0, 5], none, b"x"]);
    let qos: Configure = |config| config.maximum_qos = QoS::AtLeastOnce;
    let retain: Configure = |config| config.retain_available = false;
    if v5 {
        rows.push(Row::new("QoS above Maximum QoS", above, End(0x9B), Fault::QoS).with(qos));
        rows.push(Row::new("RETAIN when unavailable", retained, End(0x9A), Fault::Retain).with(retain));
    } else {
        rows.push(
            Row::new("QoS above Maximum QoS", above, Answer(vec![0x50, 2, 0, 5]), Fault::QoS)
                .with(qos)
                .uncounted(),
        );
        rows.push(
            Row::new("RETAIN when unavailable", retained, Answer(vec![0x40, 2, 0, 5]), Fault::Retain)
                .with(retain)
                .uncounted(),
        );
    }
    if v5 {
        rows.extend(property_rows(&with_properties));
    }
    if version == Version::V3_1 {
        rows.retain(|row| !IGNORED_IN_3_1.contains(&row.name));
    }
    rows
}

/// What 3.1 leaves open, and the codec therefore lets pass.
const IGNORED_IN_3_1: [&str; 7] = [
    "flags of PINGREQ",
    "flags of UNSUBSCRIBE",
    "DUP with QoS 0",
    "connect flag bit 0",
    "will QoS without will",
    "will retain without will",
    "reserved bits in requested QoS",
];

/// Rows that are one thing in 5.0 and another in 3.x.
fn version_rows(version: Version) -> Vec<Row> {
    let level = if version == Version::V3_1 { 9 } else { 6 };
    let name = if version == Version::V3_1 { text("MQIsdp") } else { text("MQTT") };
    let unknown = packet(0x10, &[&name, &[level, 2, 0, 0], &text("bad")]);
    // Above 4 it asks for something newer than 3.1.1, and is answered in the newest form that there is.
    let unserved = if version == Version::V3_1 { Close(Some(1)) } else { Close(Some(0x84)) };
    let mut rows = vec![
        Row::new("protocol version not served", unknown, unserved, Fault::Version),
        Row::new(
            "protocol name unknown",
            packet(0x10, &[&text("MQTX"), &[4, 2, 0, 0], &text("bad")]),
            Close(None),
            Fault::Version,
        ),
    ];
    let refused = Fault::ClientIdentifier;
    match version {
        Version::V3_1 => rows.push(Row::new(
            "client id empty",
            packet(0x10, &[&name, &[3, 2, 0, 0], &text("")]),
            Close(Some(2)),
            refused,
        )),
        Version::V3_1_1 => rows.push(Row::new(
            "client id empty, Clean Session 0",
            packet(0x10, &[&name, &[4, 0, 0, 0], &text("")]),
            Close(Some(2)),
            refused,
        )),
        Version::V5 => {}
    }
    if !version.is_v5() {
        rows.push(Row::new("type 15", vec![0xF0, 0], End(0x81), Fault::ReservedPacketType));
        rows.push(Row::new(
            "password without user name",
            connect(version, 0x42, &[], &[&text("secret")]),
            Close(None),
            Fault::PasswordWithoutUserName,
        ));
        rows.push(Row::new(
            "reserved bits in requested QoS",
            packet(0x82, &[&[0, 9], &text("a"), &[0x41]]),
            End(0x81),
            Fault::ReservedSubscriptionOptions,
        ));
    }
    rows
}

/// Rows about properties, aliases and what else only 5.0 has.
fn property_rows(publish: &PublishWith<'_>) -> Vec<Row> {
    let subscribe = |properties: &[u8], filter: &str, options: u8| {
        let len = [u8::try_from(properties.len()).expect("few")];
        packet(0x82, &[&[0, 9], &len, properties, &text(filter), &[options]])
    };
    let alias_alone = packet(0x30, &[&text(""), &[3, 0x23, 0, 1]]);
    let auth = |code: u8, method: &str| {
        let method = text(method);
        let len = [u8::try_from(method.len() + 1).expect("short")];
        packet(0xF0, &[&[code], &len, &[0x15], &method])
    };
    let v5 = Version::V5;
    let qos2 = |id: u8| packet(0x34, &[&text("a"), &[0, id], &[0]]);
    vec![
        Row::new("unknown property", publish(0x30, &[], &[0x7F, 0], b""), End(0x81), Fault::UnknownProperty),
        Row::new(
            "misplaced property",
            publish(0x30, &[], &[0x21, 0, 1], b""),
            End(0x81),
            Fault::UnknownProperty,
        ),
        Row::new(
            "property length beyond the packet",
            packet(0x30, &[&text("a"), &[9, 1, 0]]),
            End(0x81),
            Fault::Field,
        ),
        Row::new(
            "duplicate property",
            publish(0x30, &[], &[1, 0, 1, 0], b""),
            End(0x82),
            Fault::PropertyValue,
        ),
        Row::new("illegal property value", publish(0x30, &[], &[1, 2], b""), End(0x82), Fault::PropertyValue),
        Row::new(
            "Response Topic with wildcard",
            publish(0x30, &[], &[8, 0, 1, b'#'], b""),
            End(0x82),
            Fault::PropertyValue,
        ),
        Row::new("alias 0", publish(0x30, &[], &[0x23, 0, 0], b""), End(0x94), Fault::TopicAlias),
        Row::new(
            "alias above maximum",
            publish(0x30, &[], &[0x23, 0, 33], b""),
            End(0x94),
            Fault::TopicAlias,
        ),
        Row::new(
            "alias where none is allowed",
            publish(0x30, &[], &[0x23, 0, 1], b""),
            End(0x94),
            Fault::TopicAlias,
        )
        .with(|config| config.topic_alias_maximum = 0),
        Row::new("alias unknown, topic empty", alias_alone, End(0x82), Fault::UnknownTopicAlias),
        Row::new(
            "Subscription Identifier in PUBLISH",
            publish(0x30, &[], &[0x0B, 1], b""),
            End(0x82),
            Fault::SubscriptionIdentifier,
        ),
        Row::new("Subscription Identifier 0", subscribe(&[0x0B, 0], "a", 0), End(0x82), Fault::PropertyValue),
        Row::new(
            "Subscription Identifier unavailable",
            subscribe(&[0x0B, 1], "a", 0),
            End(0xA1),
            Fault::Identifier,
        )
        .with(|config| config.subscription_identifier_available = false),
        Row::new("Retain Handling 3", subscribe(&[], "a", 0x30), End(0x82), Fault::SubscriptionOptions),
        Row::new(
            "No Local on shared",
            subscribe(&[], "$share/g/a", 4),
            End(0x82),
            Fault::SubscriptionOptions,
        ),
        Row::new(
            "reserved bits in options",
            subscribe(&[], "a", 0x40),
            End(0x81),
            Fault::ReservedSubscriptionOptions,
        ),
        Row::new("more than Receive Maximum", qos2(3), End(0x93), Fault::ReceiveMaximum)
            .with(|config| config.receive_maximum = 2)
            .after(vec![qos2(1), qos2(2)]),
        Row::new(
            "payload is not UTF-8, QoS 0",
            publish(0x30, &[], &[1, 1], &[0xFF]),
            End(0x99),
            Fault::PayloadFormat,
        )
        .with(|config| config.check_payload_format = true),
        Row::new(
            "payload is not UTF-8, QoS 1",
            publish(0x32, &[0, 5], &[1, 1], &[0xFF]),
            Answer(vec![0x40, 3, 0, 5, 0x99]),
            Fault::PayloadFormat,
        )
        .with(|config| config.check_payload_format = true),
        Row::new(
            "payload is not UTF-8, QoS 2",
            publish(0x34, &[0, 5], &[1, 1], &[0xFF]),
            Answer(vec![0x50, 3, 0, 5, 0x99]),
            Fault::PayloadFormat,
        )
        .with(|config| config.check_payload_format = true),
        Row::new("AUTH without method in CONNECT", auth(0x19, "M"), End(0x82), Fault::Auth),
        Row::new("AUTH without method", vec![0xF0, 0], End(0x82), Fault::Auth),
        Row::new(
            "DISCONNECT that raises the expiry",
            packet(0xE0, &[&[0, 5, 0x11, 0, 0, 0, 9]]),
            End(0x82),
            Fault::SessionExpiry,
        ),
        Row::new("reason code of a server", packet(0xE0, &[&[0x8B]]), End(0x82), Fault::ServerOnly),
        Row::new(
            "Server Reference from a client",
            packet(0xE0, &[&[0, 4, 0x1C, 0, 1, b'x']]),
            End(0x82),
            Fault::ServerOnly,
        ),
        Row::new(
            "reason code of another packet",
            packet(0x40, &[&[0, 1, 0x92]]),
            End(0x81),
            Fault::ReasonCode,
        ),
        Row::new(
            "Authentication Data without method",
            connect(v5, 2, &[0x16, 0, 1, 1], &[]),
            End(0x82),
            Fault::AuthenticationDataWithoutMethod,
        ),
        Row::new("Receive Maximum 0", connect(v5, 2, &[0x21, 0, 0], &[]), End(0x82), Fault::PropertyValue),
        Row::new(
            "Maximum Packet Size 0",
            connect(v5, 2, &[0x27, 0, 0, 0, 0], &[]),
            End(0x82),
            Fault::PropertyValue,
        ),
        Row::new(
            "property twice in CONNECT",
            connect(v5, 2, &[0x21, 0, 1, 0x21, 0, 1], &[]),
            End(0x82),
            Fault::PropertyValue,
        ),
    ]
}
