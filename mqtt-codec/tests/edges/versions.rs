//! Where versions differ.

use super::*;

/// 3.1 has QoS 1 in these flags, and DUP for a repeat. RETAIN has no meaning, but the other bits have to be right.
#[test]
fn dup_of_requests_in_3_1() {
    for (first, body) in [
        (0x6A, &hex!("00 01")[..]),
        (0x8A, &hex!("00 01 00 01 61 00")[..]),
        (0xAA, &hex!("00 01 00 01 61")[..]),
    ] {
        let packet = |first: u8| [&[first, u8::try_from(body.len()).unwrap()], body].concat();
        let found = packet(first);
        let found = decode(Version::V3_1, &found).unwrap();
        assert_eq!(encode(Version::V3_1, found), packet(first & !8), "what 3.1.1 has is written");
        for bad in [first | 1, first & !2, first ^ 6] {
            let kind = Kind::Flags { expected: 2, found: bad & 0x0F };
            assert_eq!(refused(Version::V3_1, &packet(bad)), (kind, 0, 0x81));
        }
    }
}

#[test]
fn remaining_length_wins_over_the_user_name_flag_in_3_1() {
    fn connect(version: Version, bytes: &[u8]) -> Result<(Option<&str>, Option<&[u8]>), Kind> {
        match decode(version, bytes) {
            Ok(Packet::Connect(connect)) => Ok((connect.user_name, connect.password)),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.kind()),
        }
    }
    let truncated = Kind::Truncated { needed: 2, left: 0 };
    let neither = hex!("10 0F 00 06 4D 51 49 73 64 70 03 C2 00 3C 00 01 63");
    assert_eq!(connect(Version::V3_1, &neither), Ok((None, None)));
    let user_name = hex!("10 12 00 06 4D 51 49 73 64 70 03 C2 00 3C 00 01 63 00 01 75");
    assert_eq!(connect(Version::V3_1, &user_name), Ok((Some("u"), None)));
    let both = hex!("10 15 00 06 4D 51 49 73 64 70 03 C2 00 3C 00 01 63 00 01 75 00 01 70");
    assert_eq!(connect(Version::V3_1, &both), Ok((Some("u"), Some(&b"p"[..]))));
    // One byte is more than nothing, and not a field; and the will has no such excuse.
    let cut = hex!("10 10 00 06 4D 51 49 73 64 70 03 82 00 3C 00 01 63 00");
    assert_eq!(connect(Version::V3_1, &cut), Err(Kind::Truncated { needed: 2, left: 1 }));
    let no_will = hex!("10 0F 00 06 4D 51 49 73 64 70 03 06 00 3C 00 01 63");
    assert_eq!(connect(Version::V3_1, &no_will), Err(truncated));
    let newer = hex!("10 0D 00 04 4D 51 54 54 04 82 00 3C 00 01 63");
    assert_eq!(connect(Version::V3_1_1, &newer), Err(truncated));
    let newer = hex!("10 11 00 04 4D 51 54 54 05 C2 00 3C 00 00 01 63 00 01 75");
    assert_eq!(connect(Version::V5, &newer), Err(truncated));
}

/// Bit 0, and Will QoS and Will Retain without Will Flag.
#[test]
fn connect_flags_that_3_1_ignores() {
    let plain = Connect { keep_alive: 60, client_id: "c", ..Connect::default() };
    for flags in [0x01, 0x08, 0x10, 0x18, 0x20, 0x39] {
        let mut bytes = hex!("10 0F 00 06 4D 51 49 73 64 70 03 00 00 3C 00 01 63");
        bytes[11] = flags;
        assert_eq!(decode(Version::V3_1, &bytes), Ok(plain.into()), "{flags:08b}");
    }
}

#[test]
fn dup_on_qos_0_in_3_1() {
    let bytes = hex!("38 04 00 01 61 78");
    assert_eq!(decode(Version::V3_1, &bytes), Ok(Publish::new(name("a"), b"x").into()));
    assert_eq!(encode(Version::V3_1, Publish::new(name("a"), b"x")), hex!("30 04 00 01 61 78"));
    assert_eq!(refused(Version::V3_1_1, &bytes), (Kind::DupOnQoS0, 0, 0x81));
}

#[test]
fn subscription_options_of_3_x() {
    for upper in (0..=0xFC).step_by(4) {
        let mut bytes = hex!("82 06 00 01 00 01 61 00");
        bytes[7] = upper | 1;
        let expected =
            [Subscription { filter: filter("a"), options: SubscriptionOptions::new(QoS::AtLeastOnce) }];
        assert_eq!(decode(Version::V3_1, &bytes), Ok(subscribe(&expected).into()), "{upper:08b}");
        if upper != 0 {
            let kind = Kind::ReservedSubscriptionOptions { found: upper | 1 };
            assert_eq!(refused(Version::V3_1_1, &bytes), (kind, 7, 0x81));
        }
        bytes[7] = upper | 3;
        assert_eq!(refused(Version::V3_1, &bytes), (Kind::QoS, 7, 0x81));
    }
    let all = SubscriptionOptions {
        qos: QoS::ExactlyOnce,
        no_local: true,
        retain_as_published: true,
        retain_handling: RetainHandling::DoNotSend,
    };
    let entries = [Subscription { filter: filter("a"), options: all }];
    for version in V3 {
        assert_eq!(encode(version, subscribe(&entries)), hex!("82 06 00 01 00 01 61 02"));
    }
}

