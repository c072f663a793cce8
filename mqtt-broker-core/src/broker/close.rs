//! The end of connections and of sessions, and what becomes of wills (MQTT 5.0 §3.1.2.5, §3.14, §4.1).

use alloc::sync::Arc;

use mqtt_codec::{Disconnect, PacketType, ReasonCode, Version};
use mqtt_session::Handshake;

use super::{Core, Cx, failure};
use crate::connection::Connection;
use crate::queue::Parcel;
use crate::slab::Key;
use crate::timers::Timer;
use crate::{ConnId, DropReason, End, Note};

impl Core {
    /// Ends a connection, and tells a 5.0 client why. Before CONNACK there is no DISCONNECT (MQTT-3.14.0-1).
    pub(super) fn end(&mut self, conn: ConnId, reason: ReasonCode, cx: &mut Cx<'_>) {
        let Some(connection) = self.connections.get(&conn) else { return };
        let Some(connected) = &connection.connected else {
            return self.close_silently(conn, reason, cx);
        };
        if connected.version.is_v5() {
            let code = failure(reason, PacketType::Disconnect, ReasonCode::UnspecifiedError);
            self.emit(conn, Disconnect::new(code), cx);
        }
        cx.out.close(conn);
        self.forget(conn, End::ByBroker(reason), cx);
    }

    /// Closes without a packet.
    pub(super) fn close_silently(&mut self, conn: ConnId, reason: ReasonCode, cx: &mut Cx<'_>) {
        cx.out.close(conn);
        self.forget(conn, End::ByBroker(reason), cx);
    }

    /// The peer closed the connection.
    pub(super) fn transport_closed(&mut self, conn: ConnId, cx: &mut Cx<'_>) {
        self.forget(conn, End::Transport, cx);
    }

    /// A client's DISCONNECT (MQTT 5.0 §3.14.4).
    pub(super) fn on_disconnect(
        &mut self,
        conn: ConnId,
        key: Key,
        version: Version,
        packet: &Disconnect<'_>,
        cx: &mut Cx<'_>,
    ) {
        let Some(connected) =
            self.connections.get(&conn).and_then(|connection| connection.connected.as_ref())
        else {
            return;
        };
        let Some(session) = self.sessions.get_mut(key) else { return };
        let expiry = packet.properties.session_expiry_interval;
        let raises_from_0 = connected.connect_session_expiry == 0 && expiry.is_some_and(|expiry| expiry > 0);
        let by_server_only =
            packet.properties.server_reference.is_some() || !is_sent_by_client(packet.reason);
        if version.is_v5() && (raises_from_0 || by_server_only) {
            return self.end(conn, ReasonCode::ProtocolError, cx);
        }
        if let Some(expiry) = expiry {
            session.expiry_interval = expiry.min(self.config.session_expiry_maximum);
        }
        if packet.reason == ReasonCode::NORMAL_DISCONNECTION {
            session.will = None;
        }
        cx.out.close(conn);
        self.forget(conn, End::ByClient(packet.reason), cx);
    }

    /// Removes a connection. If it was a client's, its session goes on without it, or ends.
    fn forget(&mut self, conn: ConnId, end: End, cx: &mut Cx<'_>) {
        let Some(Connection { mut timer, tickets, connected, .. }) = self.connections.remove(&conn) else {
            return;
        };
        self.timers.set(&mut timer, None, Timer::Connection(conn));
        for ticket in tickets {
            self.tickets.remove(&ticket);
        }
        let Some(connected) = connected else {
            if let End::ByBroker(reason) = end {
                cx.out.note(&Note::Refused { conn, reason });
            }
            return;
        };
        let Some(session) = self.sessions.get_mut(connected.session) else { return };
        cx.out.note(&Note::Disconnected { conn, client_id: &session.client_id, end });
        session.conn = None;
        session.send.disconnected();
        for filter in session.shared_filters() {
            self.router.set_connected(connected.session, filter, false);
        }
        self.leave(connected.session, cx);
    }

    /// The client is gone: from here on its Session Expiry Interval and Will Delay Interval run.
    fn leave(&mut self, key: Key, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        if session.expiry_interval == 0 {
            return self.end_session(key, cx);
        }
        session.expires =
            (session.expiry_interval != u32::MAX).then(|| self.now.plus_seconds(session.expiry_interval));
        session.will_due = session.will.as_ref().map(|will| self.now.plus_seconds(will.delay));
        if session.will_due == Some(self.now) {
            self.publish_will(key, cx);
        }
        self.set_session_timer(key);
    }

