//! How errors read, and those that do not come from the bytes of a packet alone. What is refused, with which reason code and
//! by which statement, is in `vectors/`.

use hex_literal::hex;
use mqtt_codec::{
    DecodeError, DecodeErrorKind as Kind, Decoder, Limits, Packet, PacketType, PubRec, ReasonCode, Repeated,
    Version, connect_version, frame,
};

fn refused(version: Version, bytes: &[u8], limits: &Limits) -> DecodeError {
    match frame(bytes, limits) {
        Ok(found) => Packet::decode(version, found.expect("a whole packet")).expect_err("must be refused"),
        Err(error) => error,
    }
}

/// What was expected, what came, and where, for each kind.
#[test]
fn messages() {
    use Version::{V3_1, V3_1_1, V5};
    let cases: &[(Version, &[u8], &str)] = &[
        (V3_1, &hex!("00 00"), "byte 0: packet type 0 is reserved, expected 1 to 14, or 15 in 5.0"),
        (V3_1_1, &hex!("F1 00"), "AUTH, byte 0: packet type 15 is reserved, expected 1 to 14, or 15 in 5.0"),
        (V5, &hex!("60 00"), "PUBREL, byte 0: fixed header flags must be 0b0010, found 0b0000"),
        (V5, &hex!("36 00"), "PUBLISH, byte 0: a QoS is 0, 1 or 2, found 3"),
        (V5, &hex!("38 00"), "PUBLISH, byte 0: DUP must be 0 in a message of QoS 0, found 1"),
        (
            V5,
            &hex!("C0 80 80 80 80"),
            "PINGREQ, byte 1: a variable byte integer has at most 4 bytes, the fourth says that a fifth follows",
        ),
        (
            V5,
            &hex!("C0 80 00"),
            "PINGREQ, byte 1: a variable byte integer must be in its shortest form, here 1 byte, found 2",
        ),
        (V5, &hex!("40 01 00"), "PUBACK, byte 2: the field needs 2 bytes, 1 left"),
        (
            V5,
            &hex!("C0 02 00 00"),
            "PINGREQ, byte 2: expected the end of the packet behind the last field, found 2 bytes more",
        ),
        (
            V5,
            &hex!("30 05 00 02 61 80 00"),
            "PUBLISH, byte 5: a string must be well-formed UTF-8, found an ill-formed sequence that begins with 0x80",
        ),
        (V5, &hex!("30 05 00 02 61 00 00"), "PUBLISH, byte 5: a string must not contain U+0000, found one"),
        (
            V5,
            &hex!("30 05 00 02 61 2B 00"),
            "PUBLISH, byte 5: bad topic name: a topic name has no wildcard, found one",
        ),
        (
            V5,
            &hex!("30 03 00 00 00"),
            "PUBLISH, byte 2: expected a topic name or a Topic Alias, found neither",
        ),
        (
            V5,
            &hex!("A2 05 00 01 00 00 00"),
            "UNSUBSCRIBE, byte 5: bad topic filter: a topic has at least one character, found none",
        ),
        (V5, &hex!("40 02 00 00"), "PUBACK, byte 2: a packet identifier is from 1 to 65535, found 0"),
        (
            V5,
            &hex!("10 06 00 04 4D 51 54 58"),
            "CONNECT, byte 2: the protocol name must be \"MQTT\", or \"MQIsdp\" for 3.1, found \"MQTX\"",
        ),
        (
            V5,
            &hex!("10 0B 00 09 4D 51 54 FF 4D 51 54 54 54"),
            "CONNECT, byte 2: the protocol name must be \"MQTT\", or \"MQIsdp\" for 3.1, found \"MQT\\xffMQ\" and 3 bytes more",
        ),
        (
            V5,
            &hex!("10 07 00 04 4D 51 54 54 06"),
            "CONNECT, byte 8: the protocol level must be 4 or 5 with the name \"MQTT\", found 6",
        ),
        (
            V5,
            &hex!("10 09 00 06 4D 51 49 73 64 70 04"),
            "CONNECT, byte 10: the protocol level must be 3 with the name \"MQIsdp\", found 4",
        ),
        (
            V5,
            &hex!("10 07 00 04 4D 51 54 54 04"),
            "CONNECT, byte 2: expected a CONNECT of version 5.0, found one of version 3.1.1",
        ),
        (
            V5,
            &hex!("10 08 00 04 4D 51 54 54 05 03"),
            "CONNECT, byte 9: reserved connect flag (bit 0) must be 0, found 1",
        ),
        (
            V5,
            &hex!("10 08 00 04 4D 51 54 54 05 10"),
            "CONNECT, byte 9: Will QoS must be 0 without Will Flag, found 2",
        ),
        (
            V5,
            &hex!("10 08 00 04 4D 51 54 54 05 20"),
            "CONNECT, byte 9: Will Retain must be 0 without Will Flag, found 1",
        ),
        (
            V3_1_1,
            &hex!("10 08 00 04 4D 51 54 54 04 40"),
            "CONNECT, byte 9: Password Flag must be 0 without User Name Flag, found 1",
        ),
        (
            V5,
            &hex!("20 03 82 00 00"),
            "CONNACK, byte 2: reserved acknowledge flags (bits 7 to 1) must be 0, found 0b10000010",
        ),
        (V5, &hex!("20 03 01 87 00"), "CONNACK, byte 2: Session Present must be 0 in a refusal, found 1"),
        (
            V5,
            &hex!("20 02 00 01"),
            "CONNACK, byte 2: expected a CONNACK of 5.0, found that of an older server that does not speak 5.0",
        ),
        (V5, &hex!("E0 01 7F"), "DISCONNECT, byte 2: expected a code that this packet can carry, found 0x7F"),
        (
            V5,
            &hex!("E0 03 00 01 FE"),
            "DISCONNECT, byte 4: expected the identifier of a property, found 0xFE",
        ),
        (
            V5,
            &hex!("E0 04 00 02 01 00"),
            "DISCONNECT, byte 4: expected a property that belongs here, found Payload Format Indicator",
        ),
        (
            V5,
            &hex!("20 07 00 00 04 24 00 24 00"),
            "CONNACK, byte 7: Maximum QoS may occur once here, found it again",
        ),
        (V5, &hex!("20 05 00 00 02 24 02"), "CONNACK, byte 6: Maximum QoS must be 0 or 1, found 2"),
        (
            V5,
            &hex!("30 07 00 01 61 03 23 00 00"),
            "PUBLISH, byte 7: Topic Alias must be from 1 to 65535, found 0",
        ),
        (
            V5,
            &hex!("30 08 00 01 61 04 08 00 01 23"),
            "PUBLISH, byte 9: bad response topic: a topic name has no wildcard, found one",
        ),
        (
            V5,
            &hex!("10 10 00 04 4D 51 54 54 05 00 00 00 03 16 00 00 00 00"),
            "CONNECT, byte 12: expected an Authentication Method along with the Authentication Data, found none",
        ),
        (V5, &hex!("F0 00"), "AUTH, byte 2: expected an Authentication Method, found none"),
        (V5, &hex!("82 03 00 01 00"), "SUBSCRIBE, byte 5: expected at least one entry, found none"),
        (
            V5,
            &hex!("82 07 00 01 00 00 01 61 C0"),
            "SUBSCRIBE, byte 8: reserved bits of the subscription options must be 0, found 0b11000000",
        ),
        (
            V5,
            &hex!("82 07 00 01 00 00 01 61 32"),
            "SUBSCRIBE, byte 8: Maximum QoS and Retain Handling are 0, 1 or 2, found 2 and 3",
        ),
        (
            V5,
            &hex!("82 10 00 01 00 00 0A 24 73 68 61 72 65 2F 67 2F 61 04"),
            "SUBSCRIBE, byte 17: No Local must be 0 on a shared subscription, found 1",
        ),
    ];
    for &(version, bytes, message) in cases {
        assert_eq!(refused(version, bytes, &Limits::default()).to_string(), message);
    }
    let cautious = Limits { discouraged_characters: false, ..Limits::default() };
    assert_eq!(
        refused(V3_1_1, &hex!("30 04 00 02 61 07"), &cautious).to_string(),
        "PUBLISH, byte 5: a string must not contain control characters or non-characters here, found U+0007"
    );
}

