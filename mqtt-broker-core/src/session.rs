use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;

use mqtt_session::{LocalId, ReceiveWindow, SendWindow, Timestamp};
use mqtt_topic::{RetainedCursor, TopicFilter, TopicFilterBuf, TopicName};

use crate::queue::{Parcel, Queue};
use crate::router::Granted;
use crate::{ConnId, Message};

/// What outlives a connection, as long as the Session Expiry Interval says (MQTT 5.0 §4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) client_id: Arc<str>,
    pub(crate) conn: Option<ConnId>,
    /// Session Expiry Interval in force, in seconds.
    pub(crate) expiry_interval: u32,
    /// When it ends; while connected, never.
    pub(crate) expires: Option<Timestamp>,
    pub(crate) will: Option<Will>,
    /// When the will is published, once the connection has ended.
    pub(crate) will_due: Option<Timestamp>,
    pub(crate) timer: Option<Timestamp>,
    pub(crate) replay_timer: Option<Timestamp>,
    pub(crate) subscriptions: BTreeMap<TopicFilterBuf, Subscribed>,
    /// Bytes of their filters, and of those of `replays`.
    pub(crate) filter_bytes: usize,
    /// Counts subscriptions that were made anew.
    pub(crate) subscribed: u64,
    pub(crate) send: SendWindow<Parcel>,
    /// Bytes of the messages in `send`.
    pub(crate) in_flight_bytes: usize,
    pub(crate) receive: ReceiveWindow,
    pub(crate) queue: Queue,
    pub(crate) replays: VecDeque<Replay>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Will {
    pub(crate) message: Message,
    /// Will Delay Interval in seconds.
    pub(crate) delay: u32,
}

/// A subscription of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subscribed {
    pub(crate) granted: Granted,
    /// Tells it from one with the same filter that was ended before. Replacing its options keeps it.
    pub(crate) born: u64,
}

/// Retained messages on their way, because of one SUBSCRIBE. It ends with its subscription, which is looked up when its turn
/// comes: so UNSUBSCRIBE need not search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replay {
    filter: TopicFilterBuf,
    born: u64,
    /// Messages with lower numbers were there before.
    number: u64,
    /// What was retained later came as a message of its own already.
    last_retained: u64,
    /// Where it is, once it has begun.
    cursor: Option<RetainedCursor>,
}

impl Replay {
    /// Whether a retained message was there at the SUBSCRIBE.
    pub(crate) fn includes(&self, retained: &Retained) -> bool {
        retained.number <= self.last_retained
    }

    pub(crate) fn cursor(&mut self) -> &mut RetainedCursor {
        self.cursor.get_or_insert_with(|| RetainedCursor::new(&self.filter))
    }
}

/// A retained message, and its place among all that were ever retained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Retained {
    pub(crate) message: Arc<Message>,
    pub(crate) number: u64,
}

/// Replays that a message is compared with, to see if it has to wait for them. If there are more, it waits.
const REPLAYS_COMPARED: usize = 16;

impl Session {
    /// `send_maximum` is how many messages may be under way at once.
    pub(crate) fn new(client_id: Arc<str>, send_maximum: u16) -> Self {
        Self {
            client_id,
            conn: None,
            expiry_interval: 0,
            expires: None,
            will: None,
            will_due: None,
            timer: None,
            replay_timer: None,
            subscriptions: BTreeMap::new(),
            filter_bytes: 0,
            subscribed: 0,
            send: SendWindow::new(send_maximum),
            in_flight_bytes: 0,
            receive: ReceiveWindow::new(),
            queue: Queue::default(),
            replays: VecDeque::new(),
        }
    }

    /// A message that was under way is not any more.
    pub(crate) fn landed(&mut self, parcel: &Parcel) {
        self.in_flight_bytes -= parcel.size();
    }

    /// Gives up a message under way, which cannot be sent to this client.
    pub(crate) fn abandon(&mut self, id: LocalId) -> Option<Parcel> {
        let parcel = self.send.abandon(id)?;
        self.landed(&parcel);
        Some(parcel)
    }

    /// Makes a subscription, or replaces the options of one.
    pub(crate) fn subscribe(&mut self, filter: &TopicFilter, granted: Granted) {
        if let Some(existing) = self.subscriptions.get_mut(filter) {
            existing.granted = granted;
            return;
        }
        self.subscribed += 1;
        self.filter_bytes += filter.as_str().len();
        self.subscriptions.insert(filter.into(), Subscribed { granted, born: self.subscribed });
    }

    /// Ends a subscription, if there is such a one.
    pub(crate) fn unsubscribe(&mut self, filter: &TopicFilter) -> bool {
        let existed = self.subscriptions.remove(filter).is_some();
        if existed {
            self.filter_bytes -= filter.as_str().len();
        }
        existed
    }

    /// The filters of shared subscriptions.
    pub(crate) fn shared_filters(&self) -> impl Iterator<Item = &TopicFilter> {
        self.subscriptions.keys().map(|filter| &**filter).filter(|filter| filter.is_shared())
    }

    /// Retained messages are to be sent because of a SUBSCRIBE for this subscription, up to the last that was retained.
    pub(crate) fn replay(&mut self, filter: &TopicFilter, last_retained: u64) {
        if let Some(&Subscribed { born, .. }) = self.subscriptions.get(filter) {
            let number = self.queue.take_number();
            self.filter_bytes += filter.as_str().len();
            self.replays.push_back(Replay {
                filter: filter.into(),
                born,
                number,
                last_retained,
                cursor: None,
            });
        }
    }

    /// The number of the first replay whose subscription still exists, and what that grants now.
    pub(crate) fn next_replay(&mut self) -> Option<(u64, Granted)> {
        loop {
            let first = self.replays.front()?;
            match self.subscriptions.get(&first.filter) {
                Some(now) if now.born == first.born => return Some((first.number, now.granted)),
                _ => self.end_replay(),
            }
        }
    }

    /// The first replay has come to its end.
    pub(crate) fn end_replay(&mut self) {
        if let Some(ended) = self.replays.pop_front() {
            self.filter_bytes -= ended.filter.as_str().len();
        }
    }

    /// Whether a message on this topic would overtake a retained message of the topic that is on its way.
    pub(crate) fn would_overtake_replay(&self, topic: &TopicName) -> bool {
        let is_alive = |replay: &Replay| {
            self.subscriptions.get(&replay.filter).is_some_and(|now| now.born == replay.born)
        };
        self.replays.len() > REPLAYS_COMPARED
            || self.replays.iter().any(|replay| replay.filter.matches(topic) && is_alive(replay))
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_compared_with_a_few_replays_and_waits_if_there_are_more() {
        let mut session = Session::new("a".into(), 1);
        let (last, unrelated) = (TopicName::new("f/16").unwrap(), TopicName::new("x").unwrap());
        for number in 1..=REPLAYS_COMPARED {
            let filter = TopicFilterBuf::from(TopicFilter::new(&alloc::format!("f/{number}")).unwrap());
            session.subscribe(&filter, Granted::default());
            session.replay(&filter, 0);
            assert!(!session.would_overtake_replay(unrelated));
        }
        assert!(session.would_overtake_replay(last));
        let again = TopicFilter::new("f/1").unwrap();
        session.replay(again, 0);
        assert!(session.would_overtake_replay(unrelated));
    }
}
