//! A broker made again from what its store has. What does not count is deleted.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use mqtt_topic::{TopicFilter, TopicFilterBuf, TopicName};

use super::questions::Questions;
use super::restore::{ClientId, Found};
use super::{Core, Cx};
use crate::messages::Messages;
use crate::session::{Replay, Session, Will, length};
use crate::slab::Key;
use crate::store::{ReceivedRecord, ReplayRecord, SessionRecord, StoreKey, SubscriptionRecord, WillRecord};
use crate::{DropReason, Message, Note, RestoreError};

/// What others belong to.
pub(super) struct Owners {
    pub(super) sessions: BTreeMap<ClientId, Key>,
    /// Sessions that there are, but not as they should be.
    damaged: BTreeSet<ClientId>,
    /// The will of each session, or 0.
    wills: BTreeMap<ClientId, u64>,
    pub(super) messages: BTreeMap<u64, Arc<Message>>,
    /// The filters of groups.
    pub(super) groups: BTreeMap<u64, TopicFilterBuf>,
    /// Whether something was left out that may be mended, and then needs what it refers to.
    pub(super) is_incomplete: bool,
}

impl Core {
    pub(super) fn rebuild(&mut self, mut found: Found, cx: &mut Cx<'_>) {
        let (copies, void) = found.sort_copies();
        let begun_wills = found.begun_wills();
        self.messages = Messages::after(found.last_used());
        let mut owners = Owners {
            sessions: BTreeMap::new(),
            damaged: found.damaged,
            wills: BTreeMap::new(),
            messages: BTreeMap::new(),
            groups: BTreeMap::new(),
            is_incomplete: found.has_unread,
        };
        let mut cut_off = Vec::new();
        for (client_id, record) in found.sessions {
            owners.wills.insert(Arc::clone(&client_id), record.will);
            let key = self.rebuild_session(Arc::clone(&client_id), record);
            cut_off.extend(record.left.is_none().then_some(key));
            owners.sessions.insert(client_id, key);
        }
        for (number, (message, _)) in found.messages {
            owners.messages.insert(number, self.messages.keep_as(message, number));
        }
        for (number, client_id) in void {
            self.journal.delete(StoreKey::Copy { number, client_id: &client_id }, cx.out);
        }
        for ((client_id, filter), record) in found.subscriptions {
            self.rebuild_subscription(&mut owners, &client_id, &filter, record, cx);
        }
        for &key in owners.sessions.values() {
            self.router.set_connected(key, false);
        }
        for ((client_id, id), ReceivedRecord { session, .. }) in found.received {
            let pair = StoreKey::Received { id: id.0, client_id: &client_id };
            let key = self.owner(&mut owners, pair, session, cx);
            if let Some(exchange) = key.and_then(|key| self.exchange(key)) {
                exchange.receive.take_over(id);
            }
        }
        // Before replays, which keep room for a topic.
        for (topic, message) in found.retained {
            self.rebuild_retained(&mut owners, &topic, message, cx);
        }
        for (number, (client_id, replay)) in found.replays {
            self.rebuild_replay(&mut owners, &client_id, number, replay, cx);
        }
        let homeless = self.rebuild_copies(&mut owners, copies, found.released, cx);
        let mut nobodys = Vec::new();
        for (&number, message) in &owners.messages {
            if self.messages.release(message) && !owners.is_incomplete {
                nobodys.push(number);
            }
        }
        // From here on all are complete. That is written at each restart, and so no two have the same number.
        *self.complete = 0;
        *self.last_exactly_once = self.number();
        self.questions = Questions::after(*self.last_exactly_once);
        self.save_complete(cx);
        let due = self.rebuild_wills(&owners, found.wills, &begun_wills, cx);
        for key in cut_off {
            self.save_session(key, cx);
        }
        for &key in owners.sessions.values() {
            self.set_session_timer(key);
            self.recharge(key);
        }
        for (client_id, parcel) in homeless {
            self.desk.tally.stats.copies_mut(parcel.qos).routed += 1;
            self.hand_on(&parcel, &client_id, DropReason::SessionEnded, cx);
            self.ledger(cx).drop_parcel(&client_id, &parcel);
        }
        for mut will in due {
            if begun_wills.contains(&will.number) {
                // It was allowed. To ask again might leave what there is of it.
                will.message.received = self.now;
                self.publish_allowed_will(&will, cx);
            } else {
                self.will_due(will.into(), cx);
            }
        }
        // Behind the wills, which have begun if there is a message of theirs.
        for number in nobodys {
            self.journal.delete(StoreKey::Message(number), cx.out);
        }
    }

    fn rebuild_session(&mut self, client_id: ClientId, record: SessionRecord) -> Key {
        let mut session = Session::new(client_id, record.number);
        session.expiry_interval = record.expiry_interval;
        session.left = record.left.unwrap_or(self.now);
        session.is_stored = self.config.durable;
        self.insert_session(session)
    }

