//! Limits, lists and offsets.

use super::*;

#[test]
fn the_wrong_struct() {
    let bytes = hex!("40 02 00 01");
    let frame = frame(&bytes, &Limits::default()).unwrap().unwrap();
    let error = PubRec::decode(Version::V5, frame).unwrap_err();
    assert_eq!(
        error.kind(),
        Kind::WrongPacketType { expected: PacketType::PubRec, found: PacketType::PubAck }
    );
    assert_eq!(error.packet_type(), Some(PacketType::PubAck));
    assert_eq!(error.reason_code(), ReasonCode::ProtocolError);
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
        assert!(matches!(error.kind(), Kind::TooMany { limit: 1, .. }), "{bytes:02X?}");
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
        let (kind, at, code) = refused(Version::V5, bytes);
        assert!(matches!(kind, Kind::NotMinimal { needed: 1, found: 2 }), "{bytes:02X?}: {kind}");
        assert_eq!((at, code), (offset, 0x81), "{bytes:02X?}");
    }
    assert_eq!(refused(Version::V5, &hex!("E0 05 00 80 80 80 80")), (Kind::VarintTooLong, 3, 0x81));
    assert_eq!(refused(Version::V5, &hex!("E0 02 00 80")).0, Kind::Truncated { needed: 2, left: 1 });
    // 3.x does not forbid it.
    for version in V3 {
        assert_eq!(decode(version, &hex!("E0 80 00")), Ok(Disconnect::default().into()));
    }
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
        (&hex!("30 0A 00 01 61 05 03 00 02 61 FF 70")[..], Kind::Utf8 { byte: 0xFF }, 10),
        (&hex!("30 0A 00 01 61 05 03 00 02 61 00 70")[..], Kind::Nul, 10),
        (&hex!("10 13 00 04 4D 51 54 54 05 00 00 00 02 17 02 00 04 6E 61 6D 65")[..], flag, 14),
        (&hex!("82 0B 00 01 04 0B 01 04 00 00 01 61 01")[..], unknown, 7),
        (&hex!("90 08 00 01 03 1F 00 05 00 01")[..], Kind::Truncated { needed: 5, left: 0 }, 8),
    ] {
        let found = refused(Version::V5, bytes);
        assert_eq!((found.0, found.1), (kind, offset), "{bytes:02X?}");
    }
}
