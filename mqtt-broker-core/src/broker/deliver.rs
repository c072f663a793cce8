//! A copy of a message on its way to one client: sent, or put where it waits, or dropped (MQTT 5.0 §4.3, §4.9).

use alloc::sync::Arc;

use mqtt_codec::{Delivery, PublishTopic, QoS, SubscriptionId};
use mqtt_session::Handshake;
use mqtt_topic::TopicName;

use super::budget::ENTRY;
use super::save::Ledger;
use super::send::{self, Copy};
use super::{Core, Cx};
use crate::message::Incoming;
use crate::queue::Parcel;
use crate::router::Granted;
use crate::session::{Replay, Session};
use crate::slab::Key;
use crate::store::{CopyOrigin, CopyState, MessageOrigin};
use crate::{Config, DropReason, Message, Note};

/// Replays that a message is compared with, to see if it has to wait for them. If there are more, it waits.
const REPLAYS_COMPARED: usize = 16;

/// How one client gets a message.
pub(super) struct Terms<'a> {
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) subscription_ids: &'a [SubscriptionId],
    pub(super) group: Option<Key>,
}

impl<'a> Terms<'a> {
    /// Under one subscription.
    pub(super) fn of(granted: &'a Granted, incoming: &Incoming<'_>, group: Option<Key>) -> Self {
        Self {
            qos: granted.qos.min(incoming.qos),
            retain: granted.retain_as_published && incoming.retain,
            subscription_ids: granted.id.as_slice(),
            group,
        }
    }
}

impl Core {
    /// Sends a copy, or lets it wait, or drops it.
    pub(super) fn deliver(
        &mut self,
        key: Key,
        incoming: &mut Incoming<'_>,
        terms: &Terms<'_>,
        cx: &mut Cx<'_>,
    ) {
        let Some(session) = self.sessions.get(key) else { return };
        self.desk.tally.stats.copies_mut(terms.qos).routed += 1;
        if incoming.is_late(self.now) {
            return self.drop_copy(key, incoming.topic, terms.qos, DropReason::Expired, cx);
        }
        let is_qos_0 = terms.qos == QoS::AtMostOnce;
        let may_alias = self.may_alias(session, incoming.topic);
        let connection = session.conn.and_then(|conn| self.connections.get(conn));
        let may_go = match connection {
            // Nothing is under way or waits, as for most.
            Some(connection) if is_qos_0 && session.exchange.is_none() => {
                !connection.window_is_full(&self.config)
            }
            Some(_) => self.may_deliver_now(key, session, incoming.topic, terms.qos),
            None => false,
        };
        if may_go
            && is_qos_0
            && let Some(conn) = session.conn
            && let Some(connection) = self.connections.get_mut(conn)
        {
            let copy = Copy {
                topic: incoming.topic,
                delivery: Delivery::AtMostOnce,
                retain: terms.retain,
                subscription_ids: terms.subscription_ids,
                properties: incoming.properties,
                expiry_left: incoming.expiry_left,
                payload: incoming.payload,
                shared_payload: incoming.shared_payload,
                may_alias,
                number: incoming.number,
            };
            let sent = send::publish(connection, &copy, &mut self.desk, cx.out);
            let fills_window = connection.window_is_full(&self.config);
            match sent {
                Ok(()) => self.desk.tally.stats.at_most_once.delivered += 1,
                Err(reason) => self.drop_copy(key, incoming.topic, terms.qos, reason, cx),
            }
            if fills_window {
                self.note_congestion(conn);
            }
            if may_alias {
                self.recharge_connection(conn);
            }
            return;
        }
        if is_qos_0 && let Some(reason) = self.cannot_wait(session) {
            if let Some(conn) = session.conn {
                self.note_congestion(conn);
            }
            return self.drop_copy(key, incoming.topic, terms.qos, reason, cx);
        }
        if !self.make_room_for_copy(key, incoming, terms, cx) {
            return self.drop_copy(key, incoming.topic, terms.qos, DropReason::NoMemory, cx);
        }
        let message = Arc::clone(incoming.message(&mut self.messages));
        let parcel = self.parcel(message, terms);
        if may_go {
            self.transmit(key, parcel, incoming.origin, cx);
            if let Some(conn) = self.sessions.get(key).and_then(|session| session.conn) {
                self.note_congestion(conn);
            }
        } else {
            self.enqueue(key, parcel, incoming.origin, cx);
        }
    }

