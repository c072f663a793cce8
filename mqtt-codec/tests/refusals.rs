//! Each malformed condition that the format knows, with the reason code that answers it.

use hex_literal::hex;
use mqtt_codec::{
    DecodeErrorKind as Kind, Limits, Packet, PropertyId, ReasonCode, Version, connect_version, frame,
};

#[track_caller]
fn refuse(version: Version, bytes: &[u8]) -> (Kind, ReasonCode, u32) {
    let error = match frame(bytes, &Limits::default()) {
        Ok(Some(found)) => Packet::decode(version, found).expect_err("must be refused"),
        Ok(None) => panic!("a complete packet, or a fixed header that is bad already"),
        Err(error) => error,
    };
    (error.kind(), error.reason_code(), error.offset())
}

#[track_caller]
fn reason(version: Version, bytes: &[u8]) -> u8 {
    refuse(version, bytes).1.as_u8()
}

#[test]
fn fixed_header() {
    for version in Version::ALL {
        assert_eq!(refuse(version, &hex!("00")).0, Kind::ReservedPacketType { found: 0 });
        assert_eq!(refuse(version, &hex!("36 04 00 01 61 00")).0, Kind::QoS);
        assert_eq!(refuse(version, &hex!("C0 01 00")).0, Kind::TrailingBytes { count: 1 });
        assert_eq!(refuse(version, &hex!("30 FF FF FF 80")).0, Kind::VarintTooLong);
    }
    for version in [Version::V3_1_1, Version::V5] {
        for first in [0x12, 0x41, 0x60, 0x61, 0x63, 0x6A, 0x80, 0x8A, 0xA0, 0xC2, 0xE1] {
            let bytes = [first, 2, 0, 1];
            assert!(matches!(refuse(version, &bytes).0, Kind::Flags { .. }), "{first:02X}");
        }
        assert_eq!(refuse(version, &hex!("38 04 00 01 61 00")).0, Kind::DupOnQoS0);
    }
    for version in [Version::V3_1, Version::V3_1_1] {
        assert_eq!(refuse(version, &hex!("F0 00")).0, Kind::ReservedPacketType { found: 15 });
        assert_eq!(refuse(version, &hex!("F1 00")).0, Kind::ReservedPacketType { found: 15 });
    }
    assert_eq!(refuse(Version::V5, &hex!("C0 80 00")).0, Kind::NotMinimal { needed: 1, found: 2 });
    assert!(
        Packet::decode(Version::V3_1_1, frame(&hex!("C0 80 00"), &Limits::default()).unwrap().unwrap())
            .is_ok()
    );
}

/// 3.1 has no fixed flags: a client may set DUP on what it repeats.
#[test]
fn flags_that_3_1_allows() {
    for bytes in [
        &hex!("6A 02 00 01")[..],
        &hex!("8A 06 00 01 00 01 61 00"),
        &hex!("AA 05 00 01 00 01 61"),
        &hex!("C3 00"),
    ] {
        let found = frame(bytes, &Limits::default()).unwrap().unwrap();
        assert!(Packet::decode(Version::V3_1, found).is_ok(), "{bytes:02X?}");
    }
    assert_eq!(refuse(Version::V3_1, &hex!("60 02 00 01")).0, Kind::Flags { expected: 2, found: 0 });
}

