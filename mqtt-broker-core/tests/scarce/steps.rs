//! What can happen.

use mqtt_codec::QoS;
use proptest::prelude::*;
use proptest::sample::select;

use crate::clients::COUNT;
use crate::model::{FILTERS, TOPICS};

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// With a session that is for ever, or ends with the connection.
    Connect {
        client: usize,
        clean: bool,
        stays: bool,
    },
    /// The connection breaks.
    Drop {
        client: usize,
    },
    Subscribe {
        client: usize,
        filter: usize,
        qos: QoS,
    },
    Unsubscribe {
        client: usize,
        filter: usize,
    },
    /// From a client, or from the embedding program.
    Publish {
        from: Option<usize>,
        topic: usize,
        qos: QoS,
        size: usize,
        times: usize,
    },
    /// Reads so many packets, and answers them.
    Read {
        client: usize,
        most: usize,
    },
    EndSession {
        client: usize,
    },
    /// Others take memory: sessions with subscriptions, or retained messages.
    Take {
        sessions: usize,
        retained: usize,
    },
    /// And give it back.
    Give,
}

impl Step {
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        let client = || 0..COUNT;
        let qos = || select(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][..]);
        let size = prop_oneof![4 => 4..200_usize, 2 => 1_000..5_000_usize, 1 => 30_000..40_000_usize];
        let times = prop_oneof![6 => Just(1_usize), 1 => 2..30_usize];
        prop_oneof![
            8 => (client(), prop::bool::weighted(0.1), prop::bool::weighted(0.9))
                .prop_map(|(client, clean, stays)| Self::Connect { client, clean, stays }),
            4 => client().prop_map(|client| Self::Drop { client }),
            10 => (client(), 0..FILTERS.len(), qos())
                .prop_map(|(client, filter, qos)| Self::Subscribe { client, filter, qos }),
            1 => (client(), 0..FILTERS.len()).prop_map(|(client, filter)| Self::Unsubscribe { client, filter }),
            24 => (prop::option::weighted(0.8, client()), 0..TOPICS.len(), qos(), size, times).prop_map(
                |(from, topic, qos, size, times)| Self::Publish { from, topic, qos, size, times }
            ),
            12 => (client(), prop_oneof![1..10_usize, Just(usize::MAX)])
                .prop_map(|(client, most)| Self::Read { client, most }),
            1 => client().prop_map(|client| Self::EndSession { client }),
            3 => (0..20_usize, 0..20_usize).prop_map(|(sessions, retained)| Self::Take { sessions, retained }),
            1 => Just(Self::Give),
        ]
    }
}
