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
