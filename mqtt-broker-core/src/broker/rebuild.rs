//! A broker made again from what its store has. What does not count is deleted.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use mqtt_session::Handshake;
use mqtt_topic::{TopicFilter, TopicName};

use super::restore::{ClientId, Copy, Pairs};
use super::{Core, Cx};
use crate::messages::Messages;
use crate::queue::Parcel;
use crate::router::Subscribed;
use crate::session::{Replay, Retained, Session, Will, length};
use crate::slab::Key;
use crate::store::{CopyState, ReplayRecord, RetainedRecord, SessionRecord, StoreKey};
use crate::{DropReason, Message, Note, RestoreError};

/// What others belong to.
struct Found {
    sessions: BTreeMap<ClientId, Key>,
    damaged: BTreeSet<ClientId>,
    messages: BTreeMap<u64, Arc<Message>>,
}

impl Core {
    pub(super) fn rebuild(&mut self, mut pairs: Pairs, cx: &mut Cx<'_>) {
        let (copies, void) = pairs.sort_copies();
        self.messages = Messages::after(pairs.last);
        *self.complete = pairs.complete;
        *self.last_exactly_once = pairs.last;
        let mut found =
            Found { sessions: BTreeMap::new(), damaged: pairs.damaged, messages: BTreeMap::new() };
        for (client_id, record) in pairs.sessions {
            let key = self.rebuild_session(Arc::clone(&client_id), record, cx);
            found.sessions.insert(client_id, key);
        }
        for (number, (message, _)) in pairs.messages {
            found.messages.insert(number, self.messages.keep_as(message, number));
        }
        for (number, client_id) in void {
            self.journal.delete(StoreKey::Copy { number, client_id: &client_id }, cx.out);
        }
        for ((client_id, filter), (subscribed, group)) in pairs.subscriptions {
            let pair = StoreKey::Subscription { client_id: &client_id, filter: filter.as_str() };
            if let Some(key) = self.owner(&found, pair, cx) {
                self.rebuild_subscription(key, &filter, subscribed, group);
            }
        }
        let mut released: Vec<_> = pairs.released.into_iter().collect();
        released.sort_by_key(|&(_, order)| order);
        for ((client_id, id), _) in released {
            let pair = StoreKey::Released { id: id.0, client_id: &client_id };
            if let Some(exchange) = self.owner(&found, pair, cx).and_then(|key| self.exchange(key)) {
                exchange.send.put_back(id, None);
            }
        }
        for ((client_id, id), _) in pairs.received {
            let pair = StoreKey::Received { id: id.0, client_id: &client_id };
            if let Some(exchange) = self.owner(&found, pair, cx).and_then(|key| self.exchange(key)) {
                exchange.receive.take_over(id);
            }
        }
        for (number, (client_id, replay)) in pairs.replays {
            self.rebuild_replay(&found, &client_id, number, replay, cx);
        }
        let homeless = self.rebuild_copies(&found, copies, cx);
        for (topic, record) in pairs.retained {
            self.rebuild_retained(&found, &topic, record, cx);
        }
        for (&number, message) in &found.messages {
            if self.messages.release(message) {
                self.journal.delete(StoreKey::Message(number), cx.out);
            }
        }
        self.save_complete(cx);
        let due = self.rebuild_wills(&found, pairs.wills);
        for &key in found.sessions.values() {
            self.set_session_timer(key);
            self.recharge(key);
        }
        for (client_id, parcel) in homeless {
            self.desk.tally.stats.copies_mut(parcel.qos).routed += 1;
            self.hand_on(&parcel, &client_id, DropReason::SessionEnded, cx);
            self.ledger(cx).drop_parcel(&client_id, &parcel);
        }
        for will in due {
            self.will_due(will.into(), cx);
        }
    }

    fn rebuild_session(&mut self, client_id: ClientId, record: SessionRecord, cx: &mut Cx<'_>) -> Key {
        let mut session = Session::new(client_id);
        session.expiry_interval = record.expiry_interval;
        session.left = record.left.unwrap_or(self.now);
        session.is_stored = self.config.durable;
        let key = self.insert_session(session);
        if record.left.is_none() {
            self.save_session(key, cx);
        }
        key
    }

    /// The session that a pair belongs to. If there is none, the pair is what was left of one.
    fn owner(&mut self, found: &Found, pair: StoreKey<'_>, cx: &mut Cx<'_>) -> Option<Key> {
        let client_id = pair.client_id().unwrap_or("");
        let owner = found.sessions.get(client_id).copied();
        if owner.is_none() {
            if found.damaged.contains(client_id) {
                not_restored(pair, RestoreError::NoSession, cx);
            } else {
                self.journal.delete(pair, cx.out);
            }
        }
        owner
    }

