//! Two clients and the broker over connections that break at any byte: QoS 2 arrives exactly once and in order, QoS 1
//! at least once, and the same events give the same actions.
//!
//! The clients are made of the same windows as the broker, so this drives `mqtt-session` from both ends.

use std::collections::VecDeque;

use bytes::BytesMut;
use mqtt_broker_core::{Action, AllowAll, Broker, Config, ConnId, Event, ListenerId, Timestamp};
use mqtt_codec::*;
use mqtt_session::{Arrival, Handshake, LocalId, ReceiveWindow, Released, RemoteId, Resend, SendWindow};
use proptest::prelude::*;

const MESSAGES: u32 = 40;

/// The publisher or the subscriber.
struct Device {
    name: &'static str,
    qos: QoS,
    conn: Option<ConnId>,
    is_connected: bool,
    /// Bytes on their way, lost when the connection breaks.
    to_broker: BytesMut,
    from_broker: Vec<u8>,
    send: SendWindow<u32>,
    receive: ReceiveWindow,
    outbox: VecDeque<u32>,
    received: Vec<u32>,
}

impl Device {
    fn new(name: &'static str, qos: QoS) -> Self {
        Self {
            name,
            qos,
            conn: None,
            is_connected: false,
            to_broker: BytesMut::new(),
            from_broker: Vec::new(),
            send: SendWindow::default(),
            receive: ReceiveWindow::new(),
            outbox: VecDeque::new(),
            received: Vec::new(),
        }
    }

