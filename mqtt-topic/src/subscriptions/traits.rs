use core::fmt;
use core::hash::{Hash, Hasher};

use super::SubscriptionTrie;
use super::hashing::UNKEYED;

impl<K, V> Default for SubscriptionTrie<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

/// A map from the pair of filter and key to the value.
impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for SubscriptionTrie<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(filter, key, value)| ((filter, key), value))).finish()
    }
}

impl<K: Eq + Hash, V: PartialEq> PartialEq for SubscriptionTrie<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().all(|(filter, key, value)| other.get(filter, key) == Some(value))
    }
}

impl<K: Eq + Hash, V: Eq> Eq for SubscriptionTrie<K, V> {}

/// The same for the same contents, whatever their order and the seed.
impl<K: Hash, V: Hash> Hash for SubscriptionTrie<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len.hash(state);
        self.iter().fold(0u64, |sum, item| sum.wrapping_add(UNKEYED.of(&item))).hash(state);
    }
}
