//! Every packet leaves through here: Maximum Packet Size, Topic Aliases, what is left of an expiry and the differences
//! between versions are applied here and nowhere else.

use bytes::Bytes;
use mqtt_codec::{Delivery, Packet, Publish, PublishTopic, ReasonCode};
use mqtt_session::{Handshake, LocalId, Timestamp};

use super::{Core, Cx};
use crate::connection::Connection;
use crate::queue::Parcel;
use crate::{Actions, ConnId, DropReason, Outgoing};

impl Core {
    /// Sends a packet that is no PUBLISH. A client that cannot take it is disconnected.
    pub(super) fn send<'p>(&mut self, conn: ConnId, packet: impl Into<Packet<'p>>, cx: &mut Cx<'_>) {
        if !self.emit(conn, packet, cx) {
            self.end(conn, ReasonCode::PacketTooLarge, cx);
        }
    }

    /// Sends a packet that is no PUBLISH, if the client can take it.
    pub(super) fn emit<'p>(&mut self, conn: ConnId, packet: impl Into<Packet<'p>>, cx: &mut Cx<'_>) -> bool {
        let connection = self.connections.get_mut(&conn);
        connection.is_some_and(|connection| hand_out(connection, conn, packet.into(), None, cx.out))
    }
}

/// Sends a PUBLISH of what the parcel holds.
pub(super) fn publish(
    connection: &mut Connection,
    conn: ConnId,
    parcel: &Parcel,
    delivery: Delivery,
    now: Timestamp,
    out: &mut dyn Actions,
) -> Result<(), DropReason> {
    let message = &*parcel.message;
    let Some(connected) = &connection.connected else { return Err(DropReason::Offline) };
    // What is stored was encoded by us; if it cannot be read, it cannot be sent.
    let Ok(properties) = message.properties(now) else { return Err(DropReason::TooLarge) };
    // The table of a 3.x client has room for none.
    let topic = connected.outbound_aliases.topic(&message.topic);
    let packet = Publish {
        topic,
        delivery,
        retain: parcel.retain,
        subscription_ids: parcel.subscription_ids.as_slice().into(),
        properties,
        payload: &message.payload,
    };
    let payload = Some(&message.payload);
    if !hand_out(connection, conn, packet.into(), payload, out) {
        // Without an alias it may fit.
        let topic = PublishTopic::Name(&message.topic);
        let fits = !matches!(packet.topic, PublishTopic::Name(_))
            && hand_out(connection, conn, Publish { topic, ..packet }.into(), payload, out);
        return if fits { Ok(()) } else { Err(DropReason::TooLarge) };
    }
    if let Some(connected) = &mut connection.connected {
        connected.outbound_aliases.sent(topic);
    }
    Ok(())
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
    conn: ConnId,
    packet: Packet<'_>,
    payload: Option<&Bytes>,
    out: &mut dyn Actions,
) -> bool {
    let Some(version) = connection.version else { return false };
    let Ok(len) = packet.encoded_len(version) else { return false };
    if len > connection.maximum_packet_size {
        return false;
    }
    connection.unsent = connection.unsent.saturating_add(len);
    out.send(conn, &Outgoing { version, packet, len, payload });
    true
}
