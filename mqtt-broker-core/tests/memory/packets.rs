//! Packets of clients, as bytes.

use mqtt_codec::{
    Connect, ConnectProperties, Delivery, MessageProperties, Packet, PacketId, Publish, PublishTopic, QoS,
    Subscribe, Subscription, SubscriptionId, SubscriptionOptions, TopicAlias, TopicFilter, TopicName,
    Unsubscribe, UserProperties, Version, Will,
};

pub(crate) fn qos(level: u8) -> QoS {
    QoS::from_u8(level).unwrap()
}

pub(crate) fn packet_id(id: u16) -> PacketId {
    PacketId::new(id).unwrap()
}

pub(crate) fn encode<'a>(packet: impl Into<Packet<'a>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.into().encode(Version::V5, &mut bytes).unwrap();
    bytes
}

/// Short ones that many have, and longer ones that few have.
pub(crate) fn topic(number: usize) -> String {
    match number {
        0..10 => format!("t/{number}"),
        10..40 => format!("{}/{}", "deep/".repeat(number % 7), number % 5),
        _ => format!("many/{}/{number}", "x".repeat(number % 7 * 150)),
    }
}

/// With wildcards and shares among them.
pub(crate) fn filter(number: usize) -> String {
    match number % 8 {
        0 => "t/#".to_owned(),
        1 => format!("+/{}", number % 5),
        2 => format!("$share/g{}/{}", number % 3, topic(number)),
        3 => format!("{}/+", topic(number)),
        _ => topic(number),
    }
}

pub(crate) fn connect(
    client: usize,
    id: usize,
    clean: bool,
    expiry: u32,
    will: usize,
    aliases: u16,
) -> Vec<u8> {
    let payload = vec![b'w'; will];
    let will = Will {
        topic: TopicName::new("will").unwrap(),
        payload: &payload,
        qos: qos(1),
        retain: expiry.is_multiple_of(2),
        delay_interval: Some(expiry / 2),
        properties: MessageProperties::default(),
    };
    let client_id = client_id(client, id);
    encode(Connect {
        clean_start: clean,
        client_id: &client_id,
        user_name: Some("some user"),
        will: (payload.len() > 50).then_some(will),
        properties: ConnectProperties {
            session_expiry_interval: Some(expiry),
            topic_alias_maximum: Some(aliases),
            ..ConnectProperties::default()
        },
        ..Connect::default()
    })
}

/// One of many.
pub(crate) fn connect_in_crowd(client_id: &str) -> Vec<u8> {
    let properties = ConnectProperties { session_expiry_interval: Some(50), ..ConnectProperties::default() };
    encode(Connect { client_id, properties, ..Connect::default() })
}

/// Clients have few identifiers, some of them long.
pub(crate) fn client_id(client: usize, id: usize) -> String {
    format!("client-{client}-{}", "i".repeat(id % 3 * 60))
}

pub(crate) fn publish(
    name: &str,
    level: u8,
    id: u16,
    retain: bool,
    size: usize,
    alias: u16,
    properties: usize,
) -> Vec<u8> {
    let payload = vec![b'p'; size];
    let name = TopicName::new(name).unwrap();
    let topic = TopicAlias::new(alias)
        .map_or(PublishTopic::Name(name), |alias| PublishTopic::NameAndAlias(name, alias));
    let pairs = vec![("name", "value"); properties];
    let properties = MessageProperties {
        message_expiry_interval: (properties == 1).then_some(20),
        user_properties: UserProperties::new(&pairs),
        ..MessageProperties::default()
    };
    let id = packet_id(id);
    let delivery = match level {
        0 => Delivery::AtMostOnce,
        1 => Delivery::AtLeastOnce { id, dup: false },
        _ => Delivery::ExactlyOnce { id, dup: false },
    };
    encode(Publish { delivery, retain, properties, ..Publish::new(topic, &payload) })
}

pub(crate) fn subscribe(id: u16, filters: &[String], level: u8) -> Vec<u8> {
    let options = SubscriptionOptions { qos: qos(level), ..SubscriptionOptions::default() };
    let entries: Vec<_> = filters
        .iter()
        .map(|filter| Subscription { filter: TopicFilter::new(filter).unwrap(), options })
        .collect();
    encode(Subscribe {
        packet_id: packet_id(id),
        subscription_id: SubscriptionId::new(u32::from(id)).ok(),
        user_properties: UserProperties::default(),
        subscriptions: entries.as_slice().into(),
    })
}

pub(crate) fn unsubscribe(id: u16, filter: &str) -> Vec<u8> {
    let filters = [TopicFilter::new(filter).unwrap()];
    encode(Unsubscribe {
        packet_id: packet_id(id),
        user_properties: UserProperties::default(),
        filters: filters[..].into(),
    })
}
