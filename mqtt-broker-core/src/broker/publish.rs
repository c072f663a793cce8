//! PUBLISH from clients (MQTT 5.0 §3.3, §4.3).

use alloc::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use mqtt_codec::{
    AckProperties, Delivery, PacketType, PayloadFormat, PubAck, PubRec, Publish, PublishTopic, ReasonCode,
    Version,
};
use mqtt_session::{AliasError, Arrival, InboundAliases, RemoteId};
use mqtt_topic::TopicName;

use super::budget::{ENTRY, Want};
use super::{Core, Cx, Taken};
use crate::connection::Extras;
use crate::message::{Incoming, SHARED};
use crate::session::Exchange;
use crate::slab::Key;
use crate::store::MessageOrigin;
use crate::{Fault, Message, Refusal, Request, SharedStrategy, Verdict};

/// Bytes of payload from which on it is split off the read buffer, which then stays in memory as long as the payload does: if
/// the payload is nearly all of that. Others are copied.
const SPLIT_OFF: usize = 32 << 10;

/// A message whose payload is still in the read buffer.
pub(super) struct Draft {
    message: Message,
    /// Bytes of payload at the end of the packet.
    payload: usize,
    delivery: Delivery,
}

impl Draft {
    /// Takes the whole packet off the buffer, of which so much was taken before.
    pub(super) fn take(self, bytes: &mut BytesMut, packet_len: usize, before: usize) -> (Message, Delivery) {
        let head = packet_len.saturating_sub(self.payload);
        let buffer = before + bytes.capacity();
        let payload = if self.payload >= SPLIT_OFF && self.payload >= buffer / 8 * 7 {
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
    pub(super) fn on_publish(
        &mut self,
        conn: Key,
        key: Key,
        version: Version,
        publish: &Publish<'_>,
        cx: &mut Cx<'_>,
    ) -> Taken {
        if let PublishTopic::Name(topic) = publish.topic {
            return self.publish(conn, key, version, publish, topic, cx);
        }
        let growth = match publish.topic {
            PublishTopic::NameAndAlias(topic, _) => ENTRY + size_of::<Extras>() + topic.as_str().len(),
            PublishTopic::Name(_) | PublishTopic::Alias(_) => 0,
        };
        if growth > 0 && !self.make_room(growth, Want::Other, cx) {
            self.end_uncounted(conn, ReasonCode::QuotaExceeded, None, None, cx);
            return Taken::Done;
        }
        let maximum = self.config.topic_alias_maximum;
        let Some(connection) = self.connections.get_mut(conn) else { return Taken::Done };
        // The table is away while the message is on its way, so that the topic can be borrowed from it. It grows first.
        *self.heap += growth;
        let aliases = connection.extras().inbound_aliases.take();
        connection.lends_aliases = true;
        let mut aliases = aliases.unwrap_or_else(|| InboundAliases::new(maximum));
        let taken = match aliases.resolve(publish.topic) {
            Ok(topic) => self.publish(conn, key, version, publish, topic, cx),
            Err(AliasError::AboveMaximum) => self.fail(conn, Fault::TopicAlias, cx),
            Err(AliasError::Unknown) => self.fail(conn, Fault::UnknownTopicAlias, cx),
        };
        *self.heap -= growth;
        if let Some(connection) = self.connections.get_mut(conn) {
            connection.extras().inbound_aliases = Some(aliases);
            connection.lends_aliases = false;
            self.recharge_connection(conn);
        }
        taken
    }

    fn fail(&mut self, conn: Key, fault: Fault, cx: &mut Cx<'_>) -> Taken {
        self.end(conn, fault, cx);
        Taken::Done
    }

    /// Whether the client may have another message open (MQTT-3.3.4-9).
    fn may_open_another(&mut self, key: Key, delivery: Delivery) -> Result<Arrival, Fault> {
        let Some(exchange) = self.existing_exchange_mut(key) else { return Ok(Arrival::New) };
        match delivery {
            Delivery::AtMostOnce => Ok(Arrival::New),
            Delivery::AtLeastOnce { .. } => exchange.receive.at_least_once().map(|()| Arrival::New),
            Delivery::ExactlyOnce { id, .. } => exchange.receive.exactly_once(RemoteId(id)),
        }
        .map_err(|_| Fault::ReceiveMaximum)
    }

    /// Whether clients cannot publish to a topic, whatever the policy says (MQTT 5.0 §4.7.2).
    pub(super) fn is_reserved(&self, topic: &TopicName) -> bool {
        topic.starts_with_dollar() && (!self.config.clients_publish_to_dollar_topics || is_sys(topic))
    }

    /// Checks everything that can make a PUBLISH fail, and then takes it over.
    fn publish(
        &mut self,
        conn: Key,
        key: Key,
        version: Version,
        publish: &Publish<'_>,
        topic: &TopicName,
        cx: &mut Cx<'_>,
    ) -> Taken {
        let arrival = match self.may_open_another(key, publish.delivery) {
            Ok(arrival) => arrival,
            Err(fault) => return self.fail(conn, fault, cx),
        };
        let above_maximum = publish.delivery.qos() > self.config.maximum_qos;
        let cannot_retain = publish.retain && !self.config.retain_available;
        if version.is_v5() {
            if above_maximum {
                return self.fail(conn, Fault::QoS, cx);
            }
            if cannot_retain {
                return self.fail(conn, Fault::Retain, cx);
            }
            if !publish.subscription_ids.is_empty() {
                return self.fail(conn, Fault::SubscriptionIdentifier, cx);
            }
        }
        if let (Arrival::Repeat, Some(id)) = (arrival, publish.delivery.packet_id()) {
            // MQTT-4.3.3-10
            self.send(conn, PubRec::new(id, ReasonCode::Success), cx);
            return Taken::Done;
        }
        let Some(connection) = self.connections.get(conn) else { return Taken::Done };
        // A message that waited for an answer was received when it was asked for.
        let received = connection.waiting.as_ref().map_or(self.now, |waiting| waiting.since);
        let mut incoming = Incoming::new(publish, topic, (received, self.now), key);
        // A 3.x client was not told.
        incoming.qos = incoming.qos.min(self.config.maximum_qos);
        incoming.retain &= !cannot_retain;
        if self.breaks_format(&incoming) {
            if publish.delivery == Delivery::AtMostOnce {
                return self.fail(conn, Fault::PayloadFormat, cx);
            }
            self.desk.tally.faults.add(Fault::PayloadFormat);
            let refusal = Refusal::new(ReasonCode::PayloadFormatInvalid);
            return self.deny(conn, key, publish.delivery, &refusal, cx);
        }
        let request = Request::Publish { topic, qos: incoming.qos, retain: incoming.retain };
        match self.may_publish(conn, topic, request, cx) {
            None => return Taken::Waits,
            Some(Verdict::Allow) => {}
            Some(verdict) => {
                if let Err(refusal) = verdict.permission(&request) {
                    return self.deny(conn, key, publish.delivery, &refusal, cx);
                }
            }
        }
        if let Delivery::ExactlyOnce { .. } = publish.delivery
            && !self.make_room(ENTRY + size_of::<Exchange>(), Want::Other, cx)
        {
            if !version.is_v5() {
                // It cannot be told, so it is not answered.
                self.end_uncounted(conn, ReasonCode::QuotaExceeded, None, None, cx);
                return Taken::Done;
            }
            let refusal = Refusal::new(ReasonCode::QuotaExceeded);
            return self.deny(conn, key, publish.delivery, &refusal, cx);
        }
        self.desk.tally.stats.publishes_received += 1;
        self.desk.tally.stats.publish_bytes_received += publish.payload.len() as u64;
        if incoming.retain || self.config.shared_strategy == SharedStrategy::HashPublisher {
            incoming.publisher = self.sessions.get(key).map(|session| Arc::clone(&session.client_id));
        }
        if publish.payload.len() < SHARED {
            self.own(conn, key, &mut incoming, publish.delivery, cx);
            return Taken::Done;
        }
        let message = Message::new(topic, Bytes::new()).with_qos(incoming.qos).with_retain(incoming.retain);
        let Ok(message) = message.with_properties(&publish.properties) else {
            return self.fail(conn, Fault::PropertyValue, cx);
        };
        let message = message.published_by(incoming.publisher).received_at(received);
        Taken::Message(Draft { message, payload: publish.payload.len(), delivery: publish.delivery })
    }

    /// Whether a payload is not the text that it is said to be, where that is checked.
    fn breaks_format(&self, incoming: &Incoming<'_>) -> bool {
        self.config.check_payload_format
            && incoming.properties.payload_format == Some(PayloadFormat::Utf8)
            && str::from_utf8(incoming.payload).is_err()
    }

    /// Whether a message is taken. `None` if that is not known yet.
    fn may_publish(
        &mut self,
        conn: Key,
        topic: &TopicName,
        request: Request<'_>,
        cx: &mut Cx<'_>,
    ) -> Option<Verdict> {
        if self.is_reserved(topic) {
            return Some(Verdict::Deny(ReasonCode::NotAuthorized));
        }
        self.decide(conn, None, &[], request, cx)
    }

    /// Refuses a message. 3.x cannot say so and gets an acknowledgement as usual (3.1.1 MQTT-3.3.5-2).
    fn deny(&mut self, conn: Key, key: Key, delivery: Delivery, refusal: &Refusal, cx: &mut Cx<'_>) -> Taken {
        let reason = refusal.reason_in(PacketType::PubAck);
        let properties =
            AckProperties { reason_string: refusal.reason_string.as_deref(), ..AckProperties::default() };
        let version = self.connections.get(conn).and_then(|connection| connection.version);
        match delivery {
            Delivery::AtMostOnce => {}
            Delivery::AtLeastOnce { id, .. } => {
                self.send(conn, PubAck { properties, ..PubAck::new(id, reason) }, cx);
            }
            Delivery::ExactlyOnce { id, .. } => {
                let is_silent = version.is_some_and(|version| !version.is_v5());
                if is_silent && !self.make_room(ENTRY + size_of::<Exchange>(), Want::Other, cx) {
                    self.end_uncounted(conn, ReasonCode::QuotaExceeded, None, None, cx);
                    return Taken::Done;
                }
                if is_silent && let Some(exchange) = self.exchange(key) {
                    exchange.receive.take_over(RemoteId(id));
                    self.recharge(key);
                    self.save_received(key, id, 0, cx);
                }
                self.send(conn, PubRec { properties, ..PubRec::new(id, reason) }, cx);
            }
        }
        Taken::Done
    }

    /// A message whose payload was taken off the buffer.
    pub(super) fn take_large(
        &mut self,
        conn: Key,
        key: Key,
        message: Message,
        delivery: Delivery,
        cx: &mut Cx<'_>,
    ) {
        let message = self.keep(message);
        if let Ok(properties) = message.properties(self.now) {
            let mut incoming = Incoming::stored(&message, &properties);
            incoming.from = Some(key);
            self.own(conn, key, &mut incoming, delivery, cx);
        }
        self.messages.release(&message);
    }

    /// Owns a message from now on: remembers a QoS 2 identifier, hands it to its subscribers, then acknowledges it.
    fn own(&mut self, conn: Key, key: Key, incoming: &mut Incoming<'_>, delivery: Delivery, cx: &mut Cx<'_>) {
        if let Delivery::ExactlyOnce { id, .. } = delivery
            && let Some(exchange) = self.exchange(key)
        {
            exchange.receive.take_over(RemoteId(id));
            self.recharge(key);
            if self.sessions.get(key).is_some_and(|session| session.is_stored) {
                incoming.origin.0 = MessageOrigin::ExactlyOnce;
            }
        }
        let has_subscribers = match delivery {
            Delivery::AtMostOnce | Delivery::AtLeastOnce { .. } => self.route(incoming, cx),
            Delivery::ExactlyOnce { id, .. } => self.held_back(cx, |core, cx| {
                let has_subscribers = core.route(incoming, cx);
                core.save_received(key, id, incoming.kept_number(), cx);
                has_subscribers
            }),
        };
        let reason = if self.config.report_no_subscribers && !has_subscribers {
            ReasonCode::NoMatchingSubscribers
        } else {
            ReasonCode::Success
        };
        match delivery {
            Delivery::AtMostOnce => {}
            Delivery::AtLeastOnce { id, .. } => self.send(conn, PubAck::new(id, reason), cx),
            Delivery::ExactlyOnce { id, .. } => self.send(conn, PubRec::new(id, reason), cx),
        }
    }
}

/// Whether a topic is the broker's own.
pub(super) fn is_sys(topic: &TopicName) -> bool {
    topic.as_str().strip_prefix("$SYS").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
