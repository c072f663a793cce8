//! What a store has, and which of it counts: it may have been cut off anywhere in its history (see `save.rs`).

use alloc::collections::{BTreeMap, BTreeSet, btree_map};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

use mqtt_session::{LocalId, RemoteId, Timestamp};
use mqtt_topic::{TopicFilterBuf, TopicNameBuf};

use super::{Broker, Cx};
use crate::store::{
    CopyOrigin, CopyRecord, CopyState, MessageOrigin, NUMBERS, ReceivedRecord, Record, ReleasedRecord,
    ReplayRecord, SessionRecord, StoreKey, SubscriptionRecord, WillRecord,
};
use crate::{Actions, Config, Message, Note, Policy, RestoreError};

pub(super) type ClientId = Arc<str>;

/// A copy, with its number and whose it is.
pub(super) type Copy = (u64, ClientId, CopyRecord);

/// What the pairs say, sorted.
#[derive(Default)]
pub(super) struct Found {
    pub(super) sessions: BTreeMap<ClientId, SessionRecord>,
    pub(super) subscriptions: BTreeMap<(ClientId, TopicFilterBuf), SubscriptionRecord>,
    pub(super) copies: BTreeMap<u64, (ClientId, CopyRecord)>,
    pub(super) received: BTreeMap<(ClientId, RemoteId), ReceivedRecord>,
    pub(super) released: BTreeMap<(ClientId, LocalId), ReleasedRecord>,
    pub(super) replays: BTreeMap<u64, (ClientId, ReplayRecord)>,
    pub(super) wills: BTreeMap<u64, WillRecord>,
    pub(super) messages: BTreeMap<u64, (Message, MessageOrigin)>,
    pub(super) retained: BTreeMap<TopicNameBuf, u64>,
    pub(super) complete: Option<u64>,
    /// The highest number that is used.
    last: u64,
    /// Pairs with numbers so high that they may be damage.
    high: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whether there is one that says how high numbers may be, but not readable.
    is_without_limit: bool,
    /// Sessions that there are, but not as they should be.
    pub(super) damaged: BTreeSet<ClientId>,
    /// Whether pairs of ours could not be read, and whether they would have said which messages are complete.
    pub(super) has_unread: bool,
    is_in_doubt: bool,
}

/// By how much numbers go on above those that can be seen, if there are some that cannot.
const UNSEEN: u64 = 1 << 40;

/// So many numbers are not used from one restart to the next.
const GAP: u64 = 1 << 50;

impl<P: Policy> Broker<P> {
    /// The broker whose [store](Actions::store) has these pairs, in any order, at a later time `now`. All its connections are gone,
    /// from this moment on.
    ///
    /// The pairs may be what the store had after any of its changes, if all before that are in it. A pair that is damaged, or in
    /// another format, or not a broker's, is [noted](Note::NotRestored) and left out, and so is what depends on it; it stays in the
    /// store. What belongs to an event that was not written to its end is deleted.
    ///
    /// The actions are carried out like those of an event. Until they are, the store is as it was: a runtime that would rather not
    /// go on without what was noted, such as all that a later version wrote, can still stop.
    ///
    /// Questions of before are not open any more. Answers to them change nothing, since their tickets are not used again; but
    /// without [`Config::durable`] the store does not know which were, so a runtime that restores from it twice keeps such answers
    /// back itself.
    pub fn restore<K: AsRef<[u8]>, V: AsRef<[u8]>>(
        config: Config,
        policy: P,
        now: Timestamp,
        pairs: impl IntoIterator<Item = (K, V)>,
        actions: &mut dyn Actions,
    ) -> Self {
        let mut broker = Self::new(config, policy);
        broker.core.now = now;
        let mut found = Found::default();
        let mut add = |is_high: bool, found: &mut Found, key: &[u8], value: &[u8]| {
            if let Err(error) = found.add(key, value, is_high) {
                actions.note(&Note::NotRestored { key, error });
            }
        };
        for (key, value) in pairs {
            add(false, &mut found, key.as_ref(), value.as_ref());
        }
        for (key, value) in mem::take(&mut found.high) {
            add(true, &mut found, &key, &value);
        }
        let cx = &mut Cx { policy: &mut broker.policy, out: actions };
        broker.core.rebuild(found, cx);
        broker
    }
}

