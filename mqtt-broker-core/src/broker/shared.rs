//! Shared subscriptions: which member gets a message (MQTT 5.0 §4.8.2).

use mqtt_codec::QoS;
use mqtt_topic::TopicName;

use super::deliver::Terms;
use super::{Core, Cx};
use crate::SharedStrategy;
use crate::message::Incoming;
use crate::queue::Parcel;
use crate::router::Granted;
use crate::session::Session;
use crate::slab::Key;

/// Members of a group that are compared, connected ones and then others, to find who gets a message.
const MEMBERS_COMPARED: usize = 32;

impl Core {
    /// Gives a message to one member of a group. False if there is none.
    pub(super) fn deliver_to_group(
        &mut self,
        group: Key,
        incoming: &mut Incoming<'_>,
        cx: &mut Cx<'_>,
    ) -> bool {
        let Some((member, granted)) = self.choose_member(group, incoming) else { return false };
        self.router.served(group, member);
        // Under its own subscription alone (MQTT-4.8.2-3).
        self.deliver(member, incoming, &Terms::of(&granted, incoming, Some(group)), cx);
        true
    }

    /// Whose it is by the strategy, but one that can take it now before one that cannot, one that is connected before one that
    /// is away, and one that would have to drop it last.
    fn choose_member(&self, group: Key, incoming: &Incoming<'_>) -> Option<(Key, Granted)> {
        let group = self.router.group(group)?;
        let preferred = (self.config.shared_strategy == SharedStrategy::Sticky)
            .then(|| group.last().and_then(|key| Some((key, group.member(key)?))))
            .flatten();
        let (connected, all) = match self.hash(incoming) {
            Some(hash) => {
                let (connected, all) = group.counts();
                (place(hash, connected), place(hash, all))
            }
            None => group.turn(),
        };
        let candidates = preferred
            .into_iter()
            .chain(group.connected_from(connected).take(MEMBERS_COMPARED))
            .chain(group.members_from(all).take(MEMBERS_COMPARED));
        let wants_least = self.config.shared_strategy == SharedStrategy::LeastInFlight;
        let mut best: Option<((u8, usize), (Key, Granted))> = None;
        for (key, granted) in candidates {
            let Some(session) = self.sessions.get(key) else { continue };
            let qos = incoming.qos.min(granted.qos);
            let class = if self.can_take_now(key, session, incoming.topic, qos) {
                0
            } else {
                let size = Parcel::size_of(incoming.size(), usize::from(granted.id.is_some()));
                self.class(session, qos, size)
            };
            let load = if wants_least { self.in_flight(key) } else { 0 };
            if best.is_none_or(|(best, _)| (class, load) < best) {
                best = Some(((class, load), (key, granted)));
            }
            if (class, load) == (0, 0) {
                break;
            }
        }
        best.map(|(_, chosen)| chosen)
    }

    /// The hash of the topic or of the publisher, if the strategy asks for one.
    fn hash(&self, incoming: &Incoming<'_>) -> Option<u64> {
        let text = match self.config.shared_strategy {
            SharedStrategy::HashTopic => incoming.topic.as_str(),
            SharedStrategy::HashPublisher => incoming.publisher.as_deref().unwrap_or(""),
            SharedStrategy::RoundRobin | SharedStrategy::LeastInFlight | SharedStrategy::Sticky => {
                return None;
            }
        };
        Some(self.config.hash(text))
    }

    fn can_take_now(&self, key: Key, session: &Session, topic: &TopicName, qos: QoS) -> bool {
        session.conn.is_some() && self.may_deliver_now(key, session, topic, qos)
    }

    /// How well a member can let a message wait: 1 is best, behind those that need not.
    fn class(&self, session: &Session, qos: QoS, size: usize) -> u8 {
        let is_lost = qos == QoS::AtMostOnce && self.cannot_wait(session).is_some();
        match session.conn {
            _ if is_lost || self.queue_is_full(session, size) => 3,
            Some(_) => 1,
            None => 2,
        }
    }

    fn in_flight(&self, key: Key) -> usize {
        let exchange = self.existing_exchange(key);
        exchange.map_or(0, |exchange| exchange.send.len())
    }
}

/// Which of so many a hash means.
fn place(hash: u64, of: usize) -> usize {
    u64::try_from(of)
        .ok()
        .and_then(|of| hash.checked_rem(of))
        .and_then(|at| usize::try_from(at).ok())
        .unwrap_or(0)
}
