//! What a store has, and which of it counts: it may have been cut off anywhere in its history (see `save.rs`).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

use mqtt_session::{LocalId, RemoteId, Timestamp};
use mqtt_topic::{TopicFilterBuf, TopicNameBuf};

use super::{Broker, Cx};
use crate::router::Subscribed;
use crate::session::Will;
use crate::store::{
    CopyOrigin, CopyRecord, CopyState, MessageOrigin, Record, ReplayRecord, RetainedRecord, SessionRecord,
    StoreKey,
};
use crate::{Actions, Config, Message, Note, Policy, RestoreError};

pub(super) type ClientId = Arc<str>;

/// A copy, with its number and whose it is.
pub(super) type Copy = (u64, ClientId, CopyRecord);

/// What the pairs say, sorted.
#[derive(Default)]
pub(super) struct Pairs {
    pub(super) sessions: BTreeMap<ClientId, SessionRecord>,
    pub(super) subscriptions: BTreeMap<(ClientId, TopicFilterBuf), (Subscribed, u64)>,
    pub(super) copies: BTreeMap<u64, (ClientId, CopyRecord)>,
    pub(super) received: BTreeMap<(ClientId, RemoteId), u64>,
    pub(super) released: BTreeMap<(ClientId, LocalId), u64>,
    pub(super) replays: BTreeMap<u64, (ClientId, ReplayRecord)>,
    pub(super) wills: BTreeMap<u64, Will>,
    pub(super) messages: BTreeMap<u64, (Message, MessageOrigin)>,
    pub(super) retained: BTreeMap<TopicNameBuf, RetainedRecord>,
    pub(super) complete: u64,
    /// The highest number that is used.
    pub(super) last: u64,
    /// Sessions that there are, but not as they should be.
    pub(super) damaged: BTreeSet<ClientId>,
}

impl<P: Policy> Broker<P> {
    /// The broker whose [store](Actions::store) has these pairs, in any order, at a later time `now`. All its connections are gone,
    /// from this moment on.
    ///
    /// The pairs may be what the store had after any of its changes, if all before that are in it. A pair that is damaged, or not
    /// a broker's, is [noted](Note::NotRestored) and left out, and so is what depends on it; it stays in the store. What belongs to
    /// an event that was not written to its end is deleted.
    ///
    /// The actions are carried out like those of an event.
    pub fn restore<K: AsRef<[u8]>, V: AsRef<[u8]>>(
        config: Config,
        policy: P,
        now: Timestamp,
        pairs: impl IntoIterator<Item = (K, V)>,
        actions: &mut dyn Actions,
    ) -> Self {
        let mut broker = Self::new(config, policy);
        broker.core.now = now;
        let mut read = Pairs::default();
        for (key, value) in pairs {
            let key = key.as_ref();
            if let Err(error) = read.add(key, value.as_ref()) {
                actions.note(&Note::NotRestored { key, error });
            }
        }
        let cx = &mut Cx { policy: &mut broker.policy, out: actions };
        broker.core.rebuild(read, cx);
        broker
    }
}

impl Pairs {
    fn add(&mut self, key: &[u8], value: &[u8]) -> Result<(), RestoreError> {
        let key = StoreKey::parse(key).ok_or(RestoreError::UnknownKey)?;
        let record = Record::parse(key, value).inspect_err(|_| {
            if let StoreKey::Session(client_id) = key {
                self.damaged.insert(client_id.into());
            }
        })?;
        let client_id = || ClientId::from(key.client_id().unwrap_or(""));
        self.last = self.last.max(key.number());
        let is_new = match record {
            Record::Session(session) => self.sessions.insert(client_id(), session).is_none(),
            Record::Subscription(filter, subscribed, group) => {
                self.last = self.last.max(group);
                self.subscriptions.insert((client_id(), filter), (subscribed, group)).is_none()
            }
            Record::Copy(copy) => {
                if let CopyState::Sent { order, .. } = copy.state {
                    self.last = self.last.max(order);
                }
                self.copies.insert(key.number(), (client_id(), copy)).is_none()
            }
            Record::Received(id, message) => {
                self.last = self.last.max(message);
                self.received.insert((client_id(), id), message).is_none()
            }
            Record::Released(id, order) => {
                self.last = self.last.max(order);
                self.released.insert((client_id(), id), order).is_none()
            }
            Record::Replay(replay) => self.replays.insert(key.number(), (client_id(), replay)).is_none(),
            Record::Will(will) => self.wills.insert(will.number, will).is_none(),
            Record::Message(message, origin) => {
                self.messages.insert(key.number(), (message, origin)).is_none()
            }
            Record::Retained(topic, retained) => self.retained.insert(topic, retained).is_none(),
            Record::Complete(number) => {
                self.last = self.last.max(number);
                self.complete = number;
                true
            }
        };
        if is_new { Ok(()) } else { Err(RestoreError::Contradiction) }
    }

    /// Messages that went to all who should have them.
    fn complete_messages(&self) -> BTreeSet<u64> {
        let received =
            self.received.iter().filter(|((client_id, _), _)| self.sessions.contains_key(client_id));
        let received: BTreeSet<_> = received.map(|(_, &message)| message).collect();
        let is_complete = |number, origin| match origin {
            MessageOrigin::Other => true,
            MessageOrigin::ExactlyOnce => number <= self.complete || received.contains(&number),
            MessageOrigin::Will(will) => !self.wills.contains_key(&will),
        };
        self.messages
            .iter()
            .filter(|&(&number, &(_, origin))| is_complete(number, origin))
            .map(|(&number, _)| number)
            .collect()
    }

    /// The copies that count, and those that do not.
    pub(super) fn sort_copies(&mut self) -> (Vec<Copy>, Vec<(u64, ClientId)>) {
        let complete = self.complete_messages();
        let counts = |(client_id, copy): &(ClientId, CopyRecord)| {
            let is_original = match copy.origin {
                CopyOrigin::Message => true,
                CopyOrigin::Copy(source) => !self.copies.contains_key(&source),
                CopyOrigin::Replay(replay) => self.replays.get(&replay).is_none_or(|(_, replay)| {
                    self.messages
                        .get(&copy.message)
                        .is_some_and(|(message, _)| replay.is_past(&message.topic))
                }),
            };
            let is_answered = match copy.state {
                CopyState::Queued => false,
                CopyState::Sent { id, .. } => self.released.contains_key(&(Arc::clone(client_id), id)),
            };
            let is_incomplete =
                self.messages.contains_key(&copy.message) && !complete.contains(&copy.message);
            is_original && !is_answered && !is_incomplete
        };
        let void: BTreeSet<_> =
            self.copies.iter().filter(|(_, copy)| !counts(copy)).map(|(&number, _)| number).collect();
        let (mut counting, mut rest) = (Vec::new(), Vec::new());
        for (number, (client_id, copy)) in mem::take(&mut self.copies) {
            if void.contains(&number) {
                rest.push((number, client_id));
            } else {
                counting.push((number, client_id, copy));
            }
        }
        (counting, rest)
    }
}
