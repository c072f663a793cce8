//! Packets of clients, as bytes.

use bytes::BytesMut;
use mqtt_codec::{
    Packet, PacketId, QoS, Subscribe, Subscription, SubscriptionOptions, TopicFilter, TopicName,
    UserProperties, Version,
};

pub(crate) fn bytes_of<'a>(packet: impl Into<Packet<'a>>) -> BytesMut {
    let mut bytes = BytesMut::new();
    packet.into().encode(Version::V5, &mut bytes).unwrap();
    bytes
}

pub(crate) fn name(topic: &str) -> &TopicName {
    TopicName::new(topic).unwrap()
}

pub(crate) fn subscribe(filter: &str) -> BytesMut {
    let entries = [Subscription {
        filter: TopicFilter::new(filter).unwrap(),
        options: SubscriptionOptions::new(QoS::AtLeastOnce),
    }];
    bytes_of(Subscribe {
        packet_id: PacketId::MAX,
        subscription_id: None,
        user_properties: UserProperties::default(),
        subscriptions: (&entries).into(),
    })
}
