//! Acknowledgements of both directions (MQTT 5.0 §3.4 to §3.7, §4.3).

use mqtt_codec::{PubAck, PubComp, PubRec, PubRel, ReasonCode};
use mqtt_session::{AckError, LocalId, Released, RemoteId};

use super::{Core, Cx};
use crate::Fault;
use crate::queue::Parcel;
use crate::slab::Key;

impl Core {
    pub(super) fn on_puback(&mut self, conn: Key, key: Key, packet: PubAck<'_>, cx: &mut Cx<'_>) {
        let outcome = self.existing_exchange_mut(key).map(|exchange| {
            exchange.send.puback(LocalId(packet.packet_id)).inspect(|parcel| exchange.landed(parcel))
        });
        let outcome = outcome.unwrap_or(Err(AckError::UnknownId));
        let outcome = outcome.map(|parcel| self.delivered(key, &parcel, cx));
        self.acknowledged(conn, key, outcome, cx);
    }

    /// A copy has been acknowledged.
    fn delivered(&mut self, key: Key, parcel: &Parcel, cx: &mut Cx<'_>) {
        let copies = self.desk.tally.stats.copies_mut(parcel.qos);
        copies.in_flight -= 1;
        copies.delivered += 1;
        self.drop_parcel(key, parcel, cx);
    }

    pub(super) fn on_pubcomp(&mut self, conn: Key, key: Key, packet: PubComp<'_>, cx: &mut Cx<'_>) {
        let id = LocalId(packet.packet_id);
        let outcome = self.existing_exchange_mut(key).map(|exchange| exchange.send.pubcomp(id));
        let outcome = outcome.unwrap_or(Err(AckError::UnknownId));
        let outcome = outcome.map(|()| self.forget_released(key, id, cx));
        self.acknowledged(conn, key, outcome, cx);
    }

    pub(super) fn on_pubrec(&mut self, conn: Key, key: Key, packet: PubRec<'_>, cx: &mut Cx<'_>) {
        let accepted = !packet.reason.is_error();
        let id = LocalId(packet.packet_id);
        let pubrel = |reason| PubRel::new(packet.packet_id, reason);
        let outcome = self.existing_exchange_mut(key).map(|exchange| {
            let released = exchange.send.pubrec(id, accepted)?;
            match &released {
                Released::SendPubRel(parcel) => parcel.iter().for_each(|parcel| exchange.landed(parcel)),
                Released::Refused(parcel) => exchange.landed(parcel),
            }
            Ok(released)
        });
        match outcome.unwrap_or(Err(AckError::UnknownId)) {
            Ok(Released::SendPubRel(parcel)) => {
                if let Some(parcel) = parcel {
                    self.save_released(key, id, parcel.order, cx);
                    self.delivered(key, &parcel, cx);
                }
                self.send(conn, pubrel(ReasonCode::Success), cx);
                self.acknowledged(conn, key, Ok(()), cx);
            }
            Err(AckError::UnknownId) if accepted => {
                self.desk.tally.faults.add(Fault::UnknownPubRec);
                self.send(conn, pubrel(ReasonCode::PacketIdentifierNotFound), cx);
            }
            Ok(Released::Refused(parcel)) => {
                self.delivered(key, &parcel, cx);
                self.acknowledged(conn, key, Ok(()), cx);
            }
            Err(error) => self.acknowledged(conn, key, Err(error), cx),
        }
    }

    pub(super) fn on_pubrel(&mut self, conn: Key, key: Key, packet: PubRel<'_>, cx: &mut Cx<'_>) {
        let known = self
            .existing_exchange_mut(key)
            .is_some_and(|exchange| exchange.receive.release(RemoteId(packet.packet_id)));
        let reason = if known { ReasonCode::Success } else { ReasonCode::PacketIdentifierNotFound };
        if known {
            self.recharge(key);
            self.forget_received(key, packet.packet_id, cx);
        } else {
            self.desk.tally.faults.add(Fault::UnknownPubRel);
        }
        self.send(conn, PubComp::new(packet.packet_id, reason), cx);
    }

    /// Quota or bytes may have come free, so what waits for them can go (MQTT-3.3.4-9).
    fn acknowledged(&mut self, conn: Key, key: Key, outcome: Result<(), AckError>, cx: &mut Cx<'_>) {
        match outcome {
            Ok(()) => self.pump(key, cx),
            // The peer may have kept it from a session that we no longer have.
            Err(AckError::UnknownId) => self.desk.tally.faults.add(Fault::UnknownAck),
            Err(AckError::WrongKind) => self.end(conn, Fault::WrongAck, cx),
        }
    }
}
