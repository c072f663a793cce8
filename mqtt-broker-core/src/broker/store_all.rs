//! Everything that is to survive, written once more.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use mqtt_session::{LocalId, RemoteId, Resend};
use mqtt_topic::TopicFilterBuf;

use super::publish::is_sys;
use super::{Broker, Core};
use crate::queue::Parcel;
use crate::router::Router;
use crate::slab::Key;
use crate::store::{
    CopyOf, CopyOrigin, CopyState, Journal, MessageOrigin, ReceivedRecord, ReleasedRecord, StoreKey,
    SubscriptionRecord, write_copy, write_message, write_number, write_replay, write_will,
};
use crate::{Actions, Message, Policy};

impl<P: Policy> Broker<P> {
    /// Puts all that is in the [store](Actions::store) once more, for a store that begins empty: a backup, or another one from now
    /// on. It takes as long as there is much.
    pub fn store_all(&mut self, actions: &mut dyn Actions) {
        self.core.store_all(actions);
    }
}

impl Core {
    fn store_all(&mut self, out: &mut dyn Actions) {
        if !self.config.durable {
            return;
        }
        let mut written = BTreeSet::new();
        let keys: Vec<_> = self.sessions.keys().collect();
        for &key in &keys {
            self.store_session(key, &mut written, out);
        }
        let Self { sessions, questions, retained, journal, messages, .. } = self;
        let own = keys.iter().filter_map(|&key| Some((sessions.get(key)?.will.as_deref()?, false)));
        for (will, is_due) in own.chain(questions.wills().map(|will| (will, true))) {
            journal.put(will.key(), |out| write_will(out, will, is_due), out);
        }
        for (topic, message) in retained.iter().filter(|(topic, _)| !is_sys(topic)) {
            if let Some(message) = store_message(message, &mut written, journal, out) {
                journal.put(StoreKey::Retained(topic.as_str()), |out| write_number(out, message), out);
            }
        }
        // None is on its way.
        let complete = messages.number();
        journal.put(StoreKey::Complete, |out| write_number(out, complete), out);
    }

    fn store_session(&mut self, key: Key, written: &mut BTreeSet<u64>, out: &mut dyn Actions) {
        let Self { sessions, router, journal, .. } = self;
        let Some(session) = sessions.get(key) else { return };
        let (client_id, number) = session.in_store();
        if session.is_stored {
            journal.put(StoreKey::Session(client_id), |out| session.record().write(out), out);
            let mut subscriptions: Vec<(TopicFilterBuf, _)> = Vec::new();
            router.visit_session(key, |filter, subscribed| subscriptions.push((filter.into(), subscribed)));
            for (filter, subscribed) in subscriptions {
                let key = StoreKey::Subscription { client_id, filter: filter.as_str() };
                let group = router.number_of(router.group_of(&filter));
                let record = SubscriptionRecord { session: number, subscribed, group };
                journal.put(key, |out| record.write(out), out);
            }
        }
        let Some(exchange) = &session.exchange else { return };
        let mut order = 0;
        for entry in exchange.send.iter() {
            match entry {
                Resend::Publish(id, _, parcel) => {
                    order = parcel.order;
                    let state = CopyState::Sent { id, order };
                    store_copy((client_id, number), parcel, state, router, written, journal, out);
                }
                Resend::PubRel(LocalId(id)) if session.is_stored => {
                    // Each had a place of its own between those of the copies around it, so there is room.
                    order += 1;
                    let record = ReleasedRecord { session: number, order };
                    journal.put(StoreKey::Released { id, client_id }, |out| record.write(out), out);
                }
                Resend::PubRel(_) => {}
            }
        }
        for parcel in exchange.queue.iter() {
            store_copy((client_id, number), parcel, CopyState::Queued, router, written, journal, out);
        }
        if session.is_stored {
            for RemoteId(id) in exchange.receive.unreleased() {
                // Its message is complete, whichever it is.
                let record = ReceivedRecord { session: number, message: 0 };
                journal.put(StoreKey::Received { id, client_id }, |out| record.write(out), out);
            }
            for replay in exchange.replays.iter().filter(|replay| replay.is_stored) {
                let key = StoreKey::Replay { number: replay.number, client_id };
                journal.put(key, |out| write_replay(out, number, replay), out);
            }
        }
    }
}

fn store_copy(
    (client_id, session): (&str, u64),
    parcel: &Parcel,
    state: CopyState,
    router: &Router,
    written: &mut BTreeSet<u64>,
    journal: &mut Journal,
    out: &mut dyn Actions,
) {
    if parcel.is_stored
        && let Some(message) = store_message(&parcel.message, written, journal, out)
    {
        let key = StoreKey::Copy { number: parcel.number, client_id };
        let of = CopyOf { session, message, group: router.number_of(parcel.group) };
        journal.put(key, |out| write_copy(out, parcel, of, state, CopyOrigin::Message), out);
    }
}

/// Writes a message, if it was not yet, and gives its number.
fn store_message(
    message: &Message,
    written: &mut BTreeSet<u64>,
    journal: &mut Journal,
    out: &mut dyn Actions,
) -> Option<u64> {
    let number = message.kept?.number;
    if written.insert(number) {
        let key = StoreKey::Message(number);
        journal.put(key, |out| write_message(out, message, MessageOrigin::Other), out);
    }
    Some(number)
}
