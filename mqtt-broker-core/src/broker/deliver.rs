//! From a message to its subscribers (MQTT 5.0 §3.3.4, §4.8).

use alloc::sync::Arc;
use alloc::vec::Vec;

use mqtt_codec::{Delivery, PubRel, QoS, ReasonCode};
use mqtt_session::{Handshake, Resend};

use super::{Core, Cx, send};
use crate::router::{Granted, Target};
use crate::session::{Parcel, Session};
use crate::slab::Key;
use crate::{DropReason, Message, Note};

impl Parcel {
    /// For a member of a group, under its own subscription alone (MQTT-4.8.2-3).
    pub(super) fn through(group: Key, message: Arc<Message>, granted: Granted) -> Self {
        Self { group: Some(group), ..Self::merged(message, [granted].into_iter()) }
    }

    /// One copy for all subscriptions of a client that match: at the highest QoS, with all identifiers
    /// (MQTT-3.3.4-2, MQTT-3.3.4-4).
    fn merged(message: Arc<Message>, matches: impl Iterator<Item = Granted>) -> Self {
        let mut qos = QoS::AtMostOnce;
        let mut retain_as_published = false;
        let mut subscription_ids = Vec::new();
        for granted in matches {
            qos = qos.max(granted.qos);
            retain_as_published |= granted.retain_as_published;
            subscription_ids.extend(granted.id);
        }
        let (qos, retain) = (qos.min(message.qos), retain_as_published && message.retain);
        Self { message, qos, retain, subscription_ids, group: None }
    }
}

impl Core {
    /// Gives a message to all who subscribe to its topic, and keeps it if it is to be retained.
    pub(super) fn route(&mut self, message: Arc<Message>, cx: &mut Cx<'_>) {
        if message.retain {
            self.retain(&message, cx);
        }
        let mut targets = core::mem::take(&mut self.targets);
        self.router.visit(&message.topic, |target, granted| targets.push((target, granted)));
        targets.sort_by_key(|&(target, _)| target);
        for matches in targets.chunk_by(|(a, _), (b, _)| a == b) {
            match matches.first() {
                Some(&(Target::Session(key), _)) => self.deliver_merged(key, &message, matches, cx),
                Some(&(Target::Group(group), _)) => {
                    if let Some((member, granted)) = self.choose_member(group, &message) {
                        self.stats.copies_routed += 1;
                        self.deliver(member, Parcel::through(group, Arc::clone(&message), granted), cx);
                    }
                }
                None => {}
            }
        }
        targets.clear();
        self.targets = targets;
    }

    fn deliver_merged(
        &mut self,
        key: Key,
        message: &Arc<Message>,
        matches: &[(Target, Granted)],
        cx: &mut Cx<'_>,
    ) {
        let Some(session) = self.sessions.get(key) else { return };
        let is_own = message.publisher.as_deref() == Some(&*session.client_id);
        // MQTT-3.8.3-3
        let mut heard = matches
            .iter()
            .map(|&(_, granted)| granted)
            .filter(|granted| !(is_own && granted.no_local))
            .peekable();
        if heard.peek().is_some() {
            let parcel = Parcel::merged(Arc::clone(message), heard);
            self.stats.copies_routed += 1;
            self.deliver(key, parcel, cx);
        }
    }

    /// The member of a group that gets the next message: in turn, but one that can take it now before one that cannot, and
    /// one that is connected before one that is away.
    pub(super) fn choose_member(&mut self, group: Key, message: &Message) -> Option<(Key, Granted)> {
        let mut second_best = None;
        let mut third_best = None;
        let mut best = None;
        for (key, granted) in self.router.group(group)?.in_turn() {
            let Some(session) = self.sessions.get(key) else { continue };
            if session.conn.is_none() {
                third_best = third_best.or(Some((key, granted)));
                continue;
            }
            if self.may_send_now(session, message.qos.min(granted.qos)) {
                best = Some((key, granted));
                break;
            }
            second_best = second_best.or(Some((key, granted)));
        }
        let chosen = best.or(second_best).or(third_best)?;
        self.router.served(group, chosen.0);
        Some(chosen)
    }

    /// Whether a new message of this QoS can go at once, and overtakes none of its kind by that.
    pub(super) fn may_send_now(&self, session: &Session, qos: QoS) -> bool {
        self.window_is_open(session)
            && (qos == QoS::AtMostOnce || session.send.has_room())
            && !session.queue.must_come_before(qos)
    }

    fn window_is_open(&self, session: &Session) -> bool {
        let connection = session.conn.and_then(|conn| self.connections.get(&conn));
        connection.is_some_and(|connection| connection.unsent < self.config.output_window)
    }