#[test]
fn a_packet_of_another_type_than_asked_for() {
    let error =
        PubRec::decode(Version::V5, frame(&hex!("40 02 00 01"), &Limits::default()).unwrap().unwrap())
            .unwrap_err();
    assert_eq!(
        error.kind(),
        Kind::WrongPacketType { expected: PacketType::PubRec, found: PacketType::PubAck }
    );
    assert_eq!((error.packet_type(), error.offset()), (Some(PacketType::PubAck), 0));
    assert_eq!((error.reason_code(), error.statement(Version::V5)), (ReasonCode::ProtocolError, None));
    assert_eq!(error.to_string(), "PUBACK, byte 0: expected PUBREC, found PUBACK");
}

#[test]
fn a_first_packet_that_is_not_connect() {
    let error = connect_version(&hex!("C0")).unwrap_err();
    assert_eq!(error.kind(), Kind::NotConnect { found: 0xC0 });
    assert_eq!((error.packet_type(), error.offset()), (Some(PacketType::PingReq), 0));
    assert_eq!(error.reason_code(), ReasonCode::ProtocolError);
    for version in Version::ALL {
        assert_eq!(error.statement(version), Some("MQTT-3.1.0-1"));
    }
    let message = "PINGREQ, byte 0: the first packet must be CONNECT, whose first byte is 0x10, found 0xC0";
    assert_eq!(error.to_string(), message);
    assert_eq!(Decoder::new(Limits::default()).decode(&hex!("C0 00")), Err(error));
}

