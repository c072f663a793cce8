//! Messages, and what a subscriber sees of them.

use mqtt_codec::{Publish, QoS, Version};

/// Clients. All but the last act in the script; the last comes at the end, to see what is retained.
pub(crate) const CLIENT_IDS: [&str; 4] = ["c0", "c1", "c2", "last"];
pub(crate) const CLIENTS: usize = CLIENT_IDS.len();
pub(crate) const LAST: usize = CLIENTS - 1;
/// The client that may speak 3.1.1, in some scripts.
pub(crate) const OLD: usize = 1;
/// The publisher of what the embedding program publishes.
pub(crate) const PROGRAM: usize = CLIENTS;

pub(crate) const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// Topics, of which the first three are for all to publish to. Behind them each client has one for its wills, since it is open
/// which of two wills that are due at once is retained.
pub(crate) const TOPICS: [&str; 6] = ["a/b", "a/c", "b", "w/0", "w/1", "w/2"];
pub(crate) const FIRST_WILL: usize = 3;

/// Filters that overlap, each with the topics that match. Those of groups come last.
pub(crate) const FILTERS: [(&str, &[usize]); 6] = [
    ("a/b", &[0]),
    ("a/+", &[0, 1]),
    ("#", &[0, 1, 2, 3, 4, 5]),
    ("b", &[2]),
    ("$share/g/a/+", &[0, 1]),
    ("$share/h/#", &[0, 1, 2, 3, 4, 5]),
];
pub(crate) const EVERYTHING: usize = 2;
pub(crate) const FIRST_SHARED: usize = 4;

pub(crate) fn matches(filter: usize, topic: usize) -> bool {
    FILTERS[filter].1.contains(&topic)
}

/// A message as its publisher means it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Message {
    /// Every message has another, in the order in which its publisher publishes. It is the payload, and if that is to be empty, the
    /// Correlation Data.
    pub(crate) number: u32,
    pub(crate) publisher: usize,
    pub(crate) topic: usize,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    /// Has no payload, as one that removes what is retained.
    pub(crate) is_empty: bool,
    /// Message Expiry Interval.
    pub(crate) expiry: Option<u32>,
}

/// What a subscription asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) qos: QoS,
    pub(crate) no_local: bool,
    /// Retain Handling, 0 to 2.
    pub(crate) retain_handling: u8,
}

/// A message as it comes to a client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Delivery {
    pub(crate) number: u32,
    pub(crate) topic: usize,
    pub(crate) qos: QoS,
    pub(crate) dup: bool,
    /// It was retained before the client subscribed: nobody asks for Retain As Published.
    pub(crate) is_replay: bool,
    /// The filter of the group through which it came.
    pub(crate) group: Option<usize>,
    pub(crate) expiry: Option<u32>,
    /// Whether it can say when it expires.
    pub(crate) says_expiry: bool,
}

impl Delivery {
    pub(crate) fn new(publish: &Publish<'_>, topic: usize, version: Version) -> Option<Self> {
        let correlation = publish.properties.correlation_data.unwrap_or_default();
        let shown = if publish.payload.is_empty() { correlation } else { publish.payload };
        let mut group = None;
        for id in publish.subscription_ids.iter() {
            let filter = usize::try_from(id.get()).ok()? - 1;
            if !matches(filter, topic) {
                return None;
            }
            group = group.or_else(|| (filter >= FIRST_SHARED).then_some(filter));
        }
        Some(Self {
            number: u32::from_be_bytes(shown.try_into().ok()?),
            topic,
            qos: publish.delivery.qos(),
            dup: publish.delivery.dup(),
            is_replay: publish.retain,
            group,
            expiry: publish.properties.message_expiry_interval,
            says_expiry: version.is_v5(),
        })
    }
}
