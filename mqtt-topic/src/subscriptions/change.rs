use core::borrow::Borrow;
use core::hash::Hash;
use core::mem;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::filter_text::FilterText;
use super::keys::Keys;
use super::slab::Id;
use super::subscribers::Subscribers;
use super::wild::Texts as _;
use super::{Subscribed, SubscriptionTrie};
use crate::filter::TopicFilter;

impl<K: Eq + Hash, V> SubscriptionTrie<K, V> {
    /// Sets the value of `key` under `filter`, and gives the value that it had before.
    pub fn insert(&mut self, filter: &TopicFilter, key: K, value: V) -> Option<V> {
        let Self { filters, by_text, wild, keys, seed, len, heap } = self;
        let text = filter.as_str();
        let hash_of = |&id: &Id| seed.of_bytes(filters.text(id).as_bytes());
        let key_hash = keys.as_ref().map(|_| seed.of_key(&key));
        let id = match by_text.entry(seed.of_bytes(text.as_bytes()), |&id| filters.text(id) == text, hash_of)
        {
            Entry::Occupied(entry) => {
                let id = *entry.get();
                let subscribers = &mut filters.get_mut(id).subscribers;
                if let Some(old) = subscribers.get_mut(&key, seed) {
                    return Some(mem::replace(old, value));
                }
                *heap -= subscribers.heap();
                subscribers.push(key, value, seed);
                *heap += subscribers.heap();
                id
            }
            Entry::Vacant(entry) => {
                let subscribers = Subscribers::new(key, value);
                let stored = FilterText::new(filter);
                *heap += stored.heap();
                let id = filters.insert(Subscribed { filter: stored, subscribers });
                entry.insert(id);
                if filter.has_wildcards() {
                    wild.insert(filters, id, seed);
                }
                id
            }
        };
        if let (Some(keys), Some(key_hash)) = (keys, key_hash) {
            keys.add(key_hash, id, seed);
        }
        *len += 1;
        None
    }

    /// Removes `key` from `filter`, and gives the value that it had; `None` says that it was not there.
    pub fn remove<Q>(&mut self, filter: &TopicFilter, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let hash = self.seed.of_bytes(filter.as_str().as_bytes());
        let id = self.find(hash, filter.as_str())?;
        let value = self.remove_from(id, hash, key)?;
        if let Some(keys) = &mut self.keys {
            keys.remove(self.seed.of_key(key), id, &self.seed);
        }
        Some(value)
    }

    /// Removes `key` from all its filters, and gives their number; 0 says that it was not there.
    ///
    /// The work is that of so many removals. But the first call for a trie goes over all its subscriptions, to make an
    /// index of their keys, which insertions and removals keep from then on: 10 to 21 bytes more for a key with one filter.
    /// A trie that is never asked for this does without; one that will be is best asked while it is empty.
    pub fn remove_key<Q>(&mut self, key: &Q) -> usize
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let seed = self.seed.clone();
        let mut index = self.take_keys();
        let before = self.len;
        index.remove_all(seed.of_key(key), &seed, |id| {
            let hash = seed.of_bytes(self.filters.text(id).as_bytes());
            self.remove_from(id, hash, key).is_some()
        });
        self.keys = Some(index);
        before - self.len
    }

    /// Calls `f` for each filter of `key`, in an order that depends on the history alone.
    ///
    /// It needs what [`remove_key`](Self::remove_key) needs.
    pub fn visit_key<Q>(&mut self, key: &Q, mut f: impl FnMut(&TopicFilter, &V))
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let index = self.take_keys();
        let mut filters = index.filters(self.seed.of_key(key));
        // Once for each key with this hash.
        filters.dedup();
        for id in filters {
            let Subscribed { filter, subscribers } = self.filters.get(id);
            if let Some(value) = subscribers.get(key, &self.seed) {
                f(filter.as_filter(), value);
            }
        }
        self.keys = Some(index);
    }

    /// The index of keys, made if there is none. It has to be put back.
    fn take_keys(&mut self) -> Keys {
        let subscribers = self.filters.iter().map(|(id, filter)| (id, &filter.subscribers));
        self.keys.take().unwrap_or_else(|| Keys::of(subscribers, &self.seed))
    }

    /// Removes all. What [`remove_key`](Self::remove_key) needs is still kept, if it was called before.
    pub fn clear(&mut self) {
        let keys = self.keys.as_ref().map(|_| Keys::new());
        *self = Self { keys, seed: self.seed.clone(), ..Self::new() };
    }

    /// Removes `key` from a filter whose text has this hash, but not from the index of keys.
    fn remove_from<Q>(&mut self, id: Id, hash: u64, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let subscribers = &mut self.filters.get_mut(id).subscribers;
        let value = match subscribers.as_slice() {
            [(only, _)] if only.borrow() == key => self.remove_filter(id, hash),
            _ => {
                let heap = subscribers.heap();
                let value = subscribers.remove(key, &self.seed);
                self.heap = self.heap - heap + subscribers.heap();
                value
            }
        }?;
        self.len -= 1;
        Some(value)
    }

    /// Removes a filter with its only subscriber.
    fn remove_filter(&mut self, id: Id, hash: u64) -> Option<V> {
        if let Ok(entry) = self.by_text.find_entry(hash, |&other| other == id) {
            entry.remove();
        }
        if self.by_text.is_empty() {
            self.by_text = HashTable::new();
        }
        let filter = &self.filters.get(id).filter;
        self.heap -= filter.heap();
        if filter.as_filter().has_wildcards() {
            self.wild.remove(&self.filters, id, &self.seed);
        }
        self.filters.remove(id).subscribers.into_only()
    }
}