    /// Whether the client of a session may be given another Topic Alias, if it wants any.
    fn may_alias(&self, session: &Session, topic: &TopicName) -> bool {
        let connection = session.conn.and_then(|conn| self.connections.get(conn));
        let extras = connection.and_then(|connection| connection.extras.as_ref());
        let topic_now = extras.and_then(|extras| Some(extras.outbound_aliases.as_ref()?.topic(topic)));
        matches!(topic_now, Some(PublishTopic::NameAndAlias(..))) && self.fits(ENTRY + topic.as_str().len())
    }

    /// Why a message of QoS 0 is not for a client that cannot get it at once, if it is not.
    pub(super) fn cannot_wait(&self, session: &Session) -> Option<DropReason> {
        let Some(connection) = session.conn.and_then(|conn| self.connections.get(conn)) else {
            return Some(DropReason::Offline);
        };
        connection.window_is_full(&self.config).then_some(DropReason::Congested)
    }

    /// A copy to be kept.
    pub(super) fn parcel(&mut self, message: Arc<Message>, terms: &Terms<'_>) -> Parcel {
        let parcel = Parcel {
            qos: terms.qos,
            retain: terms.retain,
            subscription_ids: terms.subscription_ids.into(),
            group: terms.group,
            message,
            number: self.messages.number(),
            is_stored: false,
            order: 0,
        };
        self.messages.hold_parcel(&parcel);
        parcel
    }

    /// Whether a new message of this QoS can go at once, and overtakes none of its kind with a number below `before`.
    pub(super) fn may_send_now(&self, session: &Session, qos: QoS, before: u64) -> bool {
        self.window_is_open(session)
            && (qos == QoS::AtMostOnce || self.quota_is_open(session))
            && session.exchange.as_ref().is_none_or(|exchange| !exchange.queue.has(qos, before))
    }

    /// The same for a message that comes now, which does not overtake retained messages of its topic either.
    pub(super) fn may_deliver_now(&self, key: Key, session: &Session, topic: &TopicName, qos: QoS) -> bool {
        self.may_send_now(session, qos, u64::MAX) && !self.would_overtake_replay(key, session, topic)
    }

    /// Whether a message on this topic would overtake a retained message of the topic that is on its way.
    fn would_overtake_replay(&self, key: Key, session: &Session, topic: &TopicName) -> bool {
        let Some(exchange) = &session.exchange else { return false };
        exchange.replays.len() > REPLAYS_COMPARED
            || exchange
                .replays
                .iter()
                .any(|replay| replay.filter.matches(topic) && self.granted_for(key, replay).is_some())
    }

    /// What the subscription of a replay grants now, if that subscription still exists.
    pub(super) fn granted_for(&self, key: Key, replay: &Replay) -> Option<Granted> {
        let now = self.router.get(key, &replay.filter)?;
        (now.born == replay.born).then_some(now.granted)
    }

    pub(super) fn window_is_open(&self, session: &Session) -> bool {
        let connection = session.conn.and_then(|conn| self.connections.get(conn));
        connection.is_some_and(|connection| !connection.window_is_full(&self.config))
            && session.exchange.as_ref().is_none_or(|exchange| exchange.review.is_none())
    }

    pub(super) fn quota_is_open(&self, session: &Session) -> bool {
        session.exchange.as_ref().is_none_or(|exchange| {
            exchange.send.has_room() && exchange.in_flight_bytes < self.config.queued_bytes
        })
    }