#[test]
fn connect_flags() {
    let connect = |level: u8, flags: u8, tail: &[u8]| {
        let mut bytes = hex!("10 00 00 04 4D 51 54 54").to_vec();
        bytes.extend([level, flags, 0, 0]);
        if level == 5 {
            bytes.push(0);
        }
        bytes.extend(hex!("00 01 63"));
        bytes.extend(tail);
        bytes[1] = u8::try_from(bytes.len() - 2).unwrap();
        bytes
    };
    for version in [Version::V3_1_1, Version::V5] {
        let level = version.level();
        assert_eq!(refuse(version, &connect(level, 0x03, &[])).0, Kind::ReservedConnectFlag);
        for flags in [0x08, 0x10, 0x18, 0x28] {
            let found = flags >> 3 & 3;
            assert_eq!(refuse(version, &connect(level, flags, &[])).0, Kind::WillQoSWithoutWill { found });
        }
        assert_eq!(refuse(version, &connect(level, 0x20, &[])).0, Kind::WillRetainWithoutWill);
        assert_eq!(refuse(version, &connect(level, 0x1C, &hex!("00 00 01 61 00 00"))).0, Kind::QoS);
        assert_eq!(refuse(version, &connect(level, 0x80, &[])).0, Kind::Truncated { needed: 2, left: 0 });
        assert_eq!(
            refuse(version, &connect(level, 0, &hex!("00 01 61"))).0,
            Kind::TrailingBytes { count: 3 }
        );
    }
    assert_eq!(
        refuse(Version::V3_1_1, &connect(4, 0x40, &hex!("00 01 61"))).0,
        Kind::PasswordWithoutUserName
    );
    let password_alone = connect(5, 0x40, &hex!("00 01 61"));
    assert!(
        Packet::decode(Version::V5, frame(&password_alone, &Limits::default()).unwrap().unwrap()).is_ok()
    );
    assert_eq!(reason(Version::V5, &connect(5, 0x04, &hex!("00 00 01 23 00 00"))), 0x90);
}

#[test]
fn strings() {
    let publish = |topic: &[u8]| {
        let mut bytes =
            vec![0x30, u8::try_from(topic.len() + 3).unwrap(), 0, u8::try_from(topic.len()).unwrap()];
        bytes.extend(topic);
        bytes.push(0);
        bytes
    };
    for bad in [&[0xC0, 0x80][..], &[0xED, 0xA0, 0x80], &[0xF4, 0x90, 0x80, 0x80], &[0x80], &[0xC3]] {
        assert_eq!(
            refuse(Version::V5, &publish(bad)),
            (Kind::Utf8 { byte: bad[0] }, ReasonCode::MalformedPacket, 4)
        );
    }
    assert_eq!(refuse(Version::V5, &publish(b"a\0b")), (Kind::Nul, ReasonCode::MalformedPacket, 5));
    assert_eq!(reason(Version::V5, &publish(b"a/+")), 0x90);
    assert_eq!(refuse(Version::V5, &publish(b"")).0, Kind::NoTopic);
    let found = publish("\u{FEFF}a".as_bytes());
    let Ok(Packet::Publish(publish)) =
        Packet::decode(Version::V5, frame(&found, &Limits::default()).unwrap().unwrap())
    else {
        panic!("U+FEFF is an ordinary character")
    };
    assert_eq!(publish.topic.name().unwrap().as_str(), "\u{FEFF}a");
}

#[test]
fn properties() {
    let puback = |list: &[u8]| {
        let mut bytes =
            vec![0x40, u8::try_from(list.len() + 4).unwrap(), 0, 1, 0, u8::try_from(list.len()).unwrap()];
        bytes.extend(list);
        bytes
    };
    assert_eq!(refuse(Version::V5, &puback(&[0x04])).0, Kind::UnknownProperty { id: 4 });
    assert_eq!(refuse(Version::V5, &puback(&[0x80, 0x01])).0, Kind::UnknownProperty { id: 0x80 });
    let property = PropertyId::ContentType;
    assert_eq!(refuse(Version::V5, &puback(&[0x03, 0, 0])).0, Kind::PropertyNotAllowed { property });
    let property = PropertyId::ReasonString;
    let twice = puback(&[0x1F, 0, 0, 0x1F, 0, 0]);
    assert_eq!(
        refuse(Version::V5, &twice),
        (Kind::DuplicateProperty { property }, ReasonCode::ProtocolError, 9)
    );
    assert_eq!(refuse(Version::V5, &hex!("40 04 00 01 00 05")).0, Kind::Truncated { needed: 5, left: 0 });
    assert_eq!(reason(Version::V5, &hex!("30 07 00 01 61 03 23 00 00")), 0x94);
    assert_eq!(reason(Version::V5, &hex!("30 06 00 01 61 02 01 02")), 0x82);
    assert_eq!(reason(Version::V5, &hex!("30 09 00 01 61 05 08 00 02 61 2B")), 0x82);
    assert_eq!(refuse(Version::V5, &hex!("F0 00")).0, Kind::NoAuthenticationMethod);
}

