//! Every packet leaves through here: Maximum Packet Size, Topic Aliases, what is left of an expiry, Reason Strings and the
//! differences between versions are applied here and nowhere else.

use bytes::Bytes;
use mqtt_codec::{
    Delivery, MessageProperties, Packet, Publish, PublishTopic, SubscriptionId, UserProperties,
};
use mqtt_session::{Handshake, LocalId, Timestamp};
use mqtt_topic::TopicName;

use super::{Core, Cx, Desk};
use crate::connection::{Connection, saturated};
use crate::encoder::{Encoder, MessageNumber};
use crate::queue::Parcel;
use crate::slab::Key;
use crate::{Actions, DropReason, Fault, Outgoing, Stats};

impl Core {
    /// Sends a packet that is no PUBLISH. A client that cannot take it is disconnected.
    pub(super) fn send<'p>(&mut self, conn: Key, packet: impl Into<Packet<'p>>, cx: &mut Cx<'_>) {
        if !self.emit(conn, packet, cx) {
            self.end(conn, Fault::PacketSize, cx);
        }
    }

    /// Sends a packet that is no PUBLISH, if the client can take it, at least without what is only for people.
    pub(super) fn emit<'p>(&mut self, conn: Key, packet: impl Into<Packet<'p>>, cx: &mut Cx<'_>) -> bool {
        let Some(connection) = self.connections.get_mut(conn) else { return false };
        let mut packet = packet.into();
        let wants_none = !connection.wants_problems && is_acknowledgement(&packet);
        if wants_none || !self.config.reason_strings {
            strip(&mut packet);
        }
        let Desk { encoder, tally } = &mut *self.desk;
        let mut hand_out = |packet: &_| hand_out(connection, packet, None, encoder, &mut tally.stats, cx.out);
        hand_out(&packet)
            || strip(&mut packet) && hand_out(&packet)
            || strip_reference(&mut packet) && hand_out(&packet)
    }
}

/// A packet that may have a Reason String only if the client did not ask to be spared (MQTT-3.1.2-29).
const fn is_acknowledgement(packet: &Packet<'_>) -> bool {
    !matches!(packet, Packet::ConnAck(_) | Packet::Disconnect(_) | Packet::Publish(_))
}

/// Takes off Reason String and User Properties. Whether there were any.
fn strip(packet: &mut Packet<'_>) -> bool {
    let (reason_string, user_properties) = match packet {
        Packet::ConnAck(packet) => {
            (&mut packet.properties.reason_string, &mut packet.properties.user_properties)
        }
        Packet::Disconnect(packet) => {
            (&mut packet.properties.reason_string, &mut packet.properties.user_properties)
        }
        Packet::Auth(packet) => {
            (&mut packet.properties.reason_string, &mut packet.properties.user_properties)
        }
        Packet::PubAck(packet) => {
            (&mut packet.properties.reason_string, &mut packet.properties.user_properties)
        }
        Packet::PubRec(packet) => {
            (&mut packet.properties.reason_string, &mut packet.properties.user_properties)
        }
        Packet::PubRel(packet) => {
            (&mut packet.properties.reason_string, &mut packet.properties.user_properties)
        }
        Packet::PubComp(packet) => {
            (&mut packet.properties.reason_string, &mut packet.properties.user_properties)
        }
        Packet::SubAck(packet) => {
            (&mut packet.properties.reason_string, &mut packet.properties.user_properties)
        }
        Packet::UnsubAck(packet) => {
            (&mut packet.properties.reason_string, &mut packet.properties.user_properties)
        }
        Packet::Connect(_)
        | Packet::Publish(_)
        | Packet::Subscribe(_)
        | Packet::Unsubscribe(_)
        | Packet::PingReq
        | Packet::PingResp => return false,
    };
    let had_any = reason_string.is_some() || *user_properties != UserProperties::default();
    *reason_string = None;
    *user_properties = UserProperties::default();
    had_any
}

/// Takes off Server Reference, without which the reason code still says that there is another server. Whether there was one.
#[expect(clippy::wildcard_enum_match_arm, reason = "two packets have one")]
fn strip_reference(packet: &mut Packet<'_>) -> bool {
    match packet {
        Packet::ConnAck(packet) => packet.properties.server_reference.take().is_some(),
        Packet::Disconnect(packet) => packet.properties.server_reference.take().is_some(),
        _ => false,
    }
}

/// What a PUBLISH is made of.
pub(super) struct Copy<'a> {
    pub(super) topic: &'a TopicName,
    pub(super) delivery: Delivery,
    pub(super) retain: bool,
    pub(super) subscription_ids: &'a [SubscriptionId],
    /// But for the Message Expiry Interval.
    pub(super) properties: &'a MessageProperties<'a>,
    /// What is left of the Message Expiry Interval (MQTT-3.3.2-6).
    pub(super) expiry_left: Option<u32>,
    pub(super) payload: &'a [u8],
    pub(super) shared_payload: Option<&'a Bytes>,
    /// Whether there is room for another Topic Alias.
    pub(super) may_alias: bool,
    /// If others may get the same, at the same moment.
    pub(super) number: Option<MessageNumber>,
}

