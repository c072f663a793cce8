//! CONNECT: from the first byte to CONNACK (MQTT 5.0 §3.1.4).

use alloc::format;
use alloc::sync::Arc;
use core::num::{NonZeroU16, NonZeroU32};

use bytes::{Buf, BytesMut};
use mqtt_codec::{
    ConnAck, ConnAckProperties, Connect, DecodeError, DecodeErrorKind, Limits, PacketType, ReasonCode,
    Version, connect_version, frame,
};
use mqtt_session::{InboundAliases, KeepAlive, OutboundAliases};
use siphasher::sip::SipHasher24;

use super::{Core, Cx, failure};
use crate::connection::Connected;
use crate::session::{Session, Will};
use crate::slab::Key;
use crate::{Client, ConnId, Message, Note, Password, Request, Verdict};

impl Core {
    /// Takes the first packet of a connection.
    pub(super) fn take_connect(&mut self, conn: ConnId, bytes: &mut BytesMut, cx: &mut Cx<'_>) -> bool {
        let version = match connect_version(bytes) {
            Ok(Some(version)) => version,
            Ok(None) => return false,
            Err(error) => return self.not_connect(conn, error, cx),
        };
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.version = Some(version);
        }
        let Limits { packet_size, .. } = self.config.limits;
        let limits =
            Limits { packet_size: packet_size.min(self.config.connect_packet_size), ..self.config.limits };
        let decoded = match frame(bytes, &limits) {
            Ok(None) => return false,
            Ok(Some(found)) => Connect::decode(version, found).map(|connect| (connect, found.bytes().len())),
            Err(error) => Err(error),
        };
        let (connect, len) = match decoded {
            Ok(decoded) => decoded,
            Err(error) => {
                cx.out.note(&Note::Malformed { conn, error });
                self.refuse(conn, error.reason_code(), cx);
                return false;
            }
        };
        if !self.on_connect(conn, version, &connect, cx) {
            return false;
        }
        bytes.advance(len);
        self.packet_done(conn, cx);
        true
    }

    /// The first bytes are not those of a CONNECT that we serve. Who asks for a version is told that it is the version;
    /// anything else gets no answer.
    fn not_connect(&mut self, conn: ConnId, error: DecodeError, cx: &mut Cx<'_>) -> bool {
        cx.out.note(&Note::Malformed { conn, error });
        if let DecodeErrorKind::ProtocolLevel { is_mqisdp, level } = error.kind() {
            if let Some(connection) = self.connections.get_mut(&conn) {
                let newer = !is_mqisdp && level > Version::V5.level();
                connection.version = Some(if newer { Version::V5 } else { Version::V3_1_1 });
            }
            self.refuse(conn, ReasonCode::UnsupportedProtocolVersion, cx);
        } else {
            self.close_silently(conn, error.reason_code(), cx);
        }
        false
    }

    /// Refuses the connection, with a CONNACK if the version has one for the reason (MQTT 3.1.1 MQTT-3.2.2-6).
    pub(super) fn refuse(&mut self, conn: ConnId, reason: ReasonCode, cx: &mut Cx<'_>) {
        let code = failure(reason, PacketType::ConnAck, ReasonCode::UnspecifiedError);
        self.emit(conn, ConnAck::refuse(code), cx);
        self.close_silently(conn, reason, cx);
    }

    /// Answers a well-formed CONNECT. False if it is refused or has to wait.
    fn on_connect(&mut self, conn: ConnId, version: Version, connect: &Connect<'_>, cx: &mut Cx<'_>) -> bool {
        let Some(connection) = self.connections.get_mut(&conn) else { return false };
        let listener = connection.listener;
        if let Some(maximum) = connect.properties.maximum_packet_size {
            connection.maximum_packet_size = usize::try_from(maximum.get()).unwrap_or(usize::MAX);
        }
        let assigned = connection.assigned.clone();
        let client_id: Arc<str> = match (connect.client_id, version) {
            ("", Version::V3_1) => return self.refused(conn, ReasonCode::ClientIdentifierNotValid, cx),
            ("", Version::V3_1_1) if !connect.clean_start => {
                return self.refused(conn, ReasonCode::ClientIdentifierNotValid, cx);
            }
            ("", _) => assigned.unwrap_or_else(|| self.assign_client_id(conn)),
            (sent, _) => sent.into(),
        };
        if connect.properties.authentication_method.is_some() {
            return self.refused(conn, ReasonCode::BadAuthenticationMethod, cx);
        }
        let will = match connect.will {
            None => None,
            Some(will)
                if will.topic.starts_with_dollar() && !self.config.clients_publish_to_dollar_topics =>
            {
                return self.refused(conn, ReasonCode::TopicNameInvalid, cx);
            }
            Some(will) => {
                let message = Message::new(will.topic, will.payload.to_vec())
                    .with_qos(will.qos)
                    .with_retain(will.retain);
                let Ok(message) = message.with_properties(&will.properties) else {
                    return self.refused(conn, ReasonCode::UnspecifiedError, cx);
                };
                let message = message.published_by(Arc::clone(&client_id));
                Some(Will { message, delay: will.delay_interval.unwrap_or(0) })
            }
        };
        let client = Client { client_id: &client_id, user_name: connect.user_name, version, listener };
        let requests = [
            Some(Request::Connect { password: connect.password.map(Password) }),
            connect.will.map(|will| Request::Will { topic: will.topic, qos: will.qos, retain: will.retain }),
        ];
        for (index, request) in requests.into_iter().flatten().enumerate() {
            match self.decide(conn, index, client, request, cx) {
                None => return false,
                Some(Verdict::Deny(reason)) => {
                    let reason = failure(reason, PacketType::ConnAck, ReasonCode::NotAuthorized);
                    return self.refused(conn, reason, cx);
                }
                Some(Verdict::Allow) => {}
            }
        }
        self.accept(conn, version, connect, &client_id, will, cx);
        self.connections.contains_key(&conn)
    }

    fn refused(&mut self, conn: ConnId, reason: ReasonCode, cx: &mut Cx<'_>) -> bool {
        self.refuse(conn, reason, cx);
        false
    }

    /// A Client Identifier that no session uses (MQTT-3.2.2-16), kept while the CONNECT waits for its answer.
    fn assign_client_id(&mut self, conn: ConnId) -> Arc<str> {
        let key = self.config.seed.to_le_bytes();
        let id: Arc<str> = loop {
            self.assigned_ids += 1;
            let id = format!(
                "auto-{:016x}",
                SipHasher24::new_with_key(&key).hash(&self.assigned_ids.to_le_bytes())
            );
            if !self.clients.contains_key(&*id) {
                break id.into();
            }
        };
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.assigned = Some(Arc::clone(&id));
        }
        id
    }

    /// The client may connect. Only now is anything changed that others can see.
    fn accept(
        &mut self,
        conn: ConnId,
        version: Version,
        connect: &Connect<'_>,
        client_id: &Arc<str>,
        will: Option<Will>,
        cx: &mut Cx<'_>,
    ) {
        let asked_expiry = match (version, connect.clean_start) {
            (Version::V5, _) => connect.properties.session_expiry_interval.unwrap_or(0),
            (Version::V3_1 | Version::V3_1_1, true) => 0,
            (Version::V3_1 | Version::V3_1_1, false) => u32::MAX,
        };
        let expiry = asked_expiry.min(self.config.session_expiry_maximum);
        let keep_alive = match self.config.server_keep_alive {
            Some(seconds) if version.is_v5() => seconds,
            _ => connect.keep_alive,
        };
        let protocol_maximum = Limits::MAX_PACKET_SIZE;
        let properties = ConnAckProperties {
            session_expiry_interval: (expiry != asked_expiry).then_some(expiry),
            receive_maximum: NonZeroU16::new(self.config.receive_maximum)
                .filter(|maximum| *maximum != NonZeroU16::MAX),
            maximum_packet_size: NonZeroU32::new(self.config.limits.packet_size)
                .filter(|maximum| maximum.get() < protocol_maximum),
            assigned_client_identifier: connect.client_id.is_empty().then_some(&**client_id),
            topic_alias_maximum: Some(self.config.topic_alias_maximum).filter(|&maximum| maximum > 0),
            server_keep_alive: self.config.server_keep_alive,
            ..ConnAckProperties::default()
        };
        let connack = ConnAck { session_present: false, reason: ReasonCode::Success, properties };
        let room = self.connections.get(&conn).map_or(0, |connection| connection.maximum_packet_size);
        if connack.encoded_len(version).is_ok_and(|len| len > room) {
            return self.refuse(conn, ReasonCode::PacketTooLarge, cx);
        }
        let is_known = self.clients.contains_key(client_id);
        if is_known && connect.client_id.is_empty() {
            // Somebody took the assigned identifier while the policy was asked (MQTT-3.2.2-16).
            return self.refuse(conn, ReasonCode::ServerBusy, cx);
        }
        if !is_known && self.sessions.len() >= self.config.sessions {
            return self.refuse(conn, ReasonCode::QuotaExceeded, cx);
        }
        let (key, session_present) = self.open_session(client_id, connect.clean_start, cx);
        let client_receive_maximum = connect.properties.receive_maximum.map_or(u16::MAX, NonZeroU16::get);
        let (send_quota, receive_maximum, inbound_aliases) = if version.is_v5() {
            (client_receive_maximum, self.config.receive_maximum, self.config.topic_alias_maximum)
        } else {
            (u16::MAX, u16::MAX, 0)
        };
        let outbound_aliases =
            connect.properties.topic_alias_maximum.unwrap_or(0).min(self.config.outbound_topic_aliases);
        if let Some(session) = self.sessions.get_mut(key) {
            session.conn = Some(conn);
            session.expiry_interval = expiry;
            session.will = will;
            session.send.connected(send_quota.min(self.config.send_maximum));
            session.receive.connected(receive_maximum);
            for filter in session.shared_filters() {
                self.router.set_connected(key, filter, true);
            }
        }
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.assigned = None;
            connection.connected = Some(Connected {
                version,
                session: key,
                user_name: connect.user_name.map(Into::into),
                keep_alive: KeepAlive::server(keep_alive, self.now),
                inbound_aliases: InboundAliases::new(inbound_aliases),
                outbound_aliases: OutboundAliases::new(outbound_aliases),
                connect_session_expiry: asked_expiry,
            });
        }
        self.set_connection_timer(conn);
        self.send(conn, ConnAck { session_present, ..connack }, cx);
        cx.out.note(&Note::Connected { conn, client_id, version, session_present });
        self.pump(key, cx);
    }

    /// Takes over a connection with this Client Identifier (MQTT-3.1.4-3), then continues its session or begins a new one
    /// (MQTT-3.1.2-4 to -6). Whether it continues one.
    fn open_session(&mut self, client_id: &Arc<str>, clean_start: bool, cx: &mut Cx<'_>) -> (Key, bool) {
        let existing = self.clients.get(client_id).copied();
        if let Some(old) = existing.and_then(|key| self.sessions.get(key)).and_then(|session| session.conn) {
            self.end(old, ReasonCode::SessionTakenOver, cx);
        }
        if let Some(key) = existing {
            self.come_due(key, cx);
        }
        if clean_start && let Some(key) = existing {
            self.end_session(key, cx);
        }
        // The takeover or the time may have ended the session too.
        if let Some(&key) = self.clients.get(client_id) {
            self.continue_session(key);
            return (key, true);
        }
        let key = self.sessions.insert(Session::new(Arc::clone(client_id), self.config.send_maximum));
        self.clients.insert(Arc::clone(client_id), key);
        (key, false)
    }
}
