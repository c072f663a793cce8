use core::borrow::Borrow;
use core::hash::Hash;

use hashbrown::HashTable;

use super::SubscriptionTrie;
use crate::filter::TopicFilter;
use crate::memory::table_growth;

impl<K: Eq + Hash, V> SubscriptionTrie<K, V> {
    /// By how much [`Statistics::bytes`](super::Statistics::bytes) grows at most if this subscription is inserted.
    ///
    /// Tables grow by doubling, so this is mostly little and sometimes as much as is there.
    pub fn growth<Q>(&self, filter: &TopicFilter, key: &Q) -> usize
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let keys = self.keys.as_ref().map_or(0, |keys| keys.growth(self.seed.of_key(key)));
        // It makes room also if it turns out that the filter is there.
        let tables = keys + of_table(&self.by_text, 1);
        if let Some(id) = self.find_filter(filter) {
            return tables + self.filters.get(id).subscribers.growth();
        }
        let wild = if filter.has_wildcards() { self.wild.growth(filter) } else { 0 };
        tables + wild + filter.as_str().len() + self.filters.growth(1)
    }
}

/// By how much a table grows at most by so many more.
pub(super) fn of_table<T>(table: &HashTable<T>, more: usize) -> usize {
    table_growth::<T>(table.len(), table.capacity(), more)
}
