//! How long sessions live, and what becomes of wills (MQTT 5.0 §3.1.2.5, §4.1).

use alloc::boxed::Box;
use alloc::vec::Vec;

use mqtt_codec::ReasonCode;
use mqtt_session::{Handshake, Timestamp};

use super::{Core, Cx};
use crate::DropReason;
use crate::message::{Incoming, shared_text};
use crate::queue::Parcel;
use crate::session::{Exchange, Session, Will};
use crate::slab::Key;
use crate::store::CopyOrigin;
use crate::timers::{Alarm, Timer};

impl Core {
    /// The session of a client, if it has one.
    pub(super) fn session_of(&self, client_id: &str) -> Option<Key> {
        let is_it = |place| self.sessions.at(place).is_some_and(|session| *session.client_id == *client_id);
        self.sessions.key_at(self.by_client.find(self.config.hash(client_id), is_it)?)
    }

    pub(super) fn insert_session(&mut self, session: Session) -> Key {
        let Self { sessions, by_client, config, heap, .. } = self;
        **heap += shared_text(&session.client_id);
        let own = config.hash(&session.client_id);
        let key = sessions.insert(session);
        by_client.insert(own, key.index(), |place| {
            sessions.at(place).map_or(0, |session| config.hash(&session.client_id))
        });
        key
    }

    /// A session's messages under way, if there are any.
    pub(super) fn existing_exchange(&self, key: Key) -> Option<&Exchange> {
        self.sessions.get(key)?.exchange.as_deref()
    }

    pub(super) fn existing_exchange_mut(&mut self, key: Key) -> Option<&mut Exchange> {
        self.sessions.get_mut(key)?.exchange.as_deref_mut()
    }

    /// The same, made if there are none.
    pub(super) fn exchange(&mut self, key: Key) -> Option<&mut Exchange> {
        let session = self.sessions.get(key)?;
        if session.exchange.is_some() {
            return self.sessions.get_mut(key)?.exchange.as_deref_mut();
        }
        let quotas = session.conn.and_then(|conn| self.quotas(conn));
        self.sessions.get_mut(key)?.exchange(self.config.send_maximum, quotas);
        self.recharge(key);
        self.sessions.get_mut(key)?.exchange.as_deref_mut()
    }

    /// The client is gone: from here on its Session Expiry Interval and Will Delay Interval run.
    pub(super) fn leave(&mut self, key: Key, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        session.conn = None;
        session.left = self.now;
        if let Some(exchange) = &mut session.exchange {
            exchange.send.disconnected();
        }
        self.abandon_review(key, cx);
        self.take_replay_back(key);
        self.rest(key);
        self.router.set_connected(key, false);
        self.save_session(key, cx);
        self.come_due(key, cx);
    }

    /// The client is back in its session: nothing runs any more.
    pub(super) fn continue_session(&mut self, key: Key) {
        if let Some(session) = self.sessions.get_mut(key) {
            self.timers.set(&mut session.alarm, None, Timer::Session(key.index()));
        }
    }

    /// A client has connected, perhaps with a will. One that waited is not sent (MQTT-3.1.3-9).
    ///
    /// The session's pair says which will counts: so the one takes the place of the other at once.
    pub(super) fn save_connected(
        &mut self,
        key: Key,
        will: Option<Box<Will>>,
        is_present: bool,
        cx: &mut Cx<'_>,
    ) {
        let old = self.take_will(key);
        if let Some(will) = will {
            self.set_will(key, will);
        }
        if is_present {
            self.save_own_will(key, cx);
        }
        self.save_session(key, cx);
        if let Some(old) = old {
            self.forget_will(&old, cx);
        }
        if !is_present {
            // Earlier, without a session, it would count for itself.
            self.save_own_will(key, cx);
        }
    }

    pub(super) fn session_timer(&mut self, place: u32, cx: &mut Cx<'_>) {
        let Some(key) = self.sessions.key_at(place) else { return };
        if let Some(session) = self.sessions.get_mut(key) {
            session.alarm = Alarm::OFF;
            self.come_due(key, cx);
        }
    }

