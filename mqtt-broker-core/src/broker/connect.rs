//! CONNECT: whether it is accepted (MQTT 5.0 §3.1.4).

use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString as _;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::{Buf, Bytes, BytesMut};
use mqtt_codec::{
    ConnAck, ConnAckProperties, Connect, DecodeError, DecodeErrorKind, Limits, PacketType, ReasonCode,
    Version, connect_version, frame,
};
use siphasher::sip::SipHasher24;

use super::budget::{QUESTION, Want};
use super::{Core, Cx};
use crate::connection::Authentication;
use crate::policy::{Step, failure};
use crate::slab::Key;
use crate::{AuthenticationData, Fault, Password, Refusal, Request, Verdict};

/// What becomes of a CONNECT, or of the AUTH that completes it.
pub(super) enum Connecting {
    /// The client is connected, or has been asked for more: the packet is done with.
    Done,
    /// The packet waits.
    Waits,
    /// The connection is closed.
    Refused,
}

/// What the policy gives a client whose CONNECT it accepts.
#[derive(Default)]
pub(super) struct Gifts {
    pub(super) authentication_data: Option<Bytes>,
    pub(super) response_information: Option<Box<str>>,
}

impl Core {
    /// Takes a packet of a connection that has no client yet.
    pub(super) fn take_before_connected(&mut self, conn: Key, bytes: &mut BytesMut, cx: &mut Cx<'_>) -> bool {
        if self.connections.get(conn).is_some_and(|connection| connection.authentication().is_some()) {
            return self.take_while_authenticating(conn, bytes, cx);
        }
        let version = match connect_version(bytes) {
            Ok(Some(version)) => version,
            Ok(None) => return false,
            Err(error) => return self.not_connect(conn, &error, cx),
        };
        if let Some(connection) = self.connections.get_mut(conn) {
            connection.version = Some(version);
        }
        let decoded = match frame(bytes, &self.connect_limits()) {
            Ok(None) => return false,
            Ok(Some(found)) => Connect::decode(version, found).map(|connect| (connect, found.bytes())),
            Err(error) => Err(error),
        };
        let (connect, packet) = match decoded {
            Ok(decoded) => decoded,
            Err(error) => {
                self.refuse_malformed(conn, &error, cx);
                return false;
            }
        };
        let len = packet.len();
        // It may be kept, and so may parts of it.
        if !self.make_room(2 * len + 2 * QUESTION, Want::Client, cx) {
            self.refuse_with(conn, ReasonCode::QuotaExceeded, None, None, cx);
            return false;
        }
        let outcome = self.on_connect(conn, version, &connect, packet, cx);
        self.recharge_connection(conn);
        self.done_connecting(conn, &outcome, bytes, len, cx)
    }

    /// Takes the packet off the buffer, if it is done with. Whether the next can have its turn.
    pub(super) fn done_connecting(
        &mut self,
        conn: Key,
        outcome: &Connecting,
        bytes: &mut BytesMut,
        len: usize,
        cx: &mut Cx<'_>,
    ) -> bool {
        match outcome {
            Connecting::Waits | Connecting::Refused => false,
            Connecting::Done => {
                bytes.advance(len);
                self.count_received(len);
                self.packet_done(conn, cx)
            }
        }
    }

    /// What a client may send that is not known yet.
    pub(super) fn connect_limits(&self) -> Limits {
        let Limits { packet_size, .. } = self.config.limits;
        Limits { packet_size: packet_size.min(self.config.connect_packet_size), ..self.config.limits }
    }

    /// The first bytes are not those of a CONNECT that we serve. Who asks for a version is told that it is the version;
    /// anything else gets no answer.
    fn not_connect(&mut self, conn: Key, error: &DecodeError, cx: &mut Cx<'_>) -> bool {
        if let DecodeErrorKind::ProtocolLevel { is_mqisdp, level } = error.kind() {
            if let Some(connection) = self.connections.get_mut(conn) {
                let newer = !is_mqisdp && level > Version::V5.level();
                connection.version = Some(if newer { Version::V5 } else { Version::V3_1_1 });
            }
            self.refuse_malformed(conn, error, cx);
        } else {
            self.note_malformed(conn, error, cx);
            self.close_silently(conn, error.reason_code(), cx);
        }
        false
    }

    pub(super) fn refuse_malformed(&mut self, conn: Key, error: &DecodeError, cx: &mut Cx<'_>) {
        self.note_malformed(conn, error, cx);
        self.refuse_with(conn, error.reason_code(), Some(&error.to_string()), None, cx);
    }

    /// Refuses the connection for what the client did.
    pub(super) fn refuse(&mut self, conn: Key, fault: Fault, cx: &mut Cx<'_>) -> Connecting {
        self.desk.tally.faults.add(fault);
        self.refuse_with(conn, fault.reason_code(), Some(fault.description()), None, cx)
    }

    /// Refuses the connection as the policy says.
    pub(super) fn refuse_denied(&mut self, conn: Key, refusal: &Refusal, cx: &mut Cx<'_>) -> Connecting {
        let reason = refusal.reason_in(PacketType::ConnAck);
        let text = refusal.reason_string.as_deref();
        self.refuse_with(conn, reason, text, refusal.server_reference.as_deref(), cx)
    }

