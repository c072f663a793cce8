//! The end of connections (MQTT 5.0 §3.14, §4.13).

use alloc::string::ToString as _;
use alloc::vec::Vec;

use mqtt_codec::{DecodeError, Disconnect, DisconnectProperties, PacketType, ReasonCode, Version};

use super::{Core, Cx};
use crate::policy::failure;
use crate::slab::Key;
use crate::{ConnId, End, Fault, Note, Refusal};

impl Core {
    /// Ends a connection for what the client did, and tells it.
    pub(super) fn end(&mut self, conn: Key, fault: Fault, cx: &mut Cx<'_>) {
        self.desk.tally.faults.add(fault);
        self.end_uncounted(conn, fault.reason_code(), Some(fault.description()), None, cx);
    }

    /// Ends a connection on which came what is no packet.
    pub(super) fn malformed(&mut self, conn: Key, error: &DecodeError, cx: &mut Cx<'_>) -> bool {
        self.note_malformed(conn, error, cx);
        let reason = error.reason_code_in(PacketType::Disconnect);
        self.end_uncounted(conn, reason, Some(&error.to_string()), None, cx);
        false
    }

    pub(super) fn note_malformed(&mut self, conn: Key, error: &DecodeError, cx: &mut Cx<'_>) {
        self.desk.tally.faults.add(Fault::of(error));
        if let Some(connection) = self.connections.get(conn) {
            cx.out.note(&Note::Malformed { conn: connection.name, error: *error });
        }
    }

    /// Ends a connection as the policy says.
    pub(super) fn end_denied(&mut self, conn: Key, refusal: &Refusal, cx: &mut Cx<'_>) {
        let reason = refusal.reason_in(PacketType::Disconnect);
        let text = refusal.reason_string.as_deref();
        self.end_uncounted(conn, reason, text, refusal.server_reference.as_deref(), cx);
    }

    /// Ends a connection, and tells a 5.0 client why. Before CONNACK there is no DISCONNECT (MQTT-3.14.0-1).
    pub(super) fn end_uncounted(
        &mut self,
        conn: Key,
        reason: ReasonCode,
        reason_string: Option<&str>,
        server_reference: Option<&str>,
        cx: &mut Cx<'_>,
    ) {
        let Some(connection) = self.connections.get(conn) else { return };
        if connection.session.is_some() && connection.version.is_some_and(Version::is_v5) {
            // Some tables of the standard list it for DISCONNECT and some do not, so it is not sent.
            let reason = if reason == ReasonCode::BadAuthenticationMethod {
                ReasonCode::NotAuthorized
            } else {
                failure(reason, PacketType::Disconnect, ReasonCode::UnspecifiedError)
            };
            // Never with a Session Expiry Interval (MQTT-3.14.2-2).
            let properties = DisconnectProperties {
                session_expiry_interval: None,
                reason_string,
                server_reference,
                ..Default::default()
            };
            self.emit(conn, Disconnect { reason, properties }, cx);
        }
        self.close_silently(conn, reason, cx);
    }

    /// Closes without a packet.
    pub(super) fn close_silently(&mut self, conn: Key, reason: ReasonCode, cx: &mut Cx<'_>) {
        if let Some(connection) = self.connections.get(conn) {
            cx.out.close(connection.name);
        }
        self.forget(conn, End::ByBroker(reason), cx);
    }

    /// The peer closed the connection.
    pub(super) fn transport_closed(&mut self, name: ConnId, cx: &mut Cx<'_>) {
        if let Some(conn) = self.connection_named(name) {
            self.forget(conn, End::Transport, cx);
        }
    }

    /// The embedding program wants a client to go.
    pub(super) fn disconnect_client(
        &mut self,
        client_id: &str,
        reason: ReasonCode,
        server_reference: Option<&str>,
        cx: &mut Cx<'_>,
    ) {
        let session = self.session_of(client_id).and_then(|key| self.sessions.get(key));
        let Some(conn) = session.and_then(|session| session.conn) else { return };
        let reason = failure(reason, PacketType::Disconnect, ReasonCode::AdministrativeAction);
        self.end_uncounted(conn, reason, None, server_reference, cx);
    }

    pub(super) fn shut_down(&mut self, cx: &mut Cx<'_>) {
        self.shutting_down = true;
        let all: Vec<_> = self.connections.keys().collect();
        for conn in all {
            self.end_uncounted(conn, ReasonCode::ServerShuttingDown, None, None, cx);
        }
    }

    /// A client's DISCONNECT (MQTT 5.0 §3.14.4).
    pub(super) fn on_disconnect(&mut self, conn: Key, key: Key, packet: &Disconnect<'_>, cx: &mut Cx<'_>) {
        let Some(connection) = self.connections.get(conn) else { return };
        let Some(session) = self.sessions.get_mut(key) else { return };
        let expiry = packet.properties.session_expiry_interval;
        if !connection.may_set_expiry && expiry.is_some_and(|expiry| expiry > 0) {
            return self.end(conn, Fault::SessionExpiry, cx);
        }
        if packet.properties.server_reference.is_some() || !is_sent_by_client(packet.reason) {
            return self.end(conn, Fault::ServerOnly, cx);
        }
        if let Some(expiry) = expiry {
            session.expiry_interval = expiry.min(self.config.session_expiry_maximum);
        }
        let name = connection.name;
        if packet.reason == ReasonCode::NORMAL_DISCONNECTION
            && let Some(will) = self.take_will(key)
        {
            self.forget_will(&will, cx);
        }
        cx.out.close(name);
        self.forget(conn, End::ByClient(packet.reason), cx);
    }

    /// Removes a connection. If it was a client's, its session goes on without it, or ends.
    fn forget(&mut self, conn: Key, end: End, cx: &mut Cx<'_>) {
        let Some(connection) = self.take_connection(conn) else { return };
        let name = connection.name;
        let Some(key) = connection.session else {
            if let End::ByBroker(reason) = end {
                cx.out.note(&Note::Refused { conn: name, reason });
            }
            return;
        };
        self.desk.tally.stats.clients_connected -= 1;
        if let Some(session) = self.sessions.get_mut(key) {
            cx.out.note(&Note::Disconnected { conn: name, client_id: &session.client_id, end });
        }
        self.leave(key, cx);
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
