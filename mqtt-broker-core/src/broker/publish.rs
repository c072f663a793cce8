//! PUBLISH from clients, and the acknowledgements of both directions (MQTT 5.0 §3.3 to §3.7, §4.3).

use alloc::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use mqtt_codec::{Delivery, PacketType, PubAck, PubComp, PubRec, PubRel, Publish, ReasonCode};
use mqtt_session::{AckError, Arrival, LocalId, Released, RemoteId};

use super::{Core, Cx, Taken, failure};
use crate::slab::Key;
use crate::{Client, ConnId, Message, Request, Verdict};

/// Bytes of payload from which on it is split off the read buffer, which then stays in memory as long as the payload
/// does. Below it the buffer could be many times the payload, so smaller ones are copied.
const SPLIT_OFF: usize = 32 << 10;

/// A message whose payload is still in the read buffer.
pub(super) struct Draft {
    message: Message,
    /// Bytes of payload at the end of the packet.
    payload: usize,
    delivery: Delivery,
}

impl Draft {
    /// Takes the whole packet off the buffer.
    pub(super) fn take(self, bytes: &mut BytesMut, packet_len: usize) -> (Message, Delivery) {
        let head = packet_len.saturating_sub(self.payload);
        let payload = if self.payload >= SPLIT_OFF {
            let mut packet = bytes.split_to(packet_len);
            packet.advance(head);
            packet.freeze()
        } else {
            let payload = Bytes::copy_from_slice(bytes.get(head..packet_len).unwrap_or_default());
            bytes.advance(packet_len);
            payload
        };
        (self.message.with_payload(payload), self.delivery)
    }
}

impl Core {
    /// Checks everything that can make a PUBLISH fail. Nothing but the alias table changes.
    pub(super) fn on_publish(
        &mut self,
        conn: ConnId,
        key: Key,
        publish: &Publish<'_>,
        cx: &mut Cx<'_>,
    ) -> Taken {
        let Some(connection) = self.connections.get_mut(&conn) else { return Taken::Done };
        let Some(connected) = &mut connection.connected else { return Taken::Done };
        let Some(session) = self.sessions.get_mut(key) else { return Taken::Done };
        if !publish.subscription_ids.is_empty() {
            // MQTT-3.3.4-6
            return self.fail(conn, ReasonCode::ProtocolError, cx);
        }
        let arrival = match publish.delivery {
            Delivery::AtMostOnce => Ok(Arrival::New),
            Delivery::AtLeastOnce { .. } => session.receive.at_least_once().map(|()| Arrival::New),
            Delivery::ExactlyOnce { id, .. } => session.receive.exactly_once(RemoteId(id)),
        };
        let Ok(arrival) = arrival else {
            return self.fail(conn, ReasonCode::ReceiveMaximumExceeded, cx);
        };
        let topic = match connected.inbound_aliases.resolve(publish.topic) {
            Ok(topic) => topic,
            Err(error) => return self.fail(conn, error.reason_code(), cx),
        };
        if let (Arrival::Repeat, Some(id)) = (arrival, publish.delivery.packet_id()) {
            // MQTT-4.3.3-10
            self.send(conn, PubRec::new(id, ReasonCode::Success), cx);
            return Taken::Done;
        }
        let is_dollar = topic.starts_with_dollar();
        let message =
            Message::new(topic, Bytes::new()).with_qos(publish.delivery.qos()).with_retain(publish.retain);
        let Ok(message) = message.with_properties(&publish.properties) else {
            return self.fail(conn, ReasonCode::ImplementationSpecificError, cx);
        };
        // A message that waited for an answer was received when it was asked for.
        let received = connection.asked.unwrap_or(self.now);
        let message = message.published_by(Arc::clone(&session.client_id)).received_at(received);
        let (client_id, user_name) = (Arc::clone(&session.client_id), connected.user_name.clone());
        let (version, listener) = (connected.version, connection.listener);
        let verdict = if is_dollar && !self.config.clients_publish_to_dollar_topics {
            Verdict::Deny(ReasonCode::NotAuthorized)
        } else {
            let client = Client { client_id: &client_id, user_name: user_name.as_deref(), version, listener };
            let request =
                Request::Publish { topic: &message.topic, qos: message.qos, retain: message.retain };
            match self.decide(conn, 0, client, request, cx) {
                Some(verdict) => verdict,
                None => return Taken::Waits,
            }
        };
        match verdict {
            Verdict::Allow => {
                Taken::Message(Draft { message, payload: publish.payload.len(), delivery: publish.delivery })
            }
            Verdict::Deny(reason) => {
                self.deny(conn, key, publish.delivery, reason, cx);
                Taken::Done
            }
        }
    }

