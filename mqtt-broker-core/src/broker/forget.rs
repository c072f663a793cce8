//! What goes from the store when a session ends.

use alloc::vec::Vec;

use mqtt_session::{LocalId, RemoteId};
use mqtt_topic::TopicFilterBuf;

use super::{Core, Cx};
use crate::queue::Parcel;
use crate::session::{Exchange, Session};
use crate::slab::Key;
use crate::store::StoreKey;

/// What is in the store of a session that ends, besides its copies of messages.
#[derive(Default)]
pub(super) struct Left {
    subscriptions: Vec<TopicFilterBuf>,
    received: Vec<RemoteId>,
    released: Vec<LocalId>,
    replays: Vec<u64>,
}

impl Left {
    pub(super) fn add_those_of(&mut self, exchange: &Exchange) {
        self.received.extend(exchange.receive.unreleased());
        self.released.extend(exchange.send.released());
        self.replays
            .extend(exchange.replays.iter().filter(|replay| replay.is_stored).map(|replay| replay.number));
    }
}

impl Core {
    /// The subscriptions of a session, if they are in the store.
    pub(super) fn stored_subscriptions(&mut self, key: Key) -> Left {
        let mut left = Left::default();
        if self.sessions.get(key).is_some_and(|session| session.is_stored) {
            self.router.visit_session(key, |filter, _| left.subscriptions.push(filter.into()));
        }
        left
    }

    /// A session is over. Those of its parcels that have moved to others go first, one by one, since the others' copies count
    /// from then on; then the session's own pair, without which the rest of it counts no more.
    pub(super) fn forget_session(
        &mut self,
        session: &Session,
        left: &Left,
        parcels: &[(Parcel, bool)],
        cx: &mut Cx<'_>,
    ) {
        let client_id = &*session.client_id;
        let (moved, own): (Vec<_>, Vec<_>) = parcels.iter().partition(|(_, has_moved)| *has_moved);
        for (parcel, _) in moved {
            self.ledger(cx).drop_parcel(client_id, parcel);
        }
        if session.is_stored {
            self.save_complete(cx);
            self.journal.delete(StoreKey::Session(client_id), cx.out);
        }
        for (parcel, _) in own {
            self.ledger(cx).drop_parcel(client_id, parcel);
        }
        for filter in &left.subscriptions {
            self.journal.delete(StoreKey::Subscription { client_id, filter: filter.as_str() }, cx.out);
        }
        for &RemoteId(id) in &left.received {
            self.journal.delete(StoreKey::Received { id, client_id }, cx.out);
        }
        for &LocalId(id) in &left.released {
            self.journal.delete(StoreKey::Released { id, client_id }, cx.out);
        }
        for &number in &left.replays {
            self.journal.delete(StoreKey::Replay { number, client_id }, cx.out);
        }
    }
}
