//! A client goes on exchanging QoS 1 messages with itself while others do everything wrong.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use mqtt_codec::{Connect, Limits, Packet, PacketId, PubAck, QoS, ReasonCode, Version};

use crate::client::Client;
use crate::process::Process;

/// How much memory may grow over [`ROUNDS`] repetitions, after one to warm up. Less than a hundred bytes for each of the
/// 10,000 connections of [`connections_that_are_opened_and_dropped`]: forgetting the entry of one in a table, its task or
/// its buffer, when it ends, is more.
#[cfg(target_os = "linux")]
const GROWTH: usize = 1 << 20;

/// Does something wrong to a broker, several times, and sees that nobody notices.
fn harmless(name: &str, wrong: impl Fn(SocketAddr)) {
    let process = Process::start();
    let steady = Steady::start(process.address());
    wrong(process.address());
    #[cfg(target_os = "linux")]
    let before = process.memory();
    wrong(process.address());
    #[cfg(target_os = "linux")]
    {
        let after = process.memory();
        println!("{name}: {} KiB, then {} KiB", before >> 10, after >> 10);
        assert!(after <= before + GROWTH, "{name}: {} KiB, then {} KiB", before >> 10, after >> 10);
    }
    let exchanged = steady.stop();
    println!("{name}: {exchanged} QoS 1 messages meanwhile");
    assert!(exchanged > 0);
    process.signal("TERM");
    let (status, said) = process.wait();
    assert_eq!((status.code(), said.as_str()), (Some(0), ""), "{name}");
}

/// A client that publishes to itself with QoS 1, one message after the other.
struct Steady {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u32>,
}

impl Steady {
    fn start(address: SocketAddr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let mut client = Client::connect(address, "steady");
        client.subscribe("steady", QoS::AtLeastOnce);
        let thread = thread::spawn(move || {
            let mut exchanged = 0;
            while !stopped.load(Ordering::Relaxed) {
                exchange(&mut client, exchanged);
                exchanged += 1;
            }
            exchanged
        });
        Self { stop, thread }
    }

    /// How many messages were exchanged. None was lost, or the thread would have panicked.
    fn stop(self) -> u32 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("no message of the steady client is lost")
    }
}

/// Publishes and waits until the message is both acknowledged and delivered.
fn exchange(client: &mut Client, n: u32) {
    let id = PacketId::new(u16::try_from(n % 60_000 + 1).unwrap()).unwrap();
    client.publish_qos1("steady", &n.to_be_bytes(), id);
    let (mut acked, mut delivered) = (false, None);
    while !(acked && delivered.is_some()) {
        client.receive(|packet| match packet {
            Packet::PubAck(ack) => {
                assert_eq!((ack.packet_id, ack.reason), (id, ReasonCode::Success));
                acked = true;
            }
            Packet::Publish(publish) => {
                assert_eq!(publish.payload, n.to_be_bytes());
                delivered = publish.delivery.packet_id();
            }
            other => panic!("{other:?}"),
        });
    }
    let packet_id = delivered.expect("QoS 1");
    client.send(PubAck::new(packet_id, ReasonCode::Success));
}

/// A stream of numbers that is the same each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> usize {
        usize::try_from(self.next() % end).unwrap()
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next().to_le_bytes()[3]).collect()
    }
}

fn connect(version: Version) -> Vec<u8> {
    let mut bytes = Vec::new();
    Packet::from(Connect { clean_start: true, ..Connect::default() }).encode(version, &mut bytes).unwrap();
    bytes
}

