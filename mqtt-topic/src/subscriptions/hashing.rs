use core::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::FixedState;

use super::slab::Id;

/// What hashes depend on. Whoever does not know it cannot make texts that collide on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    pub(super) fn of(self, value: &(impl Hash + ?Sized)) -> u64 {
        FixedState::with_seed(self.0).hash_one(value)
    }

    /// Of a key, as short as the index of keys needs it.
    pub(super) fn of_key(self, key: &impl Hash) -> u32 {
        (self.of(key) >> 32).try_into().unwrap_or(u32::MAX)
    }

    /// Of the bytes of a filter or a level.
    pub(crate) fn of_bytes(self, bytes: &[u8]) -> u64 {
        let mut hasher = FixedState::with_seed(self.0).build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }

    /// Of an edge of a node.
    pub(super) fn of_edge(self, node: Id, word: Id) -> u64 {
        let mut hasher = FixedState::with_seed(self.0).build_hasher();
        hasher.write_u64(u64::from(node.number()) << 32 | u64::from(word.number()));
        hasher.finish()
    }
}
