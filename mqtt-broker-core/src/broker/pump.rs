//! What waits for a client, when it can go on: the queue, retained messages, and what was sent before (MQTT 5.0 §4.4, §4.6).

use alloc::vec::Vec;

use mqtt_codec::{PubRel, QoS, ReasonCode};
use mqtt_session::{Resend, Timestamp};

use super::budget::{ENTRY, Want};
use super::{Core, Cx, Desk, send};
use crate::DropReason;
use crate::router::Granted;
use crate::slab::Key;
use crate::timers::Timer;

/// Retained messages that are looked at for one session before others have their turn.
const REPLAY_STEPS: usize = 64;

/// Milliseconds after which a replay that finds no room for its place looks again.
const RETRY: u64 = 1_000;

impl Core {
    /// Sends what waits for a client, as far as there is room: first what was sent on an earlier connection (MQTT-4.4.0-1),
    /// then the queue and the retained messages for new subscriptions, each in its turn.
    pub(super) fn pump(&mut self, key: Key, cx: &mut Cx<'_>) {
        let exchange = self.existing_exchange(key);
        let Some(exchange) = exchange.filter(|exchange| exchange.has_something_to_send()) else { return };
        let replays = exchange.replays.front().is_some_and(|replay| replay.is_stored);
        self.resend(key, cx);
        if replays {
            // What is sent at QoS 0 has no pair of its own.
            self.held_back(cx, |core, cx| {
                core.send_what_waits(key, cx);
                core.save_progress(key, cx);
            });
        } else {
            self.send_what_waits(key, cx);
        }
        if let Some(conn) = self.sessions.get(key).and_then(|session| session.conn) {
            self.note_congestion(conn);
        }
    }

    fn send_what_waits(&mut self, key: Key, cx: &mut Cx<'_>) {
        let mut steps = 0;
        loop {
            let replay = self.next_replay(key, cx);
            let before = replay.map_or(u64::MAX, |(number, _)| number);
            let Some(session) = self.sessions.get(key).filter(|session| self.window_is_open(session)) else {
                return;
            };
            // Without room for another place in the window, it goes on when one there is free. The first is always there.
            let is_empty = session.exchange.as_ref().is_none_or(|exchange| exchange.send.is_empty());
            let growth = self.window_growth(key);
            let has_place = is_empty || growth == 0 || self.fits(growth);
            let quota_is_open = has_place && self.quota_is_open(session);
            let exchange = self.sessions.get_mut(key).and_then(|session| session.exchange.as_mut());
            let Some(exchange) = exchange else { return };
            if let Some(parcel) = exchange.queue.pop(quota_is_open, before) {
                self.waits_no_more(&parcel);
                if parcel.message.is_expired(self.now) {
                    self.drop_copy(key, &parcel.message.topic, parcel.qos, DropReason::Expired, cx);
                    self.drop_parcel(key, &parcel, cx);
                } else {
                    self.transmit(key, parcel, Default::default(), cx);
                }
                continue;
            }
            let Some((number, granted)) = replay else { return };
            if steps == REPLAY_STEPS {
                return self.replay_later(key, self.now);
            }
            steps += 1;
            let growth = self.replay_room_growth(key);
            if growth > 0 {
                if !self.make_room(growth, Want::Other, cx) {
                    return self.replay_later(key, self.now.plus_millis(RETRY));
                }
                self.keep_replay_room(key);
            }
            // What is in the way calls again when it is gone. The QoS of what will be found is not known yet.
            let Some(session) = self.sessions.get(key) else { return };
            let may_go = |qos| self.may_send_now(session, qos, number);
            if !may_go(QoS::AtMostOnce) || !may_go(granted.qos) {
                return;
            }
            if !self.replay_step(key, granted, cx) {
                return;
            }
        }
    }

    fn replay_later(&mut self, key: Key, at: Timestamp) {
        let Self { sessions, timers, .. } = self;
        if let Some(exchange) = sessions.get_mut(key).and_then(|session| session.exchange.as_mut()) {
            timers.set(&mut exchange.replay_alarm, Some(at), Timer::Replay(key.index()));
        }
        self.recharge(key);
    }

    /// The number of the first replay whose subscription still exists, and what that grants now.
    fn next_replay(&mut self, key: Key, cx: &mut Cx<'_>) -> Option<(u64, Granted)> {
        loop {
            let first = self.sessions.get(key)?.exchange.as_ref()?.replays.front()?;
            if let Some(granted) = self.granted_for(key, first) {
                return Some((first.number, granted));
            }
            self.end_replay(key, cx);
        }
    }

    fn resend(&mut self, key: Key, cx: &mut Cx<'_>) {
        let exchange = self.existing_exchange(key);
        if !exchange.is_some_and(|exchange| exchange.send.is_resending()) {
            return;
        }
        let mut room = self.config.budget.bytes.saturating_sub(self.charged());
        let Some(session) = self.sessions.get_mut(key) else { return };
        let Some(connection) = session.conn.and_then(|conn| self.connections.get_mut(conn)) else { return };
        let Some(exchange) = &mut session.exchange else { return };
        let desk = &mut *self.desk;
        let mut too_large = Vec::new();
        while !connection.window_is_full(&self.config) {
            match exchange.send.resend() {
                None => break,
                Some(Resend::PubRel(id)) => {
                    let pubrel = PubRel::new(id.0, ReasonCode::Success);
                    let Desk { encoder, tally } = &mut *desk;
                    send::hand_out(connection, &pubrel.into(), None, encoder, &mut tally.stats, cx.out);
                }
                Some(Resend::Publish(id, handshake, parcel)) => {
                    let delivery = send::delivery(handshake, id, true);
                    let alias = ENTRY + parcel.message.topic.as_str().len();
                    let may_alias = alias <= room;
                    room = room.saturating_sub(alias);
                    if send::parcel(connection, parcel, delivery, may_alias, self.now, desk, cx.out).is_err()
                    {
                        too_large.extend(exchange.abandon(id));
                    }
                }
            }
        }
        if let Some(conn) = session.conn {
            self.recharge_connection(conn);
        }
        // The client's limit is smaller than it was: handled as if delivered.
        for parcel in too_large {
            self.desk.tally.stats.copies_mut(parcel.qos).in_flight -= 1;
            self.drop_copy(key, &parcel.message.topic, parcel.qos, DropReason::TooLarge, cx);
            self.drop_parcel(key, &parcel, cx);
        }
    }
}
