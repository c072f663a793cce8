//! What must not be sent.

use super::*;

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

/// A decoded list is known to be good where it came from, which need not be where it goes.
#[test]
fn the_codes_of_an_unsuback_in_a_suback() {
    let Ok(Packet::UnsubAck(unsuback)) = decode(Version::V5, &hex!("B0 05 00 01 00 00 11")) else { panic!() };
    let UnsubAck { packet_id, codes, properties } = unsuback;
    let (packet, version, code) = (PacketType::SubAck, Version::V5, ReasonCode::NoSubscriptionExisted);
    let error = EncodeError::ReasonCode { packet, version, code };
    assert_eq!(unencodable(version, SubAck { packet_id, codes, properties }), error);
    let Ok(Packet::SubAck(suback)) = decode(Version::V5, &hex!("90 05 00 01 00 00 02")) else { panic!() };
    let SubAck { codes, .. } = suback;
    let (packet, code) = (PacketType::UnsubAck, ReasonCode::GrantedQoS2);
    let error = EncodeError::ReasonCode { packet, version, code };
    assert_eq!(unencodable(version, UnsubAck { packet_id, codes, properties }), error);
}

#[test]
fn message_properties_by_themselves() {
    let pairs = [("n", "v"), ("n", "")];
    let properties = MessageProperties {
        payload_format: Some(PayloadFormat::Utf8),
        content_type: Some("text/plain"),
        response_topic: Some(name("a/b")),
        user_properties: (&pairs).into(),
        ..MessageProperties::default()
    };
    for properties in [properties, MessageProperties::default()] {
        let mut bytes = Vec::new();
        properties.encode(&mut bytes).unwrap();
        assert_eq!(properties.encoded_len(), Ok(bytes.len()));
        assert_eq!(MessageProperties::decode(&bytes), Ok(properties));
        bytes.push(0);
        let error = MessageProperties::decode(&bytes).unwrap_err();
        assert_eq!(error.kind(), Kind::TrailingBytes { count: 1 });
    }
    assert_eq!(MessageProperties::decode(b"").unwrap_err().kind(), Kind::Truncated { needed: 1, left: 0 });

    // 4 bytes of length and 268,435,451 behind it are the most that a packet could hold; one more is too many.
    let text = "x".repeat(65_535);
    let mut pairs = vec![(&text[..], &text[..]); 2_047];
    let last = 268_435_451 - pairs.len() * (1 + 2 * 65_537);
    let (first, second) = (last - 5 - 65_000, 65_000);
    pairs.push((&text[..first], &text[..second]));
    let mut sink = Vec::new();
    MessageProperties { user_properties: pairs[..].into(), ..Default::default() }.encode(&mut sink).unwrap();
    assert_eq!((sink.len(), &sink[..4]), (268_435_455, &hex!("FB FF FF 7F")[..]));
    pairs[2_047] = (&text[..=first], &text[..second]);
    let mut nothing = Vec::new();
    let error =
        MessageProperties { user_properties: pairs[..].into(), ..Default::default() }.encode(&mut nothing);
    assert_eq!(error, Err(EncodeError::PacketTooLarge { len: 268_435_456 }));
    assert!(nothing.is_empty());
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
