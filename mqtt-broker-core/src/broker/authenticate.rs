//! Enhanced authentication (MQTT 5.0 §4.12). Who somebody is, is decided by the policy; here is whose turn it is.

use bytes::BytesMut;
use mqtt_codec::{Auth, AuthProperties, Connect, Disconnect, Frame, PacketType, ReasonCode, Version, frame};

use super::connect::{Connecting, Gifts};
use super::{Core, Cx, Taken};
use crate::connection::Authentication;
use crate::policy::Step;
use crate::slab::Key;
use crate::{AuthenticationData, Fault, Request};

impl Core {
    /// The client has connected with a method and has to go on with AUTH. Its CONNECT is kept until that is done.
    pub(super) fn begin_authentication(
        &mut self,
        conn: Key,
        authentication: Authentication,
        data: &[u8],
        cx: &mut Cx<'_>,
    ) -> Connecting {
        let method = authentication.method.clone();
        if let Some(connection) = self.connections.get_mut(conn) {
            connection.extras().authentication = Some(authentication);
        }
        self.send_auth(conn, ReasonCode::ContinueAuthentication, &method, Some(data), cx);
        Connecting::Done
    }

    /// The client has connected with a method, which it may use again.
    pub(super) fn remember_method(&mut self, conn: Key, method: &str) {
        if let Some(connection) = self.connections.get_mut(conn) {
            connection.extras().authentication.get_or_insert_with(|| Authentication {
                method: method.into(),
                connect: None,
                client_id: None,
                is_running: false,
                response_information: None,
            });
        }
    }

    fn send_auth(
        &mut self,
        conn: Key,
        reason: ReasonCode,
        authentication_method: &str,
        authentication_data: Option<&[u8]>,
        cx: &mut Cx<'_>,
    ) {
        let properties = AuthProperties { authentication_data, ..AuthProperties::default() };
        self.send(conn, Auth { reason, authentication_method, properties }, cx);
    }

    /// Takes a packet between the first AUTH and CONNACK: AUTH or DISCONNECT (MQTT-3.1.2-30).
    pub(super) fn take_while_authenticating(
        &mut self,
        conn: Key,
        bytes: &mut BytesMut,
        cx: &mut Cx<'_>,
    ) -> bool {
        let found = match frame(bytes, &self.connect_limits()) {
            Ok(Some(found)) => found,
            Ok(None) => return false,
            Err(error) => {
                self.refuse_malformed(conn, &error, cx);
                return false;
            }
        };
        let len = found.bytes().len();
        let outcome = self.authenticating(conn, found, cx);
        self.recharge_connection(conn);
        self.done_connecting(conn, &outcome, bytes, len, cx)
    }

    fn authenticating(&mut self, conn: Key, found: Frame<'_>, cx: &mut Cx<'_>) -> Connecting {
        match found.packet_type() {
            PacketType::Auth => {}
            PacketType::Disconnect => {
                if let Err(error) = Disconnect::decode(Version::V5, found) {
                    self.refuse_malformed(conn, &error, cx);
                } else {
                    self.close_silently(conn, ReasonCode::NORMAL_DISCONNECTION, cx);
                }
                return Connecting::Refused;
            }
            PacketType::Connect => return self.refuse(conn, Fault::SecondConnect, cx),
            PacketType::ConnAck
            | PacketType::Publish
            | PacketType::PubAck
            | PacketType::PubRec
            | PacketType::PubRel
            | PacketType::PubComp
            | PacketType::Subscribe
            | PacketType::SubAck
            | PacketType::Unsubscribe
            | PacketType::UnsubAck
            | PacketType::PingReq
            | PacketType::PingResp => return self.refuse(conn, Fault::Auth, cx),
        }
        let auth = match Auth::decode(Version::V5, found) {
            Ok(auth) => auth,
            Err(error) => {
                self.refuse_malformed(conn, &error, cx);
                return Connecting::Refused;
            }
        };
        let Some(connection) = self.connections.get_mut(conn) else { return Connecting::Refused };
        let Some(mut authentication) = connection.extras().authentication.take() else {
            return Connecting::Refused;
        };
        let Some(packet) = authentication.connect.take() else { return Connecting::Refused };
        // MQTT-4.12.0-5
        let fits = auth.reason == ReasonCode::ContinueAuthentication
            && auth.authentication_method == &*authentication.method;
        if !fits {
            return self.refuse(conn, Fault::Auth, cx);
        }
        let outcome = self.authenticated(conn, &packet, &authentication, &auth, cx);
        if let Some(connection) = self.connections.get_mut(conn) {
            if connection.session.is_none() {
                authentication.connect = Some(packet);
            } else {
                authentication.client_id = None;
                authentication.response_information = None;
            }
            authentication.is_running = connection.session.is_none();
            connection.extras().authentication = Some(authentication);
        }
        outcome
    }

