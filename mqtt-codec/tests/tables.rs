//! The tables of the standard, walked from end to end. They are written down here once more, so that a slip in a table
//! of the crate is a difference.

use hex_literal::hex;
use mqtt_codec::{
    AckProperties, Auth, AuthProperties, ConnAck, DecodeError, DecodeErrorKind as Kind, Disconnect,
    EncodeError, Limits, Packet, PacketId, PacketType, Property, PropertyId, PubAck, PubComp, PubRec, PubRel,
    ReasonCode, Section, SubAck, UnsubAck, ValueType, Version, frame,
};

fn decode(version: Version, bytes: &[u8]) -> Result<Packet<'_>, DecodeError> {
    let frame = frame(bytes, &Limits::default())?.expect("a whole packet");
    assert_eq!(frame.bytes(), bytes);
    Packet::decode(version, frame)
}

fn encode(version: Version, packet: &Packet<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.encode(version, &mut bytes).unwrap();
    bytes
}

/// A packet with this first byte and body.
fn packet(first: u8, body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    let mut bytes = vec![first, u8::try_from(body.len()).expect("short")];
    assert!(bytes[1] < 0x80);
    bytes.extend(body);
    bytes
}

#[track_caller]
fn refused(version: Version, bytes: &[u8]) -> (u8, u32, Kind) {
    let error = decode(version, bytes).expect_err("must be refused");
    (error.reason_code().as_u8(), error.offset(), error.kind())
}

/// A property list in each place that has one: the letter of the place, the first byte, what is in front of the list
/// and what is behind it.
const PLACES: [(char, u8, &[u8], &[u8]); 14] = [
    ('C', 0x10, b"\0\x04MQTT\x05\0\0\0", b"\0\x01c"),
    ('W', 0x10, b"\0\x04MQTT\x05\x04\0\0\0\0\x01c", b"\0\x01w\0\x01x"),
    ('K', 0x20, &[0, 0], b""),
    ('P', 0x30, b"\0\x01t", b"payload"),
    ('A', 0x40, &[0, 10, 0], b""),
    ('R', 0x50, &[0, 10, 0], b""),
    ('L', 0x62, &[0, 10, 0], b""),
    ('M', 0x70, &[0, 10, 0], b""),
    ('S', 0x82, &[0, 10], b"\0\x01f\0"),
    ('s', 0x90, &[0, 10], &[0]),
    ('U', 0xA2, &[0, 10], b"\0\x01f"),
    ('u', 0xB0, &[0, 10], &[0]),
    ('D', 0xE0, &[0], b""),
    ('X', 0xF0, &[0], b""),
];

/// Identifier, type, places, places where it repeats, and how a packet shows that it has it.
#[rustfmt::skip]
const PROPERTIES: [(u8, Type, &str, &str, &str); 27] = [
    (0x01, Type::Bool, "PW", "", "payload_format: "),
    (0x02, Type::U32, "PW", "", "message_expiry_interval: "),
    (0x03, Type::String, "PW", "", "content_type: "),
    (0x08, Type::Topic, "PW", "", "response_topic: "),
    (0x09, Type::Binary, "PW", "", "correlation_data: "),
    (0x0B, Type::NonZeroVarint, "PS", "P", "subscription_ids: [1|subscription_id: Some("),
    (0x11, Type::U32, "CKD", "", "session_expiry_interval: "),
    (0x12, Type::String, "K", "", "assigned_client_identifier: "),
    (0x13, Type::U16, "K", "", "server_keep_alive: "),
    (0x15, Type::String, "CKX", "", "authentication_method: "),
    (0x16, Type::Binary, "CKX", "", "authentication_data: "),
    (0x17, Type::Bool, "C", "", "request_problem_information: "),
    (0x18, Type::U32, "W", "", "delay_interval: Some("),
    (0x19, Type::Bool, "C", "", "request_response_information: "),
    (0x1A, Type::String, "K", "", "response_information: "),
    (0x1C, Type::String, "KD", "", "server_reference: "),
    (0x1F, Type::String, "KARLMsuDX", "", "reason_string: "),
    (0x21, Type::NonZeroU16 { zero: 0x82 }, "CK", "", "receive_maximum: "),
    (0x22, Type::U16, "CK", "", "topic_alias_maximum: "),
    (0x23, Type::NonZeroU16 { zero: 0x94 }, "P", "", "NameAndAlias("),
    (0x24, Type::Bool, "K", "", "maximum_qos: "),
    (0x25, Type::Bool, "K", "", "retain_available: "),
    (0x26, Type::Pair, "CWKPARLMSsUuDX", "CWKPARLMSsUuDX", "user_properties: [(\""),
    (0x27, Type::NonZeroU32, "CK", "", "maximum_packet_size: "),
    (0x28, Type::Bool, "K", "", "wildcard_subscription_available: "),
    (0x29, Type::Bool, "K", "", "subscription_identifier_available: "),
    (0x2A, Type::Bool, "K", "", "shared_subscription_available: "),
];

