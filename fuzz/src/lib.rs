//! What the fuzz targets do, as plain functions: bytes in, a panic if something is wrong.
//!
//! The programs in `targets/` hand them to libFuzzer, and `tests/replay.rs` runs them over `seeds/` on stable Rust.
#![forbid(unsafe_code)]

mod broker;
mod decode;
#[cfg(feature = "peers")]
mod differential;
mod restore;
mod roundtrip;
mod stream;
mod structured;
mod topic_match;
mod trie_ops;
mod vectors;

pub use broker::broker;
pub use decode::decode;
#[cfg(feature = "peers")]
pub use differential::differential;
pub use restore::restore;
pub use roundtrip::roundtrip;
pub use stream::stream;
pub use structured::structured;
pub use topic_match::topic_match;
pub use trie_ops::trie_ops;
pub use vectors::{as_stream, vectors};

/// A fuzz target.
pub type Target = fn(&[u8]);

/// Every target, by the name of its program and of its folder of seeds.
pub const TARGETS: &[(&str, Target)] = &[
    ("broker", broker),
    ("decode", decode),
    #[cfg(feature = "peers")]
    ("differential", differential),
    ("restore", restore),
    ("roundtrip", roundtrip),
    ("stream", stream),
    ("structured", structured),
    ("topic_match", topic_match),
    ("trie_ops", trie_ops),
];

/// Makes the program of a target: under cargo-fuzz one for libFuzzer, else one that runs the files it is given.
#[macro_export]
macro_rules! program {
    ($target:path) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|input: &[u8]| $target(input));

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            for path in std::env::args_os().skip(1) {
                $target(&std::fs::read(path)?);
            }
            Ok(())
        }
    };
}
