//! What the crate tells about properties, reason codes and directions. The tables are written down here once more, so that a
//! slip in a table of the crate is a difference. What is decoded by them is in `vectors/`.

use hex_literal::hex;
use mqtt_codec::{
    AckProperties, Auth, AuthProperties, ConnAck, DecodeError, Disconnect, EncodeError, Limits, Packet,
    PacketId, PacketType, Property, PropertyId, PubAck, PubComp, PubRec, PubRel, ReasonCode, Section, SubAck,
    UnsubAck, ValueType, Version, frame,
};

/// Identifier, type, places, places where it repeats. A place is a letter, in the order of [`Section`]: CWKPARLMSsUuDX.
#[rustfmt::skip]
const PROPERTIES: [(u8, ValueType, &str, &str); 27] = [
    (0x01, ValueType::Bool, "PW", ""),
    (0x02, ValueType::U32, "PW", ""),
    (0x03, ValueType::String, "PW", ""),
    (0x08, ValueType::TopicName, "PW", ""),
    (0x09, ValueType::Binary, "PW", ""),
    (0x0B, ValueType::NonZeroVarint, "PS", "P"),
    (0x11, ValueType::U32, "CKD", ""),
    (0x12, ValueType::String, "K", ""),
    (0x13, ValueType::U16, "K", ""),
    (0x15, ValueType::String, "CKX", ""),
    (0x16, ValueType::Binary, "CKX", ""),
    (0x17, ValueType::Bool, "C", ""),
    (0x18, ValueType::U32, "W", ""),
    (0x19, ValueType::Bool, "C", ""),
    (0x1A, ValueType::String, "K", ""),
    (0x1C, ValueType::String, "KD", ""),
    (0x1F, ValueType::String, "KARLMsuDX", ""),
    (0x21, ValueType::NonZeroU16, "CK", ""),
    (0x22, ValueType::U16, "CK", ""),
    (0x23, ValueType::NonZeroU16, "P", ""),
    (0x24, ValueType::MaximumQoS, "K", ""),
    (0x25, ValueType::Bool, "K", ""),
    (0x26, ValueType::StringPair, "CWKPARLMSsUuDX", "CWKPARLMSsUuDX"),
    (0x27, ValueType::NonZeroU32, "CK", ""),
    (0x28, ValueType::Bool, "K", ""),
    (0x29, ValueType::Bool, "K", ""),
    (0x2A, ValueType::Bool, "K", ""),
];

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
    for (property, (id, value_type, places, repeats)) in Property::ALL.iter().zip(PROPERTIES) {
        assert_eq!(property.id as u8, id);
        assert_eq!(PropertyId::from_u8(id), Some(property.id));
        assert_eq!(property.id.property().name, property.name);
        assert_eq!(property.value_type, value_type, "0x{id:02X}");
        for (section, place) in sections.into_iter().zip("CWKPARLMSsUuDX".chars()) {
            let at = format!("0x{id:02X} in {section:?}");
            assert_eq!(property.is_allowed_in(section), places.contains(place), "{at}");
            assert_eq!(property.is_repeatable_in(section), repeats.contains(place), "{at}");
        }
    }
}

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

/// The packet of 5.0 with nothing but this reason code.
fn with_code(packet_type: PacketType, code: u8) -> Vec<u8> {
    match packet_type {
        PacketType::ConnAck => packet(0x20, &[&[0, code, 0]]),
        PacketType::PubAck => packet(0x40, &[&[0, 10, code]]),
        PacketType::PubRec => packet(0x50, &[&[0, 10, code]]),
        PacketType::PubRel => packet(0x62, &[&[0, 10, code]]),
        PacketType::PubComp => packet(0x70, &[&[0, 10, code]]),
        PacketType::SubAck => packet(0x90, &[&[0, 10, 0, code]]),
        PacketType::UnsubAck => packet(0xB0, &[&[0, 10, 0, code]]),
        PacketType::Disconnect => packet(0xE0, &[&[code]]),
        PacketType::Auth => packet(0xF0, &[&[code], b"\x04\x15\0\x01M"]),
        other => panic!("{other} has no reason code"),
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
            let bytes = with_code(packet, code.as_u8());
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
