//! What goes to the store, and when (see [`Actions::store`](crate::Actions::store)).
//!
//! Each change is written before what depends on it is sent, and in an order in which it may be cut off anywhere: whatever is made
//! of several pairs counts only when the last of them is there, or when the one that it replaces is gone.

use mqtt_codec::PacketId;
use mqtt_session::LocalId;
use mqtt_topic::{TopicFilter, TopicName};

use super::{Core, Cx};
use crate::messages::Messages;
use crate::queue::Parcel;
use crate::router::{Router, Subscribed};
use crate::session::{Answer, Held, Replay, Session, Will};
use crate::slab::Key;
use crate::store::{
    self, CopyOf, CopyOrigin, CopyState, Journal, MessageOrigin, ReceivedRecord, ReleasedRecord, StoreKey,
    SubscriptionRecord,
};
use crate::{Actions, Message};

/// What it takes to write about the messages of a session that is borrowed.
pub(super) struct Ledger<'a> {
    pub(super) journal: &'a mut Journal,
    pub(super) messages: &'a mut Messages,
    pub(super) router: &'a Router,
    pub(super) out: &'a mut dyn Actions,
}

impl Ledger<'_> {
    /// A copy that waits or is under way. Its message goes before it, if it is not there yet.
    pub(super) fn save_copy(
        &mut self,
        (client_id, session): (&str, u64),
        parcel: &mut Parcel,
        state: CopyState,
        (message_origin, origin): (MessageOrigin, CopyOrigin),
    ) {
        let message = &parcel.message;
        let Some(kept) = message.kept else { return };
        if !parcel.is_stored {
            self.hold_message(message, message_origin);
            parcel.is_stored = true;
        }
        if let CopyState::Sent { order, .. } = state {
            parcel.order = order;
        }
        let of = CopyOf { session, message: kept.number, group: self.router.number_of(parcel.group) };
        let key = StoreKey::Copy { number: parcel.number, client_id };
        self.journal.put(key, |out| store::write_copy(out, parcel, of, state, origin), self.out);
    }

    /// A copy that is done with: it is forgotten, and so is its message if nobody else has it.
    pub(super) fn drop_parcel(&mut self, client_id: &str, parcel: &Parcel) {
        if parcel.is_stored {
            self.journal.delete(StoreKey::Copy { number: parcel.number, client_id }, self.out);
            self.release_message(&parcel.message);
        }
        self.messages.release_parcel(parcel);
    }

    /// How far a replay is, or that it has ended.
    pub(super) fn save_replay(&mut self, (client_id, session): (&str, u64), replay: &mut Replay) {
        let key = StoreKey::Replay { number: replay.number, client_id };
        if !replay.has_ended() {
            replay.is_stored = true;
            replay.is_ahead = false;
            self.journal.put(key, |out| store::write_replay(out, session, replay), self.out);
        } else if replay.is_stored {
            replay.is_stored = false;
            self.journal.delete(key, self.out);
        }
    }

    fn hold_message(&mut self, message: &Message, origin: MessageOrigin) {
        if let Some(kept) = message.kept
            && self.messages.store(message)
        {
            let key = StoreKey::Message(kept.number);
            self.journal.put(key, |out| store::write_message(out, message, origin), self.out);
        }
    }

    fn release_message(&mut self, message: &Message) {
        if let Some(kept) = message.kept
            && self.messages.unstore(message)
        {
            self.journal.delete(StoreKey::Message(kept.number), self.out);
        }
    }
}