#[test]
fn a_packet_larger_than_the_limit() {
    let limits = Limits { packet_size: 4, ..Limits::default() };
    let error = frame(&hex!("30 03"), &limits).unwrap_err();
    assert_eq!(error.kind(), Kind::PacketTooLarge { size: 5, limit: 4 });
    assert_eq!((error.packet_type(), error.offset()), (Some(PacketType::Publish), 1));
    assert_eq!((error.reason_code(), error.statement(Version::V5)), (ReasonCode::PacketTooLarge, None));
    assert_eq!(error.to_string(), "PUBLISH, byte 1: a packet may have at most 4 bytes, this one has 5");
    assert!(frame(&hex!("30 02"), &limits).is_ok());
    let largest = frame(&hex!("30 FF FF FF 7F"), &Limits { packet_size: 5, ..limits }).unwrap_err();
    assert_eq!(largest.kind(), Kind::PacketTooLarge { size: 268_435_460, limit: 5 });
}

#[test]
fn a_property_list_larger_than_the_limit() {
    let bytes = hex!("30 08 00 01 61 04 0B 01 0B 02");
    let limits = |properties_size| Limits { properties_size, ..Limits::default() };
    let whole = frame(&bytes, &limits(4)).unwrap().unwrap();
    assert!(Packet::decode(Version::V5, whole).is_ok());
    let error = refused(Version::V5, &bytes, &limits(3));
    assert_eq!(error.kind(), Kind::PropertiesTooLarge { size: 4, limit: 3 });
    assert_eq!((error.offset(), error.reason_code()), (5, ReasonCode::QuotaExceeded));
    let message = "PUBLISH, byte 5: a property list may have at most 3 bytes, this one has 4";
    assert_eq!(error.to_string(), message);
    assert!(refused(Version::V5, &bytes, &limits(1)).to_string().contains("at most 1 byte,"));
}

#[test]
fn a_reason_code_that_the_answer_can_carry() {
    let error =
        refused(Version::V3_1_1, &hex!("10 0D 00 04 4D 51 54 54 06 02 00 3C 00 01 63"), &Limits::default());
    assert_eq!(error.kind(), Kind::ProtocolLevel { is_mqisdp: false, level: 6 });
    assert_eq!(error.reason_code_in(PacketType::ConnAck), ReasonCode::UnsupportedProtocolVersion);
    assert_eq!(error.reason_code_in(PacketType::Disconnect), ReasonCode::ProtocolError);
    let error = refused(Version::V5, &hex!("C1 00"), &Limits::default());
    for answer in [PacketType::ConnAck, PacketType::Disconnect] {
        assert_eq!(error.reason_code_in(answer), ReasonCode::MalformedPacket);
    }
}