    /// The session that a pair belongs to, which has this number. If there is none, the pair is what was left of one.
    pub(super) fn owner(
        &mut self,
        owners: &mut Owners,
        pair: StoreKey<'_>,
        number: u64,
        cx: &mut Cx<'_>,
    ) -> Option<Key> {
        let client_id = pair.client_id().unwrap_or("");
        let key = owners.sessions.get(client_id).copied();
        match key.and_then(|key| self.sessions.get(key)) {
            Some(session) if *session.number == number => return key,
            Some(session) if *session.number < number => {
                owners.leave_out(pair, RestoreError::Contradiction, cx);
            }
            None if owners.damaged.contains(client_id) => {
                owners.leave_out(pair, RestoreError::NoSession, cx);
            }
            Some(_) | None => self.journal.delete(pair, cx.out),
        }
        None
    }

    fn rebuild_subscription(
        &mut self,
        owners: &mut Owners,
        client_id: &ClientId,
        filter: &TopicFilter,
        SubscriptionRecord { session, subscribed, group }: SubscriptionRecord,
        cx: &mut Cx<'_>,
    ) {
        let pair = StoreKey::Subscription { client_id, filter: filter.as_str() };
        let Some(key) = self.owner(owners, pair, session, cx) else { return };
        if filter.is_shared() && **owners.groups.entry(group).or_insert_with(|| filter.into()) != *filter {
            return owners.leave_out(pair, RestoreError::Contradiction, cx);
        }
        let Some(session) = self.sessions.get_mut(key) else { return };
        session.subscriptions += 1;
        session.filter_bytes = session.filter_bytes.saturating_add(length(filter));
        session.subscribed = session.subscribed.max(subscribed.born);
        self.desk.tally.stats.subscriptions += 1;
        self.desk.tally.stats.shared_subscriptions += usize::from(filter.is_shared());
        self.router.subscribe(key, filter, subscribed, group);
    }

    fn rebuild_replay(
        &mut self,
        owners: &mut Owners,
        client_id: &ClientId,
        number: u64,
        record: ReplayRecord,
        cx: &mut Cx<'_>,
    ) {
        let pair = StoreKey::Replay { number, client_id };
        let Some(key) = self.owner(owners, pair, record.session, cx) else { return };
        if self.router.get(key, &record.filter).is_none_or(|subscribed| subscribed.born != record.born) {
            return self.journal.delete(pair, cx.out);
        }
        let replay = Replay::new(&record.filter, record.born, number);
        let mut replay = replay.at(record.place.as_deref());
        replay.is_stored = self.config.durable;
        if self.exchange(key).is_some()
            && let Some(session) = self.sessions.get_mut(key)
        {
            session.replay(replay);
            self.keep_replay_room(key);
        }
    }

    fn rebuild_retained(&mut self, owners: &mut Owners, topic: &TopicName, message: u64, cx: &mut Cx<'_>) {
        let pair = StoreKey::Retained(topic.as_str());
        match owners.messages.get(&message).map(Arc::clone) {
            None => owners.leave_out(pair, RestoreError::NoMessage, cx),
            Some(message) if message.topic() != topic => {
                owners.leave_out(pair, RestoreError::Contradiction, cx);
            }
            Some(message) => {
                self.messages.hold(&message);
                if self.config.durable {
                    self.messages.store(&message);
                }
                self.insert_retained(topic, message);
            }
        }
    }

    /// Gives those that are due, and gives up those that no session has.
    fn rebuild_wills(
        &mut self,
        owners: &Owners,
        wills: BTreeMap<u64, WillRecord>,
        begun: &BTreeSet<u64>,
        cx: &mut Cx<'_>,
    ) -> Vec<Will> {
        let mut due = Vec::new();
        for (number, WillRecord { will, is_due }) in wills {
            let is_due = is_due || begun.contains(&number);
            let client_id = will.client().client_id;
            let is_own = owners.wills.get(client_id) == Some(&number);
            let key = owners.sessions.get(client_id);
            match key.and_then(|&key| self.sessions.get_mut(key)) {
                Some(session) if !is_due && is_own => {
                    *self.heap += will.heap();
                    session.will = Some(will.into());
                }
                Some(_) if !is_due => self.forget_will(&will, cx),
                Some(_) | None => due.push(will),
            }
        }
        due
    }
}

impl Owners {
    /// Leaves out a pair, which stays in the store.
    pub(super) fn leave_out(&mut self, pair: StoreKey<'_>, error: RestoreError, cx: &mut Cx<'_>) {
        use alloc::string::ToString as _;
        self.is_incomplete = true;
        cx.out.note(&Note::NotRestored { key: pair.to_string().as_bytes(), error });
    }
}