    /// Asks about one AUTH of a client that is not connected yet, and connects it if that was the last.
    fn authenticated(
        &mut self,
        conn: Key,
        packet: &[u8],
        authentication: &Authentication,
        auth: &Auth<'_>,
        cx: &mut Cx<'_>,
    ) -> Connecting {
        let version = Version::V5;
        // It was decoded before.
        let decoded = frame(packet, &self.connect_limits()).ok().flatten();
        let Some(connect) = decoded.and_then(|found| Connect::decode(version, found).ok()) else {
            return self.refuse(conn, Fault::Field, cx);
        };
        let client_id = authentication.client_id.clone().unwrap_or_else(|| connect.client_id.into());
        let data = auth.properties.authentication_data.map(AuthenticationData);
        let request = Request::Authenticate { method: auth.authentication_method, data, is_connected: false };
        let Some(verdict) = self.decide(conn, Some(&client_id), &[], request, cx) else {
            return Connecting::Waits;
        };
        let data = match verdict.clone().step() {
            Err(refusal) => return self.refuse_denied(conn, &refusal, cx),
            Ok(Step::Done(data)) => data,
            Ok(Step::Challenge(data)) => {
                let method = auth.authentication_method;
                self.send_auth(conn, ReasonCode::ContinueAuthentication, method, Some(&data), cx);
                return Connecting::Done;
            }
        };
        match self.may_connect(conn, &connect, &client_id, &mut [Some(verdict)].into(), cx) {
            None => return Connecting::Waits,
            Some(Err(refusal)) => return self.refuse_denied(conn, &refusal, cx),
            Some(Ok(())) => {}
        }
        let response_information = authentication.response_information.clone();
        let gifts = Gifts { authentication_data: data, response_information };
        self.accept(conn, version, &connect, &client_id, &gifts, cx)
    }

    /// AUTH from a client that is connected: it proves itself again (MQTT 5.0 §4.12.1).
    pub(super) fn on_auth(&mut self, conn: Key, auth: &Auth<'_>, cx: &mut Cx<'_>) -> Taken {
        let Some(connection) = self.connections.get(conn) else { return Taken::Done };
        // Without a method in CONNECT there is none that would fit (MQTT-4.12.0-6, MQTT-4.12.1-1).
        let fits = connection.authentication().is_some_and(|authentication| {
            let expected = if authentication.is_running {
                ReasonCode::ContinueAuthentication
            } else {
                ReasonCode::ReAuthenticate
            };
            *authentication.method == *auth.authentication_method && auth.reason == expected
        });
        if !fits {
            self.end(conn, Fault::Auth, cx);
            return Taken::Done;
        }
        let data = auth.properties.authentication_data.map(AuthenticationData);
        let method = auth.authentication_method;
        let request = Request::Authenticate { method, data, is_connected: true };
        let Some(verdict) = self.decide(conn, None, &[], request, cx) else { return Taken::Waits };
        let (reason, data, is_running) = match verdict.step() {
            Err(refusal) => {
                self.end_denied(conn, &refusal, cx);
                return Taken::Done;
            }
            Ok(Step::Challenge(data)) => (ReasonCode::ContinueAuthentication, Some(data), true),
            Ok(Step::Done(data)) => (ReasonCode::Success, data, false),
        };
        if let Some(connection) = self.connections.get_mut(conn)
            && let Some(authentication) = &mut connection.extras().authentication
        {
            authentication.is_running = is_running;
        }
        self.send_auth(conn, reason, method, data.as_deref(), cx);
        Taken::Done
    }
}
