//! What clients do.

use proptest::prelude::*;

pub(crate) const CLIENTS: usize = 12;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Connect {
        client: usize,
        clean: bool,
        expiry: u32,
        will: usize,
        aliases: u16,
        id: usize,
    },
    /// The connection breaks.
    Drop {
        client: usize,
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
    Subscribe {
        client: usize,
        filters: Vec<usize>,
        qos: u8,
    },
    Unsubscribe {
        client: usize,
        filter: usize,
    },
    /// Acknowledges what came, and says that it was written.
    Exchange {
        client: usize,
    },
    /// Publishes to many topics, or makes many subscriptions.
    Flood {
        client: usize,
        first: usize,
        count: usize,
        retain: bool,
    },
    /// Many clients come, subscribe to something that they share, and go.
    Crowd {
        first: usize,
        count: usize,
    },
    Tick {
        millis: u64,
    },
    Answer {
        yes: bool,
    },
    EndSession {
        client: usize,
    },
    Revoke {
        client: usize,
    },
}

impl Step {
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        let client = || 0..CLIENTS;
        let size = || prop_oneof![6 => 0..100_usize, 3 => 1_000..6_000_usize, 1 => 30_000..40_000_usize];
        let filter = || prop_oneof![4 => 0..40_usize, 1 => 0..4_000_usize];
        prop_oneof![
            12 => (client(), any::<bool>(), 0..100_u32, size(), 0..4_u16, 1..200_usize).prop_map(
                |(client, clean, expiry, will, aliases, id)| Self::Connect { client, clean, expiry, will, aliases, id }
            ),
            5 => client().prop_map(|client| Self::Drop { client }),
            30 => (client(), filter(), 0..3_u8, any::<bool>(), size(), 0..4_u16, 0..3_usize).prop_map(
                |(client, topic, qos, retain, size, alias, properties)| {
                    Self::Publish { client, topic, qos, retain, size, alias, properties }
                }
            ),
            15 => (client(), prop::collection::vec(filter(), 1..6), 0..3_u8)
                .prop_map(|(client, filters, qos)| Self::Subscribe { client, filters, qos }),
            4 => (client(), filter()).prop_map(|(client, filter)| Self::Unsubscribe { client, filter }),
            20 => client().prop_map(|client| Self::Exchange { client }),
            3 => (client(), 0..4_000_usize, 50..300_usize, any::<bool>())
                .prop_map(|(client, first, count, retain)| Self::Flood { client, first, count, retain }),
            2 => (0..400_usize, 20..100_usize).prop_map(|(first, count)| Self::Crowd { first, count }),
            6 => (0..30_000_u64).prop_map(|millis| Self::Tick { millis }),
            6 => any::<bool>().prop_map(|yes| Self::Answer { yes }),
            1 => client().prop_map(|client| Self::EndSession { client }),
            1 => client().prop_map(|client| Self::Revoke { client }),
        ]
    }
}
