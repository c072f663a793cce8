use std::hint::black_box;

use mqtt_codec::{Limits, Packet, Version, frame};

/// What nobody can do without: the packets of an exchange decoded, and those that answer them encoded.
#[derive(Debug)]
pub struct Limit {
    received: Vec<Vec<u8>>,
    sent: Vec<Packet<'static>>,
    output: Vec<u8>,
}

impl Limit {
    /// Of these packets, and of these bytes, which are packets in a row each.
    ///
    /// # Panics
    /// If they are no packets.
    pub fn new(received: Vec<Vec<u8>>, sent: Vec<Vec<u8>>) -> Self {
        let mut packets = Vec::new();
        for bytes in sent {
            // For as long as the process lives, which measures and ends.
            let mut rest: &'static [u8] = bytes.leak();
            while let Some(found) = frame(rest, &Limits::default()).expect("packets") {
                rest = &rest[found.bytes().len()..];
                packets.push(Packet::decode(Version::V5, found).expect("a packet"));
            }
        }
        Self { received, sent: packets, output: Vec::with_capacity(4096) }
    }

    /// Decodes and encodes them once.
    ///
    /// # Panics
    /// If what was received is no packet.
    pub fn run(&mut self) {
        for bytes in &self.received {
            let found = frame(black_box(bytes), &Limits::default()).expect("a packet").expect("a whole one");
            black_box(Packet::decode(Version::V5, found).expect("a packet"));
        }
        for packet in &self.sent {
            self.output.clear();
            black_box(packet).encode(Version::V5, &mut self.output).expect("room");
        }
        black_box(&self.output);
    }
}
