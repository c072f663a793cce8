//! Where versions differ.

use super::*;

#[test]
fn subscription_options_that_3_x_lacks() {
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
    for version in Version::ALL {
        let refusal = ConnAck { session_present: true, ..ConnAck::refuse(ReasonCode::NotAuthorized) };
        assert_eq!(unencodable(version, refusal), EncodeError::SessionPresentOnRefusal);
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
    assert_eq!(version(&hex!("10 09 00 06 4D 51 49 73 64 70 03")), Ok(Some(Version::V3_1)));
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