/// What is waited for before the version is known does not depend on what the peer announces.
#[test]
fn a_connect_that_announces_much_is_held_for_14_bytes_at_most() {
    let limits = Limits { packet_size: 100, ..Limits::default() };
    let short = connect_version(&hex!("10 03 00 64 41")).unwrap_err();
    assert_eq!(short.kind(), Kind::Truncated { needed: 100, left: 1 });
    let large = |name: &[u8]| {
        let bytes = [&hex!("10 FF FF FF 7F"), name].concat();
        let mut end = 0;
        loop {
            match Decoder::new(limits).decode(&bytes[..end]) {
                Ok(None) => end += 1,
                Ok(Some(_)) => panic!("it is not there"),
                Err(error) => return (end, error.kind()),
            }
        }
    };
    let too_large = Kind::PacketTooLarge { size: 268_435_460, limit: 100 };
    assert_eq!(large(b"\0\x04MQTT\x05"), (12, too_large));
    assert_eq!(large(b"\0\x06MQIsdp\x03"), (14, too_large));
    let (len, kind) = large(b"\xFF\xFFAAAAAAA");
    assert!(matches!(kind, Kind::ProtocolName { .. }) && len == 13, "{len} {kind:?}");
    assert_eq!(kind.to_string().split("found ").nth(1), Some("\"AAAAAA\" and 65529 bytes more"));
}

/// As many as the limit are taken, one more is an error where it begins; or where all of them do, if they are counted before
/// they are looked at.
#[test]
fn more_than_a_limit_allows() {
    let limits = |limit| {
        let all = Limits::default();
        let entries = Limits { filters: limit, ..all };
        let properties = Limits { user_properties: limit, ..all };
        let ids = Limits { subscription_ids: limit, ..all };
        [entries, entries, entries, entries, properties, ids]
    };
    let packets = [
        (&hex!("82 0B 00 01 00 00 01 61 00 00 01 62 00")[..], Repeated::Entries, 9),
        (&hex!("A2 09 00 01 00 00 01 61 00 01 62"), Repeated::Entries, 8),
        (&hex!("90 05 00 01 00 00 01"), Repeated::Entries, 5),
        (&hex!("B0 05 00 01 00 00 11"), Repeated::Entries, 5),
        (&hex!("40 0E 00 01 00 0A 26 00 00 00 00 26 00 00 00 00"), Repeated::UserProperties, 11),
        (&hex!("30 08 00 01 61 04 0B 01 0B 02"), Repeated::SubscriptionIds, 8),
    ];
    for (((bytes, what, offset), enough), less) in packets.into_iter().zip(limits(2)).zip(limits(1)) {
        let whole = frame(bytes, &enough).unwrap().unwrap();
        assert!(Packet::decode(Version::V5, whole).is_ok(), "{bytes:02X?}");
        let error = refused(Version::V5, bytes, &less);
        assert_eq!(
            (error.kind(), error.offset()),
            (Kind::TooMany { what, limit: 1 }, offset),
            "{bytes:02X?}"
        );
        assert_eq!((error.reason_code(), error.statement(Version::V5)), (ReasonCode::QuotaExceeded, None));
        assert!(error.to_string().ends_with(&format!(": at most 1 {what} are accepted, found more")));
    }
}

#[test]
fn an_error_in_a_topic_does_not_point_into_a_character() {
    // $share/é: the filter behind the share name is missing.
    let error =
        refused(Version::V5, &hex!("A2 0E 00 01 00 00 09 24 73 68 61 72 65 2F C3 A9"), &Limits::default());
    assert_eq!((error.kind().name(), error.offset()), ("TopicFilter", 14));
}
