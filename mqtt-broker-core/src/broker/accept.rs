//! A CONNECT that is accepted: takeover, session and CONNACK (MQTT 5.0 §3.1.4, §3.2).

use alloc::sync::Arc;
use core::num::{NonZeroU16, NonZeroU32};

use mqtt_codec::{ConnAck, ConnAckProperties, Connect, Limits, QoS, ReasonCode, Version};
use mqtt_session::{KeepAlive, OutboundAliases};

use super::budget::{ENTRY, Want};
use super::connect::{Connecting, Gifts};
use super::{Core, Cx, will};
use crate::connection::Connection;
use crate::message::shared_text;
use crate::session::{Quotas, Session};
use crate::slab::Key;
use crate::{Fault, Note};

impl Core {
    /// The client may connect. Only now is anything changed that others can see.
    pub(super) fn accept(
        &mut self,
        conn: Key,
        version: Version,
        connect: &Connect<'_>,
        client_id: &Arc<str>,
        gifts: &Gifts,
        cx: &mut Cx<'_>,
    ) -> Connecting {
        let asked_expiry = match (version, connect.clean_start) {
            (Version::V5, _) => connect.properties.session_expiry_interval.unwrap_or(0),
            (Version::V3_1 | Version::V3_1_1, true) => 0,
            (Version::V3_1 | Version::V3_1_1, false) => u32::MAX,
        };
        let expiry = asked_expiry.min(self.config.session_expiry_maximum);
        let server_keep_alive = self.server_keep_alive(connect.keep_alive).filter(|_| version.is_v5());
        let wants_information = connect.properties.request_response_information.unwrap_or(false);
        let properties = ConnAckProperties {
            session_expiry_interval: (expiry != asked_expiry).then_some(expiry),
            assigned_client_identifier: connect.client_id.is_empty().then_some(&**client_id),
            server_keep_alive,
            response_information: gifts.response_information.as_deref().filter(|_| wants_information),
            authentication_method: connect.properties.authentication_method,
            authentication_data: gifts.authentication_data.as_deref(),
            ..self.announcements()
        };
        let connack = ConnAck { session_present: false, reason: ReasonCode::Success, properties };
        let room = self.connections.get(conn).map_or(0, |connection| connection.maximum_packet_size);
        match connack.encoded_len(version) {
            Ok(len) if len <= room as usize => {}
            Ok(_) => return self.refuse(conn, Fault::PacketSize, cx),
            // What the policy gave cannot be said.
            Err(_) => return self.refuse_with(conn, ReasonCode::UnspecifiedError, None, None, cx),
        }
        let existing = self.session_of(client_id);
        if existing.is_some() && connect.client_id.is_empty() {
            // Somebody took the assigned identifier while the policy was asked (MQTT-3.2.2-16).
            return self.refuse_with(conn, ReasonCode::ServerBusy, None, None, cx);
        }
        if existing.is_none() && self.sessions.len() >= self.config.sessions {
            return self.refuse_with(conn, ReasonCode::QuotaExceeded, None, None, cx);
        }
        let Some(owner) = self.connections.get(conn).map(Connection::owner) else {
            return Connecting::Refused;
        };
        let will = match will::kept(connect, client_id, owner, self.number()) {
            Ok(will) => will,
            Err(fault) => return self.refuse(conn, fault, cx),
        };
        let text = shared_text(client_id);
        let place =
            if existing.is_none() { self.sessions.growth() + self.by_client.growth() + text } else { 0 };
        let bytes = place + will.as_ref().map_or(0, |will| will.heap()) + ENTRY;
        if !self.make_room(bytes, Want::Client, cx) {
            return self.refuse_with(conn, ReasonCode::QuotaExceeded, None, None, cx);
        }
        let (key, session_present) = self.open_session(client_id, connect.clean_start, cx);
        let client_receive_maximum = connect.properties.receive_maximum.map_or(u16::MAX, NonZeroU16::get);
        if let Some(connection) = self.connections.get_mut(conn) {
            connection.session = Some(key);
            connection.keep_alive =
                KeepAlive::server(server_keep_alive.unwrap_or(connect.keep_alive), self.now);
            connection.may_set_expiry = asked_expiry > 0;
            connection.wants_problems = connect.properties.request_problem_information.unwrap_or(true);
            connection.send_quota = client_receive_maximum.min(self.config.send_maximum);
            let aliases = connect.properties.topic_alias_maximum.unwrap_or(0);
            let aliases = aliases.min(self.config.outbound_topic_aliases);
            if aliases > 0 {
                connection.extras().outbound_aliases = Some(OutboundAliases::new(aliases));
            }
        }
        let quotas = self.quotas(conn);
        if let Some(session) = self.sessions.get_mut(key) {
            session.conn = Some(conn);
            session.expiry_interval = expiry;
            session.is_stored |= self.config.durable && expiry > 0;
            if let (Some(exchange), Some(quotas)) = (&mut session.exchange, quotas) {
                exchange.connected(quotas);
            }
        }
        self.save_connected(key, will, session_present, cx);
        self.router.set_connected(key, true);
        self.desk.tally.stats.connects += 1;
        self.desk.tally.stats.clients_connected += 1;
        self.desk.tally.stats.clients_maximum =
            self.desk.tally.stats.clients_maximum.max(self.desk.tally.stats.clients_connected);
        self.set_connection_timer(conn);
        self.send(conn, ConnAck { session_present, ..connack }, cx);
        if let Some(connection) = self.connections.get(conn) {
            cx.out.note(&Note::Connected { conn: connection.name, client_id, version, session_present });
        }
        if session_present {
            self.review(key, cx);
        }
        self.pump(key, cx);
        Connecting::Done
    }

