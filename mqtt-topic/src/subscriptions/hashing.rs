use core::hash::{Hash, Hasher};

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;

use super::slab::Id;

/// What hashes depend on. Whoever does not know it cannot make texts that collide on purpose. Not to be shown to anybody.
#[derive(Clone)]
pub(crate) struct Seed {
    number: u64,
    /// More of the same: with the number alone, half of what a hash multiplies with would be the same for all.
    shared: SharedSeed,
}

/// For what nobody chooses on purpose, or what must be the same everywhere.
pub(crate) static UNKEYED: Seed = Seed::new(0);

impl Seed {
    pub(crate) const fn new(number: u64) -> Self {
        // From 0 would come nothing but zeros.
        Self { number, shared: SharedSeed::from_u64(number ^ 0x9E37_79B9_7F4A_7C15) }
    }

    const fn hasher(&self) -> FoldHasher<'_> {
        FoldHasher::with_seed(self.number, &self.shared)
    }

    pub(super) fn of(&self, value: &(impl Hash + ?Sized)) -> u64 {
        let mut hasher = self.hasher();
        value.hash(&mut hasher);
        hasher.finish()
    }

    /// Of a key, as short as the index of keys needs it.
    pub(super) fn of_key(&self, key: &(impl Hash + ?Sized)) -> u32 {
        (self.of(key) >> 32).try_into().unwrap_or(u32::MAX)
    }

    /// Of the bytes of a filter or a level.
    pub(crate) fn of_bytes(&self, bytes: &[u8]) -> u64 {
        let mut hasher = self.hasher();
        hasher.write(bytes);
        hasher.finish()
    }

    /// Of an edge of a node.
    pub(super) fn of_edge(&self, node: Id, word: Id) -> u64 {
        let mut hasher = self.hasher();
        hasher.write_u64(u64::from(node.number()) << 32 | u64::from(word.number()));
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use alloc::format;
    use std::collections::BTreeSet;

    use super::*;

    /// Fails when the seed changes only what hashes begin with. Then bytes that undo what they are multiplied with make
    /// texts whose hashes hardly differ, whatever the seed.
    #[test]
    fn texts_do_not_collide_on_purpose() {
        for seed in [0, 1, 0xFEED_FACE_1234_5678].map(Seed::new) {
            let texts = (0..4_000).map(|at| format!("aaaa{at:03x}b]P|\u{277}),@cccccccc"));
            let hashes: BTreeSet<_> = texts.map(|text| seed.of_bytes(text.as_bytes()) & 0xFFFF).collect();
            assert!(hashes.len() > 3_700, "{} of 4,000", hashes.len());
        }
        assert_ne!(Seed::new(1).of_bytes(b"a"), Seed::new(2).of_bytes(b"a"));
        assert_ne!(Seed::new(1).of(&'a'), Seed::new(2).of(&'a'));
        let edge = |seed| Seed::new(seed).of_edge(Id::of_number(1).unwrap(), Id::of_number(2).unwrap());
        assert_ne!(edge(1), edge(2));
    }
}
