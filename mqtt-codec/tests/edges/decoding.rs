//! Property lists of many properties.

use super::*;

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