    fn put<'a>(&mut self, packet: impl Into<Packet<'a>>) {
        packet.into().encode(Version::V5, &mut self.to_broker).unwrap();
    }

    fn connect(&mut self) {
        let properties = ConnectProperties {
            session_expiry_interval: Some(u32::MAX),
            receive_maximum: std::num::NonZeroU16::new(3),
            ..ConnectProperties::default()
        };
        self.put(Connect { client_id: self.name, properties, ..Connect::default() });
    }

    fn publish(&mut self, handshake: Handshake, LocalId(id): LocalId, dup: bool, number: u32) {
        let delivery = match handshake {
            Handshake::AtLeastOnce => Delivery::AtLeastOnce { id, dup },
            Handshake::ExactlyOnce => Delivery::ExactlyOnce { id, dup },
        };
        let topic = TopicName::new("numbers").unwrap();
        self.put(Publish { delivery, ..Publish::new(topic, &number.to_be_bytes()) });
    }

    fn pump(&mut self) {
        loop {
            match self.send.resend() {
                None => break,
                Some(Resend::PubRel(id)) => self.put(PubRel::new(id.0, ReasonCode::Success)),
                Some(Resend::Publish(id, handshake, &number)) => self.publish(handshake, id, true, number),
            }
        }
        let handshake = Handshake::of(self.qos).unwrap();
        while self.send.has_room()
            && let Some(number) = self.outbox.pop_front()
        {
            let id = self.send.send(handshake, number).unwrap();
            self.publish(handshake, id, false, number);
        }
    }

    /// Takes in the first `count` bytes that are on their way.
    fn read(&mut self, count: usize, pending: &mut Vec<u8>) {
        pending.extend(self.from_broker.drain(..count));
        let bytes = std::mem::take(pending);
        let mut rest = &bytes[..];
        while let Some(found) = frame(rest, &Limits::default()).unwrap() {
            rest = &rest[found.bytes().len()..];
            self.packet(&Packet::decode(Version::V5, found).unwrap());
        }
        *pending = rest.to_vec();
    }

    fn packet(&mut self, packet: &Packet<'_>) {
        match packet {
            Packet::ConnAck(connack) => {
                assert_eq!(connack.reason, ReasonCode::Success);
                self.is_connected = true;
                self.receive.connected(3);
                self.send
                    .connected(connack.properties.receive_maximum.map_or(u16::MAX, |maximum| maximum.get()));
                if self.name == "subscriber" && !connack.session_present {
                    let filter = TopicFilter::new("numbers").unwrap();
                    let entry = Subscription { filter, options: SubscriptionOptions::new(self.qos) };
                    self.put(Subscribe {
                        packet_id: PacketId::MAX,
                        subscription_id: None,
                        user_properties: UserProperties::default(),
                        subscriptions: (&[entry]).into(),
                    });
                }
            }
            Packet::Publish(publish) => {
                let number = u32::from_be_bytes(publish.payload.try_into().unwrap());
                match publish.delivery {
                    Delivery::AtMostOnce => panic!("not published at QoS 0"),
                    Delivery::AtLeastOnce { id, .. } => {
                        self.receive.at_least_once().expect("the broker keeps to our Receive Maximum");
                        self.received.push(number);
                        self.put(PubAck::new(id, ReasonCode::Success));
                    }
                    Delivery::ExactlyOnce { id, .. } => {
                        let arrival = self.receive.exactly_once(RemoteId(id));
                        if arrival.expect("the broker keeps to our Receive Maximum") == Arrival::New {
                            self.receive.take_over(RemoteId(id));
                            self.received.push(number);
                        }
                        self.put(PubRec::new(id, ReasonCode::Success));
                    }
                }
            }
            Packet::PubAck(ack) => drop(self.send.puback(LocalId(ack.packet_id)).unwrap()),
            Packet::PubRec(ack) => {
                let released = self.send.pubrec(LocalId(ack.packet_id), true).unwrap();
                assert!(matches!(released, Released::SendPubRel(_)));
                self.put(PubRel::new(ack.packet_id, ReasonCode::Success));
            }
            Packet::PubRel(ack) => {
                self.receive.release(RemoteId(ack.packet_id));
                self.put(PubComp::new(ack.packet_id, ReasonCode::Success));
            }
            Packet::PubComp(ack) => self.send.pubcomp(LocalId(ack.packet_id)).unwrap(),
            Packet::SubAck(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

struct World {
    broker: Broker,
    now: Timestamp,
    next_conn: u64,
    devices: [Device; 2],
    /// Bytes of a packet that has not wholly come, of each device.
    pending: [Vec<u8>; 2],
    /// Everything that the broker called for.
    log: Vec<Action>,
    random: u64,
}

impl World {
    fn new(seed: u64, qos: QoS) -> Self {
        // A window of a few packets, so that it fills and opens all the time.
        let config = Config { output_window: 60, receive_maximum: 4, ..Config::default() };
        Self {
            broker: Broker::new(config, AllowAll),
            now: Timestamp::ZERO,
            next_conn: 0,
            devices: [Device::new("publisher", qos), Device::new("subscriber", qos)],
            pending: [Vec::new(), Vec::new()],
            log: Vec::new(),
            random: seed | 1,
        }
    }

    /// A number below `bound` (xorshift).
    fn random(&mut self, bound: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from(self.random >> 33).unwrap() % bound
    }

    fn handle(&mut self, event: Event<'_>) {
        let mut actions = Vec::new();
        self.broker.handle(self.now, event, &mut actions);
        let mut resumed = Vec::new();
        for action in &actions {
            let (Action::Send { conn, .. } | Action::Close(conn) | Action::ResumeReading(conn)) = action
            else {
                continue;
            };
            let device = self.devices.iter_mut().find(|device| device.conn == Some(*conn));
            match (action, device) {
                (Action::Send { bytes, .. }, Some(device)) => device.from_broker.extend(bytes),
                (Action::ResumeReading(conn), Some(_)) => resumed.push(*conn),
                (Action::Close(_), Some(_)) => panic!("the broker closed: {actions:?}"),
                _ => {}
            }
        }
        self.log.extend(actions);
        for conn in resumed {
            self.receive(conn);
        }
    }

    fn receive(&mut self, conn: ConnId) {
        let Some(at) = self.devices.iter().position(|device| device.conn == Some(conn)) else { return };
        let mut bytes = std::mem::take(&mut self.devices[at].to_broker);
        self.handle(Event::Received { conn, bytes: &mut bytes });
        // What came out of it may have appended more.
        bytes.extend_from_slice(&self.devices[at].to_broker);
        self.devices[at].to_broker = bytes;
    }

    fn open(&mut self, at: usize) {
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        self.devices[at].conn = Some(conn);
        self.handle(Event::Opened { conn, listener: ListenerId(0), identity: None });
        self.devices[at].connect();
    }

    fn break_connection(&mut self, at: usize) {
        let device = &mut self.devices[at];
        let Some(conn) = device.conn.take() else { return };
        device.is_connected = false;
        device.to_broker.clear();
        device.from_broker.clear();
        device.send.disconnected();
        self.pending[at].clear();
        // Sometimes the broker learns it from the takeover only.
        if self.random(2) == 0 {
            self.handle(Event::Closed { conn });
        }
    }

    /// The broker reads what the device has sent, up to a random byte.
    fn broker_reads(&mut self, at: usize) {
        let Some(conn) = self.devices[at].conn else { return };
        let count = self.random(self.devices[at].to_broker.len() + 1);
        let later = self.devices[at].to_broker.split_off(count);
        self.receive(conn);
        self.devices[at].to_broker.unsplit(later);
    }

    fn device_reads(&mut self, at: usize) {
        let Some(conn) = self.devices[at].conn else { return };
        let count = self.random(self.devices[at].from_broker.len() + 1);
        self.devices[at].read(count, &mut self.pending[at]);
        self.handle(Event::Written { conn, bytes: count });
    }

    fn step(&mut self, may_break: bool) {
        let at = self.random(2);
        match self.random(12) {
            0 if may_break => self.break_connection(at),
            1..5 => self.broker_reads(at),
            5..9 => self.device_reads(at),
            9 => {
                self.now = self.now.plus_millis(10);
                self.handle(Event::Tick);
            }
            _ => {
                if self.devices[at].conn.is_none() {
                    self.open(at);
                }
                if self.devices[at].is_connected {
                    self.devices[at].pump();
                }
            }
        }
    }

    fn run(mut self) -> (Vec<u32>, Vec<Action>) {
        // The subscription first, so that every number is for it.
        while self.broker.stats().subscriptions == 0 {
            self.step(false);
        }
        self.devices[0].outbox = (0..MESSAGES).collect();
        for _ in 0..3000 {
            self.step(true);
        }
        for _ in 0..20_000 {
            self.step(false);
        }
        let stats = self.broker.stats();
        assert!(stats.are_conserved(), "{stats:?}");
        let copies = stats.all_copies();
        assert_eq!((copies.queued, copies.all_dropped()), (0, 0), "{stats:?}");
        let [publisher, subscriber] = self.devices;
        assert!(publisher.send.is_empty() && publisher.outbox.is_empty());
        (subscriber.received, self.log)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn qos_2_arrives_exactly_once_and_in_order(seed: u64) {
        let (received, log) = World::new(seed, QoS::ExactlyOnce).run();
        prop_assert_eq!(received, (0..MESSAGES).collect::<Vec<_>>());
        let (_, again) = World::new(seed, QoS::ExactlyOnce).run();
        prop_assert!(log == again, "the same events give the same actions");
    }

    #[test]
    fn qos_1_arrives_at_least_once(seed: u64) {
        let (mut received, _) = World::new(seed, QoS::AtLeastOnce).run();
        received.sort_unstable();
        received.dedup();
        prop_assert_eq!(received, (0..MESSAGES).collect::<Vec<_>>());
    }
}