impl Core {
    pub(super) fn ledger<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Ledger<'a> {
        let Self { journal, messages, router, .. } = self;
        Ledger { journal, messages, router, out: cx.out }
    }

    /// The number of another message, copy, replay or will.
    pub(super) fn number(&mut self) -> u64 {
        self.messages.number()
    }

    /// Forgets a copy of a session that goes on.
    pub(super) fn drop_parcel(&mut self, key: Key, parcel: &Parcel, cx: &mut Cx<'_>) {
        let Self { sessions, journal, messages, router, .. } = self;
        let client_id = sessions.get(key).map_or("", |session| &*session.client_id);
        Ledger { journal, messages, router, out: cx.out }.drop_parcel(client_id, parcel);
        self.recharge(key);
    }

    pub(super) fn save_session(&mut self, key: Key, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get(key).filter(|session| session.is_stored) else { return };
        self.journal.put(StoreKey::Session(&session.client_id), |out| session.record().write(out), cx.out);
    }

    pub(super) fn save_subscription(
        &mut self,
        key: Key,
        filter: &TopicFilter,
        subscribed: Subscribed,
        cx: &mut Cx<'_>,
    ) {
        let Some(session) = self.sessions.get(key).filter(|session| session.is_stored) else { return };
        let key = StoreKey::Subscription { client_id: &session.client_id, filter: filter.as_str() };
        let group = self.router.number_of(self.router.group_of(filter));
        let record = SubscriptionRecord { session: *session.number, subscribed, group };
        self.journal.put(key, |out| record.write(out), cx.out);
    }

    pub(super) fn forget_subscription(&mut self, key: Key, filter: &TopicFilter, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get(key).filter(|session| session.is_stored) else { return };
        let key = StoreKey::Subscription { client_id: &session.client_id, filter: filter.as_str() };
        self.journal.delete(key, cx.out);
    }

    /// A replay that begins.
    pub(super) fn save_replay(&mut self, key: Key, replay: &mut Replay, cx: &mut Cx<'_>) {
        let Self { sessions, journal, messages, router, .. } = self;
        if let Some(session) = sessions.get(key).filter(|session| session.is_stored) {
            Ledger { journal, messages, router, out: cx.out }.save_replay(session.in_store(), replay);
        }
    }

    /// How far the first replay of a session is, if the store does not know it.
    pub(super) fn save_progress(&mut self, key: Key, cx: &mut Cx<'_>) {
        let Self { sessions, journal, messages, router, .. } = self;
        let Some(Session { client_id, number, exchange: Some(exchange), .. }) = sessions.get_mut(key) else {
            return;
        };
        let replay = exchange.replays.front_mut();
        if let Some(replay) = replay.filter(|replay| replay.is_stored && replay.is_ahead) {
            Ledger { journal, messages, router, out: cx.out }.save_replay((client_id, **number), replay);
        }
        if !exchange.replays.is_empty() {
            self.recharge(key);
        }
    }

    /// The first replay of a session ends.
    pub(super) fn end_replay(&mut self, key: Key, cx: &mut Cx<'_>) {
        let Some(replay) = self.sessions.get_mut(key).and_then(Session::end_replay) else { return };
        self.recharge(key);
        if let Some(Held { answer: Answer::Open(ticket), .. }) = replay.held {
            self.withdraw(ticket);
        }
        let Some(session) = self.sessions.get(key).filter(|_| replay.is_stored) else { return };
        let client_id = &session.client_id;
        self.journal.delete(StoreKey::Replay { number: replay.number, client_id }, cx.out);
    }

    /// A QoS 2 message of a client was taken over, and if it has a number, it went to all who should have it. From here on it is
    /// complete.
    pub(super) fn save_received(&mut self, key: Key, id: PacketId, number: u64, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get(key).filter(|session| session.is_stored) else { return };
        *self.last_exactly_once = self.last_exactly_once.max(number);
        let key = StoreKey::Received { id, client_id: &session.client_id };
        let record = ReceivedRecord { session: *session.number, message: number };
        self.journal.put(key, |out| record.write(out), cx.out);
    }

    /// The client has released the identifier. The message does not depend on it any more.
    pub(super) fn forget_received(&mut self, key: Key, id: PacketId, cx: &mut Cx<'_>) {
        if self.sessions.get(key).is_none_or(|session| !session.is_stored) {
            return;
        }
        self.save_complete(cx);
        let Some(session) = self.sessions.get(key) else { return };
        let client_id = &session.client_id;
        self.journal.delete(StoreKey::Received { id, client_id }, cx.out);
    }

    /// All messages so far are complete: none is on its way while this is called.
    pub(super) fn save_complete(&mut self, cx: &mut Cx<'_>) {
        let last = *self.last_exactly_once;
        if *self.complete < last {
            *self.complete = last;
            self.journal.put(StoreKey::Complete, |out| store::write_number(out, last), cx.out);
        }
    }

    /// The client has answered PUBREC for the copy with this place. Written before that is dropped.
    pub(super) fn save_released(&mut self, key: Key, LocalId(id): LocalId, order: u64, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get(key).filter(|session| session.is_stored) else { return };
        let key = StoreKey::Released { id, client_id: &session.client_id };
        let record = ReleasedRecord { session: *session.number, order };
        self.journal.put(key, |out| record.write(out), cx.out);
    }

    pub(super) fn forget_released(&mut self, key: Key, LocalId(id): LocalId, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get(key).filter(|session| session.is_stored) else { return };
        let client_id = &session.client_id;
        self.journal.delete(StoreKey::Released { id, client_id }, cx.out);
    }

    /// The will of a session.
    pub(super) fn save_own_will(&mut self, key: Key, cx: &mut Cx<'_>) {
        let Self { sessions, journal, .. } = self;
        if let Some(will) = sessions.get(key).and_then(|session| session.will.as_deref()) {
            journal.put(will.key(), |out| store::write_will(out, will, false), cx.out);
        }
    }

    /// A will is to be published, and is no session's any more.
    pub(super) fn save_due_will(&mut self, will: &Will, cx: &mut Cx<'_>) {
        self.journal.put(will.key(), |out| store::write_will(out, will, true), cx.out);
    }

    pub(super) fn forget_will(&mut self, will: &Will, cx: &mut Cx<'_>) {
        self.journal.delete(will.key(), cx.out);
    }

    /// A topic has another retained message.
    pub(super) fn save_retained(&mut self, message: &Message, origin: MessageOrigin, cx: &mut Cx<'_>) {
        let Some(kept) = message.kept.filter(|_| self.config.durable) else { return };
        let mut ledger = self.ledger(cx);
        ledger.hold_message(message, origin);
        let key = StoreKey::Retained(message.topic.as_str());
        ledger.journal.put(key, |out| store::write_number(out, kept.number), ledger.out);
    }

    /// A topic has no retained message any more.
    pub(super) fn forget_retained(&mut self, topic: &TopicName, cx: &mut Cx<'_>) {
        if self.config.durable {
            self.journal.delete(StoreKey::Retained(topic.as_str()), cx.out);
        }
    }

    /// A message that was retained is not any more.
    pub(super) fn drop_retained(&mut self, message: &Message, is_stored: bool, cx: &mut Cx<'_>) {
        let is_stored = is_stored && self.config.durable;
        let mut ledger = self.ledger(cx);
        if is_stored {
            ledger.release_message(message);
        }
        ledger.messages.release(message);
    }
}