#[test]
fn random_bytes() {
    const SEED: u64 = 0x5EED_0FBA_D1DE_A5ED;
    println!("seed {SEED:#X}");
    harmless("random bytes", |address| {
        let mut numbers = Numbers(SEED);
        for n in 0..600 {
            let mut bytes = match n % 3 {
                0 => Vec::new(),
                1 => connect(Version::V3_1_1),
                _ => connect(Version::V5),
            };
            for _ in 0..=numbers.below(3) {
                let len = numbers.below(100);
                // Every other time a fixed header that is right, so that the noise gets further.
                if n % 2 == 0 {
                    let first_byte =
                        [0x10, 0x30, 0x32, 0x40, 0x62, 0x82, 0xA2, 0xC0, 0xE0, 0xF0][numbers.below(10)];
                    bytes.extend([first_byte, u8::try_from(len).unwrap()]);
                }
                bytes.extend(numbers.bytes(len));
            }
            let mut client = Client::open(address);
            client.try_send_bytes(&bytes);
            client.finish_sending();
            client.wait_for_end();
        }
    });
}

#[test]
fn a_packet_that_only_a_server_sends() {
    harmless("CONNACK from a client", |address| {
        for _ in 0..100 {
            let mut client = Client::connect(address, "wrong");
            client.send_bytes(&[0x20, 3, 0, 0, 0]);
            client.expect_disconnect(ReasonCode::ProtocolError);
            client.expect_end();
        }
    });
}

#[test]
fn a_first_packet_that_is_not_connect() {
    harmless("no CONNECT", |address| {
        for first in [
            &b"\xC0\0"[..],
            b"\x30\x03\0\x01a",
            b"\xE0\0",
            b"\x20\x02\0\0",
            b"\0\0",
            b"GET / HTTP/1.1\r\n\r\n",
        ] {
            for _ in 0..20 {
                let mut client = Client::open(address);
                client.send_bytes(first);
                client.expect_end();
            }
        }
    });
}

#[test]
fn a_packet_that_is_cut_off() {
    harmless("cut off", |address| {
        let connect = connect(Version::V5);
        for end in 0..connect.len() {
            let mut client = Client::open(address);
            client.send_bytes(&connect[..end]);
            client.finish_sending();
            client.expect_end();
        }
        for end in 1..40 {
            let mut client = Client::connect(address, "cut off");
            let mut publish = vec![0x30, 40, 0, 1, b'a', 0];
            publish.resize(end, 0);
            client.send_bytes(&publish);
            client.finish_sending();
            client.expect_end();
        }
    });
}

#[test]
fn a_declared_length_of_256_mib() {
    const LENGTH: [u8; 4] = [0xFF, 0xFF, 0xFF, 0x7F];
    assert_eq!(Limits::MAX_PACKET_SIZE, 5 + 0x0FFF_FFFF);
    harmless("256 MiB", |address| {
        for _ in 0..100 {
            let mut client = Client::connect(address, "large");
            client.send_bytes(&[0x30]);
            client.send_bytes(&LENGTH);
            client.expect_disconnect(ReasonCode::PacketTooLarge);
            client.expect_end();

            // The version has to be known for an answer.
            let mut client = Client::open(address);
            client.send_bytes(&[0x10]);
            client.send_bytes(&LENGTH);
            client.send_bytes(b"\0\x04MQTT\x05");
            client.receive(|packet| match packet {
                Packet::ConnAck(connack) => assert_eq!(connack.reason, ReasonCode::PacketTooLarge),
                other => panic!("{other:?}"),
            });
            client.expect_end();
        }
    });
}

/// The broker refuses while most of the packet is still on its way. If it closed the socket at once, the client would fail in
/// the middle of writing and never get to read why.
#[test]
fn a_packet_that_is_refused_before_it_has_come() {
    harmless("refused halfway", |address| {
        for _ in 0..5 {
            let mut client = Client::connect(address, "large");
            let mut publish = vec![0x30, 0xFF, 0xFF, 0xFF, 0x7F];
            publish.resize(12 << 20, 0);
            client.send_bytes(&publish);
            client.expect_disconnect(ReasonCode::PacketTooLarge);
            client.expect_end();
        }
    });
}

#[test]
fn connections_that_are_opened_and_dropped() {
    harmless("opened and dropped", |address| {
        for _ in 0..10_000 {
            drop(Client::open(address));
        }
        // The broker has seen the end of all when it has seen the end of the last.
        let mut last = Client::open(address);
        last.finish_sending();
        last.expect_end();
    });
}
