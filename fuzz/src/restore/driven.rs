use bytes::BytesMut;
use mqtt_broker_core::{Broker, ConnId, Event, ListenerId, Message, Timestamp};
use mqtt_codec::{
    Delivery, Limits, Packet, PubAck, PubComp, PubRec, PubRel, QoS, ReasonCode, Version, frame,
};

use super::kept::{NOW, Out};
use crate::broker::packets;
use crate::broker::script::Script;

/// More ticks than any timers of so small a world need at one moment.
const MAX_TICKS: usize = 1_000;

/// The restored broker, and a few places for connections.
pub(super) struct World {
    broker: Broker,
    out: Out,
    now: Timestamp,
    places: [Option<Connection>; 4],
    opened: u64,
}

struct Connection {
    conn: ConnId,
    version: Version,
    /// What the broker sent and the client has not read.
    unread: Vec<Vec<u8>>,
}

impl World {
    pub(super) fn new(broker: Broker, out: Out) -> Self {
        let mut world = Self { broker, out, now: NOW, places: [const { None }; 4], opened: 0 };
        world.check();
        world
    }

    /// Does the next step, if there is one. The low two bits of its first byte choose the place.
    pub(super) fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let first = script.byte()?;
        let place = usize::from(first & 3);
        match first >> 2 & 7 {
            0 => {
                let (version, bytes) = packets::connect(script)?;
                self.close(place);
                self.opened += 1;
                let conn = ConnId(self.opened);
                self.places[place] = Some(Connection { conn, version, unread: Vec::new() });
                self.handle(Event::Opened { conn, listener: ListenerId(0), identity: None });
                self.receive(place, &bytes);
            }
            1 | 2 => {
                let version = self.places[place].as_ref().map_or(Version::V5, |place| place.version);
                let bytes = packets::packet(version, script)?;
                self.receive(place, &bytes);
            }
            3 | 4 => self.read(place),
            5 => self.close(place),
            6 => self.pass_time(script.byte()?),
            _ => {
                let message = Message::new(packets::topic(script)?, &b"from within"[..]);
                let flags = script.byte()?;
                let qos = QoS::from_u8(flags % 3)?;
                self.handle(Event::Publish(message.with_qos(qos).with_retain(flags & 4 != 0)));
            }
        }
        Some(())
    }

    /// Gives the broker that is left, the time, and what came of it.
    pub(super) fn finish(mut self) -> (Broker, Timestamp, Out) {
        for place in 0..self.places.len() {
            self.read(place);
            self.close(place);
        }
        self.pass_time(u8::MAX);
        (self.broker, self.now, self.out)
    }

    fn receive(&mut self, place: usize, bytes: &[u8]) {
        if let Some(Connection { conn, .. }) = self.places[place] {
            self.handle(Event::Received { conn, bytes: &mut BytesMut::from(bytes) });
        }
    }

    /// Reads all, and answers it.
    fn read(&mut self, place: usize) {
        let Some(Connection { conn, version, unread }) = &mut self.places[place] else { return };
        let (conn, version, unread) = (*conn, *version, std::mem::take(unread));
        self.handle(Event::Written { conn, bytes: unread.iter().map(Vec::len).sum() });
        for bytes in unread {
            if let Some(answer) = answer(version, &bytes) {
                self.receive(place, &answer);
            }
        }
    }

    fn close(&mut self, place: usize) {
        if let Some(Connection { conn, .. }) = self.places[place].take() {
            self.handle(Event::Closed { conn });
        }
    }

    /// Up to nine hours, and all ticks that the broker wants by then.
    fn pass_time(&mut self, exponent: u8) {
        self.now = self.now.plus_millis(1 << (exponent % 26));
        for _ in 0..MAX_TICKS {
            if self.broker.deadline().is_none_or(|deadline| deadline > self.now) {
                return;
            }
            self.handle(Event::Tick);
        }
        panic!("{:?} stays the deadline at {:?}", self.broker.deadline(), self.now);
    }

    fn handle(&mut self, event: Event<'_>) {
        self.broker.handle(self.now, event, &mut self.out);
        self.check();
    }

    fn check(&mut self) {
        for (conn, bytes) in std::mem::take(&mut self.out.sent) {
            let place = self.places.iter_mut().flatten().find(|place| place.conn == conn);
            place.expect("sent to a connection that is open").unread.push(bytes);
        }
        for conn in std::mem::take(&mut self.out.closed) {
            self.places.iter_mut().for_each(|place| _ = place.take_if(|place| place.conn == conn));
        }
        let stats = self.broker.stats();
        assert!(stats.are_conserved(), "each copy is somewhere: {stats:?}");
        assert_eq!(stats.all_copies().all_dropped(), self.out.dropped, "each dropped copy has a note");
    }
}

fn answer(version: Version, bytes: &[u8]) -> Option<Vec<u8>> {
    let found = frame(bytes, &Limits::default()).ok()??;
    let success = ReasonCode::Success;
    let mut answer = Vec::new();
    match Packet::decode(version, found).ok()? {
        Packet::Publish(publish) => match publish.delivery {
            Delivery::AtMostOnce => return None,
            Delivery::AtLeastOnce { id, .. } => PubAck::new(id, success).encode(version, &mut answer),
            Delivery::ExactlyOnce { id, .. } => PubRec::new(id, success).encode(version, &mut answer),
        },
        Packet::PubRec(ack) => PubRel::new(ack.packet_id, success).encode(version, &mut answer),
        Packet::PubRel(ack) => PubComp::new(ack.packet_id, success).encode(version, &mut answer),
        _ => return None,
    }
    .ok()?;
    Some(answer)
}
