use alloc::vec::Vec;
use core::hash::Hash;

use hashbrown::HashTable;

use super::growth;
use super::hashing::Seed;
use super::slab::Id;
use super::subscribers::Subscribers;

/// The filters of each key. Keys are known by their hash; what has the same hash shares its filters, of which
/// each is there once for each key that has it.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// Where there is one filter, as for most keys.
    one: HashTable<(u32, Id)>,
    many: HashTable<(u32, Subscribers<Id, ()>)>,
    /// What the many have allocated.
    many_heap: usize,
}

impl Keys {
    pub(super) const fn new() -> Self {
        Self { one: HashTable::new(), many: HashTable::new(), many_heap: 0 }
    }

    /// Those of all keys of these filters.
    pub(super) fn of<'a, K: Hash + 'a, V: 'a>(
        filters: impl Iterator<Item = (Id, &'a Subscribers<K, V>)>,
        seed: &Seed,
    ) -> Self {
        let mut keys = Self::new();
        for (filter, subscribers) in filters {
            subscribers.as_slice().iter().for_each(|(key, _)| keys.add(seed.of_key(key), filter, seed));
        }
        keys
    }

    /// Adds a filter that the key does not have.
    pub(super) fn add(&mut self, key: u32, filter: Id, seed: &Seed) {
        if let Some((_, filters)) = self.many.find_mut(spread(key), |(hash, _)| *hash == key) {
            self.many_heap -= filters.heap();
            filters.push(filter, (), seed);
            self.many_heap += filters.heap();
        } else if let Ok(first) = self.one.find_entry(spread(key), |(hash, _)| *hash == key) {
            let ((_, first), _) = first.remove();
            let mut filters = Subscribers::new(first, ());
            filters.push(filter, (), seed);
            self.many_heap += filters.heap();
            self.many.insert_unique(spread(key), (key, filters), |(hash, _)| spread(*hash));
        } else {
            self.one.insert_unique(spread(key), (key, filter), |(hash, _)| spread(*hash));
        }
    }

    /// Removes a filter that the key has.
    pub(super) fn remove(&mut self, key: u32, filter: Id, seed: &Seed) {
        if let Ok(one) = self.one.find_entry(spread(key), |one| *one == (key, filter)) {
            one.remove();
        } else if let Ok(mut many) = self.many.find_entry(spread(key), |(hash, _)| *hash == key) {
            let (_, filters) = many.get_mut();
            self.many_heap -= filters.heap();
            filters.remove(&filter, seed);
            self.many_heap += filters.heap();
            if let &[(last, ())] = filters.as_slice() {
                many.remove();
                self.one.insert_unique(spread(key), (key, last), |(hash, _)| spread(*hash));
            }
        }
        self.give_back();
    }

    /// Calls `remove` for each filter of a key, in the order of their ids, so that it does not depend on the seed. One for
    /// which it gives `false` stays: it is another key's with the same hash.
    pub(super) fn remove_all(&mut self, key: u32, seed: &Seed, mut remove: impl FnMut(Id) -> bool) {
        let filters = self.filters(key);
        if let Ok(many) = self.many.find_entry(spread(key), |(hash, _)| *hash == key) {
            let ((_, filters), _) = many.remove();
            self.many_heap -= filters.heap();
        } else if let Ok(one) = self.one.find_entry(spread(key), |(hash, _)| *hash == key) {
            one.remove();
        }
        for filter in filters {
            if !remove(filter) {
                self.add(key, filter, seed);
            }
        }
        self.give_back();
    }

    /// The filters of a key and of others with the same hash, in the order of their ids.
    pub(super) fn filters(&self, key: u32) -> Vec<Id> {
        let mut filters: Vec<_> = match self.many.find(spread(key), |(hash, _)| *hash == key) {
            Some((_, filters)) => filters.as_slice().iter().map(|(filter, ())| *filter).collect(),
            None => {
                self.one.find(spread(key), |(hash, _)| *hash == key).map(|&(_, id)| id).into_iter().collect()
            }
        };
        filters.sort_unstable();
        filters
    }

    /// By how much it grows at most by one more filter of a key.
    pub(super) fn growth(&self, key: u32) -> usize {
        let filters = match self.many.find(spread(key), |(hash, _)| *hash == key) {
            Some((_, filters)) => filters.growth(),
            None => Subscribers::<Id, ()>::new_growth(),
        };
        filters + growth::of_table(&self.one, 1) + growth::of_table(&self.many, 1)
    }

    pub(super) fn heap(&self) -> usize {
        self.one.allocation_size() + self.many.allocation_size() + self.many_heap
    }

    fn give_back(&mut self) {
        if self.one.is_empty() {
            self.one = HashTable::new();
        }
        if self.many.is_empty() {
            self.many = HashTable::new();
        }
    }
}

/// A table takes the first bits of a hash and the last.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}
