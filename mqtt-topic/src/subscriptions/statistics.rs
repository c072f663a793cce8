use super::SubscriptionTrie;

/// How much is in a [`SubscriptionTrie`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Statistics {
    /// Pairs of a filter and a key.
    pub subscriptions: usize,
    /// Different filters.
    pub filters: usize,
    /// Nodes of the trie: the beginnings that at least two filters with wildcards have in common, and that of all.
    pub nodes: usize,
    /// Bytes that the trie has allocated, which may differ a little by the seed. What keys and values have allocated for
    /// themselves is not in it.
    pub bytes: usize,
}

impl<K, V> SubscriptionTrie<K, V> {
    /// How much is in it. The numbers are kept, so this takes no time.
    pub fn statistics(&self) -> Statistics {
        let keys = self.keys.as_ref().map_or(0, super::Keys::heap);
        Statistics {
            subscriptions: self.len,
            filters: self.filters.used(),
            nodes: self.wild.nodes(),
            bytes: self.heap + self.filters.heap() + self.by_text.allocation_size() + self.wild.heap() + keys,
        }
    }
}
