use alloc::vec::Vec;
use core::num::NonZeroU32;

/// Where an item is, and which of the items that were there over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    index: u32,
    generation: Generation,
}

/// Not 0, so that an `Option<Key>` is no larger than a key.
type Generation = NonZeroU32;

impl Key {
    pub(crate) const MIN: Self = Self { index: 0, generation: Generation::MIN };
    pub(crate) const MAX: Self = Self { index: u32::MAX, generation: Generation::MAX };

    /// The place, for what is removed together with the item.
    pub(crate) const fn index(self) -> u32 {
        self.index
    }
}

/// Items under keys that are never used for two of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Slab<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Slot<T> {
    generation: Generation,
    item: Option<T>,
}

impl<T> Slab<T> {
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    pub(crate) fn insert(&mut self, item: T) -> Key {
        if let Some(index) = self.free.pop()
            && let Some(slot) = self.slots.get_mut(index as usize)
        {
            slot.item = Some(item);
            return Key { index, generation: slot.generation };
        }
        let index = u32::try_from(self.slots.len()).expect("memory ends before 2^32 slots are used");
        if self.slots.len() == self.slots.capacity() {
            self.slots.reserve(1);
            // All may become free, and then nothing is allocated.
            self.free.reserve_exact(self.slots.capacity());
        }
        self.slots.push(Slot { generation: Generation::MIN, item: Some(item) });
        Key { index, generation: Generation::MIN }
    }

    /// The key of what is in this place now.
    pub(crate) fn key_at(&self, index: u32) -> Option<Key> {
        let slot = self.slots.get(index as usize).filter(|slot| slot.item.is_some())?;
        Some(Key { index, generation: slot.generation })
    }

    pub(crate) fn at(&self, index: u32) -> Option<&T> {
        self.slots.get(index as usize)?.item.as_ref()
    }

    /// All keys, in the order of places.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        (0..)
            .zip(&self.slots)
            .filter(|(_, slot)| slot.item.is_some())
            .map(|(index, slot)| Key { index, generation: slot.generation })
    }

    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        self.slots.get(key.index as usize).filter(|slot| slot.generation == key.generation)?.item.as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        self.slots.get_mut(key.index as usize).filter(|slot| slot.generation == key.generation)?.item.as_mut()
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        let slot = self.slots.get_mut(key.index as usize).filter(|slot| slot.generation == key.generation)?;
        let item = slot.item.take()?;
        slot.generation = slot.generation.checked_add(1).unwrap_or(Generation::MIN);
        self.free.push(key.index);
        Some(item)
    }

    /// Bytes that it has allocated, without what the items have allocated.
    pub(crate) fn heap(&self) -> usize {
        self.slots.capacity() * size_of::<Slot<T>>() + self.free.capacity() * size_of::<u32>()
    }

    /// By how much that grows at most by another item.
    pub(crate) fn growth(&self) -> usize {
        if self.free.is_empty() && self.slots.len() == self.slots.capacity() {
            list_growth(self.slots.capacity(), size_of::<Slot<T>>() + size_of::<u32>())
        } else {
            0
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

/// By how many bytes a list that is full grows by another item.
pub(crate) const fn list_growth(capacity: usize, item: usize) -> usize {
    if capacity < 4 { 4 * item } else { capacity * item }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_leads_to_another_item() {
        let mut slab = Slab::new();
        let old = slab.insert("a");
        let other = slab.insert("b");
        assert_eq!(slab.remove(old), Some("a"));
        let new = slab.insert("c");
        assert_ne!(new, old);
        assert_eq!(slab.get(old), None);
        assert_eq!(slab.get_mut(old), None);
        assert_eq!(slab.remove(old), None);
        assert_eq!(slab.get(new), Some(&"c"));
        assert_eq!(slab.get_mut(new), Some(&mut "c"));
        assert_eq!((slab.get(other), slab.len()), (Some(&"b"), 2));
    }

    #[test]
    fn places_are_used_again() {
        let mut slab = Slab::new();
        for _ in 0..10 {
            let keys = [slab.insert(()), slab.insert(())];
            assert_eq!(slab.len(), 2);
            for key in keys {
                slab.remove(key);
            }
            assert_eq!(slab.len(), 0);
        }
        assert_eq!(slab.slots.len(), 2);
    }
}
