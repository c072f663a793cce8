//! Prints what a subscriber to everything and clients that do not read cost the others:
//!
//!     load RETAINED CLIENTS STALLED

use std::time::Instant;
use std::{env, process};

use allocation_counter::measure;
use bytes::BytesMut;
use mqtt_broker_core::{
    Actions, AllowAll, Broker, Config, ConnId, DropReason, Event, ListenerId, Message, Note, Outgoing,
    Question, StoreOp, Ticket, Timestamp,
};
use mqtt_codec::{
    Connect, ConnectProperties, Packet, PacketId, QoS, Subscribe, Subscription, SubscriptionOptions,
    TopicFilter, TopicName, UserProperties, Version,
};

const NOW: Timestamp = Timestamp::from_millis(1_000);

/// Counts bytes, for each connection.
#[derive(Default)]
struct Wire {
    bytes: Vec<usize>,
}

impl Actions for Wire {
    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>) {
        self.bytes[conn.0 as usize] += packet.encoded_len();
    }

    fn close(&mut self, _: ConnId) {}
    fn pause_reading(&mut self, _: ConnId) {}
    fn resume_reading(&mut self, _: ConnId) {}
    fn ask(&mut self, _: Ticket, _: &Question<'_>) {}
    fn store(&mut self, _: StoreOp<'_>) {}
    fn note(&mut self, _: &Note<'_>) {}
}

fn encode<'a>(packet: impl Into<Packet<'a>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.into().encode(Version::V5, &mut bytes).expect("a legal packet");
    bytes
}

struct World {
    broker: Broker,
    wire: Wire,
}

impl World {
    fn new() -> Self {
        let config = Config { connections: 2_000_000, sessions: 2_000_000, seed: 1, ..Config::default() };
        Self { broker: Broker::new(config, AllowAll), wire: Wire::default() }
    }

    /// A client that subscribes.
    fn client(&mut self, filter: &str, qos: QoS) -> ConnId {
        let conn = ConnId(self.wire.bytes.len() as u64);
        self.wire.bytes.push(0);
        self.broker.handle(
            NOW,
            Event::Opened { conn, listener: ListenerId(0), identity: None },
            &mut self.wire,
        );
        let client_id = format!("client-{}", conn.0);
        let properties =
            ConnectProperties { session_expiry_interval: Some(1_000), ..ConnectProperties::default() };
        self.receive(conn, encode(Connect { client_id: &client_id, properties, ..Connect::default() }));
        let filter = TopicFilter::new(filter).expect("a filter");
        let entries = [Subscription { filter, options: SubscriptionOptions::new(qos) }];
        self.receive(
            conn,
            encode(Subscribe {
                packet_id: PacketId::MIN,
                subscription_id: None,
                user_properties: UserProperties::default(),
                subscriptions: (&entries).into(),
            }),
        );
        conn
    }

    fn receive(&mut self, conn: ConnId, bytes: Vec<u8>) {
        let mut bytes = BytesMut::from(&bytes[..]);
        self.broker.handle(NOW, Event::Received { conn, bytes: &mut bytes }, &mut self.wire);
    }

    /// Says that all is written for one connection. Whether there was anything.
    fn written(&mut self, conn: ConnId) -> bool {
        let bytes = std::mem::take(&mut self.wire.bytes[conn.0 as usize]);
        if bytes > 0 {
            self.broker.handle(NOW, Event::Written { conn, bytes }, &mut self.wire);
        }
        bytes > 0
    }

    fn publish(&mut self, topic: &str, retain: bool) {
        let topic = TopicName::new(topic).expect("a topic");
        let message = Message::new(topic, vec![b'p'; 64]).with_retain(retain);
        self.broker.handle(NOW, Event::Publish(message), &mut self.wire);
    }
}

fn median(mut times: Vec<u128>) -> u128 {
    times.sort_unstable();
    times[times.len() / 2]
}

/// A client subscribes to everything that is retained.
fn replay(retained: usize) {
    let mut world = World::new();
    for number in 0..retained {
        world.publish(&format!("site/{}/device/{number}", number % 100), true);
    }
    let mut calls = Vec::new();
    let mut conn = ConnId(0);
    let info = measure(|| {
        calls.reserve(4 * retained / 64 + 1000);
        let start = Instant::now();
        conn = world.client("#", QoS::AtMostOnce);
        calls.push(start.elapsed().as_nanos());
        loop {
            let start = Instant::now();
            let more = if world.broker.deadline().is_some_and(|at| at <= NOW) {
                world.broker.handle(NOW, Event::Tick, &mut world.wire);
                true
            } else {
                world.written(conn)
            };
            calls.push(start.elapsed().as_nanos());
            if !more {
                break;
            }
        }
    });
    let calls_bytes = (calls.capacity() * size_of::<u128>()) as u64;
    let sent = world.broker.stats().publishes_sent;
    println!("replay of {retained} retained messages: {sent} sent in {} calls", calls.len());
    println!("  bytes allocated at most {}", info.bytes_max - calls_bytes);
    calls.sort_unstable();
    let at = |share: usize| calls[calls.len() * share / 10_000] / 1000;
    println!(
        "  microseconds in one call: {} in the median, {} in 99.9 of 100, {} in the longest",
        at(5_000),
        at(9_990),
        at(9_999)
    );
}

/// Messages for many clients, of which some never read, beside the same without those; in turns, since machines have moods.
fn fan_out(clients: usize, stalled: usize) {
    let mut worlds = [0, stalled].map(|stalled| {
        let mut world = World::new();
        let conns: Vec<_> = (0..clients).map(|_| world.client("t", QoS::AtMostOnce)).collect();
        (world, conns, stalled, Vec::new())
    });
    for _ in 0..5_000 {
        for (world, conns, stalled, times) in &mut worlds {
            let start = Instant::now();
            world.publish("t", false);
            times.push(start.elapsed().as_nanos());
            for &conn in &conns[*stalled..] {
                world.written(conn);
            }
        }
    }
    let medians = worlds.map(|(world, _, stalled, times)| {
        let stats = world.broker.stats().at_most_once;
        let dropped = stats.dropped(DropReason::Congested);
        println!(
            "{clients} clients, of which {stalled} do not read: {} copies delivered, {dropped} dropped",
            stats.delivered
        );
        // When the windows of those that do not read are full.
        median(times[2_500..].to_vec())
    });
    println!(
        "  a message for all takes {:.3} of the time without them",
        medians[1] as f64 / medians[0] as f64
    );
}

fn main() {
    let arguments: Vec<usize> = env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let [retained, clients, stalled] = arguments[..] else {
        eprintln!("usage: load RETAINED CLIENTS STALLED");
        process::exit(2);
    };
    replay(retained);
    fan_out(clients, stalled);
}