/// Sends a PUBLISH.
pub(super) fn publish(
    connection: &mut Connection,
    copy: &Copy<'_>,
    desk: &mut Desk,
    out: &mut dyn Actions,
) -> Result<(), DropReason> {
    let aliases = connection.extras.as_ref().and_then(|extras| extras.outbound_aliases.as_ref());
    let topic = match aliases.map(|aliases| aliases.topic(copy.topic)) {
        Some(topic @ PublishTopic::Alias(_)) => topic,
        Some(topic) if copy.may_alias => topic,
        _ => PublishTopic::Name(copy.topic),
    };
    let publish = |topic| {
        Packet::Publish(Publish {
            topic,
            delivery: copy.delivery,
            retain: copy.retain,
            subscription_ids: copy.subscription_ids.into(),
            properties: MessageProperties { message_expiry_interval: copy.expiry_left, ..*copy.properties },
            payload: copy.payload,
        })
    };
    let Desk { encoder, tally } = desk;
    let has_alias = !matches!(topic, PublishTopic::Name(_));
    let is_plain = !has_alias
        && copy.delivery == Delivery::AtMostOnce
        && copy.subscription_ids.is_empty()
        && copy.shared_payload.is_none();
    if let Some(number) = copy.number.filter(|_| is_plain) {
        let Some(version) = connection.version else { return Err(DropReason::Offline) };
        let Ok(head) = encoder.encode_for_all(|| publish(topic), (number, copy.retain), version) else {
            return Err(DropReason::TooLarge);
        };
        let outgoing = Outgoing { version, head, payload: None };
        if !give(connection, &outgoing, &mut tally.stats, out) {
            return Err(DropReason::TooLarge);
        }
        tally.stats.publishes_sent += 1;
        tally.stats.publish_bytes_sent += copy.payload.len() as u64;
        return Ok(());
    }
    let mut hand_out =
        |packet: &_| hand_out(connection, packet, copy.shared_payload, encoder, &mut tally.stats, out);
    if !hand_out(&publish(topic)) {
        // Without an alias it may fit.
        let fits = has_alias && hand_out(&publish(PublishTopic::Name(copy.topic)));
        return if fits { Ok(()) } else { Err(DropReason::TooLarge) };
    }
    if has_alias && let Some(aliases) = &mut connection.extras().outbound_aliases {
        aliases.sent(topic);
    }
    Ok(())
}

/// Sends a PUBLISH of what a parcel holds.
pub(super) fn parcel(
    connection: &mut Connection,
    parcel: &Parcel,
    delivery: Delivery,
    may_alias: bool,
    now: Timestamp,
    desk: &mut Desk,
    out: &mut dyn Actions,
) -> Result<(), DropReason> {
    let message = &*parcel.message;
    // What is stored was encoded by us; if it cannot be read, it cannot be sent.
    let Ok(properties) = message.properties(now) else { return Err(DropReason::TooLarge) };
    let copy = Copy {
        topic: &message.topic,
        delivery,
        retain: parcel.retain,
        subscription_ids: parcel.subscription_ids.as_slice(),
        properties: &properties,
        expiry_left: properties.message_expiry_interval,
        payload: &message.payload,
        shared_payload: message.shared_payload(),
        may_alias,
        number: None,
    };
    publish(connection, &copy, desk, out)
}

pub(super) const fn delivery(handshake: Handshake, LocalId(id): LocalId, dup: bool) -> Delivery {
    match handshake {
        Handshake::AtLeastOnce => Delivery::AtLeastOnce { id, dup },
        Handshake::ExactlyOnce => Delivery::ExactlyOnce { id, dup },
    }
}

/// False if the packet does not exist in this version or is too large for the client (MQTT-3.1.2-24).
pub(super) fn hand_out(
    connection: &mut Connection,
    packet: &Packet<'_>,
    payload: Option<&Bytes>,
    encoder: &mut Encoder,
    stats: &mut Stats,
    out: &mut dyn Actions,
) -> bool {
    let Some(version) = connection.version else { return false };
    let Ok(head) = encoder.encode(packet, version, payload) else { return false };
    let is_sent = give(connection, &Outgoing { version, head, payload }, stats, out);
    if let Packet::Publish(publish) = packet
        && is_sent
    {
        stats.publishes_sent += 1;
        stats.publish_bytes_sent += publish.payload.len() as u64;
    }
    is_sent
}

fn give(
    connection: &mut Connection,
    outgoing: &Outgoing<'_>,
    stats: &mut Stats,
    out: &mut dyn Actions,
) -> bool {
    let len = outgoing.encoded_len();
    if len > connection.maximum_packet_size as usize {
        return false;
    }
    connection.unsent = connection.unsent.saturating_add(saturated(len));
    stats.packets_sent += 1;
    stats.bytes_sent += len as u64;
    out.send(connection.name, outgoing);
    true
}
