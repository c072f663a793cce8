//! Copies of messages, put where they were.

use alloc::collections::{BTreeMap, BTreeSet, btree_map};
use alloc::sync::Arc;
use alloc::vec::Vec;

use mqtt_session::{Handshake, LocalId};

use super::rebuild::Owners;
use super::restore::{ClientId, Copy};
use super::{Core, Cx};
use crate::RestoreError;
use crate::queue::Parcel;
use crate::slab::Key;
use crate::store::{CopyRecord, CopyState, ReleasedRecord, StoreKey};

/// What is under way to a client: a copy, or what is left of one whose PUBREC came.
struct UnderWay {
    order: u64,
    session: Key,
    id: LocalId,
    copy: Option<(Handshake, Parcel)>,
}

impl Core {
    /// Gives those that belong to groups and to no session.
    pub(super) fn rebuild_copies(
        &mut self,
        owners: &mut Owners,
        copies: Vec<Copy>,
        released: BTreeMap<(ClientId, LocalId), ReleasedRecord>,
        cx: &mut Cx<'_>,
    ) -> Vec<(ClientId, Parcel)> {
        let (mut under_way, mut homeless) = (Vec::new(), Vec::new());
        for ((client_id, id), ReleasedRecord { session, order }) in released {
            let pair = StoreKey::Released { id: id.0, client_id: &client_id };
            if let Some(session) = self.owner(owners, pair, session, cx) {
                under_way.push(UnderWay { order, session, id, copy: None });
            }
        }
        let overtaken = overtaken(&copies);
        for (number, client_id, copy) in copies {
            let pair = StoreKey::Copy { number, client_id: &client_id };
            let Some(message) = owners.messages.get(&copy.message).map(Arc::clone) else {
                owners.leave_out(pair, RestoreError::NoMessage, cx);
                continue;
            };
            if overtaken.contains(&number) {
                owners.leave_out(pair, RestoreError::Contradiction, cx);
                continue;
            }
            let group = owners.groups.get(&copy.group).and_then(|filter| self.router.group_of(filter));
            let has_begun = matches!(copy.state, CopyState::Sent { .. });
            let can_move = group.is_some() && !(has_begun && copy.qos == Handshake::ExactlyOnce);
            let CopyRecord { session, qos, retain, subscription_ids, state, .. } = copy;
            let session = if can_move && !self.has_session(owners, &client_id, session) {
                None
            } else if let Some(session) = self.owner(owners, pair, session, cx) {
                Some(session)
            } else {
                continue;
            };
            if self.config.durable {
                self.messages.store(&message);
            }
            let is_stored = self.config.durable;
            let mut parcel = Parcel {
                message,
                qos: qos.qos(),
                retain,
                subscription_ids,
                group,
                number,
                is_stored,
                order: 0,
            };
            self.messages.hold_parcel(&parcel);
            match (session, state) {
                (None, _) => homeless.push((client_id, parcel)),
                (Some(session), CopyState::Queued) => {
                    self.desk.tally.stats.copies_mut(parcel.qos).routed += 1;
                    self.put_in_queue(session, parcel);
                }
                (Some(session), CopyState::Sent { id, order }) => {
                    parcel.order = order;
                    under_way.push(UnderWay { order, session, id, copy: Some((qos, parcel)) });
                }
            }
        }
        under_way.sort_by_key(|sent| sent.order);
        for sent in under_way {
            self.put_under_way(sent);
        }
        homeless
    }

    fn has_session(&self, owners: &Owners, client_id: &str, number: u64) -> bool {
        let session = owners.sessions.get(client_id).and_then(|&key| self.sessions.get(key));
        session.is_some_and(|session| *session.number == number)
    }

    fn put_under_way(&mut self, UnderWay { session, id, copy, .. }: UnderWay) {
        let Some(exchange) = self.exchange(session) else { return };
        let qos = copy.as_ref().map(|(handshake, _)| handshake.qos());
        exchange.in_flight_bytes += copy.as_ref().map_or(0, |(_, parcel)| parcel.size());
        exchange.send.put_back(id, copy);
        if let Some(qos) = qos {
            let copies = self.desk.tally.stats.copies_mut(qos);
            copies.routed += 1;
            copies.in_flight += 1;
        }
    }
}

/// Copies whose Packet Identifier another copy for the same session has, that was sent later.
fn overtaken(copies: &[Copy]) -> BTreeSet<u64> {
    let mut latest = BTreeMap::new();
    let mut overtaken = BTreeSet::new();
    for (number, client_id, copy) in copies {
        let CopyState::Sent { id, order } = copy.state else { continue };
        let sent = (order, *number);
        match latest.entry((client_id, copy.session, id)) {
            btree_map::Entry::Vacant(entry) => _ = entry.insert(sent),
            btree_map::Entry::Occupied(mut entry) => {
                let latest = sent.max(*entry.get());
                let (_, other) = sent.min(entry.insert(latest));
                overtaken.insert(other);
            }
        }
    }
    overtaken
}
