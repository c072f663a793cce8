use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use mqtt_codec::{QoS, SubscriptionId};
use mqtt_session::{ReceiveWindow, SendWindow, Timestamp};
use mqtt_topic::{RetainedCursor, TopicFilter, TopicFilterBuf};

use crate::router::Granted;
use crate::slab::Key;
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
    /// Counts subscriptions that were made anew.
    pub(crate) subscribed: u64,
    pub(crate) send: SendWindow<Parcel>,
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

/// A message for one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parcel {
    pub(crate) message: Arc<Message>,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    pub(crate) subscription_ids: Vec<SubscriptionId>,
    /// The group it was sent through, if any.
    pub(crate) group: Option<Key>,
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
    pub(crate) filter: TopicFilterBuf,
    pub(crate) subscription: Subscribed,
    pub(crate) cursor: RetainedCursor,
}

/// Messages that wait for the client.
///
/// Those of QoS 0 and the others wait apart, since the others may have to wait for an acknowledgement, which is no
/// reason for QoS 0 to wait. Where both may go, the oldest goes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Queue {
    at_most_once: VecDeque<(u64, Parcel)>,
    acknowledged: VecDeque<(u64, Parcel)>,
    next: u64,
    bytes: usize,
}

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.at_most_once.len() + self.acknowledged.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a message of this QoS would overtake one of its kind (MQTT-4.6.0-5).
    pub(crate) fn must_come_before(&self, qos: QoS) -> bool {
        match qos {
            QoS::AtMostOnce => !self.at_most_once.is_empty(),
            QoS::AtLeastOnce | QoS::ExactlyOnce => !self.acknowledged.is_empty(),
        }
    }

    pub(crate) fn push(&mut self, parcel: Parcel) {
        self.bytes += parcel.message.size();
        let queue = match parcel.qos {
            QoS::AtMostOnce => &mut self.at_most_once,
            QoS::AtLeastOnce | QoS::ExactlyOnce => &mut self.acknowledged,
        };
        queue.push_back((self.next, parcel));
        self.next += 1;
    }

    /// The oldest, or the oldest of QoS 0 if the others may not go.
    pub(crate) fn pop(&mut self, acknowledged_may_go: bool) -> Option<Parcel> {
        let first = |queue: &VecDeque<(u64, Parcel)>| queue.front().map_or(u64::MAX, |&(number, _)| number);
        let takes_acknowledged = acknowledged_may_go && first(&self.acknowledged) < first(&self.at_most_once);
        let queue = if takes_acknowledged { &mut self.acknowledged } else { &mut self.at_most_once };
        let (_, parcel) = queue.pop_front()?;
        self.bytes -= parcel.message.size();
        Some(parcel)
    }
}

impl Session {
    pub(crate) fn new(client_id: Arc<str>) -> Self {
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
            subscribed: 0,
            send: SendWindow::new(),
            receive: ReceiveWindow::new(),
            queue: Queue::default(),
            replays: VecDeque::new(),
        }
    }

    /// Makes a subscription, or replaces the options of one.
    pub(crate) fn subscribe(&mut self, filter: &TopicFilter, granted: Granted) -> Subscribed {
        if let Some(existing) = self.subscriptions.get_mut(filter) {
            existing.granted = granted;
            return *existing;
        }
        self.subscribed += 1;
        let subscription = Subscribed { granted, born: self.subscribed };
        self.subscriptions.insert(filter.into(), subscription);
        subscription
    }

    /// Retained messages are to be sent because of this SUBSCRIBE.
    pub(crate) fn replay(&mut self, filter: &TopicFilter, subscription: Subscribed) {
        let cursor = RetainedCursor::new(filter);
        self.replays.push_back(Replay { filter: filter.into(), subscription, cursor });
    }

    /// The first replay whose subscription still exists.
    pub(crate) fn next_replay(&mut self) -> Option<&mut Replay> {
        while let Some(first) = self.replays.front()
            && self.subscriptions.get(&first.filter).is_none_or(|now| now.born != first.subscription.born)
        {
            self.replays.pop_front();
        }
        self.replays.front_mut()
    }
}
