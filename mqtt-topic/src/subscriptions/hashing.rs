use core::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::FixedState;

/// What hashes depend on. Whoever does not know it cannot make texts that collide on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seed(pub(super) u64);

impl Seed {
    pub(super) fn of(self, value: &(impl Hash + ?Sized)) -> u64 {
        FixedState::with_seed(self.0).hash_one(value)
    }

    /// Of a whole filter.
    pub(super) fn of_text(self, text: &str) -> u64 {
        let mut hasher = FixedState::with_seed(self.0).build_hasher();
        hasher.write(text.as_bytes());
        hasher.finish()
    }

    /// Of a level below a node.
    pub(super) fn of_level(self, node: u32, level: &str) -> u64 {
        let mut hasher = FixedState::with_seed(self.0).build_hasher();
        hasher.write_u32(node);
        hasher.write(level.as_bytes());
        hasher.finish()
    }
}
