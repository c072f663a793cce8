//! Where versions differ, where a limit ends, and what must not be sent: each case by itself.

use hex_literal::hex;
use mqtt_codec::{DecodeErrorKind as Kind, *};

fn decode_within<'a>(limits: &Limits, version: Version, bytes: &'a [u8]) -> Result<Packet<'a>, DecodeError> {
    let frame = frame(bytes, limits)?.expect("a whole packet");
    assert_eq!(frame.bytes(), bytes);
    Packet::decode(version, frame)
}

fn decode(version: Version, bytes: &[u8]) -> Result<Packet<'_>, DecodeError> {
    decode_within(&Limits::default(), version, bytes)
}

/// What is wrong, at which byte, and the reason code that answers it.
#[track_caller]
fn refused(version: Version, bytes: &[u8]) -> (Kind, u32, u8) {
    let error = decode(version, bytes).expect_err("must be refused");
    (error.kind(), error.offset(), error.reason_code().as_u8())
}

#[track_caller]
fn encode<'a>(version: Version, packet: impl Into<Packet<'a>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.into().encode(version, &mut bytes).unwrap();
    bytes
}

/// No way to encode does it, and nothing is written.
#[track_caller]
fn unencodable<'a>(version: Version, packet: impl Into<Packet<'a>>) -> EncodeError {
    let packet = packet.into();
    let error = packet.encoded_len(version).expect_err("must be refused");
    let mut appended = Vec::new();
    assert_eq!(packet.encode(version, &mut appended), Err(error));
    assert!(appended.is_empty());
    let mut buffer = [0xAA; 64];
    assert_eq!(packet.encode_to_slice(version, &mut buffer), Err(error));
    assert_eq!(buffer, [0xAA; 64]);
    error
}

fn name(text: &str) -> &TopicName {
    TopicName::new(text).unwrap()
}

fn filter(text: &str) -> &TopicFilter {
    TopicFilter::new(text).unwrap()
}

fn accept() -> ConnAck<'static> {
    ConnAck::refuse(ReasonCode::Success)
}

fn subscribe<'a>(subscriptions: &'a [Subscription<'a>]) -> Subscribe<'a> {
    Subscribe {
        packet_id: PacketId::MIN,
        subscription_id: None,
        user_properties: UserProperties::default(),
        subscriptions: subscriptions.into(),
    }
}

fn will(payload: &[u8]) -> Will<'_> {
    Will {
        topic: name("w"),
        payload,
        qos: QoS::AtMostOnce,
        retain: false,
        delay_interval: None,
        properties: MessageProperties::default(),
    }
}

const V3: [Version; 2] = [Version::V3_1, Version::V3_1_1];

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
fn authentication_data_needs_a_method() {
    let bytes = hex!("10 12 00 04 4D 51 54 54 05 00 00 00 04 16 00 01 01 00 01 63");
    let error = decode(Version::V5, &bytes).unwrap_err();
    assert_eq!(error.kind(), Kind::AuthenticationDataWithoutMethod);
    assert_eq!(error.reason_code(), ReasonCode::ProtocolError);
    let properties = ConnectProperties { authentication_data: Some(&[1]), ..ConnectProperties::default() };
    let connect = Connect { client_id: "c", properties, ..Connect::default() };
    assert_eq!(unencodable(Version::V5, connect), EncodeError::AuthenticationDataWithoutMethod);
    // 3.x drops both.
    assert_eq!(encode(Version::V3_1_1, connect), hex!("10 0D 00 04 4D 51 54 54 04 00 00 00 00 01 63"));
    let method = ConnectProperties { authentication_method: Some("M"), ..properties };
    let connect = Connect { properties: method, ..connect };
    assert_eq!(decode(Version::V5, &encode(Version::V5, connect)), Ok(connect.into()));
}

#[test]
fn a_password_without_a_user_name() {
    let connect = Connect { client_id: "c", password: Some(b"p"), ..Connect::default() };
    for version in V3 {
        assert_eq!(unencodable(version, connect), EncodeError::PasswordWithoutUserName);
    }
    assert_eq!(decode(Version::V5, &encode(Version::V5, connect)), Ok(connect.into()));
    let bytes = hex!("10 12 00 06 4D 51 49 73 64 70 03 40 00 00 00 01 63 00 01 70");
    assert_eq!(refused(Version::V3_1, &bytes), (Kind::PasswordWithoutUserName, 11, 0x81));
}