    pub(super) fn queue_is_full(&self, session: &Session, size: usize) -> bool {
        let (messages, bytes) = session.exchange.as_ref().map_or((0, 0), |exchange| {
            (exchange.queue.len(), exchange.queue.bytes().saturating_add(exchange.in_flight_bytes))
        });
        messages >= self.config.queued_messages || bytes.saturating_add(size) > self.config.queued_bytes
    }

    /// Lets a copy wait for its client.
    fn enqueue(
        &mut self,
        key: Key,
        mut parcel: Parcel,
        origin: (MessageOrigin, CopyOrigin),
        cx: &mut Cx<'_>,
    ) {
        let size = parcel.size();
        if let Some(conn) = self.sessions.get(key).and_then(|session| session.conn) {
            self.note_congestion(conn);
        }
        let Some(session) = self.sessions.get(key) else { return };
        let reason = if parcel.message.is_expired(self.now) {
            Some(DropReason::Expired)
        } else if self.queue_is_full(session, size) {
            self.drop_expired(key, cx);
            let session = self.sessions.get(key);
            session.is_none_or(|session| self.queue_is_full(session, size)).then_some(DropReason::QueueFull)
        } else {
            None
        };
        if let Some(reason) = reason {
            self.drop_copy(key, &parcel.message.topic, parcel.qos, reason, cx);
            return self.drop_parcel(key, &parcel, cx);
        }
        let Self { sessions, config, journal, messages, router, .. } = self;
        if let Some(session) = sessions.get(key).filter(|session| is_saved(config, session, &parcel)) {
            let mut ledger = Ledger { journal, messages, router, out: cx.out };
            ledger.save_copy(session.in_store(), &mut parcel, CopyState::Queued, origin);
        }
        self.put_in_queue(key, parcel);
    }

    /// Puts a copy where it waits. If it is to have a place in the window, there has to be one when its turn comes.
    pub(super) fn put_in_queue(&mut self, key: Key, parcel: Parcel) {
        self.waits(&parcel);
        if let Some(exchange) = self.exchange(key) {
            if parcel.qos > QoS::AtMostOnce {
                exchange.send.reserve();
            }
            exchange.queue.push(parcel);
            self.recharge(key);
        }
    }

    /// Counts a copy that goes into a queue.
    pub(super) fn waits(&mut self, parcel: &Parcel) {
        self.desk.tally.stats.copies_mut(parcel.qos).queued += 1;
        self.messages.set_waiting(&parcel.message, true);
    }

    /// Counts a copy that was taken out of a queue.
    pub(super) fn waits_no_more(&mut self, parcel: &Parcel) {
        self.desk.tally.stats.copies_mut(parcel.qos).queued -= 1;
        self.messages.set_waiting(&parcel.message, false);
    }

    fn drop_expired(&mut self, key: Key, cx: &mut Cx<'_>) {
        let now = self.now;
        let exchange = self.existing_exchange_mut(key);
        for parcel in exchange.map(|exchange| exchange.queue.take_expired(now)).unwrap_or_default() {
            self.waits_no_more(&parcel);
            self.drop_copy(key, &parcel.message.topic, parcel.qos, DropReason::Expired, cx);
            self.drop_parcel(key, &parcel, cx);
        }
    }

    /// Counts and reports a copy that a session which goes on does not get.
    pub(super) fn drop_copy(
        &mut self,
        key: Key,
        topic: &TopicName,
        qos: QoS,
        reason: DropReason,
        cx: &mut Cx<'_>,
    ) {
        if let Some(session) = self.sessions.get(key) {
            let client_id = Arc::clone(&session.client_id);
            self.dropped(&client_id, topic, qos, reason, cx);
        }
    }

    pub(super) fn dropped(
        &mut self,
        client_id: &str,
        topic: &TopicName,
        qos: QoS,
        reason: DropReason,
        cx: &mut Cx<'_>,
    ) {
        self.desk.tally.stats.copies_mut(qos).drop_one(reason);
        cx.out.note(&Note::Dropped { client_id, topic, qos, reason });
    }

