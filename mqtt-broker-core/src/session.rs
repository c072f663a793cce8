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

/// Messages that wait for the client, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Queue {
    parcels: VecDeque<Parcel>,
    bytes: usize,
    at_most_once: usize,
}

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.parcels.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a message of this QoS would overtake one of its kind. QoS 0 may overtake the others, and they it
    /// (MQTT-4.6.0-5).
    pub(crate) fn must_come_before(&self, qos: QoS) -> bool {
        match qos {
            QoS::AtMostOnce => self.at_most_once > 0,
            QoS::AtLeastOnce | QoS::ExactlyOnce => self.parcels.len() > self.at_most_once,
        }
    }

    pub(crate) fn push_back(&mut self, parcel: Parcel) {
        self.count(&parcel);
        self.parcels.push_back(parcel);
    }

    pub(crate) fn push_front(&mut self, parcel: Parcel) {
        self.count(&parcel);
        self.parcels.push_front(parcel);
    }

    pub(crate) fn pop_front(&mut self) -> Option<Parcel> {
        let parcel = self.parcels.pop_front()?;
        self.bytes -= parcel.message.size();
        self.at_most_once -= usize::from(parcel.qos == QoS::AtMostOnce);
        Some(parcel)
    }

    fn count(&mut self, parcel: &Parcel) {
        self.bytes += parcel.message.size();
        self.at_most_once += usize::from(parcel.qos == QoS::AtMostOnce);
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