#[derive(Clone, Copy)]
enum Type {
    /// Also Maximum QoS, which is 0 or 1 when it is there.
    Bool,
    U16,
    NonZeroU16 {
        /// The reason code for 0.
        zero: u8,
    },
    U32,
    NonZeroU32,
    NonZeroVarint,
    String,
    Topic,
    Binary,
    Pair,
}

impl Type {
    fn legal(self) -> &'static [&'static [u8]] {
        match self {
            Self::Bool => &[&[0], &[1]],
            Self::U16 => &[&[0, 0], &[1, 2], &[0xFF, 0xFF]],
            Self::NonZeroU16 { .. } => &[&[0, 1], &[1, 0], &[0xFF, 0xFF]],
            Self::U32 => &[&[0; 4], &[1, 2, 3, 4], &[0xFF; 4]],
            Self::NonZeroU32 => &[&[0, 0, 0, 1], &[1, 0, 0, 0], &[0xFF; 4]],
            Self::NonZeroVarint => &[&[1], &[0x80, 1], &[0x80, 0x80, 1], &[0xFF, 0xFF, 0xFF, 0x7F]],
            Self::String => &[b"\0\0", b"\0\x04\xC3\xA9#x"],
            Self::Topic => &[b"\0\x01a", b"\0\x03a/b"],
            Self::Binary => &[b"\0\0", b"\0\x03\0\xFF\x80"],
            Self::Pair => &[b"\0\0\0\0", b"\0\x01n\0\x02v+"],
        }
    }

    /// Illegal values and the reason code for each.
    fn illegal(self) -> Vec<(Vec<u8>, u8)> {
        const BAD_STRINGS: [&[u8]; 3] = [b"\0\x01\x80", b"\0\x01\0", b"\0\x03\xED\xA0\x80"];
        let strings = || BAD_STRINGS.map(<[u8]>::to_vec).into_iter();
        match self {
            Self::Bool => (2..=255).map(|value| (vec![value], 0x82)).collect(),
            Self::U16 | Self::U32 | Self::Binary => Vec::new(),
            Self::NonZeroU16 { zero } => vec![(vec![0, 0], zero)],
            Self::NonZeroU32 => vec![(vec![0; 4], 0x82)],
            Self::NonZeroVarint => {
                vec![(vec![0], 0x82), (vec![0x81, 0], 0x81), (vec![0x80, 0x80, 0x80, 0x80, 1], 0x81)]
            }
            Self::String => strings().map(|value| (value, 0x81)).collect(),
            Self::Topic => [&b"\0\0"[..], b"\0\x01+", b"\0\x03a/#"]
                .into_iter()
                .map(|value| (value.to_vec(), 0x82))
                .chain(strings().map(|value| (value, 0x81)))
                .collect(),
            Self::Pair => strings()
                .flat_map(|bad| [[&bad[..], b"\0\x01v"].concat(), [b"\0\x01n", &bad[..]].concat()])
                .map(|value| (value, 0x81))
                .collect(),
        }
    }
}

