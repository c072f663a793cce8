//! What clients do, and in what kind of broker.

use mqtt_broker_core::{Budget, Config, Damping, Overlapping, RateLimit, Relief};
use mqtt_codec::{Limits, Version};
use proptest::prelude::*;
use proptest::sample::select;

use crate::names::{OVERLAPPING, SPECIAL, TOPICS};
use crate::packets::Hello;

pub(crate) const CLIENTS: usize = 12;

/// A configuration, and how many clients are in a crowd.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    budget: usize,
    relief: [Relief; 3],
    durable: bool,
    is_slow: bool,
    is_damped: bool,
    is_small: bool,
    copy_each: bool,
    /// Whether there are topics of tens of KiB.
    pub(crate) has_long_topics: bool,
    pub(crate) scale: usize,
}

impl Setup {
    pub(crate) fn any(kib: impl Strategy<Value = usize>, scale: usize) -> impl Strategy<Value = Self> {
        let relief = select(vec![
            [Relief::RefuseRetained, Relief::DropOldest, Relief::RefuseClients],
            [Relief::DropNewest, Relief::RefuseClients, Relief::RefuseRetained],
            [Relief::RefuseClients, Relief::DropOldest, Relief::RefuseRetained],
        ]);
        let seldom = || prop::bool::weighted(0.2);
        (kib, relief, (any::<bool>(), any::<bool>()), (seldom(), seldom(), seldom(), seldom())).prop_map(
            move |(kib, relief, (durable, has_long_topics), (is_slow, is_damped, is_small, copy_each))| {
                let budget = kib << 10;
                Self {
                    budget,
                    relief,
                    durable,
                    is_slow,
                    is_damped,
                    is_small,
                    copy_each,
                    has_long_topics,
                    scale,
                }
            },
        )
    }

