//! What the benches measure with: packets, and topics from a seed.

mod packets;
mod topics;

pub use packets::{Sample, samples};
pub use topics::{Rng, Topics};
