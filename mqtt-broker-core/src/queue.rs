//! Messages for one client, and those of them that wait.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use mqtt_codec::{QoS, SubscriptionId};
use mqtt_session::Timestamp;
use mqtt_topic::memory::list_growth;

use crate::Message;
use crate::slab::Key;

/// A message for one client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Parcel {
    pub(crate) message: Arc<Message>,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    pub(crate) subscription_ids: SubscriptionIds,
    /// The group it was sent through, if any.
    pub(crate) group: Option<Key>,
    /// Its place in the order of the session.
    pub(crate) number: u64,
    /// Whether it is in the store.
    pub(crate) is_stored: bool,
    /// Its place there among those under way, once it is.
    pub(crate) order: u64,
}

/// The Subscription Identifiers of a message for one client, of which there is seldom more than one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SubscriptionIds {
    One(Option<SubscriptionId>),
    Many(Box<[SubscriptionId]>),
}

impl SubscriptionIds {
    pub(crate) fn as_slice(&self) -> &[SubscriptionId] {
        match self {
            Self::One(id) => id.as_slice(),
            Self::Many(ids) => ids,
        }
    }
}

impl From<&[SubscriptionId]> for SubscriptionIds {
    fn from(ids: &[SubscriptionId]) -> Self {
        match ids {
            [] => Self::One(None),
            &[id] => Self::One(Some(id)),
            many => Self::Many(many.into()),
        }
    }
}

impl Parcel {
    /// Bytes that it keeps in memory, roughly, as if nobody else had the message too.
    pub(crate) fn size(&self) -> usize {
        Self::size_of(self.message.size(), self.subscription_ids.as_slice().len())
    }

    /// Bytes that it has allocated for itself alone.
    pub(crate) fn heap(&self) -> usize {
        match &self.subscription_ids {
            SubscriptionIds::One(_) => 0,
            SubscriptionIds::Many(ids) => size_of_val::<[_]>(ids),
        }
    }

    /// The [`size`](Self::size) of a parcel with a message of this size and so many Subscription Identifiers.
    pub(crate) fn size_of(message: usize, subscription_ids: usize) -> usize {
        size_of::<Self>() + subscription_ids * size_of::<SubscriptionId>() + message
    }
}

/// Messages that wait for the client.
///
/// Those of QoS 0 and the others wait apart, since the others may have to wait for an acknowledgement, which is no
/// reason for QoS 0 to wait. Where both may go, the oldest goes first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Queue {
    at_most_once: VecDeque<Parcel>,
    acknowledged: VecDeque<Parcel>,
    bytes: usize,
    /// No message expires before.
    first_expiry: Option<Timestamp>,
}

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.at_most_once.len() + self.acknowledged.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a message of this QoS and with a number below `before` waits. A later one would overtake it
    /// (MQTT-4.6.0-5).
    pub(crate) fn has(&self, qos: QoS, before: u64) -> bool {
        let queue = match qos {
            QoS::AtMostOnce => &self.at_most_once,
            QoS::AtLeastOnce | QoS::ExactlyOnce => &self.acknowledged,
        };
        number_of_first(queue) < before
    }

    pub(crate) fn push(&mut self, parcel: Parcel) {
        self.bytes += parcel.size();
        self.first_expiry = self.first_expiry.into_iter().chain(parcel.message.expires()).min();
        let queue = match parcel.qos {
            QoS::AtMostOnce => &mut self.at_most_once,
            QoS::AtLeastOnce | QoS::ExactlyOnce => &mut self.acknowledged,
        };
        queue.push_back(parcel);
    }

    /// The oldest with a number below `before`, or the oldest of QoS 0 if the others may not go.
    pub(crate) fn pop(&mut self, acknowledged_may_go: bool, before: u64) -> Option<Parcel> {
        let at_most_once = number_of_first(&self.at_most_once);
        let acknowledged = number_of_first(&self.acknowledged);
        let (number, queue) = if acknowledged_may_go && acknowledged < at_most_once {
            (acknowledged, &mut self.acknowledged)
        } else {
            (at_most_once, &mut self.at_most_once)
        };
        if number >= before {
            return None;
        }
        let parcel = queue.pop_front()?;
        self.bytes -= parcel.size();
        give_back(queue);
        Some(parcel)
    }

    /// The one that came last, or first, whatever its QoS.
    pub(crate) fn take_one(&mut self, newest: bool) -> Option<Parcel> {
        let number = |parcel: Option<&Parcel>| parcel.map(|parcel| parcel.number);
        let parcel = if newest {
            let is_qos_0 = number(self.at_most_once.back()) > number(self.acknowledged.back());
            let queue = if is_qos_0 { &mut self.at_most_once } else { &mut self.acknowledged };
            queue.pop_back()
        } else {
            let is_qos_0 = number_of_first(&self.at_most_once) < number_of_first(&self.acknowledged);
            let queue = if is_qos_0 { &mut self.at_most_once } else { &mut self.acknowledged };
            queue.pop_front()
        }?;
        self.bytes -= parcel.size();
        give_back(&mut self.at_most_once);
        give_back(&mut self.acknowledged);
        Some(parcel)
    }

    /// Bytes that it has allocated, without what its parcels have allocated.
    pub(crate) fn heap(&self) -> usize {
        (self.at_most_once.capacity() + self.acknowledged.capacity()) * size_of::<Parcel>()
    }

    /// By how much that grows at most by another parcel.
    pub(crate) fn growth(&self, qos: QoS) -> usize {
        let queue = match qos {
            QoS::AtMostOnce => &self.at_most_once,
            QoS::AtLeastOnce | QoS::ExactlyOnce => &self.acknowledged,
        };
        list_growth::<Parcel>(queue.len(), queue.capacity(), 1)
    }

    /// Removes all that have expired. Costs nothing if none can have.
    pub(crate) fn take_expired(&mut self, now: Timestamp) -> Vec<Parcel> {
        if self.first_expiry.is_none_or(|expiry| expiry > now) {
            return Vec::new();
        }
        let mut first_expiry = None;
        let expired = self.take_all(|parcel| {
            let is_expired = parcel.message.is_expired(now);
            if !is_expired {
                first_expiry = parcel.message.expires().into_iter().chain(first_expiry).min();
            }
            is_expired
        });
        self.first_expiry = first_expiry;
        expired
    }

    /// Removes all for which `is_out` holds.
    pub(crate) fn take_all(&mut self, mut is_out: impl FnMut(&Parcel) -> bool) -> Vec<Parcel> {
        let mut taken = Vec::new();
        for queue in [&mut self.at_most_once, &mut self.acknowledged] {
            let mut kept = VecDeque::with_capacity(queue.len());
            for parcel in queue.drain(..) {
                if is_out(&parcel) {
                    self.bytes -= parcel.size();
                    taken.push(parcel);
                } else {
                    kept.push_back(parcel);
                }
            }
            *queue = kept;
            give_back(queue);
        }
        taken
    }

    /// All that wait, those of QoS 0 first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Parcel> {
        self.at_most_once.iter().chain(&self.acknowledged)
    }
}

