//! Who was to get how many messages, and what became of them.

use std::collections::{BTreeMap, BTreeSet};

use mqtt_broker_core::{DropReason, Stats};
use mqtt_codec::QoS;
use mqtt_topic::{TopicFilter, TopicName};

pub(crate) const TOPICS: [&str; 4] = ["a", "a/b", "a/c", "b"];
/// They overlap, and a client gets one copy for all of them.
pub(crate) const FILTERS: [&str; 5] = ["a", "a/b", "a/+", "#", "b"];

/// What notes name: the client, the topic and the QoS of a copy.
type Named = (String, String, QoS);

#[derive(Debug, Default)]
struct Count {
    routed: u64,
    delivered: u64,
    /// In the order of [`DropReason::ALL`].
    dropped: [u64; DropReason::ALL.len()],
}

impl Count {
    fn all_dropped(&self) -> u64 {
        self.dropped.iter().sum()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    /// By Client Identifier: granted QoS by filter.
    sessions: BTreeMap<String, BTreeMap<&'static str, QoS>>,
    counts: BTreeMap<Named, Count>,
    /// Messages that were not sent yet, by client and number. Of those that were dropped nobody can tell which they are.
    owed: BTreeSet<(String, u32)>,
}

impl Model {
    pub(crate) fn connected(&mut self, client_id: &str, is_present: bool) {
        let had_one = self.sessions.contains_key(client_id);
        assert!(had_one || !is_present, "{client_id} has no session");
        if !is_present {
            self.ended(client_id);
            self.sessions.insert(client_id.to_owned(), BTreeMap::new());
        }
    }

    /// The session is no more. What waits is dropped, with a note for each.
    pub(crate) fn ended(&mut self, client_id: &str) {
        self.sessions.remove(client_id);
        self.owed.retain(|(owner, _)| owner != client_id);
    }

    pub(crate) fn subscribed(&mut self, client_id: &str, filter: usize, granted: QoS) {
        let session = self.sessions.get_mut(client_id).expect("it is connected");
        session.insert(FILTERS[filter], granted);
    }

    pub(crate) fn unsubscribed(&mut self, client_id: &str, filter: usize) {
        self.sessions.get_mut(client_id).expect("it is connected").remove(FILTERS[filter]);
    }

    /// The broker has taken a message.
    pub(crate) fn published(&mut self, topic: usize, qos: QoS, number: u32) {
        let topic = TOPICS[topic];
        let matches =
            |filter: &str| TopicFilter::new(filter).unwrap().matches(TopicName::new(topic).unwrap());
        for (client_id, session) in &self.sessions {
            let granted = session.iter().filter(|(filter, _)| matches(filter)).map(|(_, &granted)| granted);
            if let Some(granted) = granted.max() {
                let named = (client_id.clone(), topic.to_owned(), granted.min(qos));
                self.counts.entry(named).or_default().routed += 1;
                self.owed.insert((client_id.clone(), number));
            }
        }
    }

    /// A copy was sent for the first time.
    pub(crate) fn sent(&mut self, client_id: &str, number: u32) {
        assert!(
            self.owed.remove(&(client_id.to_owned(), number)),
            "{number} is not for {client_id}, or no more"
        );
    }

    /// A copy of QoS 0 was sent, or one of another was acknowledged.
    pub(crate) fn delivered(&mut self, client_id: &str, topic: &str, qos: QoS) {
        self.count(client_id, topic, qos).delivered += 1;
    }

    pub(crate) fn dropped(&mut self, client_id: &str, topic: &str, qos: QoS, reason: DropReason) {
        let place = DropReason::ALL.iter().position(|&other| other == reason).expect("one of all");
        self.count(client_id, topic, qos).dropped[place] += 1;
    }

    fn count(&mut self, client_id: &str, topic: &str, qos: QoS) -> &mut Count {
        let named = (client_id.to_owned(), topic.to_owned(), qos);
        self.counts.get_mut(&named).unwrap_or_else(|| panic!("{named:?} was never published"))
    }

    /// What the broker counts is what happened, and of nothing there is more than was to come.
    pub(crate) fn check(&self, stats: &Stats) {
        for (named, count) in &self.counts {
            assert!(count.delivered + count.all_dropped() <= count.routed, "{named:?}: {count:?}");
        }
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
            let sum = |of: fn(&Count) -> u64| -> u64 {
                self.counts.iter().filter(|((.., other), _)| *other == qos).map(|(_, count)| of(count)).sum()
            };
            let copies = stats.copies(qos);
            assert_eq!(copies.routed, sum(|count| count.routed), "{qos:?}");
            assert_eq!(copies.delivered, sum(|count| count.delivered), "{qos:?}");
            for (place, reason) in DropReason::ALL.into_iter().enumerate() {
                let counts = self.counts.iter().filter(|((.., other), _)| *other == qos);
                let dropped: u64 = counts.map(|(_, count)| count.dropped[place]).sum();
                assert_eq!(copies.dropped(reason), dropped, "{qos:?}, {reason:?}");
            }
            let waiting = sum(|count| count.routed - count.delivered - count.all_dropped());
            assert_eq!(copies.queued + copies.in_flight, waiting, "{qos:?}");
        }
        assert!(stats.are_conserved(), "{stats:?}");
    }

    /// Nothing waits any more: whatever was not delivered has a note.
    pub(crate) fn check_all_named(&self) {
        for (named, count) in &self.counts {
            assert_eq!(count.routed, count.delivered + count.all_dropped(), "{named:?}: {count:?}");
        }
    }
}