#[test]
fn session_present() {
    let present = ConnAck { session_present: true, ..accept() };
    assert_eq!(encode(Version::V3_1, present), hex!("20 02 00 00"), "3.1 has a reserved byte there");
    assert_eq!(encode(Version::V3_1_1, present), hex!("20 02 01 00"));
    assert_eq!(encode(Version::V5, present), hex!("20 03 01 00 00"));
    for flags in [0x01, 0x02, 0xFF] {
        assert_eq!(decode(Version::V3_1, &[0x20, 2, flags, 0]), Ok(accept().into()));
        let refusal = ConnAck::refuse(ReasonCode::NotAuthorized);
        assert_eq!(decode(Version::V3_1, &[0x20, 2, flags, 5]), Ok(refusal.into()));
    }
    for flags in 2..=0xFF {
        let kind = Kind::ConnAckFlags { found: flags };
        assert_eq!(refused(Version::V3_1_1, &[0x20, 2, flags, 0]), (kind, 2, 0x81));
        assert_eq!(refused(Version::V5, &[0x20, 3, flags, 0, 0]), (kind, 2, 0x81));
    }
    let kind = Kind::SessionPresentOnRefusal;
    assert_eq!(refused(Version::V3_1_1, &hex!("20 02 01 05")), (kind, 2, 0x82));
    assert_eq!(refused(Version::V5, &hex!("20 03 01 87 00")), (kind, 2, 0x82));
    for version in Version::ALL {
        let refusal = ConnAck { session_present: true, ..ConnAck::refuse(ReasonCode::NotAuthorized) };
        assert_eq!(unencodable(version, refusal), EncodeError::SessionPresentOnRefusal);
    }
}

/// An old server says so in its own form.
#[test]
fn a_server_that_does_not_know_5_0() {
    assert_eq!(refused(Version::V5, &hex!("20 02 00 01")), (Kind::VersionRefused, 2, 0x84));
    assert_eq!(refused(Version::V5, &hex!("20 02 00 00")).0, Kind::Truncated { needed: 1, left: 0 });
    assert_eq!(refused(Version::V5, &hex!("20 03 00 01 00")).0, Kind::ReasonCode { found: 1 });
    let refusal = ConnAck::refuse(ReasonCode::UnsupportedProtocolVersion);
    assert_eq!(decode(Version::V3_1_1, &hex!("20 02 00 01")), Ok(refusal.into()));
}

#[test]
fn connect_of_another_version() {
    for found in Version::ALL {
        let bytes = encode(found, Connect { client_id: "c", ..Connect::default() });
        for version in Version::ALL.into_iter().filter(|&version| version != found) {
            assert_eq!(
                refused(version, &bytes),
                (Kind::WrongVersion { expected: version, found }, 2, 0x82),
                "as {version}"
            );
        }
    }
}

#[test]
fn what_3_x_does_not_have() {
    let auth = Auth {
        reason: ReasonCode::ContinueAuthentication,
        authentication_method: "M",
        properties: AuthProperties::default(),
    };
    let alias_alone = Publish::new(PublishTopic::Alias(TopicAlias::MIN), b"x");
    let both = Publish::new(PublishTopic::NameAndAlias(name("a"), TopicAlias::MIN), b"x");
    for version in V3 {
        let packet = PacketType::Auth;
        assert_eq!(unencodable(version, auth), EncodeError::NotInVersion { packet, version });
        let packet = PacketType::Publish;
        assert_eq!(unencodable(version, alias_alone), EncodeError::NotInVersion { packet, version });
        assert_eq!(encode(version, both), hex!("30 04 00 01 61 78"));
        // An empty name is one that is bad here.
        let (kind, offset, _) = refused(version, &hex!("30 03 00 00 78"));
        assert!(matches!(kind, Kind::TopicName(_)) && offset == 2);
    }
}

/// 3.1 has no failure in SUBACK, 3.1.1 has one.
#[test]
fn suback_failures_of_3_x() {
    let codes = [ReasonCode::GrantedQoS2, ReasonCode::NotAuthorized];
    let suback =
        SubAck { packet_id: PacketId::MIN, codes: (&codes).into(), properties: AckProperties::default() };
    let (packet, version) = (PacketType::SubAck, Version::V3_1);
    let error = EncodeError::ReasonCode { packet, version, code: ReasonCode::NotAuthorized };
    assert_eq!(unencodable(version, suback), error);
    assert_eq!(encode(Version::V3_1_1, suback), hex!("90 04 00 01 02 80"));
    assert_eq!(encode(Version::V5, suback), hex!("90 05 00 01 00 02 87"));
    for version in Version::ALL {
        let codes = [ReasonCode::NoSubscriptionExisted];
        let error = EncodeError::ReasonCode { packet, version, code: codes[0] };
        assert_eq!(unencodable(version, SubAck { codes: (&codes).into(), ..suback }), error);
    }
}