impl Found {
    /// Takes in a pair. If its numbers are high, that has to wait until all others are known.
    fn add(&mut self, key: &[u8], value: &[u8], is_high: bool) -> Result<(), RestoreError> {
        let pair = StoreKey::parse(key).ok_or(RestoreError::UnknownKey)?;
        let record = Record::parse(pair, value);
        let number = record.as_ref().map_or(0, Record::last_number).max(pair.number());
        if number >= GAP && !is_high && pair != StoreKey::Complete {
            self.high.push((key.into(), value.into()));
            return Ok(());
        }
        // Each restart writes up to where there are numbers.
        let limit = if pair == StoreKey::Complete {
            NUMBERS - 2 * GAP
        } else if self.is_without_limit {
            NUMBERS - GAP
        } else {
            self.complete.unwrap_or(0) + GAP
        };
        if number <= limit {
            self.last = self.last.max(number);
        }
        let record =
            record.and_then(|record| if number <= limit { Ok(record) } else { Err(RestoreError::Malformed) });
        let record = record.inspect_err(|_| self.cannot_read(pair))?;
        self.sort_in(pair, record)
    }

    fn sort_in(&mut self, key: StoreKey<'_>, record: Record) -> Result<(), RestoreError> {
        let client_id = || ClientId::from(key.client_id().unwrap_or(""));
        let number = key.number();
        let is_new = match record {
            Record::Session(session) => keep(self.sessions.entry(client_id()), session),
            Record::Subscription(filter, record) => {
                keep(self.subscriptions.entry((client_id(), filter)), record)
            }
            Record::Copy(copy) => keep(self.copies.entry(number), (client_id(), copy)),
            Record::Received(id, record) => keep(self.received.entry((client_id(), id)), record),
            Record::Released(id, record) => keep(self.released.entry((client_id(), id)), record),
            Record::Replay(replay) => keep(self.replays.entry(number), (client_id(), replay)),
            Record::Will(will) => keep(self.wills.entry(number), will),
            Record::Message(message, origin) => keep(self.messages.entry(number), (message, origin)),
            Record::Retained(topic, retained) => keep(self.retained.entry(topic), retained),
            Record::Complete(number) => {
                let is_first = self.complete.is_none();
                self.complete.get_or_insert(number);
                is_first
            }
        };
        if is_new { Ok(()) } else { Err(RestoreError::Contradiction) }
    }

    /// What can be said of a pair of which the key alone is known.
    fn cannot_read(&mut self, key: StoreKey<'_>) {
        self.has_unread = true;
        match key {
            StoreKey::Session(client_id) => _ = self.damaged.insert(client_id.into()),
            StoreKey::Complete => (self.is_in_doubt, self.is_without_limit) = (true, true),
            StoreKey::Received { .. } => self.is_in_doubt = true,
            StoreKey::Subscription { .. }
            | StoreKey::Copy { .. }
            | StoreKey::Released { .. }
            | StoreKey::Replay { .. }
            | StoreKey::Will { .. }
            | StoreKey::Message(_)
            | StoreKey::Retained(_) => {}
        }
    }

    /// The number after which there are only free ones.
    pub(super) const fn last_used(&self) -> u64 {
        if self.has_unread { self.last + UNSEEN } else { self.last }
    }

    /// Wills that were being published: it was allowed.
    pub(super) fn begun_wills(&self) -> BTreeSet<u64> {
        let origins = self.messages.values().filter_map(|&(_, origin)| match origin {
            MessageOrigin::Will(number) => Some(number),
            MessageOrigin::Other | MessageOrigin::ExactlyOnce => None,
        });
        origins.collect()
    }

    /// Messages that went to all who should have them, or may have.
    fn complete_messages(&self) -> BTreeSet<u64> {
        let received: BTreeSet<_> = self.received.values().map(|received| received.message).collect();
        let complete = self.complete.unwrap_or(0);
        let is_complete = |number, origin| match origin {
            MessageOrigin::Other => true,
            MessageOrigin::ExactlyOnce => {
                self.is_in_doubt || number <= complete || received.contains(&number)
            }
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
                CopyState::Sent { id, .. } => self
                    .released
                    .get(&(Arc::clone(client_id), id))
                    .is_some_and(|released| released.session == copy.session),
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

/// Keeps the first of those that say that they are the same. Whether this is it.
fn keep<K: Ord, V>(entry: btree_map::Entry<'_, K, V>, value: V) -> bool {
    let is_first = matches!(entry, btree_map::Entry::Vacant(_));
    entry.or_insert(value);
    is_first
}