    fn rebuild_subscription(&mut self, key: Key, filter: &TopicFilter, subscribed: Subscribed, group: u64) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        session.subscriptions += 1;
        session.filter_bytes = session.filter_bytes.saturating_add(length(filter));
        session.subscribed = session.subscribed.max(subscribed.born);
        self.desk.tally.stats.subscriptions += 1;
        self.desk.tally.stats.shared_subscriptions += usize::from(filter.is_shared());
        self.router.subscribe(key, filter, subscribed, group);
        self.router.set_connected(key, false);
    }

    fn rebuild_replay(
        &mut self,
        found: &Found,
        client_id: &ClientId,
        number: u64,
        record: ReplayRecord,
        cx: &mut Cx<'_>,
    ) {
        let pair = StoreKey::Replay { number, client_id };
        let Some(key) = self.owner(found, pair, cx) else { return };
        if self.router.get(key, &record.filter).is_none_or(|subscribed| subscribed.born != record.born) {
            return self.journal.delete(pair, cx.out);
        }
        let replay = Replay::new(&record.filter, record.born, number, record.last_retained);
        let mut replay = replay.at(record.place.as_deref());
        replay.is_stored = self.config.durable;
        if self.exchange(key).is_some()
            && let Some(session) = self.sessions.get_mut(key)
        {
            session.replay(replay);
        }
    }

    /// Gives those that belong to groups and to no session.
    fn rebuild_copies(
        &mut self,
        found: &Found,
        copies: Vec<Copy>,
        cx: &mut Cx<'_>,
    ) -> Vec<(ClientId, Parcel)> {
        let groups = self.router.groups();
        let (mut under_way, mut homeless) = (Vec::new(), Vec::new());
        for (number, client_id, copy) in copies {
            let pair = StoreKey::Copy { number, client_id: &client_id };
            let Some(message) = found.messages.get(&copy.message) else {
                not_restored(pair, RestoreError::NoMessage, cx);
                continue;
            };
            let has_begun = matches!(copy.state, CopyState::Sent { .. });
            let group = groups.get(&copy.group).copied();
            let can_move = group.is_some() && !(has_begun && copy.qos == Handshake::ExactlyOnce);
            let key = match found.sessions.get(&client_id) {
                Some(&key) => Some(key),
                None if can_move => None,
                None => {
                    self.owner(found, pair, cx);
                    continue;
                }
            };
            if self.config.durable {
                self.messages.store(message);
            }
            let parcel = Parcel {
                message: Arc::clone(message),
                qos: copy.qos.qos(),
                retain: copy.retain,
                subscription_ids: copy.subscription_ids,
                group,
                number,
                is_stored: self.config.durable,
            };
            self.messages.hold_parcel(&parcel);
            match (key, copy.state) {
                (None, _) => homeless.push((client_id, parcel)),
                (Some(key), CopyState::Queued) => {
                    if let Some(exchange) = self.exchange(key) {
                        let qos = parcel.qos;
                        exchange.queue.push(parcel);
                        self.desk.tally.stats.copies_mut(qos).routed += 1;
                        self.desk.tally.stats.copies_mut(qos).queued += 1;
                    }
                }
                (Some(key), CopyState::Sent { id, order }) => {
                    under_way.push((order, key, id, copy.qos, parcel))
                }
            }
        }
        under_way.sort_by_key(|&(order, ..)| order);
        for (_, key, id, handshake, parcel) in under_way {
            if let Some(exchange) = self.exchange(key) {
                exchange.in_flight_bytes += parcel.size();
                exchange.send.put_back(id, Some((handshake, parcel)));
                self.desk.tally.stats.copies_mut(handshake.qos()).routed += 1;
                self.desk.tally.stats.copies_mut(handshake.qos()).in_flight += 1;
            }
        }
        homeless
    }

    fn rebuild_retained(
        &mut self,
        found: &Found,
        topic: &TopicName,
        record: RetainedRecord,
        cx: &mut Cx<'_>,
    ) {
        let pair = StoreKey::Retained(topic.as_str());
        match found.messages.get(&record.message) {
            None => not_restored(pair, RestoreError::NoMessage, cx),
            Some(message) if message.topic() != topic => not_restored(pair, RestoreError::Contradiction, cx),
            Some(message) => {
                self.messages.hold(message);
                if self.config.durable {
                    self.messages.store(message);
                }
                self.retained_ever = self.retained_ever.max(record.number);
                self.insert_retained(topic, Retained { message: Arc::clone(message), number: record.number });
            }
        }
    }

    /// Gives those whose session is over.
    fn rebuild_wills(&mut self, found: &Found, wills: BTreeMap<u64, Will>) -> Vec<Will> {
        let mut due = Vec::new();
        for will in wills.into_values() {
            let key = found.sessions.get(will.client().client_id);
            match key.and_then(|&key| self.sessions.get_mut(key)) {
                // An earlier one has waited for an answer since its session ended.
                Some(session) => {
                    *self.heap += will.heap();
                    let earlier = session.will.replace(will.into());
                    *self.heap -= earlier.as_ref().map_or(0, |earlier| earlier.heap());
                    due.extend(earlier.map(|earlier| *earlier));
                }
                None => due.push(will),
            }
        }
        due
    }
}

fn not_restored(pair: StoreKey<'_>, error: RestoreError, cx: &mut Cx<'_>) {
    use alloc::string::ToString as _;
    cx.out.note(&Note::NotRestored { key: pair.to_string().as_bytes(), error });
}