    /// Sends a new copy to a client that has room for it, or drops it if the client can never take it.
    pub(super) fn transmit(
        &mut self,
        key: Key,
        parcel: Parcel,
        origin: (MessageOrigin, CopyOrigin),
        cx: &mut Cx<'_>,
    ) {
        match Handshake::of(parcel.qos) {
            Some(handshake) => self.transmit_in_window(key, handshake, parcel, origin, cx),
            None => {
                let now = self.now;
                let Some(session) = self.sessions.get(key) else { return };
                let may_alias = self.may_alias(session, &parcel.message.topic);
                let conn = session.conn;
                let Some(connection) = conn.and_then(|conn| self.connections.get_mut(conn)) else { return };
                let desk = &mut *self.desk;
                match send::parcel(connection, &parcel, Delivery::AtMostOnce, may_alias, now, desk, cx.out) {
                    Ok(()) => self.desk.tally.stats.at_most_once.delivered += 1,
                    Err(reason) => self.drop_copy(key, &parcel.message.topic, parcel.qos, reason, cx),
                }
                self.drop_parcel(key, &parcel, cx);
                if let Some(conn) = conn.filter(|_| may_alias) {
                    self.recharge_connection(conn);
                }
            }
        }
    }

    fn transmit_in_window(
        &mut self,
        key: Key,
        handshake: Handshake,
        parcel: Parcel,
        origin: (MessageOrigin, CopyOrigin),
        cx: &mut Cx<'_>,
    ) {
        if self.exchange(key).is_none() {
            return;
        }
        let Some(session) = self.sessions.get(key) else { return };
        let (conn, may_alias) = (session.conn, self.may_alias(session, &parcel.message.topic));
        let Self { sessions, connections, config, journal, messages, router, desk, now, .. } = self;
        let Some(session) = sessions.get_mut(key) else { return };
        let Some(connection) = session.conn.and_then(|conn| connections.get_mut(conn)) else { return };
        let is_saved = is_saved(config, session, &parcel);
        let Some(exchange) = &mut session.exchange else { return };
        let size = parcel.size();
        let id = match exchange.send.send(handshake, parcel) {
            Err(parcel) => return self.enqueue(key, parcel, origin, cx),
            Ok(id) => id,
        };
        exchange.in_flight_bytes += size;
        if is_saved && let Some(parcel) = exchange.send.get_mut(id) {
            let order = messages.number();
            let whose = (&*session.client_id, *session.number);
            let mut ledger = Ledger { journal, messages, router, out: cx.out };
            ledger.save_copy(whose, parcel, CopyState::Sent { id, order }, origin);
            // The copy counts from here on.
            if let (CopyOrigin::Replay(_), Some(replay)) = (origin.1, exchange.replays.front_mut()) {
                ledger.save_replay(whose, replay);
            }
        }
        let delivery = send::delivery(handshake, id, false);
        let sent = exchange.send.get(id).map_or(Ok(()), |parcel| {
            send::parcel(connection, parcel, delivery, may_alias, *now, desk, cx.out)
        });
        match sent.err().and_then(|reason| Some((reason, exchange.abandon(id)?))) {
            None => {
                self.desk.tally.stats.copies_mut(handshake.qos()).in_flight += 1;
                self.recharge(key);
                if let Some(conn) = conn.filter(|_| may_alias) {
                    self.recharge_connection(conn);
                }
            }
            Some((reason, parcel)) => {
                self.drop_copy(key, &parcel.message.topic, parcel.qos, reason, cx);
                self.drop_parcel(key, &parcel, cx);
            }
        }
    }
}

/// Whether a copy is to survive a crash. If its session does not, it may still be of use to others of its group.
fn is_saved(config: &Config, session: &Session, parcel: &Parcel) -> bool {
    config.durable && parcel.qos > QoS::AtMostOnce && (session.is_stored || parcel.group.is_some())
}
