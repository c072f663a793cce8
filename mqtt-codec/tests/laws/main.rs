//! What holds for any packet and any bytes.

mod bytes;
mod packets;
mod reach;
mod streams;

use arbitrary::{Arbitrary, Unstructured};
use mqtt_codec::ArbitraryPacket;

/// The packet that these bytes stand for. A failing test prints them, and they give the same packet again.
fn made(seed: &[u8]) -> ArbitraryPacket<'_> {
    ArbitraryPacket::arbitrary(&mut Unstructured::new(seed))
        .expect("input that runs out is continued with zeros")
}

fn encoded(made: &ArbitraryPacket<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    made.packet().encode(made.version(), &mut bytes).expect("a legal packet encodes");
    bytes
}
