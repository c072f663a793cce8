//! From a message to its subscribers (MQTT 5.0 §3.3.4, §4.8).

use alloc::sync::Arc;
use alloc::vec::Vec;

use mqtt_codec::{Delivery, PubRel, QoS, ReasonCode};
use mqtt_session::{Handshake, Resend};

use super::{Core, Cx, send};
use crate::queue::Parcel;
use crate::router::{Granted, Target};
use crate::session::Session;
use crate::slab::Key;
use crate::timers::Timer;
use crate::{DropReason, Message, Note};

/// Retained messages that are looked at for one session before others have their turn.
const REPLAY_STEPS: usize = 64;

/// Members of a group that are compared, connected ones and then others, to find who gets a message.
const MEMBERS_COMPARED: usize = 32;

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

    /// The member of a group that gets the next message: in turn, but one that can take it now before one that cannot, one that
    /// is connected before one that is away, and one that would have to drop it last.
    pub(super) fn choose_member(&mut self, group: Key, message: &Message) -> Option<(Key, Granted)> {
        let members = self.router.group(group)?;
        let candidates = members
            .connected_in_turn()
            .take(MEMBERS_COMPARED)
            .chain(members.in_turn().take(MEMBERS_COMPARED));
        let mut best: Option<(u8, (Key, Granted))> = None;
        for (key, granted) in candidates {
            let Some(session) = self.sessions.get(key) else { continue };
            let qos = message.qos.min(granted.qos);
            let size = Parcel::size_of(message, usize::from(granted.id.is_some()));
            let rank = match session.conn {
                Some(_) if self.may_deliver_now(session, message, qos) => 0,
                Some(_) if !self.queue_is_full(session, size) => 1,
                None if qos != QoS::AtMostOnce && !self.queue_is_full(session, size) => 2,
                Some(_) | None => 3,
            };
            if best.is_none_or(|(best, _)| rank < best) {
                best = Some((rank, (key, granted)));
            }
            if rank == 0 {
                break;
            }
        }
        let (_, chosen) = best?;
        self.router.served(group, chosen.0);
        Some(chosen)
    }

    /// Whether a new message of this QoS can go at once, and overtakes none of its kind with a number below `before`.
    fn may_send_now(&self, session: &Session, qos: QoS, before: u64) -> bool {
        self.window_is_open(session)
            && (qos == QoS::AtMostOnce || self.quota_is_open(session))
            && !session.queue.has(qos, before)
    }

    /// The same for a message that comes now, which does not overtake retained messages of its topic either.
    fn may_deliver_now(&self, session: &Session, message: &Message, qos: QoS) -> bool {
        self.may_send_now(session, qos, u64::MAX) && !session.would_overtake_replay(&message.topic)
    }

    fn window_is_open(&self, session: &Session) -> bool {
        let connection = session.conn.and_then(|conn| self.connections.get(&conn));
        connection.is_some_and(|connection| connection.unsent < self.config.output_window)
    }

    fn quota_is_open(&self, session: &Session) -> bool {
        session.send.has_room() && session.in_flight_bytes < self.config.queued_bytes
    }

    fn queue_is_full(&self, session: &Session, size: usize) -> bool {
        let bytes = session.queue.bytes().saturating_add(session.in_flight_bytes).saturating_add(size);
        session.queue.len() >= self.config.queued_messages || bytes > self.config.queued_bytes
    }

    /// Sends a copy, or lets it wait, or drops it.
    pub(super) fn deliver(&mut self, key: Key, parcel: Parcel, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get(key) else { return };
        if parcel.message.is_late(self.now) {
            return self.drop_copy(key, &parcel, DropReason::Expired, cx);
        }
        if self.may_deliver_now(session, &parcel.message, parcel.qos) {
            return self.transmit(key, parcel, cx);
        }
        self.enqueue(key, parcel, cx);
    }

    /// Lets a copy wait for its client.
    fn enqueue(&mut self, key: Key, parcel: Parcel, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get(key) else { return };
        let reason = if parcel.message.is_expired(self.now) {
            Some(DropReason::Expired)
        } else if parcel.qos == QoS::AtMostOnce && session.conn.is_none() {
            Some(DropReason::Offline)
        } else if self.queue_is_full(session, parcel.size()) {
            self.drop_expired(key, cx);
            let session = self.sessions.get(key);
            session
                .is_none_or(|session| self.queue_is_full(session, parcel.size()))
                .then_some(DropReason::QueueFull)
        } else {
            None
        };
        let Some(session) = self.sessions.get_mut(key) else { return };
        match reason {
            None => {
                session.queue.push(parcel);
                self.stats.copies_queued += 1;
            }
            Some(reason) => self.drop_copy(key, &parcel, reason, cx),
        }
    }

    fn drop_expired(&mut self, key: Key, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        for parcel in session.queue.take_expired(self.now) {
            self.stats.copies_queued -= 1;
            self.drop_copy(key, &parcel, DropReason::Expired, cx);
        }
    }

    /// Drops a copy of a session that goes on.
    fn drop_copy(&mut self, key: Key, parcel: &Parcel, reason: DropReason, cx: &mut Cx<'_>) {
        if let Some(session) = self.sessions.get(key) {
            let client_id = Arc::clone(&session.client_id);
            self.dropped(&client_id, parcel, reason, cx);
        }
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
        let size = parcel.size();
        let failed = match Handshake::of(parcel.qos) {
            None => send::publish(connection, conn, &parcel, Delivery::AtMostOnce, self.now, cx.out)
                .err()
                .map(|reason| (reason, parcel)),
            Some(handshake) => match session.send.send(handshake, parcel) {
                Err(parcel) => return self.enqueue(key, parcel, cx),
                Ok(id) => {
                    session.in_flight_bytes += size;
                    let delivery = send::delivery(handshake, id, false);
                    let sent = session.send.get(id).map_or(Ok(()), |parcel| {
                        send::publish(connection, conn, parcel, delivery, self.now, cx.out)
                    });
                    sent.err().and_then(|reason| Some((reason, session.abandon(id)?)))
                }
            },
        };
        match failed {
            None => self.stats.copies_sent += 1,
            Some((reason, parcel)) => self.drop_copy(key, &parcel, reason, cx),
        }
    }

    /// Sends what waits for a client, as far as there is room: first what was sent on an earlier connection (MQTT-4.4.0-1),
    /// then the queue and the retained messages for new subscriptions, each in its turn.
    pub(super) fn pump(&mut self, key: Key, cx: &mut Cx<'_>) {
        self.resend(key, cx);
        let mut steps = 0;
        loop {
            let Some(session) = self.sessions.get_mut(key) else { return };
            let replay = session.next_replay();
            let before = replay.map_or(u64::MAX, |(number, _)| number);
            let Some(session) = self.sessions.get(key).filter(|session| self.window_is_open(session)) else {
                return;
            };
            let quota_is_open = self.quota_is_open(session);
            let Some(session) = self.sessions.get_mut(key) else { return };
            if let Some(parcel) = session.queue.pop(quota_is_open, before) {
                self.stats.copies_queued -= 1;
                if parcel.message.is_expired(self.now) {
                    self.drop_copy(key, &parcel, DropReason::Expired, cx);
                } else {
                    self.transmit(key, parcel, cx);
                }
                continue;
            }
            let Some((number, granted)) = replay else { return };
            if steps == REPLAY_STEPS {
                return self.timers.set(&mut session.replay_timer, Some(self.now), Timer::Replay(key));
            }
            steps += 1;
            // What is in the way calls again when it is gone. The QoS of what will be found is not known yet.
            let Some(session) = self.sessions.get(key) else { return };
            let may_go = |qos| self.may_send_now(session, qos, number);
            if !may_go(QoS::AtMostOnce) || !may_go(granted.qos) {
                return;
            }
            self.replay_step(key, granted, cx);
        }
    }

    fn resend(&mut self, key: Key, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let Some(conn) = session.conn else { return };
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let mut too_large = Vec::new();
        while connection.unsent < self.config.output_window {
            match session.send.resend() {
                None => break,
                Some(Resend::PubRel(id)) => {
                    let pubrel = PubRel::new(id.0, ReasonCode::Success);
                    send::hand_out(connection, conn, pubrel.into(), None, cx.out);
                }
                Some(Resend::Publish(id, handshake, parcel)) => {
                    let delivery = send::delivery(handshake, id, true);
                    if send::publish(connection, conn, parcel, delivery, self.now, cx.out).is_err() {
                        too_large.extend(session.abandon(id));
                    }
                }
            }
        }
        // The client's limit is smaller than it was: handled as if delivered.
        for parcel in too_large {
            self.stats.copies_sent -= 1;
            self.drop_copy(key, &parcel, DropReason::TooLarge, cx);
        }
    }
}