    /// Sends a copy, or lets it wait, or drops it.
    pub(super) fn deliver(&mut self, key: Key, parcel: Parcel, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get(key) else { return };
        if self.may_send_now(session, parcel.qos) {
            return self.transmit(key, parcel, cx);
        }
        let why_not = if session.conn.is_none() { DropReason::Offline } else { DropReason::QueueFull };
        self.enqueue(key, parcel, why_not, cx);
    }

    /// Lets a copy wait for its client. `why_not` is why a QoS 0 message would not wait for it.
    fn enqueue(&mut self, key: Key, parcel: Parcel, why_not: DropReason, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let queue = &mut session.queue;
        let is_full = queue.len() >= self.config.queued_messages
            || queue.bytes().saturating_add(parcel.message.size()) > self.config.queued_bytes;
        let reason = if parcel.message.is_expired(self.now) {
            DropReason::Expired
        } else if parcel.qos == QoS::AtMostOnce && why_not == DropReason::Offline {
            DropReason::Offline
        } else if is_full {
            DropReason::QueueFull
        } else {
            queue.push(parcel);
            self.stats.copies_queued += 1;
            return;
        };
        let client_id = Arc::clone(&session.client_id);
        self.dropped(&client_id, &parcel, reason, cx);
    }

    pub(super) fn dropped(&mut self, client_id: &str, parcel: &Parcel, reason: DropReason, cx: &mut Cx<'_>) {
        self.stats.copies_dropped += 1;
        cx.out.note(&Note::Dropped { client_id, topic: &parcel.message.topic, reason });
    }

    /// Sends a new copy to a client that has room for it, or drops it if the client can never take it.
    pub(super) fn transmit(&mut self, key: Key, parcel: Parcel, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let Some(conn) = session.conn else { return };
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let failed = match Handshake::of(parcel.qos) {
            None => send::publish(connection, conn, &parcel, Delivery::AtMostOnce, self.now, cx.out)
                .err()
                .map(|reason| (reason, parcel)),
            Some(handshake) => match session.send.send(handshake, parcel) {
                Err(parcel) => return self.enqueue(key, parcel, DropReason::QueueFull, cx),
                Ok(id) => {
                    let delivery = send::delivery(handshake, id, false);
                    let parcel = session.send.get(id);
                    let failed = parcel.and_then(|parcel| {
                        send::publish(connection, conn, parcel, delivery, self.now, cx.out).err()
                    });
                    failed.and_then(|reason| Some((reason, session.send.abandon(id)?)))
                }
            },
        };
        match failed {
            None => self.stats.copies_sent += 1,
            Some((reason, parcel)) => {
                let client_id = Arc::clone(&session.client_id);
                self.dropped(&client_id, &parcel, reason, cx);
            }
        }
    }

    /// Sends what waits for a client, as far as there is room: first what was sent on an earlier connection (MQTT-4.4.0-1),
    /// then the queue, then retained messages.
    pub(super) fn pump(&mut self, key: Key, cx: &mut Cx<'_>) {
        self.resend(key, cx);
        while let Some(parcel) = self.next_in_queue(key) {
            self.stats.copies_queued -= 1;
            if !parcel.message.is_expired(self.now) {
                self.transmit(key, parcel, cx);
            } else if let Some(session) = self.sessions.get(key) {
                let client_id = Arc::clone(&session.client_id);
                self.dropped(&client_id, &parcel, DropReason::Expired, cx);
            }
        }
        self.replay(key, cx);
    }

    /// The message that waits and can go now.
    fn next_in_queue(&mut self, key: Key) -> Option<Parcel> {
        let session = self.sessions.get(key)?;
        if !self.window_is_open(session) {
            return None;
        }
        let session = self.sessions.get_mut(key)?;
        session.queue.pop(session.send.has_room())
    }

    fn resend(&mut self, key: Key, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let Some(conn) = session.conn else { return };
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        while connection.unsent < self.config.output_window {
            let too_large = match session.send.resend() {
                None => break,
                Some(Resend::PubRel(id)) => {
                    let pubrel = PubRel::new(id.0, ReasonCode::Success);
                    send::hand_out(connection, conn, pubrel.into(), None, cx.out);
                    None
                }
                Some(Resend::Publish(id, handshake, parcel)) => {
                    let delivery = send::delivery(handshake, id, true);
                    send::publish(connection, conn, parcel, delivery, self.now, cx.out).err().map(|_| id)
                }
            };
            // The client's limit is smaller than on the connection before: handled as if delivered.
            if let Some(id) = too_large {
                session.send.abandon(id);
            }
        }
    }
}