    fn fail(&mut self, conn: ConnId, reason: ReasonCode, cx: &mut Cx<'_>) -> Taken {
        self.end(conn, reason, cx);
        Taken::Done
    }

    /// Refuses a message. 3.x cannot say so and gets an acknowledgement as usual (MQTT 3.1.1 MQTT-3.3.5-2).
    fn deny(&mut self, conn: ConnId, key: Key, delivery: Delivery, reason: ReasonCode, cx: &mut Cx<'_>) {
        let reason = failure(reason, PacketType::PubAck, ReasonCode::NotAuthorized);
        let version = self.connections.get(&conn).and_then(|connection| connection.version);
        match delivery {
            Delivery::AtMostOnce => {}
            Delivery::AtLeastOnce { id, .. } => self.send(conn, PubAck::new(id, reason), cx),
            Delivery::ExactlyOnce { id, .. } => {
                if let Some(session) = self.sessions.get_mut(key)
                    && version.is_some_and(|version| !version.is_v5())
                {
                    session.receive.take_over(RemoteId(id));
                }
                self.send(conn, PubRec::new(id, reason), cx);
            }
        }
    }

    /// Owns a message from now on: remembers a QoS 2 identifier, hands it to its subscribers, then acknowledges it.
    pub(super) fn take_message(
        &mut self,
        conn: ConnId,
        key: Key,
        message: Message,
        delivery: Delivery,
        cx: &mut Cx<'_>,
    ) {
        if let Delivery::ExactlyOnce { id, .. } = delivery
            && let Some(session) = self.sessions.get_mut(key)
        {
            session.receive.take_over(RemoteId(id));
        }
        self.route(Arc::new(message), cx);
        match delivery {
            Delivery::AtMostOnce => {}
            Delivery::AtLeastOnce { id, .. } => self.send(conn, PubAck::new(id, ReasonCode::Success), cx),
            Delivery::ExactlyOnce { id, .. } => self.send(conn, PubRec::new(id, ReasonCode::Success), cx),
        }
    }

    pub(super) fn on_puback(&mut self, conn: ConnId, key: Key, packet: PubAck<'_>, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let outcome = session.send.puback(LocalId(packet.packet_id)).map(|parcel| session.landed(&parcel));
        self.acknowledged(conn, key, outcome, cx);
    }

    pub(super) fn on_pubcomp(&mut self, conn: ConnId, key: Key, packet: PubComp<'_>, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let outcome = session.send.pubcomp(LocalId(packet.packet_id));
        self.acknowledged(conn, key, outcome, cx);
    }

    pub(super) fn on_pubrec(&mut self, conn: ConnId, key: Key, packet: PubRec<'_>, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let accepted = !packet.reason.is_error();
        let pubrel = |reason| PubRel::new(packet.packet_id, reason);
        match session.send.pubrec(LocalId(packet.packet_id), accepted) {
            Ok(Released::SendPubRel(parcel)) => {
                parcel.iter().for_each(|parcel| session.landed(parcel));
                self.send(conn, pubrel(ReasonCode::Success), cx);
                self.acknowledged(conn, key, Ok(()), cx);
            }
            Err(AckError::UnknownId) if accepted => {
                self.send(conn, pubrel(ReasonCode::PacketIdentifierNotFound), cx)
            }
            Ok(Released::Refused(parcel)) => {
                session.landed(&parcel);
                self.acknowledged(conn, key, Ok(()), cx);
            }
            Err(error) => self.acknowledged(conn, key, Err(error), cx),
        }
    }

    pub(super) fn on_pubrel(&mut self, conn: ConnId, key: Key, packet: PubRel<'_>, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let known = session.receive.release(RemoteId(packet.packet_id));
        let reason = if known { ReasonCode::Success } else { ReasonCode::PacketIdentifierNotFound };
        self.send(conn, PubComp::new(packet.packet_id, reason), cx);
    }

    /// Quota or bytes may have come free, so what waits for them can go (MQTT-3.3.4-9).
    fn acknowledged(&mut self, conn: ConnId, key: Key, outcome: Result<(), AckError>, cx: &mut Cx<'_>) {
        match outcome {
            Ok(()) => self.pump(key, cx),
            // The peer may have kept it from a session that we no longer have.
            Err(AckError::UnknownId) => {}
            Err(AckError::WrongKind) => self.end(conn, ReasonCode::ProtocolError, cx),
        }
    }
}
