use hashbrown::HashTable;
use mqtt_topic::memory::table_growth;

/// Finds places in a slab by the hash of what is there.
///
/// It can be made anew from the slab, and nothing depends on its order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index(HashTable<u32>);

impl Index {
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        self.0.find(hash, |&place| is_it(place)).copied()
    }

    /// Adds a place that is not there. `hash_of` gives the hash for any place that is.
    pub(crate) fn insert(&mut self, hash: u64, place: u32, hash_of: impl Fn(u32) -> u64) {
        self.0.insert_unique(hash, place, |&place| hash_of(place));
    }

    /// Bytes that it has allocated.
    pub(crate) fn heap(&self) -> usize {
        self.0.allocation_size()
    }

    /// By how much that grows at most by another place.
    pub(crate) fn growth(&self) -> usize {
        table_growth::<u32>(self.0.len(), self.0.capacity(), 1)
    }

    pub(crate) fn remove(&mut self, hash: u64, place: u32) {
        if let Ok(entry) = self.0.find_entry(hash, |&other| other == place) {
            entry.remove();
        }
    }
}
