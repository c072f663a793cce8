//! What the broker may send to one session, packet by packet.

use mqtt_broker_core::ConnId;
use mqtt_codec::QoS;

use crate::message::Delivery;

/// The QoS 1 and 2 messages that the broker has under way to one session.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    /// In the order of first sending.
    flights: Vec<Flight>,
    receive_maximum: u16,
}

#[derive(Debug)]
struct Flight {
    id: u16,
    delivery: Delivery,
    /// The number of the copy in the ledger.
    copy: usize,
    /// The connection on which its PUBLISH was sent last.
    sent_on: ConnId,
    /// PUBREC came.
    released: bool,
}

impl Wire {
    pub(crate) fn connected(&mut self, receive_maximum: u16) {
        self.receive_maximum = receive_maximum;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    /// Something new is sent.
    pub(crate) fn publish(&mut self, conn: ConnId, id: u16, delivery: Delivery, copy: usize) {
        let same = self.flights.iter().find(|flight| flight.id == id);
        assert!(same.is_none(), "identifier {id} is in use for {same:?}, and now for {delivery:?}");
        let left = self.flights.iter().find(|flight| flight.waits_to_be_sent_again(conn));
        assert!(left.is_none(), "{delivery:?} overtakes {left:?}");
        self.flights.push(Flight { id, delivery, copy, sent_on: conn, released: false });
        self.check_receive_maximum(conn);
    }

    /// Something is sent again: after a reconnect, once, in order, and as it was (MQTT-4.4.0-1, MQTT-4.6.0-1).
    pub(crate) fn publish_again(&mut self, conn: ConnId, id: u16, delivery: &Delivery) {
        let at = self.flights.iter().position(|flight| flight.id == id);
        let at = at.unwrap_or_else(|| panic!("sent again, and not under way: {id}, {delivery:?}"));
        let overtaken = self.flights[..at].iter().find(|flight| flight.waits_to_be_sent_again(conn));
        assert!(overtaken.is_none(), "sent again before {overtaken:?}: {delivery:?}");
        let flight = &mut self.flights[at];
        assert!(!flight.released, "sent again after PUBREC: {flight:?}");
        assert_ne!(flight.sent_on, conn, "sent again on the same connection: {flight:?}");
        assert_eq!(flight.delivery, *delivery, "sent again with another content");
        flight.sent_on = conn;
        self.check_receive_maximum(conn);
    }

    pub(crate) fn pubrel(&self, id: u16) {
        let flight = self.flights.iter().find(|flight| flight.id == id);
        assert!(flight.is_some_and(|flight| flight.released), "PUBREL {id}, but PUBREC did not come");
    }

    /// PUBACK came. The copy that it acknowledges.
    pub(crate) fn puback(&mut self, id: u16) -> usize {
        let at = self.flights.iter().position(|flight| flight.id == id).expect("PUBACK for something sent");
        let flight = self.flights.remove(at);
        assert_eq!(flight.delivery.qos, QoS::AtLeastOnce);
        flight.copy
    }

    /// PUBREC came. The copy that it acknowledges.
    pub(crate) fn pubrec(&mut self, id: u16) -> usize {
        let flight = self.flights.iter_mut().find(|flight| flight.id == id);
        let flight = flight.expect("PUBREC for something sent");
        flight.released = true;
        flight.copy
    }

    pub(crate) fn pubcomp(&mut self, id: u16) {
        let at = self.flights.iter().position(|flight| flight.id == id).expect("PUBCOMP for something sent");
        assert!(self.flights.remove(at).released);
    }

    /// Whether the next QoS 1 or 2 message can go at once on this connection. The broker has `send_maximum` under way at
    /// most.
    pub(crate) fn has_room(&self, conn: ConnId, send_maximum: u16) -> bool {
        self.open(conn) < usize::from(self.receive_maximum.min(send_maximum))
            && self.flights.len() < usize::from(send_maximum)
            && !self.flights.iter().any(|flight| flight.waits_to_be_sent_again(conn))
    }

    fn check_receive_maximum(&self, conn: ConnId) {
        let (open, maximum) = (self.open(conn), self.receive_maximum);
        assert!(open <= usize::from(maximum), "{open} open, Receive Maximum {maximum}: {:?}", self.flights);
    }

    /// Messages that take quota: sent on this connection and not done.
    fn open(&self, conn: ConnId) -> usize {
        self.flights.iter().filter(|flight| flight.sent_on == conn).count()
    }
}

impl Flight {
    fn waits_to_be_sent_again(&self, conn: ConnId) -> bool {
        !self.released && self.sent_on != conn
    }
}