#[test]
fn every_property_identifier_in_every_place() {
    for (place, first, head, tail) in PLACES {
        for id in 0..=255 {
            // What goes in front because the packet, or the property, is nothing without it.
            let base: &[u8] = match (place, id) {
                ('X', 0x15) => b"",
                ('X', _) | ('C', 0x16) => b"\x15\0\x01M",
                _ => b"",
            };
            let with_list = |list: &[&[u8]]| {
                let list = list.concat();
                let mut body = head.to_vec();
                body.push(u8::try_from(list.len() + base.len()).unwrap());
                packet(first, &[&body, base, &list, tail])
            };
            let identifier = u32::try_from(2 + head.len() + 1 + base.len()).unwrap();
            let at = format!("0x{id:02X} in {place}");

            let Some((_, kind, places, repeats, shown)) = PROPERTIES.into_iter().find(|row| row.0 == id)
            else {
                let found = refused(Version::V5, &with_list(&[&[id, 1, 0, 0]]));
                assert_eq!(found, (0x81, identifier, Kind::UnknownProperty { id }), "{at}");
                continue;
            };
            let legal = kind.legal();
            if !places.contains(place) {
                for value in legal {
                    let (code, offset, found) = refused(Version::V5, &with_list(&[&[id], value]));
                    assert_eq!((code, offset), (0x81, identifier), "{at}");
                    assert!(matches!(found, Kind::PropertyNotAllowed { property } if property as u8 == id));
                }
                continue;
            }
            for value in legal {
                let bytes = with_list(&[&[id], value]);
                let found = decode(Version::V5, &bytes).unwrap_or_else(|error| panic!("{at}: {error}"));
                assert_eq!(encode(Version::V5, &found), bytes, "{at}");
                let text = format!("{found:?}");
                assert!(shown.split('|').any(|shown| text.contains(shown)) || *value != legal[0], "{text}");
                for end in 0..value.len() {
                    let (code, _, kind) = refused(Version::V5, &with_list(&[&[id], &value[..end]]));
                    assert_eq!(code, 0x81, "{at}, {end} bytes of the value");
                    assert!(matches!(kind, Kind::Truncated { .. }), "{at}, {end} bytes of the value");
                }
            }
            for second in legal {
                let bytes = with_list(&[&[id], legal[0], &[id], second]);
                if repeats.contains(place) {
                    let found = decode(Version::V5, &bytes).unwrap_or_else(|error| panic!("{at}: {error}"));
                    assert_eq!(encode(Version::V5, &found), bytes, "{at}");
                    continue;
                }
                let again = identifier + 1 + u32::try_from(legal[0].len()).unwrap();
                let (code, offset, found) = refused(Version::V5, &bytes);
                assert_eq!((code, offset), (0x82, again), "{at} twice");
                assert!(matches!(found, Kind::DuplicateProperty { property } if property as u8 == id));
            }
            for (value, code) in kind.illegal() {
                let (found, offset, _) = refused(Version::V5, &with_list(&[&[id], &value]));
                assert_eq!(found, code, "{at}, value {value:02X?}");
                let end = identifier + 1 + u32::try_from(value.len()).unwrap();
                assert!((identifier + 1..end).contains(&offset), "{at}, value {value:02X?}: byte {offset}");
            }
        }
    }
}

/// What the crate tells about properties, which is more than its decoder asks.
#[test]
fn the_public_table_of_properties() {
    use Section::*;
    let sections = [
        Connect,
        Will,
        ConnAck,
        Publish,
        PubAck,
        PubRec,
        PubRel,
        PubComp,
        Subscribe,
        SubAck,
        Unsubscribe,
        UnsubAck,
        Disconnect,
        Auth,
    ];
    assert_eq!(Property::ALL.len(), PROPERTIES.len());
    for (property, (id, kind, places, repeats, _)) in Property::ALL.iter().zip(PROPERTIES) {
        assert_eq!(property.id as u8, id);
        assert_eq!(PropertyId::from_u8(id), Some(property.id));
        assert_eq!(property.id.property().name, property.name);
        let expected = match kind {
            Type::Bool if id == 0x24 => ValueType::MaximumQoS,
            Type::Bool => ValueType::Bool,
            Type::U16 => ValueType::U16,
            Type::NonZeroU16 { .. } => ValueType::NonZeroU16,
            Type::U32 => ValueType::U32,
            Type::NonZeroU32 => ValueType::NonZeroU32,
            Type::NonZeroVarint => ValueType::NonZeroVarint,
            Type::String => ValueType::String,
            Type::Topic => ValueType::TopicName,
            Type::Binary => ValueType::Binary,
            Type::Pair => ValueType::StringPair,
        };
        assert_eq!(property.value_type, expected, "0x{id:02X}");
        for (section, (place, ..)) in sections.into_iter().zip(PLACES) {
            let at = format!("0x{id:02X} in {section:?}");
            assert_eq!(property.is_allowed_in(section), places.contains(place), "{at}");
            assert_eq!(property.is_repeatable_in(section), repeats.contains(place), "{at}");
        }
    }
}

