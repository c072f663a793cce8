//! What hostile clients send.

use std::num::{NonZeroU16, NonZeroU32};

use bytes::BytesMut;
use mqtt_codec::{
    Auth, AuthProperties, ConnAck, Connect, ConnectProperties, Delivery, Disconnect, DisconnectProperties,
    MessageProperties, Packet, PacketId, PubAck, PubComp, PubRec, PubRel, Publish, PublishTopic, QoS,
    ReasonCode, RetainHandling, SubAck, Subscribe, Subscription, SubscriptionId, SubscriptionOptions,
    TopicAlias, TopicFilter, TopicName, UnsubAck, Unsubscribe, UserProperties, Version, Will,
};
use proptest::prelude::*;
use proptest::sample::select;

/// Few, so that they meet. Those of the clients that behave are refused, and `slow` ones have to wait for an answer.
const CLIENT_IDS: [&str; 12] = ["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "", "", "honest0", "slow"];
const TOPICS: [&str; 6] = ["x", "x/y", "$x", "slow", "honest/a", "a/b/c/d/e/f"];
const FILTERS: [&str; 14] = [
    "#",
    "#",
    "x",
    "+/y",
    "+/#",
    "x/#",
    "$share/g/x",
    "$share/g/#",
    "$share/g/honest/+",
    "honest/#",
    "slow/+",
    "a/b/c/d/e/f",
    "a filter of so many letters that not many like it fit into a session",
    "$x",
];
const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];
const REASONS: [ReasonCode; 4] = [
    ReasonCode::Success,
    ReasonCode::PacketIdentifierNotFound,
    ReasonCode::QuotaExceeded,
    ReasonCode::DisconnectWithWillMessage,
];

/// What is done to a packet on its way.
#[derive(Clone, Debug)]
pub(crate) enum Damage {
    None,
    /// This byte becomes another.
    Byte(usize, u8),
    /// The rest is cut off, and what is sent next follows.
    Cut(usize),
    /// It comes so many times.
    Times(usize),
    /// These bytes come instead.
    Noise(Vec<u8>),
}

impl Damage {
    pub(crate) fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::None => {}
            Self::Byte(at, value) if !bytes.is_empty() => {
                let at = at % bytes.len();
                bytes[at] = *value;
            }
            Self::Byte(..) => {}
            Self::Cut(at) => bytes.truncate(*at),
            Self::Times(times) => bytes = bytes.repeat(*times),
            Self::Noise(noise) => bytes.clone_from(noise),
        }
        bytes
    }
}

pub(crate) fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        40 => Just(Damage::None),
        2 => (0..40_usize, any::<u8>()).prop_map(|(at, value)| Damage::Byte(at, value)),
        1 => (0..40_usize).prop_map(Damage::Cut),
        2 => prop_oneof![Just(2_usize), 2..400_usize].prop_map(Damage::Times),
        1 => prop::collection::vec(any::<u8>(), 0..60).prop_map(Damage::Noise),
    ]
}

pub(crate) fn version() -> impl Strategy<Value = Version> {
    select(&Version::ALL[..])
}

/// A packet of this version; empty if it has no such packet.
fn encode<'a>(version: Version, packet: impl Into<Packet<'a>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = packet.into().encode(version, &mut bytes);
    bytes
}

pub(crate) fn connect(version: Version) -> impl Strategy<Value = Vec<u8>> {
    let will =
        (select(&TOPICS[..]), select(&QOS[..]), any::<bool>(), select(&[None, Some(1), Some(100)][..]));
    let numbers = (
        select(&[None, Some(0), Some(5), Some(u32::MAX)][..]),
        prop::option::of((1..3_u16).prop_map(|maximum| NonZeroU16::new(maximum).unwrap())),
        prop::option::weighted(0.2, select(&[1, 30, 60][..]).prop_map(|size| NonZeroU32::new(size).unwrap())),
        select(&[None, Some(1)][..]),
    );
    let flags = (any::<bool>(), select(&[0_u16, 0, 5][..]), prop::bool::weighted(0.02));
    (select(&CLIENT_IDS[..]), numbers, flags, prop::option::of(will)).prop_map(
        move |(client_id, numbers, (clean_start, keep_alive, authenticates), will)| {
            let properties = ConnectProperties {
                session_expiry_interval: numbers.0,
                receive_maximum: numbers.1,
                maximum_packet_size: numbers.2,
                topic_alias_maximum: numbers.3,
                authentication_method: authenticates.then_some("M"),
                ..ConnectProperties::default()
            };
            let will = will.map(|(topic, qos, retain, delay_interval)| Will {
                topic: TopicName::new(topic).unwrap(),
                payload: b"gone",
                qos,
                retain,
                delay_interval,
                properties: MessageProperties::default(),
            });
            encode(
                version,
                Connect { clean_start, keep_alive, client_id, will, properties, ..Connect::default() },
            )
        },
    )
}

/// CONNECT with a session that lasts, and SUBSCRIBE to `x` at QoS 1.
pub(crate) fn subscriber_with_a_long_session() -> [BytesMut; 2] {
    let properties = ConnectProperties { session_expiry_interval: Some(100), ..ConnectProperties::default() };
    let entries = [Subscription {
        filter: TopicFilter::new("x").unwrap(),
        options: SubscriptionOptions::new(QoS::AtLeastOnce),
    }];
    let connect = encode(Version::V5, Connect { client_id: "x0", properties, ..Connect::default() });
    let subscribe = Subscribe {
        packet_id: PacketId::MIN,
        subscription_id: None,
        user_properties: UserProperties::default(),
        subscriptions: (&entries).into(),
    };
    [connect, encode(Version::V5, subscribe)].map(|bytes| BytesMut::from(&bytes[..]))
}