    pub(crate) fn config(&self) -> Config {
        let config = Config {
            budget: Budget { bytes: self.budget, relief: self.relief },
            output_window: 8 << 10,
            limits: Limits { packet_size: 100_000, ..Config::default().limits },
            receive_maximum: u16::MAX,
            session_expiry_maximum: 900,
            filter_levels: 500,
            rate_limit: self.is_slow.then_some(RateLimit { messages: 20, bytes: 100_000 }),
            damping: self.is_damped.then_some(Damping { connects: 2, period: 20_000, pause: 5_000 }),
            overlapping: if self.copy_each { Overlapping::CopyEach } else { Overlapping::OneCopy },
            durable: self.durable,
            ..Config::default()
        };
        if self.is_small {
            Config { sessions: 30, send_maximum: 10, queued_messages: 20, ..config }
        } else {
            config
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Connect {
        client: usize,
        id: usize,
        hello: Hello,
    },
    /// The connection breaks.
    Drop {
        client: usize,
    },
    /// The policy answers by the first byte.
    Auth {
        client: usize,
        again: bool,
        data: Vec<u8>,
    },
    Publish {
        client: usize,
        topic: usize,
        qos: u8,
        retain: bool,
        size: usize,
        alias: u16,
        properties: usize,
    },
    /// The embedding program publishes.
    PublishWithin {
        topic: usize,
        qos: u8,
        retain: bool,
        size: usize,
    },
    Subscribe {
        client: usize,
        filters: Vec<usize>,
        qos: u8,
    },
    /// To so many filters that match the same topics, each with an identifier.
    SubscribeOften {
        client: usize,
        count: usize,
    },
    Unsubscribe {
        client: usize,
        filter: usize,
    },
    /// Says that what came was written, and acknowledges so much of it.
    Exchange {
        client: usize,
        most: usize,
    },
    /// Much of one kind.
    Flood {
        client: usize,
        of: Flood,
        first: usize,
        count: usize,
        size: usize,
    },
    /// Many clients come, and subscribe to something that they share. They stay, or go.
    Crowd {
        first: usize,
        count: usize,
        hello: Hello,
        stay: bool,
    },
    /// All clients lose their connections, one behind the other, and may come back.
    Blackout {
        back: bool,
    },
    Tick {
        millis: u64,
    },
    /// The policy answers so many questions.
    Answer {
        kind: u8,
        count: usize,
    },
    EndSession {
        client: usize,
    },
    Disconnect {
        client: usize,
    },
    Revoke {
        client: usize,
    },
    /// The broker is made again from its store, if it has one.
    Restore {
        back: bool,
    },
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Flood {
    /// Messages to many topics.
    Retained,
    /// Messages to some topics.
    Messages,
    Subscriptions,
    /// Messages of QoS 2 to one topic, which are not released.
    Unreleased,
}

impl Step {
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        let client = || 0..CLIENTS;
        let size = || prop_oneof![6 => 0..100_usize, 3 => 1_000..6_000_usize, 1 => 30_000..40_000_usize];
        let topic = || prop_oneof![8 => 0..40_usize, 2 => 0..SPECIAL, 2 => SPECIAL..TOPICS];
        let data = (select(&b"yyylcn"[..]), 0..400_usize).prop_map(|(kind, length)| vec![kind; length + 1]);
        let sessions = prop_oneof![
            1 => client().prop_map(|client| Self::EndSession { client }),
            1 => client().prop_map(|client| Self::Disconnect { client }),
            2 => client().prop_map(|client| Self::Revoke { client }),
            1 => prop::bool::weighted(0.8).prop_map(|back| Self::Restore { back }),
            1 => prop::bool::weighted(0.8).prop_map(|back| Self::Blackout { back }),
        ];
        let flood = select(&[Flood::Retained, Flood::Messages, Flood::Subscriptions, Flood::Unreleased][..]);
        let many = prop_oneof![
            5 => (client(), flood, topic(), 50..300_usize, 0..6_000_usize)
                .prop_map(|(client, of, first, count, size)| Self::Flood { client, of, first, count, size }),
            1 => (client(), 5..OVERLAPPING).prop_map(|(client, count)| Self::SubscribeOften { client, count }),
            2 => (0..400_usize, 20..100_usize, hello(), any::<bool>())
                .prop_map(|(first, count, hello, stay)| Self::Crowd { first, count, hello, stay }),
        ];
        prop_oneof![
            14 => (client(), 0..200_usize, prop_oneof![Just(calm_hello()), hello()])
                .prop_map(|(client, id, hello)| Self::Connect { client, id, hello }),
            3 => client().prop_map(|client| Self::Drop { client }),
            4 => (client(), any::<bool>(), data).prop_map(|(client, again, data)| Self::Auth { client, again, data }),
            28 => (client(), topic(), 0..3_u8, any::<bool>(), size(), 0..4_u16, 0..3_usize).prop_map(
                |(client, topic, qos, retain, size, alias, properties)| {
                    Self::Publish { client, topic, qos, retain, size, alias, properties }
                }
            ),
            2 => (topic(), 0..3_u8, any::<bool>(), size())
                .prop_map(|(topic, qos, retain, size)| Self::PublishWithin { topic, qos, retain, size }),
            15 => (client(), prop::collection::vec(topic(), 1..6), 0..3_u8)
                .prop_map(|(client, filters, qos)| Self::Subscribe { client, filters, qos }),
            4 => (client(), topic()).prop_map(|(client, filter)| Self::Unsubscribe { client, filter }),
            18 => (client(), prop_oneof![0..10_usize, Just(usize::MAX)])
                .prop_map(|(client, most)| Self::Exchange { client, most }),
            8 => many,
            6 => (0..30_000_u64).prop_map(|millis| Self::Tick { millis }),
            8 => (0..20_u8, prop_oneof![4 => 1..10_usize, 1 => Just(usize::MAX)]).prop_map(|(kind, count)| Self::Answer { kind, count }),
            5 => sessions,
        ]
    }
}

/// How all clients come at the beginning.
pub(crate) fn calm_hello() -> Hello {
    Hello {
        version: Version::V5,
        clean: false,
        expiry: 100,
        will: 0,
        delay: 0,
        asks: false,
        aliases: 2,
        receive_maximum: 20,
        authenticates: false,
    }
}

fn hello() -> impl Strategy<Value = Hello> {
    let version = prop_oneof![5 => Just(Version::V5), 2 => Just(Version::V3_1_1), 1 => Just(Version::V3_1)];
    let will = prop_oneof![2 => Just(0_usize), 3 => 51..300_usize, 2 => 1_000..6_000_usize, 1 => 30_000..40_000_usize];
    let session = (any::<bool>(), prop_oneof![1 => Just(0_u32), 4 => 0..100_u32]);
    let numbers = (0..4_u16, prop_oneof![3 => 0..4_u16, 2 => Just(1_000_u16)], prop::bool::weighted(0.25));
    (version, session, (will, 0..50_u32, prop::bool::weighted(0.2)), numbers).prop_map(
        |(version, (clean, expiry), (will, delay, asks), (aliases, receive_maximum, authenticates))| Hello {
            version,
            clean,
            expiry,
            will,
            // At once, for many.
            delay: delay.saturating_sub(25),
            asks,
            aliases,
            receive_maximum,
            authenticates,
        },
    )
}