#[test]
fn a_property_list_that_is_longer_than_its_packet() {
    for (place, first, head, tail) in PLACES {
        let length = u8::try_from(tail.len() + 1).unwrap();
        let (code, offset, kind) = refused(Version::V5, &packet(first, &[head, &[length], tail]));
        let left = u32::from(length) - 1;
        assert_eq!((code, kind), (0x81, Kind::Truncated { needed: left + 1, left }), "{place}");
        assert_eq!(offset as usize, 2 + head.len() + 1, "{place}");
    }
}

/// The packet with nothing but this reason code, and the offset of the code.
fn with_code(version: Version, packet_type: PacketType, code: u8) -> (Vec<u8>, u32) {
    let v5 = version.is_v5();
    match packet_type {
        PacketType::ConnAck if v5 => (packet(0x20, &[&[0, code, 0]]), 3),
        PacketType::ConnAck => (packet(0x20, &[&[0, code]]), 3),
        PacketType::PubAck => (packet(0x40, &[&[0, 10, code]]), 4),
        PacketType::PubRec => (packet(0x50, &[&[0, 10, code]]), 4),
        PacketType::PubRel => (packet(0x62, &[&[0, 10, code]]), 4),
        PacketType::PubComp => (packet(0x70, &[&[0, 10, code]]), 4),
        PacketType::SubAck if v5 => (packet(0x90, &[&[0, 10, 0, 0, code]]), 6),
        PacketType::SubAck => (packet(0x90, &[&[0, 10, 0, code]]), 5),
        PacketType::UnsubAck => (packet(0xB0, &[&[0, 10, 0, 0, code]]), 6),
        PacketType::Disconnect => (packet(0xE0, &[&[code]]), 2),
        PacketType::Auth => (packet(0xF0, &[&[code], b"\x04\x15\0\x01M"]), 2),
        other => panic!("{other} has no reason code"),
    }
}

#[test]
fn every_reason_code_in_every_packet() {
    use PacketType::*;
    let publish: &[u8] = &hex!("00 10 80 83 87 90 91 97 99");
    let rows: [(Version, PacketType, &[u8], &str); 13] = [
        (
            Version::V5,
            ConnAck,
            &hex!("00 80 81 82 83 84 85 86 87 88 89 8A 8C 90 95 97 99 9A 9B 9C 9D 9F"),
            "MQTT-3.2.2-8",
        ),
        (Version::V5, PubAck, publish, "MQTT-3.4.2-1"),
        (Version::V5, PubRec, publish, "MQTT-3.5.2-1"),
        (Version::V5, PubRel, &[0x00, 0x92], "MQTT-3.6.2-1"),
        (Version::V5, PubComp, &[0x00, 0x92], "MQTT-3.7.2-1"),
        (Version::V5, SubAck, &hex!("00 01 02 80 83 87 8F 91 97 9E A1 A2"), "MQTT-3.9.3-2"),
        (Version::V5, UnsubAck, &hex!("00 11 80 83 87 8F 91"), "MQTT-3.11.3-2"),
        // 8C stands in the common table alone, and is accepted.
        (
            Version::V5,
            Disconnect,
            &hex!(
                "00 04 80 81 82 83 87 89 8B 8C 8D 8E 8F 90 93 94 95 96 97 98 99 9A 9B 9C 9D 9E 9F A0 A1 A2"
            ),
            "MQTT-3.14.2-1",
        ),
        (Version::V5, Auth, &[0x00, 0x18, 0x19], "MQTT-3.15.2-1"),
        (Version::V3_1_1, SubAck, &[0x00, 0x01, 0x02, 0x80], "MQTT-3.9.3-2"),
        (Version::V3_1, SubAck, &[0x00, 0x01, 0x02], "MQTT-3.9.3-2"),
        (Version::V3_1_1, ConnAck, &[0, 1, 2, 3, 4, 5], ""),
        (Version::V3_1, ConnAck, &[0, 1, 2, 3, 4, 5], ""),
    ];
    for (version, packet_type, codes, statement) in rows {
        for code in 0..=255 {
            let at = format!("0x{code:02X} in {packet_type} of {version}");
            let (bytes, offset) = with_code(version, packet_type, code);
            match decode(version, &bytes) {
                Ok(found) => {
                    assert!(codes.contains(&code), "{at}: {found:?}");
                    let again = encode(version, &found);
                    // Success alone may be left out.
                    assert!(again == bytes || code == 0 && bytes[2..].starts_with(&again[2..]), "{at}");
                }
                Err(error) => {
                    assert!(!codes.contains(&code), "{at}: {error}");
                    assert_eq!((error.kind(), error.offset()), (Kind::ReasonCode { found: code }, offset));
                    assert_eq!(error.reason_code(), ReasonCode::MalformedPacket);
                    assert_eq!(error.statement(version).unwrap_or_default(), statement, "{at}");
                }
            }
        }
    }
}

