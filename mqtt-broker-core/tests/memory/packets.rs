//! Packets of clients, as bytes.

use std::num::NonZeroU16;

use mqtt_codec::{
    Auth, AuthProperties, Connect, ConnectProperties, Delivery, Limits, MessageProperties, Packet, PacketId,
    Publish, PublishTopic, QoS, ReasonCode, Subscribe, Subscription, SubscriptionId, SubscriptionOptions,
    TopicAlias, TopicFilter, TopicName, Unsubscribe, UserProperties, Version, Will, frame,
};

/// The Authentication Method of clients that have one.
pub(crate) const METHOD: &str = "a method whose name is somewhat longer than it needs to be";

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

/// What another version has of a packet of 5.0. Nothing, if it has no such packet.
pub(crate) fn in_version(version: Version, packet: &[u8]) -> Vec<u8> {
    let found = frame(packet, &Limits::default()).unwrap().unwrap();
    let mut bytes = Vec::new();
    let _ = Packet::decode(Version::V5, found).unwrap().encode(version, &mut bytes);
    bytes
}

/// How a client connects.
#[derive(Clone, Debug)]
pub(crate) struct Hello {
    pub(crate) version: Version,
    pub(crate) clean: bool,
    pub(crate) expiry: u32,
    /// Bytes of its will, if it has one.
    pub(crate) will: usize,
    pub(crate) delay: u32,
    /// Whether the policy has to be asked when the will is due.
    pub(crate) asks: bool,
    pub(crate) aliases: u16,
    pub(crate) receive_maximum: u16,
    pub(crate) authenticates: bool,
}

pub(crate) fn connect(client_id: &str, hello: &Hello) -> Vec<u8> {
    let payload = vec![b'w'; hello.will];
    let is_v5 = hello.version.is_v5();
    let will = Will {
        topic: TopicName::new(if hello.asks { "deep/will" } else { "will" }).unwrap(),
        payload: &payload,
        qos: qos(1),
        retain: hello.expiry.is_multiple_of(2),
        delay_interval: Some(hello.delay),
        properties: MessageProperties::default(),
    };
    encode_as(
        hello.version,
        Connect {
            clean_start: hello.clean,
            client_id,
            user_name: Some("some user"),
            will: (payload.len() > 50).then_some(will),
            properties: ConnectProperties {
                session_expiry_interval: Some(hello.expiry),
                receive_maximum: NonZeroU16::new(hello.receive_maximum),
                topic_alias_maximum: Some(hello.aliases),
                request_response_information: Some(true),
                authentication_method: (hello.authenticates && is_v5).then_some(METHOD),
                ..ConnectProperties::default()
            },
            ..Connect::default()
        },
    )
}

fn encode_as<'a>(version: Version, packet: impl Into<Packet<'a>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.into().encode(version, &mut bytes).unwrap();
    bytes
}

/// The policy answers by the first byte of the data.
pub(crate) fn auth(again: bool, data: &[u8]) -> Vec<u8> {
    let reason = if again { ReasonCode::ReAuthenticate } else { ReasonCode::ContinueAuthentication };
    let properties = AuthProperties { authentication_data: Some(data), ..AuthProperties::default() };
    encode(Auth { reason, authentication_method: METHOD, properties })
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