    /// The client is back in its session: nothing runs any more, and a will that waited is not sent (MQTT-3.1.3-9).
    pub(super) fn continue_session(&mut self, key: Key) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        session.expires = None;
        session.will = None;
        session.will_due = None;
        self.set_session_timer(key);
    }

    pub(super) fn session_timer(&mut self, key: Key, cx: &mut Cx<'_>) {
        if let Some(session) = self.sessions.get_mut(key) {
            session.timer = None;
            self.come_due(key, cx);
        }
    }

    /// Does what the time asks of a session whose client is away. Also before anything else happens to it, since a timer may
    /// be late.
    pub(super) fn come_due(&mut self, key: Key, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        if session.expires.is_some_and(|expires| expires <= self.now) {
            return self.end_session(key, cx);
        }
        if session.will_due.is_some_and(|due| due <= self.now) {
            self.publish_will(key, cx);
        }
        self.set_session_timer(key);
    }

    fn set_session_timer(&mut self, key: Key) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let at = session.expires.into_iter().chain(session.will_due).min();
        self.timers.set(&mut session.timer, at, Timer::Session(key));
    }

    fn publish_will(&mut self, key: Key, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        session.will_due = None;
        if let Some(will) = session.will.take() {
            self.route(Arc::new(will.message.received_at(self.now)), cx);
        }
    }

    /// The session ends: subscriptions and messages go, and a will that still waits is published (MQTT-3.1.2-8).
    pub(super) fn end_session(&mut self, key: Key, cx: &mut Cx<'_>) {
        let Some(mut session) = self.sessions.remove(key) else { return };
        self.clients.remove(&session.client_id);
        self.timers.set(&mut session.timer, None, Timer::Session(key));
        self.timers.set(&mut session.replay_timer, None, Timer::Replay(key));
        for filter in session.subscriptions.keys() {
            self.router.unsubscribe(key, filter);
        }
        self.stats.subscriptions -= session.subscriptions.len();
        // QoS 1 of a shared subscription goes to another member; QoS 2 that was begun goes to nobody (MQTT-4.8.2-5).
        for (handshake, parcel) in session.send.into_messages() {
            if handshake == Handshake::AtLeastOnce && parcel.group.is_some() {
                self.stats.copies_routed += 1;
                self.hand_on(parcel, &session.client_id, cx);
            }
        }
        while let Some(parcel) = session.queue.pop(true, u64::MAX) {
            self.stats.copies_queued -= 1;
            self.hand_on(parcel, &session.client_id, cx);
        }
        if let Some(will) = session.will {
            self.route(Arc::new(will.message.received_at(self.now)), cx);
        }
    }

    /// Gives a copy to another member of its group, if there is one.
    fn hand_on(&mut self, parcel: Parcel, client_id: &str, cx: &mut Cx<'_>) {
        if parcel.message.is_expired(self.now) {
            return self.dropped(client_id, &parcel, DropReason::Expired, cx);
        }
        if let Some(group) = parcel.group
            && let Some((member, granted)) = self.choose_member(group, &parcel.message)
        {
            return self.deliver(member, Parcel::through(group, parcel.message, granted), cx);
        }
        self.dropped(client_id, &parcel, DropReason::SessionEnded, cx);
    }
}

/// Whether the column of clients in the table of DISCONNECT reason codes has this one.
#[expect(clippy::wildcard_enum_match_arm, reason = "a list of those that are")]
const fn is_sent_by_client(reason: ReasonCode) -> bool {
    match reason {
        ReasonCode::Success
        | ReasonCode::DisconnectWithWillMessage
        | ReasonCode::UnspecifiedError
        | ReasonCode::MalformedPacket
        | ReasonCode::ProtocolError
        | ReasonCode::ImplementationSpecificError
        | ReasonCode::TopicNameInvalid
        | ReasonCode::ReceiveMaximumExceeded
        | ReasonCode::TopicAliasInvalid
        | ReasonCode::PacketTooLarge
        | ReasonCode::MessageRateTooHigh
        | ReasonCode::QuotaExceeded
        | ReasonCode::AdministrativeAction
        | ReasonCode::PayloadFormatInvalid
        // The text has a client send it once, though the table says server (MQTT 5.0 §3.3.4).
        | ReasonCode::QoSNotSupported => true,
        _ => false,
    }
}