/// A packet that exists with any reason code, legal or not.
fn build(packet_type: PacketType, reason: ReasonCode, codes: &[ReasonCode; 1]) -> Packet<'_> {
    let (id, properties) = (PacketId::MIN, AckProperties::default());
    match packet_type {
        PacketType::ConnAck => ConnAck::refuse(reason).into(),
        PacketType::PubAck => PubAck::new(id, reason).into(),
        PacketType::PubRec => PubRec::new(id, reason).into(),
        PacketType::PubRel => PubRel::new(id, reason).into(),
        PacketType::PubComp => PubComp::new(id, reason).into(),
        PacketType::SubAck => SubAck { packet_id: id, codes: codes.into(), properties }.into(),
        PacketType::UnsubAck => UnsubAck { packet_id: id, codes: codes.into(), properties }.into(),
        PacketType::Disconnect => Disconnect::new(reason).into(),
        PacketType::Auth => {
            Auth { reason, authentication_method: "M", properties: AuthProperties::default() }.into()
        }
        other => panic!("{other} has no reason code"),
    }
}

/// What may not be received may not be sent either.
#[test]
fn every_reason_code_that_cannot_be_encoded() {
    use PacketType::*;
    for packet in [ConnAck, PubAck, PubRec, PubRel, PubComp, SubAck, UnsubAck, Disconnect, Auth] {
        let mut refused = 0;
        for &code in ReasonCode::ALL {
            let codes = [code];
            let built = build(packet, code, &codes);
            let version = Version::V5;
            let (bytes, _) = with_code(version, packet, code.as_u8());
            if decode(version, &bytes).is_ok() {
                assert_eq!(decode(version, &encode(version, &built)), Ok(built));
            } else {
                refused += 1;
                let error = EncodeError::ReasonCode { packet, version, code };
                assert_eq!(built.encoded_len(version), Err(error));
            }
        }
        assert!(refused > 0, "{packet}");
    }
}

/// The first bytes that are legal in each version, in hexadecimal; `x` is any flags.
const FIRST_BYTES: [(Version, &str); 3] = [
    (Version::V3_1, "1x 2x 30 31 32 33 34 35 38 39 3A 3B 3C 3D 4x 5x 62 6A 7x 82 8A 9x A2 AA Bx Cx Dx Ex"),
    (Version::V3_1_1, "10 20 30 31 32 33 34 35 3A 3B 3C 3D 40 50 62 70 82 90 A2 B0 C0 D0 E0"),
    (Version::V5, "10 20 30 31 32 33 34 35 3A 3B 3C 3D 40 50 62 70 82 90 A2 B0 C0 D0 E0 F0"),
];