    /// Does what the time asks of a session whose client is away. Also before anything else happens to it, since a timer may
    /// be late.
    pub(super) fn come_due(&mut self, key: Key, cx: &mut Cx<'_>) {
        let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= self.now);
        let Some(session) = self.sessions.get(key) else { return };
        if is_due(session.expires()) {
            self.desk.tally.stats.sessions_expired += u64::from(session.expiry_interval > 0);
            return self.end_session(key, cx);
        }
        if is_due(session.will_due()) {
            self.publish_will(key, cx);
        }
        self.set_session_timer(key);
    }

    /// Sets the timer for what the time will ask of a session.
    pub(super) fn set_session_timer(&mut self, key: Key) {
        if let Some(session) = self.sessions.get_mut(key) {
            let at = session.expires().into_iter().chain(session.will_due()).min();
            self.timers.set(&mut session.alarm, at, Timer::Session(key.index()));
        }
    }

    /// The embedding program wants a session to end.
    pub(super) fn delete_session(&mut self, client_id: &str, cx: &mut Cx<'_>) {
        self.disconnect_client(client_id, ReasonCode::AdministrativeAction, None, cx);
        if let Some(key) = self.session_of(client_id) {
            self.end_session(key, cx);
        }
    }

    /// The session ends: subscriptions and messages go, and a will that still waits is published (MQTT-3.1.2-8).
    pub(super) fn end_session(&mut self, key: Key, cx: &mut Cx<'_>) {
        let mut pairs = self.stored_subscriptions(key);
        let will = self.take_will(key);
        let Some(mut session) = self.sessions.remove(key) else { return };
        *self.heap -= shared_text(&session.client_id);
        let place = key.index();
        self.by_client.remove(self.config.hash(&session.client_id), place);
        self.timers.set(&mut session.alarm, None, Timer::Session(place));
        self.desk.tally.stats.subscriptions -= session.subscriptions as usize;
        self.desk.tally.stats.shared_subscriptions -= self.router.unsubscribe_all(key);
        let exchange = session.exchange.take();
        if let Some(exchange) = &exchange {
            self.uncharge(key, exchange);
        }
        if let Some(exchange) = &exchange
            && session.is_stored
        {
            pairs.add_those_of(exchange);
        }
        self.held_back(cx, |core, cx| {
            let parcels = exchange.map(|exchange| core.hand_on_all(*exchange, key, &session.client_id, cx));
            core.forget_session(&session, &pairs, &parcels.unwrap_or_default(), cx);
        });
        if let Some(will) = will {
            self.will_due(will, cx);
        }
    }

    /// Hands on what a session that ends has for others, and gives all that it had.
    fn hand_on_all(
        &mut self,
        mut exchange: Exchange,
        key: Key,
        client_id: &str,
        cx: &mut Cx<'_>,
    ) -> Vec<(Parcel, bool)> {
        self.timers.set(&mut exchange.replay_alarm, None, Timer::Replay(key.index()));
        let mut parcels = Vec::new();
        // QoS 1 of a shared subscription goes to another member; QoS 2 that was begun goes to nobody (MQTT-4.8.2-5).
        for (handshake, parcel) in exchange.send.into_messages() {
            self.desk.tally.stats.copies_mut(parcel.qos).in_flight -= 1;
            let has_moved = if handshake == Handshake::AtLeastOnce {
                self.hand_on(&parcel, client_id, DropReason::SessionEnded, cx)
            } else {
                self.dropped(client_id, &parcel.message.topic, parcel.qos, DropReason::SessionEnded, cx);
                false
            };
            parcels.push((parcel, has_moved));
        }
        while let Some(parcel) = exchange.queue.pop(true, u64::MAX) {
            self.waits_no_more(&parcel);
            let has_moved = self.hand_on(&parcel, client_id, DropReason::SessionEnded, cx);
            parcels.push((parcel, has_moved));
        }
        parcels
    }

    /// Gives a copy to another member of its group, if there is one, and drops it for this reason if there is none. Whether
    /// there is one.
    pub(super) fn hand_on(
        &mut self,
        parcel: &Parcel,
        client_id: &str,
        otherwise: DropReason,
        cx: &mut Cx<'_>,
    ) -> bool {
        let reason = if parcel.message.is_expired(self.now) {
            DropReason::Expired
        } else {
            if let (Some(group), Ok(properties)) = (parcel.group, parcel.message.properties(self.now)) {
                let mut incoming = Incoming::stored(&parcel.message, &properties);
                incoming.origin.1 = CopyOrigin::Copy(parcel.number);
                if self.deliver_to_group(group, &mut incoming, cx) {
                    // It was counted anew.
                    self.desk.tally.stats.copies_mut(parcel.qos).routed -= 1;
                    return true;
                }
            }
            otherwise
        };
        self.dropped(client_id, &parcel.message.topic, parcel.qos, reason, cx);
        false
    }
}