    /// With a CONNACK if the version has one for the reason (3.1.1 MQTT-3.2.2-6).
    pub(super) fn refuse_with(
        &mut self,
        conn: Key,
        reason: ReasonCode,
        reason_string: Option<&str>,
        server_reference: Option<&str>,
        cx: &mut Cx<'_>,
    ) -> Connecting {
        let code = failure(reason, PacketType::ConnAck, ReasonCode::UnspecifiedError);
        let properties =
            ConnAckProperties { reason_string, server_reference, ..ConnAckProperties::default() };
        self.emit(conn, ConnAck { session_present: false, reason: code, properties }, cx);
        self.close_silently(conn, reason, cx);
        Connecting::Refused
    }

    /// Answers a well-formed CONNECT.
    fn on_connect(
        &mut self,
        conn: Key,
        version: Version,
        connect: &Connect<'_>,
        packet: &[u8],
        cx: &mut Cx<'_>,
    ) -> Connecting {
        let Some(connection) = self.connections.get_mut(conn) else { return Connecting::Refused };
        connection.user_name = connect.user_name.map(Into::into);
        if let Some(maximum) = connect.properties.maximum_packet_size {
            connection.maximum_packet_size = maximum.get();
        }
        let assigned = connection.waiting.as_ref().and_then(|waiting| waiting.assigned.clone());
        let client_id = match (connect.client_id, version) {
            ("", Version::V3_1) => return self.refuse(conn, Fault::ClientIdentifier, cx),
            ("", Version::V3_1_1) if !connect.clean_start => {
                return self.refuse(conn, Fault::ClientIdentifier, cx);
            }
            ("", _) => assigned.unwrap_or_else(|| self.assign_client_id()),
            (sent, _) => sent.into(),
        };
        if let Some(fault) = self.will_fault(version, connect) {
            return self.refuse(conn, fault, cx);
        }
        let method = connect.properties.authentication_method;
        let data = connect.properties.authentication_data.map(AuthenticationData);
        let request = Request::Connect {
            password: connect.password.map(Password),
            authentication_method: method,
            wants_response_information: connect.properties.request_response_information.unwrap_or(false),
        };
        let mut answers = Vec::with_capacity(3);
        let Some(verdict) = self.decide(conn, Some(&client_id), &answers, request, cx) else {
            return self.connect_waits(conn, connect, &client_id, &answers);
        };
        answers.push(Some(verdict.clone()));
        let response_information = match verdict.permission(&request) {
            Ok(permission) => permission.response_information,
            Err(refusal) => return self.refuse_denied(conn, &refusal, cx),
        };
        let mut gifts = Gifts { response_information, authentication_data: None };
        if let Some(method) = method {
            let request = Request::Authenticate { method, data, is_connected: false };
            let Some(verdict) = self.decide(conn, Some(&client_id), &answers, request, cx) else {
                return self.connect_waits(conn, connect, &client_id, &answers);
            };
            answers.push(Some(verdict.clone()));
            match verdict.step() {
                Err(refusal) => return self.refuse_denied(conn, &refusal, cx),
                Ok(Step::Done(data)) => gifts.authentication_data = data,
                Ok(Step::Challenge(data)) => {
                    let authentication = Authentication {
                        method: method.into(),
                        connect: Some(packet.into()),
                        client_id: Some(client_id),
                        is_running: true,
                        response_information: gifts.response_information,
                    };
                    return self.begin_authentication(conn, authentication, &data, cx);
                }
            }
        }
        match self.may_connect(conn, connect, &client_id, &mut answers, cx) {
            None => self.connect_waits(conn, connect, &client_id, &answers),
            Some(Err(refusal)) => self.refuse_denied(conn, &refusal, cx),
            Some(Ok(())) => {
                if let Some(method) = method {
                    self.remember_method(conn, method);
                }
                self.accept(conn, version, connect, &client_id, &gifts, cx)
            }
        }
    }

    /// The last questions about a client who is who it says: whether it may leave its will, and whether it comes too often. `None`
    /// if it has to wait.
    pub(super) fn may_connect(
        &mut self,
        conn: Key,
        connect: &Connect<'_>,
        client_id: &str,
        answers: &mut Vec<Option<Verdict>>,
        cx: &mut Cx<'_>,
    ) -> Option<Result<(), Refusal>> {
        if let Some(will) = connect.will {
            let request =
                Request::Will { topic: will.topic, qos: will.qos, retain: will.retain, is_due: false };
            let verdict = self.decide(conn, Some(client_id), answers, request, cx)?;
            answers.push(Some(verdict.clone()));
            if let Err(refusal) = verdict.permission(&request) {
                return Some(Err(refusal));
            }
        }
        (!self.has_to_slow_down(conn, client_id, answers, cx)).then_some(Ok(()))
    }

    /// The CONNECT waits, and keeps the Client Identifier that it was assigned.
    fn connect_waits(
        &mut self,
        conn: Key,
        connect: &Connect<'_>,
        client_id: &Arc<str>,
        answers: &[Option<Verdict>],
    ) -> Connecting {
        if let Some(waiting) = self.waiting(conn, answers).filter(|_| connect.client_id.is_empty()) {
            waiting.assigned = Some(Arc::clone(client_id));
        }
        Connecting::Waits
    }

    /// A Client Identifier that no session uses (MQTT-3.2.2-16).
    fn assign_client_id(&mut self) -> Arc<str> {
        let key = self.config.seed.to_le_bytes();
        loop {
            self.assigned_ids += 1;
            let number = SipHasher24::new_with_key(&key).hash(&self.assigned_ids.to_le_bytes());
            let id = format!("auto-{number:016x}");
            if self.session_of(&id).is_none() {
                return id.into();
            }
        }
    }
}