#[test]
fn every_first_byte() {
    for (version, legal) in FIRST_BYTES {
        let v5 = version.is_v5();
        let no_properties: &[u8] = if v5 { &[0] } else { &[] };
        for first in 0..=255u8 {
            let protocol: &[u8] = match version {
                Version::V3_1 => b"\0\x06MQIsdp\x03",
                Version::V3_1_1 => b"\0\x04MQTT\x04",
                Version::V5 => b"\0\x04MQTT\x05",
            };
            let id: &[u8] = if first & 0b0110 == 0 { &[] } else { &[0, 10] };
            let bytes = match first >> 4 {
                1 => packet(first, &[protocol, &[0, 0, 0], no_properties, b"\0\x01c"]),
                2 => packet(first, &[&[0, 0], no_properties]),
                3 => packet(first, &[b"\0\x01t", id, no_properties]),
                4..=7 => packet(first, &[&[0, 10]]),
                8 => packet(first, &[&[0, 10], no_properties, b"\0\x01f\0"]),
                9 => packet(first, &[&[0, 10], no_properties, &[0]]),
                10 => packet(first, &[&[0, 10], no_properties, b"\0\x01f"]),
                11 if v5 => packet(first, &[&[0, 10, 0, 0]]),
                11 => packet(first, &[&[0, 10]]),
                15 => packet(first, &[b"\0\x04\x15\0\x01M"]),
                _ => packet(first, &[]),
            };
            let [exact, any_flags] = [format!("{first:02X}"), format!("{:X}x", first >> 4)];
            let is_legal = legal.split(' ').any(|byte| byte == exact || byte == any_flags);
            match decode(version, &bytes) {
                Ok(found) => {
                    assert!(is_legal, "{exact} in {version}: {found:?}");
                    // What 3.1 ignores is not written again.
                    let flags = match (first >> 4, version, first & 0b0110) {
                        (3, Version::V3_1, 0) => first & 1,
                        (3, ..) => first & 0x0F,
                        (6 | 8 | 10, ..) => 2,
                        _ => 0,
                    };
                    let again = encode(version, &found);
                    assert_eq!((again[0], &again[1..]), (first & 0xF0 | flags, &bytes[1..]), "{version}");
                }
                Err(error) => {
                    assert!(!is_legal, "{exact} in {version}: {error}");
                    assert_eq!((error.reason_code().as_u8(), error.offset()), (0x81, 0), "{exact}");
                }
            }
        }
    }
}

#[test]
fn connack_return_codes_of_3_x() {
    // Section 3.2.2.3 of 3.1.1 has six; the other refusals of 5.0 get the one that comes nearest, or none.
    let counterparts: [(u8, &[u8]); 6] = [
        (0, &hex!("00")),
        (1, &hex!("84")),
        (2, &hex!("85")),
        (3, &hex!("88 89 97 9C 9D 9F")),
        (4, &hex!("86")),
        (5, &hex!("87 8A 8C")),
    ];
    for version in [Version::V3_1, Version::V3_1_1] {
        for &code in ReasonCode::ALL {
            let expected = counterparts.iter().find(|row| row.1.contains(&code.as_u8())).map(|row| row.0);
            assert_eq!(code.v3_return_code(), expected, "{code}");
            let connack = Packet::from(ConnAck::refuse(code));
            match expected {
                Some(value) => assert_eq!(encode(version, &connack), [0x20, 2, 0, value], "{code}"),
                None => assert_eq!(
                    connack.encoded_len(version),
                    Err(EncodeError::ReasonCode { packet: PacketType::ConnAck, version, code })
                ),
            }
        }
        for value in 0..=255 {
            // The first of each row is the one that the return code stands for.
            let expected = counterparts.iter().find(|row| row.0 == value).map(|row| row.1[0]);
            let code = ReasonCode::from_v3_return_code(value);
            assert_eq!(code.map(ReasonCode::as_u8), expected, "{value}");
            let bytes = [0x20, 2, 0, value];
            match (decode(version, &bytes), code) {
                (Ok(found), Some(code)) => assert_eq!(found, ConnAck::refuse(code).into()),
                (found, code) => assert!(found.is_err() && code.is_none(), "{value}: {found:?}"),
            }
        }
    }
}