#[test]
fn lists() {
    for (bytes, code) in [
        (&hex!("82 03 00 01 00")[..], 0x82),
        (&hex!("A2 03 00 01 00"), 0x82),
        (&hex!("82 07 00 01 00 00 01 61 03"), 0x82),
        (&hex!("82 07 00 01 00 00 01 61 30"), 0x82),
        (&hex!("82 07 00 01 00 00 01 61 40"), 0x81),
        (&hex!("82 08 00 01 00 00 02 61 23 00"), 0x82),
        (&hex!("82 0F 00 01 00 00 09 24 73 68 61 72 65 2F 67 2F 61 04")[..], 0x82),
        (&hex!("82 07 00 00 00 00 01 61 00"), 0x82),
        (&hex!("90 04 00 01 00 03"), 0x81),
        (&hex!("90 03 00 01 00"), 0x82),
    ] {
        assert_eq!(reason(Version::V5, bytes), code, "{bytes:02X?}");
    }
    assert_eq!(refuse(Version::V3_1_1, &hex!("82 06 00 01 00 01 61 03")).0, Kind::QoS);
    assert_eq!(
        refuse(Version::V3_1_1, &hex!("82 06 00 01 00 01 61 04")).0,
        Kind::ReservedSubscriptionOptions { found: 4 }
    );
}

#[test]
fn limits() {
    let limits = Limits { user_properties: 1, filters: 1, ..Limits::default() };
    for bytes in [
        &hex!("40 12 00 01 00 0E 26 00 01 61 00 01 62 26 00 01 61 00 01 62")[..],
        &hex!("82 0B 00 01 00 00 01 61 00 00 01 62 00"),
        &hex!("A2 09 00 01 00 00 01 61 00 01 62"),
    ] {
        let error = Packet::decode(Version::V5, frame(bytes, &limits).unwrap().unwrap()).unwrap_err();
        assert!(matches!(error.kind(), Kind::TooMany { limit: 1, .. }), "{error}");
        assert_eq!(error.reason_code(), ReasonCode::QuotaExceeded);
    }
}

#[test]
fn version_is_chosen_by_name_and_level() {
    let version = |bytes: &[u8]| connect_version(bytes).map(|version| version.expect("whole"));
    assert_eq!(version(&hex!("10 09 00 06 4D 51 49 73 64 70 03")), Ok(Version::V3_1));
    assert_eq!(version(&hex!("10 07 00 04 4D 51 54 54 04")), Ok(Version::V3_1_1));
    assert_eq!(version(&hex!("10 07 00 04 4D 51 54 54 05")), Ok(Version::V5));
    let kind = |bytes: &[u8]| version(bytes).unwrap_err().kind();
    assert_eq!(kind(&hex!("10 07 00 04 4D 51 54 54 06")), Kind::ProtocolLevel { is_mqisdp: false, level: 6 });
    assert_eq!(
        kind(&hex!("10 09 00 06 4D 51 49 73 64 70 04")),
        Kind::ProtocolLevel { is_mqisdp: true, level: 4 }
    );
    assert!(matches!(kind(&hex!("10 07 00 04 4D 51 54 58 04")), Kind::ProtocolName { .. }));
    assert_eq!(kind(&hex!("C0 00")), Kind::NotConnect { found: 0xC0 });
}

#[test]
fn an_error_reads_well() {
    let found = frame(&hex!("10 0F 00 04 4D 51 54 54 05 03 00 3C 00 00 02 63 31"), &Limits::default())
        .unwrap()
        .unwrap();
    let error = Packet::decode(Version::V5, found).unwrap_err();
    assert_eq!(error.to_string(), "CONNECT, byte 9: reserved connect flag (bit 0) must be 0, found 1");
    assert_eq!(error.statement(Version::V5), Some("MQTT-3.1.2-3"));
    assert!(size_of_val(&error) <= 20, "errors are cheap to return");
}