/// A queue that has become short keeps little.
fn give_back(queue: &mut VecDeque<Parcel>) {
    if queue.capacity() > 16 && queue.len() < queue.capacity() / 4 {
        queue.shrink_to(queue.capacity() / 2);
    }
}

fn number_of_first(queue: &VecDeque<Parcel>) -> u64 {
    queue.front().map_or(u64::MAX, |parcel| parcel.number)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use mqtt_codec::{MessageProperties, TopicName};

    use super::*;

    fn parcel(topic: &str, payload: &'static str, content_type: Option<&str>, ids: usize) -> Parcel {
        let properties = MessageProperties { content_type, ..MessageProperties::default() };
        let message = Message::new(TopicName::new(topic).unwrap(), payload);
        Parcel {
            message: Arc::new(message.with_properties(&properties).unwrap()),
            qos: QoS::AtLeastOnce,
            retain: false,
            subscription_ids: (&*vec![SubscriptionId::new(1).unwrap(); ids]).into(),
            group: None,
            number: 0,
            is_stored: false,
            order: 0,
        }
    }

    #[test]
    fn everything_that_can_be_large_counts() {
        let base = parcel("t", "", None, 0).size();
        assert!(base > size_of::<Parcel>() + size_of::<Message>());
        assert_eq!(parcel("topic", "", None, 0).size() - base, 4);
        assert_eq!(parcel("t", "payload", None, 0).size() - base, 7);
        assert_eq!(parcel("t", "", None, 10).size() - base, 10 * size_of::<SubscriptionId>());
        // As encoded: the length of all properties, then identifier, length and text of this one.
        assert_eq!(parcel("t", "", Some("type"), 0).size() - base, 1 + 1 + 2 + 4);
    }

    #[test]
    fn bytes_are_those_of_what_waits() {
        let mut queue = Queue::default();
        let parcels = [parcel("a", "1", None, 0), parcel("b", "23", None, 3)];
        let size: usize = parcels.iter().map(Parcel::size).sum();
        for parcel in parcels {
            queue.push(parcel);
        }
        assert_eq!((queue.len(), queue.bytes()), (2, size));
        while queue.pop(true, u64::MAX).is_some() {}
        assert_eq!((queue.len(), queue.bytes()), (0, 0));
    }
}