/// Who sends what: in 3.x and in 5.0.
#[test]
fn direction_of_every_packet() {
    use PacketType::*;
    let rows = [
        (Connect, "C", "C"),
        (ConnAck, "S", "S"),
        (Publish, "CS", "CS"),
        (PubAck, "CS", "CS"),
        (PubRec, "CS", "CS"),
        (PubRel, "CS", "CS"),
        (PubComp, "CS", "CS"),
        (Subscribe, "C", "C"),
        (SubAck, "S", "S"),
        (Unsubscribe, "C", "C"),
        (UnsubAck, "S", "S"),
        (PingReq, "C", "C"),
        (PingResp, "S", "S"),
        (Disconnect, "C", "CS"),
        (Auth, "", "CS"),
    ];
    for (number, (packet, v3, v5)) in (1u8..).zip(rows) {
        assert_eq!(PacketType::from_first_byte(number << 4), Some(packet));
        for version in Version::ALL {
            let senders = if version == Version::V5 { v5 } else { v3 };
            assert_eq!(packet.is_sent_by_client(version), senders.contains('C'), "{packet} in {version}");
            assert_eq!(packet.is_sent_by_server(version), senders.contains('S'), "{packet} in {version}");
        }
    }
}

#[test]
fn every_byte_of_connect_flags() {
    for (version, protocol, properties) in [
        (Version::V3_1, &b"\0\x06MQIsdp\x03"[..], &b""[..]),
        (Version::V3_1_1, b"\0\x04MQTT\x04", b""),
        (Version::V5, b"\0\x04MQTT\x05", b"\0"),
    ] {
        for flags in 0..=255u8 {
            let has = |flag| flags & flag != 0;
            let field = |flag, bytes: &'static [u8]| if has(flag) { bytes } else { b"" };
            let with_flags = |flags: u8| {
                let will_properties = if has(0x04) { properties } else { b"" };
                let will = [will_properties, field(0x04, b"\0\x01w\0\x01x")].concat();
                let behind = [field(0x80, b"\0\x01u"), field(0x40, b"\0\x01p")].concat();
                packet(0x10, &[protocol, &[flags, 0, 9], properties, b"\0\x01c", &will, &behind])
            };
            let reserved = has(0x01) && version != Version::V3_1;
            let without_will = !has(0x04) && has(0x38) && version != Version::V3_1;
            let qos_3 = has(0x04) && flags & 0x18 == 0x18;
            let password_alone = has(0x40) && !has(0x80) && version != Version::V5;
            match decode(version, &with_flags(flags)) {
                Ok(found) => {
                    assert!(!(reserved || without_will || qos_3 || password_alone), "{flags:08b} {version}");
                    // What 3.1 ignores is not written again.
                    let kept = flags & if has(0x04) { 0xFE } else { 0xC6 };
                    assert_eq!(encode(version, &found), with_flags(kept), "{flags:08b} in {version}");
                }
                Err(error) => {
                    assert!(reserved || without_will || qos_3 || password_alone, "{flags:08b}: {error}");
                    assert_eq!(error.reason_code(), ReasonCode::MalformedPacket, "{flags:08b} in {version}");
                    assert_eq!(error.offset() as usize, 2 + protocol.len(), "{flags:08b} in {version}");
                }
            }
        }
    }
}

#[test]
fn every_byte_of_subscription_options() {
    for byte in 0..=255u8 {
        let bytes = packet(0x82, &[&[0, 10, 0], b"\0\x01f", &[byte]]);
        let (qos, handling) = (byte & 3, byte >> 4 & 3);
        let found = match decode(Version::V5, &bytes) {
            Ok(Packet::Subscribe(subscribe)) => subscribe,
            Ok(other) => panic!("{other:?}"),
            Err(error) => {
                assert!(byte >= 0x40 || qos == 3 || handling == 3, "{byte:08b}: {error}");
                let code = if byte >= 0x40 { 0x81 } else { 0x82 };
                assert_eq!((error.reason_code().as_u8(), error.offset()), (code, 8), "{byte:08b}");
                continue;
            }
        };
        assert!(byte < 0x40 && qos < 3 && handling < 3, "{byte:08b}");
        let options = found.subscriptions.iter().next().unwrap().options;
        assert_eq!((options.qos as u8, options.retain_handling as u8), (qos, handling));
        assert_eq!((options.no_local, options.retain_as_published), (byte & 4 != 0, byte & 8 != 0));
        assert_eq!(encode(Version::V5, &found.into()), bytes);
    }
}
