//! What the benches measure with: topics from a seed.

mod topics;

pub use topics::{Rng, Topics};