    /// How many messages may be open on a connection.
    pub(super) fn quotas(&self, conn: Key) -> Option<Quotas> {
        let connection = self.connections.get(conn)?;
        // 3.x clients know no Receive Maximum.
        let is_v5 = connection.version.is_some_and(Version::is_v5);
        let receive = if is_v5 { self.config.receive_maximum } else { u16::MAX };
        Some(Quotas { send: connection.send_quota, receive })
    }

    /// What replaces the Keep Alive of a 5.0 client, if it has to be another (MQTT-3.1.2-21).
    fn server_keep_alive(&self, asked: u16) -> Option<u16> {
        let is_too_long = |&maximum: &u16| asked == 0 || asked > maximum;
        let maximum = self.config.maximum_keep_alive.filter(|&maximum| maximum > 0);
        self.config.server_keep_alive.or_else(|| maximum.filter(is_too_long))
    }

    /// What CONNACK says to all clients. What goes without saying is not said.
    fn announcements(&self) -> ConnAckProperties<'static> {
        let config = &self.config;
        let no = |available: bool| (!available).then_some(false);
        ConnAckProperties {
            receive_maximum: NonZeroU16::new(config.receive_maximum)
                .filter(|maximum| *maximum != NonZeroU16::MAX),
            maximum_qos: Some(config.maximum_qos).filter(|&qos| qos < QoS::ExactlyOnce),
            retain_available: no(config.retain_available),
            maximum_packet_size: NonZeroU32::new(config.limits.packet_size)
                .filter(|maximum| maximum.get() < Limits::MAX_PACKET_SIZE),
            topic_alias_maximum: Some(config.topic_alias_maximum).filter(|&maximum| maximum > 0),
            wildcard_subscription_available: no(config.wildcard_subscription_available),
            subscription_identifier_available: no(config.subscription_identifier_available),
            shared_subscription_available: no(config.shared_subscription_available),
            ..ConnAckProperties::default()
        }
    }

    /// Takes over a connection with this Client Identifier (MQTT-3.1.4-3), then continues its session or begins a new one
    /// (MQTT-3.1.2-4 to -6). Whether it continues one.
    fn open_session(&mut self, client_id: &Arc<str>, clean_start: bool, cx: &mut Cx<'_>) -> (Key, bool) {
        let existing = self.session_of(client_id);
        if let Some(old) = existing.and_then(|key| self.sessions.get(key)).and_then(|session| session.conn) {
            self.end_uncounted(old, ReasonCode::SessionTakenOver, None, None, cx);
        }
        if let Some(key) = existing {
            self.come_due(key, cx);
            if clean_start {
                self.end_session(key, cx);
            }
        }
        // The takeover or the time may have ended the session too.
        if let Some(key) = self.session_of(client_id) {
            self.continue_session(key);
            return (key, true);
        }
        let number = self.number();
        (self.insert_session(Session::new(Arc::clone(client_id), number)), false)
    }
}
