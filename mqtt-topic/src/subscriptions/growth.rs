use core::borrow::Borrow;
use core::hash::Hash;

use hashbrown::HashTable;

use super::SubscriptionTrie;
use crate::filter::TopicFilter;

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

/// By how much a list grows at most by so many more.
pub(super) const fn of_list(len: usize, capacity: usize, more: usize, size: usize) -> usize {
    let needed = len + more;
    if needed <= capacity {
        return 0;
    }
    let doubled = if capacity < 4 { 8 } else { 2 * capacity };
    (if needed > doubled { needed } else { doubled } - capacity) * size
}

/// By how much a table grows at most by so many more.
pub(super) fn of_table<T>(table: &HashTable<T>, more: usize) -> usize {
    let needed = table.len() + more;
    if needed <= table.capacity() {
        return 0;
    }
    // Seven of eight places can be used; each has a byte of its own, and there are some more.
    let places = (needed.max(table.capacity() + 1) * 8 / 7 + 1).next_power_of_two().max(16);
    places * (size_of::<T>() + 1) + 64
}