/// What is whole and too short is bad; only what is not whole may become good.
#[test]
fn connect_version_of_short_packets() {
    let version = |bytes: &[u8]| connect_version(bytes).map_err(|error| (error.kind(), error.offset()));
    let truncated = |needed, left, offset| Err((Kind::Truncated { needed, left }, offset));
    assert_eq!(version(&hex!("10 00")), truncated(2, 0, 2));
    assert_eq!(version(&hex!("10 01 00")), truncated(2, 1, 2));
    assert_eq!(version(&hex!("10 02 00 04")), truncated(4, 0, 4));
    assert_eq!(version(&hex!("10 06 00 04 4D 51 54 54")), truncated(1, 0, 8));
    // The bytes of the next packet are not its own.
    assert_eq!(version(&hex!("10 00 00 04 4D 51 54 54 05")), truncated(2, 0, 2));
    assert_eq!(version(&hex!("10 06 00 04 4D 51 54 54 05")), truncated(1, 0, 8));
    for bytes in [&hex!("10")[..], &hex!("10 80"), &hex!("10 07"), &hex!("10 07 00 04 4D 51 54 54")] {
        assert_eq!(version(bytes), Ok(None), "{bytes:02X?}");
    }
    assert_eq!(version(&hex!("10 07 00 04 4D 51 54 54 05")), Ok(Some(Version::V5)));
    assert_eq!(version(&hex!("10 FF FF FF 7F 00 04 4D 51 54 54 04")), Ok(Some(Version::V3_1_1)));
    assert_eq!(version(&hex!("10 FF FF FF FF")), Err((Kind::VarintTooLong, 1)));
    assert!(matches!(version(&hex!("10 07 00 04 4D 51 54 58")), Err((Kind::ProtocolName { .. }, 2))));
    let level = Kind::ProtocolLevel { is_mqisdp: false, level: 3 };
    assert_eq!(version(&hex!("10 07 00 04 4D 51 54 54 03")), Err((level, 8)));
}

/// A decoded list is encoded by copying its bytes, but only where they mean the same.
#[test]
fn lists_of_one_version_are_encoded_as_another() {
    let subscribe = hex!("82 0F 00 0A 00 00 03 61 2F 62 2D 00 03 63 2F 23 02");
    let in_v3 = hex!("82 0E 00 0A 00 03 61 2F 62 01 00 03 63 2F 23 02");
    let found = decode(Version::V5, &subscribe).unwrap();
    assert_eq!(encode(Version::V5, found), subscribe);
    assert_eq!(encode(Version::V3_1_1, found), in_v3, "the QoS is left of the options");
    assert_eq!(encode(Version::V3_1, found), in_v3);
    let found = decode(Version::V3_1_1, &in_v3).unwrap();
    let in_v5 = hex!("82 0F 00 0A 00 00 03 61 2F 62 01 00 03 63 2F 23 02");
    assert_eq!(encode(Version::V5, found), in_v5);

    let bits_without_meaning = hex!("82 08 00 0A 00 03 61 2F 62 FD");
    let found = decode(Version::V3_1, &bits_without_meaning).unwrap();
    assert_eq!(encode(Version::V3_1, found), hex!("82 08 00 0A 00 03 61 2F 62 01"));

    let suback = hex!("90 06 00 0A 00 01 87 00");
    let found = decode(Version::V5, &suback).unwrap();
    assert_eq!(encode(Version::V5, found), suback);
    assert_eq!(encode(Version::V3_1_1, found), hex!("90 05 00 0A 01 80 00"), "one code for all failures");
    let expected = EncodeError::ReasonCode {
        packet: PacketType::SubAck,
        version: Version::V3_1,
        code: ReasonCode::NotAuthorized,
    };
    assert_eq!(unencodable(Version::V3_1, found), expected);

    let unsubscribe = hex!("A2 08 00 0B 00 00 03 61 2F 62");
    let found = decode(Version::V5, &unsubscribe).unwrap();
    assert_eq!(encode(Version::V3_1_1, found), hex!("A2 07 00 0B 00 03 61 2F 62"));
}

/// User Properties that stand among others are written behind them, and those that stand together stay as they are.
#[test]
fn user_properties_stay_in_order() {
    let together = hex!("40 12 00 0A 10 0E 26 00 01 61 00 01 62 26 00 01 63 00 01 64");
    assert_eq!(encode(Version::V5, decode(Version::V5, &together).unwrap()), together);
    let apart = hex!("40 16 00 0A 10 12 26 00 01 61 00 01 62 1F 00 01 72 26 00 01 63 00 01 64");
    let moved = hex!("40 16 00 0A 10 12 1F 00 01 72 26 00 01 61 00 01 62 26 00 01 63 00 01 64");
    assert_eq!(encode(Version::V5, decode(Version::V5, &apart).unwrap()), moved);
    let behind = hex!("40 16 00 0A 10 12 26 00 01 61 00 01 62 26 00 01 63 00 01 64 1F 00 01 72");
    assert_eq!(encode(Version::V5, decode(Version::V5, &behind).unwrap()), moved);
}