#[test]
fn connect_of_another_version() {
    for found in Version::ALL {
        let bytes = encode(found, Connect { client_id: "c", ..Connect::default() });
        for version in Version::ALL.into_iter().filter(|&version| version != found) {
            assert_eq!(refused(version, &bytes), (Kind::WrongVersion { found }, 2, 0x82), "as {version}");
        }
    }
}

#[test]
fn the_wrong_struct() {
    let bytes = hex!("40 02 00 01");
    let frame = frame(&bytes, &Limits::default()).unwrap().unwrap();
    let error = PubRec::decode(Version::V5, frame).unwrap_err();
    assert_eq!(error.kind(), Kind::WrongPacketType { expected: PacketType::PubRec });
    assert_eq!(error.packet_type(), Some(PacketType::PubAck));
    assert_eq!(error.reason_code(), ReasonCode::ProtocolError);
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

#[test]
fn topic_alias_twice() {
    let bytes = hex!("30 0A 00 01 61 06 23 00 01 23 00 02");
    let property = PropertyId::TopicAlias;
    assert_eq!(refused(Version::V5, &bytes), (Kind::DuplicateProperty { property }, 9, 0x82));
}

#[test]
fn limits_are_reached_before_they_are_exceeded() {
    let limited = |limit| {
        let unlimited = Limits::default();
        let filters = Limits { filters: limit, ..unlimited };
        let user_properties = Limits { user_properties: limit, ..unlimited };
        let subscription_ids = Limits { subscription_ids: limit, ..unlimited };
        [filters, filters, filters, filters, user_properties, subscription_ids]
    };
    let packets = [
        (&hex!("82 0B 00 01 00 00 01 61 00 00 01 62 00")[..], Some(9)),
        (&hex!("A2 09 00 01 00 00 01 61 00 01 62")[..], Some(8)),
        (&hex!("90 05 00 01 00 00 01")[..], Some(5)),
        (&hex!("B0 05 00 01 00 00 11")[..], Some(5)),
        (&hex!("40 0E 00 01 00 0A 26 00 00 00 00 26 00 00 00 00")[..], Some(11)),
        (&hex!("30 08 00 01 61 04 0B 01 0B 02")[..], None),
    ];
    for ((bytes, offset), [enough, less]) in
        packets.into_iter().zip(limited(2).into_iter().zip(limited(1)).map(<[Limits; 2]>::from))
    {
        assert!(decode_within(&enough, Version::V5, bytes).is_ok(), "{bytes:02X?}");
        let error = decode_within(&less, Version::V5, bytes).unwrap_err();
        assert_eq!(error.kind(), Kind::TooMany { limit: 1 }, "{bytes:02X?}");
        assert_eq!(error.reason_code(), ReasonCode::QuotaExceeded);
        assert!(offset.is_none_or(|offset| error.offset() == offset), "{error}");
    }
}

/// The length of the list takes two bytes from 128 on, and three from 16,384 on.
#[test]
fn long_property_lists_are_iterated() {
    for len in [1, 100, 101, 102, 200, 16_000, 20_000] {
        let value = "v".repeat(len);
        let user_properties = [("a", value.as_str()), ("", ""), ("a", "again")];
        let ids = [1, 127, 128, 16_384, 268_435_455].map(|id| SubscriptionId::new(id).unwrap());
        let publish = Publish {
            subscription_ids: (&ids).into(),
            properties: MessageProperties {
                content_type: Some("text"),
                user_properties: (&user_properties).into(),
                ..MessageProperties::default()
            },
            ..Publish::new(PublishTopic::NameAndAlias(name("a"), TopicAlias::MAX), b"\x0B\x01payload")
        };
        let bytes = encode(Version::V5, publish);
        let Ok(Packet::Publish(found)) = decode(Version::V5, &bytes) else { panic!("{len}") };
        assert_eq!(found.subscription_ids.iter().collect::<Vec<_>>(), ids, "{len}");
        assert_eq!(found.subscription_ids.len(), ids.len());
        assert_eq!(found.properties.user_properties.iter().collect::<Vec<_>>(), user_properties, "{len}");
        assert_eq!((&found, &encode(Version::V5, found)), (&publish, &bytes));
    }
}

/// Mixed, in values that look like identifiers, and in a list of 129 bytes: the second byte of its length looks like one too.
#[test]
fn properties_of_one_kind_among_others() {
    let mut list = hex!("0B 01 26 00 01 61 00 01 62 03 00 01 74 0B 80 01 01 01 02 00 00 00 0B").to_vec();
    list.extend(hex!("23 00 0B 09 00 01 0B 08 00 01 0B 26 00 01 63 00 01 0B 0B 0B"));
    list.extend([0x26, 0, 80]);
    list.extend([b'n'; 80]);
    list.extend([0, 1, b'v']);
    assert_eq!(list.len(), 129);
    let mut bytes = hex!("30 88 01 00 01 61 81 01").to_vec();
    bytes.extend(&list);
    bytes.extend(hex!("0B 07"));
    let Packet::Publish(found) = decode(Version::V5, &bytes).unwrap() else { panic!() };
    let ids: Vec<u32> = found.subscription_ids.iter().map(SubscriptionId::get).collect();
    assert_eq!(ids, [1, 128, 11]);
    let long = "n".repeat(80);
    let user_properties: Vec<_> = found.properties.user_properties.iter().collect();
    assert_eq!(user_properties, [("a", "b"), ("c", "\u{B}"), (&long, "v")]);
    assert_eq!(found.properties.message_expiry_interval, Some(11));
    assert_eq!(found.payload, hex!("0B 07"));
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

/// One bad code among good ones.
#[test]
fn codes_that_do_not_belong_are_not_sent() {
    let version = Version::V5;
    let code = ReasonCode::GrantedQoS1;
    let codes = [ReasonCode::Success, code, ReasonCode::Success];
    let unsuback =
        UnsubAck { packet_id: PacketId::MIN, codes: (&codes).into(), properties: AckProperties::default() };
    let packet = PacketType::UnsubAck;
    assert_eq!(unencodable(version, unsuback), EncodeError::ReasonCode { packet, version, code });
    for version in V3 {
        assert_eq!(encode(version, unsuback), hex!("B0 02 00 01"), "3.x has no codes");
        assert_eq!(encode(version, PubAck::new(PacketId::MIN, code)), hex!("40 02 00 01"));
    }
    let packet = PacketType::PubAck;
    let puback = PubAck::new(PacketId::MIN, code);
    assert_eq!(unencodable(version, puback), EncodeError::ReasonCode { packet, version, code });
    let auth = Auth { reason: code, authentication_method: "M", properties: AuthProperties::default() };
    let packet = PacketType::Auth;
    assert_eq!(unencodable(version, auth), EncodeError::ReasonCode { packet, version, code });
}

#[test]
fn lists_without_entries_are_not_sent() {
    let (packet_id, properties) = (PacketId::MIN, AckProperties::default());
    let user_properties = UserProperties::default();
    for version in Version::ALL {
        for packet in [
            Packet::from(subscribe(&[])),
            Unsubscribe { packet_id, user_properties, filters: Filters::default() }.into(),
            SubAck { packet_id, codes: ReasonCodes::default(), properties }.into(),
        ] {
            let error = EncodeError::EmptyList { packet: packet.packet_type() };
            assert_eq!(unencodable(version, packet), error);
        }
        let unsuback = UnsubAck { packet_id, codes: ReasonCodes::default(), properties };
        if version == Version::V5 {
            let error = EncodeError::EmptyList { packet: PacketType::UnsubAck };
            assert_eq!(unencodable(version, unsuback), error);
        }
    }
}

#[test]
fn no_local_on_a_shared_subscription() {
    let options = SubscriptionOptions { no_local: true, ..SubscriptionOptions::new(QoS::AtMostOnce) };
    let entries = [
        Subscription { filter: filter("a"), options },
        Subscription { filter: filter("$share/g/a"), options },
    ];
    assert_eq!(unencodable(Version::V5, subscribe(&entries)), EncodeError::NoLocalOnShared);
    assert_eq!(encode(Version::V5, subscribe(&entries[..1])), hex!("82 07 00 01 00 00 01 61 04"));
    let dropped = hex!("82 0F 00 01 00 0A 24 73 68 61 72 65 2F 67 2F 61 00");
    for version in V3 {
        assert_eq!(encode(version, subscribe(&entries[1..])), dropped);
    }
    let bytes = hex!("82 10 00 01 00 00 0A 24 73 68 61 72 65 2F 67 2F 61 04");
    assert_eq!(refused(Version::V5, &bytes), (Kind::NoLocalOnShared, 17, 0x82));
}

#[test]
fn a_maximum_qos_of_2_is_left_out() {
    let with = |maximum_qos| ConnAck {
        properties: ConnAckProperties { maximum_qos: Some(maximum_qos), ..ConnAckProperties::default() },
        ..accept()
    };
    assert_eq!(unencodable(Version::V5, with(QoS::ExactlyOnce)), EncodeError::MaximumQoS);
    assert_eq!(encode(Version::V5, with(QoS::AtLeastOnce)), hex!("20 05 00 00 02 24 01"));
    let property = PropertyId::MaximumQoS;
    let kind = Kind::PropertyValue { property, value: 2 };
    assert_eq!(refused(Version::V5, &hex!("20 05 00 00 02 24 02")), (kind, 6, 0x82));
}

#[test]
fn fields_that_cannot_be_encoded() {
    let long_text = "x".repeat(65_536);
    let (long, longest) = (long_text.as_bytes(), &long_text.as_bytes()[1..]);
    let too_long = EncodeError::FieldTooLong { len: 65_536 };

    let connect = Connect::default();
    let content_type = |content_type| Publish {
        properties: MessageProperties { content_type: Some(content_type), ..MessageProperties::default() },
        ..Publish::new(name("a"), b"")
    };
    let reason_string = |reason_string| Disconnect {
        properties: DisconnectProperties {
            reason_string: Some(reason_string),
            ..DisconnectProperties::default()
        },
        ..Disconnect::default()
    };
    for (text, error) in [(long_text.as_str(), too_long), ("a\0b", EncodeError::Nul)] {
        for version in Version::ALL {
            assert_eq!(unencodable(version, Connect { client_id: text, ..connect }), error);
            assert_eq!(unencodable(version, Connect { user_name: Some(text), ..connect }), error);
        }
        assert_eq!(unencodable(Version::V5, content_type(text)), error);
        assert_eq!(unencodable(Version::V5, reason_string(text)), error);
        for pair in [(text, ""), ("", text)] {
            let user_properties = [pair];
            let properties =
                AckProperties { user_properties: (&user_properties).into(), ..AckProperties::default() };
            let puback = PubAck { properties, ..PubAck::new(PacketId::MIN, ReasonCode::Success) };
            assert_eq!(unencodable(Version::V5, puback), error);
            assert_eq!(encode(Version::V3_1_1, puback), hex!("40 02 00 01"), "3.x drops it");
        }
        let auth = Auth {
            reason: ReasonCode::Success,
            authentication_method: text,
            properties: AuthProperties::default(),
        };
        assert_eq!(unencodable(Version::V5, auth), error);
    }

    let with_password = |password| Connect { user_name: Some(""), password: Some(password), ..connect };
    let with_will = |payload| Connect { will: Some(will(payload)), ..connect };
    let correlation_data = |data| Publish {
        properties: MessageProperties { correlation_data: Some(data), ..MessageProperties::default() },
        ..Publish::new(name("a"), b"")
    };
    for version in Version::ALL {
        assert_eq!(unencodable(version, with_password(long)), too_long);
        assert_eq!(unencodable(version, with_will(long)), too_long);
        for packet in [with_password(longest), with_will(longest), with_password(b"\0"), with_will(b"\0")] {
            assert_eq!(decode(version, &encode(version, packet)), Ok(packet.into()));
        }
    }
    assert_eq!(unencodable(Version::V5, correlation_data(long)), too_long);
    for data in [longest, b"\0"] {
        let packet = correlation_data(data);
        assert_eq!(decode(Version::V5, &encode(Version::V5, packet)), Ok(packet.into()));
    }
}

/// Only lengths are looked at; nothing is written.
#[test]
fn the_largest_packet() {
    let payload = vec![0; 268_435_453];
    for (version, header) in [(Version::V3_1_1, 3), (Version::V5, 4)] {
        let most = 268_435_455 - header;
        let largest = Publish::new(name("a"), &payload[..most]);
        assert_eq!(largest.encoded_len(version), Ok(268_435_460));
        let larger = Publish::new(name("a"), &payload[..=most]);
        assert_eq!(unencodable(version, larger), EncodeError::PacketTooLarge { len: 268_435_456 });
        assert_eq!(larger.head_len(version), Err(EncodeError::PacketTooLarge { len: 268_435_456 }));
    }
}

#[test]
fn a_buffer_that_does_not_grow() {
    let publish = Publish::new(name("a"), b"xyz");
    let needed = publish.encoded_len(Version::V5).unwrap();
    let head = publish.head_len(Version::V5).unwrap();
    let list = 1;
    for available in 0..=needed {
        let mut bytes = [0xAA; 16];
        let encoded = Packet::from(publish).encode(Version::V5, &mut &mut bytes[..available]);
        let short = |needed| Err(EncodeError::BufferTooSmall { needed, available });
        assert_eq!(encoded, if available < needed { short(needed) } else { Ok(()) });
        assert_eq!(bytes != [0xAA; 16], available >= needed, "{available}");

        let mut bytes = [0xAA; 16];
        let encoded = publish.encode_head(Version::V5, &mut &mut bytes[..available]);
        assert_eq!(encoded, if available < head { short(head) } else { Ok(()) });
        assert_eq!(bytes != [0xAA; 16], available >= head, "{available}");

        let mut bytes = [0xAA; 16];
        let encoded = publish.properties.encode(&mut &mut bytes[..available]);
        assert_eq!(encoded, if available < list { short(list) } else { Ok(()) });
        assert_eq!(bytes != [0xAA; 16], available >= list, "{available}");
    }
}

#[test]
fn variable_byte_integers_in_more_bytes_than_they_need() {
    for (bytes, offset) in [
        (&hex!("30 05 00 01 61 80 00")[..], 5),
        (&hex!("30 07 00 01 61 82 00 0B 01")[..], 5),
        (&hex!("30 07 00 01 61 03 0B 81 00")[..], 7),
        (&hex!("82 0A 00 01 03 0B 81 00 00 01 61 00")[..], 6),
        (&hex!("82 08 00 01 80 00 00 01 61 00")[..], 4),
        (&hex!("E0 03 00 80 00")[..], 3),
        (&hex!("E0 80 00")[..], 1),
    ] {
        assert_eq!(refused(Version::V5, bytes), (Kind::NotMinimal, offset, 0x81), "{bytes:02X?}");
    }
    assert_eq!(refused(Version::V5, &hex!("E0 05 00 80 80 80 80")), (Kind::VarintTooLong, 3, 0x81));
    assert_eq!(refused(Version::V5, &hex!("E0 02 00 80")).0, Kind::Truncated { needed: 2, left: 1 });
    // 3.x does not forbid it.
    for version in V3 {
        assert_eq!(decode(version, &hex!("E0 80 00")), Ok(Disconnect::default().into()));
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
    assert_eq!(version(&hex!("10 FF FF FF FF")), Err((Kind::VarintTooLong, 4)));
    assert_eq!(version(&hex!("10 07 00 04 4D 51 54 58")), Err((Kind::ProtocolName, 2)));
    let level = Kind::ProtocolLevel { is_mqisdp: false, level: 3 };
    assert_eq!(version(&hex!("10 07 00 04 4D 51 54 54 03")), Err((level, 8)));
}

/// The statement that is broken, in 3.1.1 and in 5.0, and the reason code that answers it in 5.0. The number of a
/// statement is often another in 3.1.1, and the same number another statement.
#[test]
fn statements_and_reason_codes() {
    type Case = (&'static [u8], &'static str, &'static str, u8);
    let both: &[Case] = &[
        (b"\x12\0", "MQTT-2.2.2-2", "MQTT-2.1.3-1", 0x81),
        (b"\x60\x02\0\x01", "MQTT-3.6.1-1", "MQTT-3.6.1-1", 0x81),
        (b"\x80\0", "MQTT-3.8.1-1", "MQTT-3.8.1-1", 0x81),
        (b"\xA0\0", "MQTT-3.10.1-1", "MQTT-3.10.1-1", 0x81),
        (b"\xE1\0", "MQTT-3.14.1-1", "MQTT-3.14.1-1", 0x81),
        (b"\x36\0", "MQTT-3.3.1-4", "MQTT-3.3.1-4", 0x81),
        (b"\x38\0", "MQTT-3.3.1-2", "MQTT-3.3.1-2", 0x81),
        (b"\x30\x04\0\x01\x80\0", "MQTT-1.5.3-1", "MQTT-1.5.4-1", 0x81),
        (b"\x30\x04\0\x01\0\0", "MQTT-1.5.3-2", "MQTT-1.5.4-2", 0x81),
        (b"\x30\x04\0\x01+\0", "MQTT-4.7.1-1", "MQTT-4.7.0-1", 0x90),
        (b"\x32\x06\0\x01a\0\0\0", "MQTT-2.3.1-1", "MQTT-2.2.1-3", 0x82),
        (b"\x82\x02\0\0", "MQTT-2.3.1-1", "MQTT-2.2.1-3", 0x82),
        (b"\xA2\x02\0\0", "MQTT-2.3.1-1", "MQTT-2.2.1-3", 0x82),
        (b"\x40\x02\0\0", "", "", 0x82),
        (b"\xC0\x01\0", "", "", 0x81),
        (b"\x40\x01\0", "", "", 0x81),
        (b"\0\0", "", "", 0x81),
        (b"\x10\x06\0\x04MQTX", "MQTT-3.1.2-1", "MQTT-3.1.2-1", 0x84),
        (b"\x10\x07\0\x04MQTT\x06", "MQTT-3.1.2-2", "MQTT-3.1.2-2", 0x84),
    ];
    let v3: &[Case] = &[
        (b"\xF0\0", "", "", 0x81),
        (b"\x10\x08\0\x04MQTT\x04\x01", "MQTT-3.1.2-3", "MQTT-3.1.2-3", 0x81),
        (b"\x10\x08\0\x04MQTT\x04\x40", "MQTT-3.1.2-22", "", 0x81),
        (b"\x10\x0D\0\x04MQTT\x04\x1C\0\0\0\x01c", "MQTT-3.1.2-14", "MQTT-3.1.2-12", 0x81),
        (b"\x20\x02\x02\0", "", "MQTT-3.2.2-1", 0x81),
        (b"\x20\x02\x01\x05", "MQTT-3.2.2-4", "MQTT-3.2.2-6", 0x82),
        (b"\x30\x02\0\0", "MQTT-4.7.3-1", "MQTT-4.7.3-1", 0x90),
        (b"\x82\x02\0\x01", "MQTT-3.8.3-3", "MQTT-3.8.3-2", 0x82),
        (b"\x82\x06\0\x01\0\x01a\x03", "MQTT-3.8.3-4", "MQTT-3.8.3-5", 0x81),
        (b"\x82\x06\0\x01\0\x01a\x04", "MQTT-3.8.3-4", "MQTT-3.8.3-5", 0x81),
        (b"\x90\x03\0\x01\x03", "MQTT-3.9.3-2", "MQTT-3.9.3-2", 0x81),
        (b"\x90\x02\0\x01", "", "", 0x82),
        (b"\xA2\x02\0\x01", "MQTT-3.10.3-2", "MQTT-3.10.3-2", 0x82),
        (b"\xA2\x06\0\x01\0\x02a#", "MQTT-4.7.1-2", "MQTT-4.7.1-1", 0x82),
        (b"\xA2\x06\0\x01\0\x02a+", "MQTT-4.7.1-3", "MQTT-4.7.1-2", 0x82),
        (b"\xA2\x04\0\x01\0\0", "MQTT-4.7.3-1", "MQTT-4.7.3-1", 0x82),
    ];
    let v5: &[Case] = &[
        (b"\xF1\0", "", "MQTT-3.15.1-1", 0x81),
        (b"\xC0\x80\0", "", "MQTT-1.5.5-1", 0x81),
        (b"\x10\x08\0\x04MQTT\x05\x01", "MQTT-3.1.2-3", "MQTT-3.1.2-3", 0x81),
        (b"\x10\x0E\0\x04MQTT\x05\x1C\0\0\0\0\x01c", "MQTT-3.1.2-14", "MQTT-3.1.2-12", 0x81),
        (b"\x20\x03\x02\0\0", "", "MQTT-3.2.2-1", 0x81),
        (b"\x20\x03\x01\x87\0", "MQTT-3.2.2-4", "MQTT-3.2.2-6", 0x82),
        (b"\x20\x02\0\x01", "", "", 0x84),
        (b"\x30\x03\0\0\0", "", "MQTT-3.3.2-1", 0x82),
        (b"\x30\x07\0\x01a\x03\x23\0\0", "", "MQTT-3.3.2-8", 0x94),
        (b"\x30\x06\0\x01a\x02\x01\x02", "", "", 0x82),
        (b"\x30\x08\0\x01a\x04\x08\0\x01+", "", "MQTT-3.3.2-14", 0x82),
        (b"\x82\x03\0\x01\0", "MQTT-3.8.3-3", "MQTT-3.8.3-2", 0x82),
        (b"\x82\x07\0\x01\0\0\x01a\x40", "MQTT-3.8.3-4", "MQTT-3.8.3-5", 0x81),
        (b"\x82\x07\0\x01\0\0\x01a\x03", "MQTT-3.8.3-4", "MQTT-3.8.3-5", 0x82),
        (b"\x82\x07\0\x01\0\0\x01a\x30", "MQTT-3.8.3-4", "MQTT-3.8.3-5", 0x82),
        (b"\x82\x10\0\x01\0\0\x0A$share/g/a\x04", "", "MQTT-3.8.3-4", 0x82),
        (b"\x90\x03\0\x01\0", "", "", 0x82),
        (b"\xA2\x03\0\x01\0", "MQTT-3.10.3-2", "MQTT-3.10.3-2", 0x82),
        (b"\xA2\x07\0\x01\0\0\x02a#", "MQTT-4.7.1-2", "MQTT-4.7.1-1", 0x82),
        (b"\xA2\x07\0\x01\0\0\x02a+", "MQTT-4.7.1-3", "MQTT-4.7.1-2", 0x82),
        (b"\xA2\x05\0\x01\0\0\0", "MQTT-4.7.3-1", "MQTT-4.7.3-1", 0x82),
        (b"\xA2\x0C\0\x01\0\0\x07$share/", "", "MQTT-4.8.2-1", 0x82),
        (b"\xA2\x0D\0\x01\0\0\x08$share/g", "", "MQTT-4.8.2-2", 0x82),
        (b"\xF0\0", "", "MQTT-4.12.0-5", 0x82),
    ];
    for (versions, cases) in
        [(&[Version::V3_1_1, Version::V5][..], both), (&V3[1..], v3), (&[Version::V5], v5)]
    {
        for &version in versions {
            for &(bytes, v3, v5, code) in cases {
                let error = decode(version, bytes).expect_err("must be refused");
                let at = format!("{version}: {error}");
                assert_eq!(error.statement(Version::V3_1).unwrap_or_default(), v3, "{at}");
                assert_eq!(error.statement(Version::V3_1_1).unwrap_or_default(), v3, "{at}");
                assert_eq!(error.statement(Version::V5).unwrap_or_default(), v5, "{at}");
                assert_eq!(error.reason_code().as_u8(), code, "{at}");
            }
        }
    }
    let error = connect_version(b"\xC0\0").unwrap_err();
    assert_eq!(error.statement(Version::V5), Some("MQTT-3.1.0-1"));
    assert_eq!(error.statement(Version::V3_1_1), Some("MQTT-3.1.0-1"));
    assert_eq!(error.reason_code(), ReasonCode::ProtocolError);
    let limits = Limits { packet_size: 4, ..Limits::default() };
    let error = frame(b"\x30\x03", &limits).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (Kind::PacketTooLarge { size: 5, limit: 4 }, 1));
    assert_eq!((error.statement(Version::V5), error.reason_code()), (None, ReasonCode::PacketTooLarge));
}

/// The list is in the middle of each of these packets, and offsets count from the front of the packet.
#[test]
fn offsets_in_property_lists_with_something_behind_them() {
    let unknown = Kind::UnknownProperty { id: 4 };
    let zero = Kind::PropertyValue { property: PropertyId::TopicAlias, value: 0 };
    let flag = Kind::PropertyValue { property: PropertyId::RequestProblemInformation, value: 2 };
    for (bytes, kind, offset) in [
        (&hex!("30 0A 00 01 61 03 01 00 04 70 61 79")[..], unknown, 8),
        (&hex!("30 0A 00 01 61 05 01 00 23 00 00 70")[..], zero, 9),
        (&hex!("30 0A 00 01 61 05 03 00 02 61 FF 70")[..], Kind::Utf8, 10),
        (&hex!("30 0A 00 01 61 05 03 00 02 61 00 70")[..], Kind::Nul, 10),
        (&hex!("10 13 00 04 4D 51 54 54 05 00 00 00 02 17 02 00 04 6E 61 6D 65")[..], flag, 14),
        (&hex!("82 0B 00 01 04 0B 01 04 00 00 01 61 01")[..], unknown, 7),
        (&hex!("90 08 00 01 03 1F 00 05 00 01")[..], Kind::Truncated { needed: 5, left: 0 }, 8),
    ] {
        let found = refused(Version::V5, bytes);
        assert_eq!((found.0, found.1), (kind, offset), "{bytes:02X?}");
    }
}