/// Any packet, those included that only a server sends.
pub(crate) fn packet(version: Version) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        30 => publish(version),
        12 => subscribe(version),
        16 => acknowledgement(version),
        1 => (id(), select(&FILTERS[..])).prop_map(move |(packet_id, filter)| {
            let filters = [TopicFilter::new(filter).unwrap()];
            let user_properties = UserProperties::default();
            encode(version, Unsubscribe { packet_id, user_properties, filters: (&filters).into() })
        }),
        1 => (select(&REASONS[..]), select(&[None, Some(0), Some(7)][..])).prop_map(move |(reason, expiry)| {
            let properties =
                DisconnectProperties { session_expiry_interval: expiry, ..DisconnectProperties::default() };
            encode(version, Disconnect { reason, properties })
        }),
        4 => Just(encode(version, Packet::PingReq)),
        1 => prop_oneof![connect(version), select(others(version))],
    ]
}

fn id() -> impl Strategy<Value = PacketId> {
    (1..5_u16).prop_map(|id| PacketId::new(id).unwrap())
}

fn publish(version: Version) -> impl Strategy<Value = Vec<u8>> {
    let topic = (select(&TOPICS[..]), prop::option::weighted(0.3, 1..4_u16), prop::bool::weighted(0.7));
    let flags = (select(&QOS[..]), id(), any::<bool>(), any::<bool>());
    let expiry = select(&[None, None, Some(0), Some(3)][..]);
    (topic, flags, expiry, select(&[0_usize, 1, 20, 20, 150, 150, 150, 400][..])).prop_map(
        move |((name, alias, is_named), (qos, id, dup, retain), message_expiry_interval, len)| {
            let name = TopicName::new(name).unwrap();
            let topic = match alias.map(|alias| TopicAlias::new(alias).unwrap()) {
                None => PublishTopic::Name(name),
                Some(alias) if is_named => PublishTopic::NameAndAlias(name, alias),
                Some(alias) => PublishTopic::Alias(alias),
            };
            let delivery = match qos {
                QoS::AtMostOnce => Delivery::AtMostOnce,
                QoS::AtLeastOnce => Delivery::AtLeastOnce { id, dup },
                QoS::ExactlyOnce => Delivery::ExactlyOnce { id, dup },
            };
            let properties = MessageProperties { message_expiry_interval, ..MessageProperties::default() };
            let payload = vec![b'x'; len];
            encode(version, Publish { delivery, retain, properties, ..Publish::new(topic, &payload) })
        },
    )
}

fn subscribe(version: Version) -> impl Strategy<Value = Vec<u8>> {
    let handling = select(&[RetainHandling::Send, RetainHandling::SendIfNew, RetainHandling::DoNotSend][..]);
    let no_local = prop::bool::weighted(0.1);
    let entry = (select(&FILTERS[..]), select(&QOS[..]), no_local, any::<bool>(), handling);
    let entries =
        prop_oneof![8 => prop::collection::vec(entry.clone(), 1..4), 1 => prop::collection::vec(entry, 5)];
    (id(), prop::option::of(1..300_u32), entries).prop_map(move |(packet_id, subscription_id, entries)| {
        let entry = |(filter, qos, no_local, retain_as_published, retain_handling)| Subscription {
            filter: TopicFilter::new(filter).unwrap(),
            options: SubscriptionOptions { qos, no_local, retain_as_published, retain_handling },
        };
        let entries: Vec<_> = entries.into_iter().map(entry).collect();
        encode(
            version,
            Subscribe {
                packet_id,
                subscription_id: subscription_id.and_then(|id| SubscriptionId::new(id).ok()),
                user_properties: UserProperties::default(),
                subscriptions: entries.as_slice().into(),
            },
        )
    })
}

fn acknowledgement(version: Version) -> impl Strategy<Value = Vec<u8>> {
    (0..4_u8, id(), select(&REASONS[..])).prop_map(move |(kind, id, reason)| match kind {
        0 => encode(version, PubAck::new(id, reason)),
        1 => encode(version, PubRec::new(id, reason)),
        2 => encode(version, PubRel::new(id, reason)),
        _ => encode(version, PubComp::new(id, reason)),
    })
}

/// What no client may send here.
fn others(version: Version) -> Vec<Vec<u8>> {
    let (packet_id, properties) = (PacketId::MIN, Default::default());
    let codes = (&[ReasonCode::Success]).into();
    let auth = |reason, authentication_data| Auth {
        reason,
        authentication_method: "M",
        properties: AuthProperties { authentication_data, ..AuthProperties::default() },
    };
    let connack =
        ConnAck { session_present: false, reason: ReasonCode::Success, properties: Default::default() };
    vec![
        encode(version, connack),
        encode(version, SubAck { packet_id, codes, properties }),
        encode(version, UnsubAck { packet_id, codes, properties }),
        encode(version, Packet::PingResp),
        encode(version, auth(ReasonCode::ReAuthenticate, None)),
        encode(version, auth(ReasonCode::ReAuthenticate, Some(b"me"))),
        encode(version, auth(ReasonCode::ContinueAuthentication, Some(b"me"))),
        encode(version, auth(ReasonCode::ContinueAuthentication, Some(b"who"))),
    ]
}
