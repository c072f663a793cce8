use alloc::vec::Vec;
use core::mem;
use core::num::NonZeroU32;

use mqtt_topic::memory::list_growth;

/// Where an item is, and which of the items that were there over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    index: u32,
    generation: Generation,
}

/// Which of the items that were in a place over time. Not 0, so that an `Option<Key>` is no larger than a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Generation(NonZeroU32);

impl Generation {
    pub(crate) const FIRST: Self = Self(NonZeroU32::MIN);

    fn next(self) -> Self {
        Self(self.0.checked_add(1).unwrap_or(NonZeroU32::MIN))
    }
}

/// What can be in a slab. It keeps its generation itself, where that often takes no room.
pub(crate) trait Item {
    fn generation(&self) -> Generation;

    fn set_generation(&mut self, generation: Generation);
}

/// For a type with a field of this name.
macro_rules! item {
    ($item:ty) => {
        impl $crate::slab::Item for $item {
            fn generation(&self) -> $crate::slab::Generation {
                self.generation
            }

            fn set_generation(&mut self, generation: $crate::slab::Generation) {
                self.generation = generation;
            }
        }
    };
}
pub(crate) use item;

impl Key {
    pub(crate) const MIN: Self = Self::first_at(0);
    pub(crate) const MAX: Self = Self { index: u32::MAX, generation: Generation(NonZeroU32::MAX) };

    /// The key of the first item in a place.
    pub(crate) const fn first_at(index: u32) -> Self {
        Self { index, generation: Generation::FIRST }
    }

    /// The place, for what is removed together with the item.
    pub(crate) const fn index(self) -> u32 {
        self.index
    }
}

/// Items under keys that are never used for two of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Slab<T> {
    places: Vec<Place<T>>,
    /// The place that is used next, if one is free.
    free: Option<u32>,
    len: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place<T> {
    Taken(T),
    /// For an item of this generation; and the place that is used after it.
    Free(Generation, Option<u32>),
}

impl<T> Place<T> {
    const fn item(&self) -> Option<&T> {
        match self {
            Self::Taken(item) => Some(item),
            Self::Free(..) => None,
        }
    }
}

impl<T: Item> Slab<T> {
    pub(crate) const fn new() -> Self {
        Self { places: Vec::new(), free: None, len: 0 }
    }

    pub(crate) fn insert(&mut self, mut item: T) -> Key {
        self.len += 1;
        if let Some(index) = self.free
            && let Some(place) = self.places.get_mut(index as usize)
            && let Place::Free(generation, free) = *place
        {
            self.free = free;
            item.set_generation(generation);
            *place = Place::Taken(item);
            return Key { index, generation };
        }
        let index = u32::try_from(self.places.len()).expect("memory ends before 2^32 places are used");
        item.set_generation(Generation::FIRST);
        self.places.push(Place::Taken(item));
        Key::first_at(index)
    }

    /// The key of what is in this place now.
    pub(crate) fn key_at(&self, index: u32) -> Option<Key> {
        Some(Key { index, generation: self.at(index)?.generation() })
    }

    pub(crate) fn at(&self, index: u32) -> Option<&T> {
        self.places.get(index as usize)?.item()
    }

    /// All keys, in the order of places.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        (0..).zip(&self.places).filter_map(|(index, place)| {
            let generation = place.item()?.generation();
            Some(Key { index, generation })
        })
    }

    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        self.at(key.index).filter(|item| item.generation() == key.generation)
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        match self.places.get_mut(key.index as usize)? {
            Place::Taken(item) => Some(item).filter(|item| item.generation() == key.generation),
            Place::Free(..) => None,
        }
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        self.get(key)?;
        let place = self.places.get_mut(key.index as usize)?;
        let Place::Taken(item) = mem::replace(place, Place::Free(key.generation.next(), self.free)) else {
            return None;
        };
        self.free = Some(key.index);
        self.len -= 1;
        Some(item)
    }

    /// Bytes that it has allocated, without what the items have allocated.
    pub(crate) fn heap(&self) -> usize {
        self.places.capacity() * size_of::<Place<T>>()
    }

    /// By how much that grows at most by another item.
    pub(crate) fn growth(&self) -> usize {
        list_growth::<Place<T>>(self.len, self.places.capacity(), 1)
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Text(&'static str, Generation);

    impl Item for Text {
        fn generation(&self) -> Generation {
            self.1
        }

        fn set_generation(&mut self, generation: Generation) {
            self.1 = generation;
        }
    }

    fn text(text: &'static str) -> Text {
        Text(text, Generation::FIRST)
    }

    fn at(slab: &mut Slab<Text>, key: Key) -> Option<&'static str> {
        let found = slab.get(key).map(|text| text.0);
        assert_eq!(slab.get_mut(key).map(|text| text.0), found);
        found
    }

    #[test]
    fn a_key_never_leads_to_another_item() {
        let mut slab = Slab::new();
        let old = slab.insert(text("a"));
        let other = slab.insert(text("b"));
        assert_eq!(slab.remove(old).map(|text| text.0), Some("a"));
        assert_eq!(slab.key_at(old.index()), None);
        let new = slab.insert(text("c"));
        assert_ne!(new, old);
        assert_eq!((at(&mut slab, old), slab.remove(old)), (None, None));
        assert_eq!((at(&mut slab, new), slab.key_at(old.index())), (Some("c"), Some(new)));
        assert_eq!((at(&mut slab, other), slab.len()), (Some("b"), 2));
    }

    #[test]
    fn places_are_used_again() {
        let mut slab = Slab::new();
        for _ in 0..10 {
            let keys = [slab.insert(text("a")), slab.insert(text("b"))];
            assert_eq!(slab.len(), 2);
            for key in keys {
                slab.remove(key);
            }
            assert_eq!(slab.len(), 0);
        }
        assert_eq!(slab.places.len(), 2);
    }
}
