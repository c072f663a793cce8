use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::hash::Hash;
use core::{mem, slice};

use hashbrown::HashTable;

use super::growth;
use super::hashing::Seed;
use crate::memory::list_growth;

/// The subscribers of one filter, in one piece of memory: visiting a thousand of them is reading a slice.
#[derive(Clone, Debug)]
pub(super) struct Subscribers<K, V>(Form<K, V>);

/// Most filters have one subscriber.
#[derive(Clone, Debug)]
enum Form<K, V> {
    One((K, V)),
    Many(Box<Many<K, V>>),
}

#[derive(Debug)]
struct Many<K, V> {
    items: Vec<(K, V)>,
    /// Where each key is; empty while there are so few items that looking at all is as fast. All keys or none.
    places: HashTable<u32>,
}

/// With the same capacity, so that what is allocated is the same.
impl<K: Clone, V: Clone> Clone for Many<K, V> {
    fn clone(&self) -> Self {
        let mut items = Vec::with_capacity(self.items.capacity());
        items.extend_from_slice(&self.items);
        Self { items, places: self.places.clone() }
    }
}

/// More items than this have their places in a table.
const FEW: usize = 16;

impl<K, V> Subscribers<K, V> {
    pub(super) const fn new(key: K, value: V) -> Self {
        Self(Form::One((key, value)))
    }

    pub(super) fn as_slice(&self) -> &[(K, V)] {
        match &self.0 {
            Form::One(item) => slice::from_ref(item),
            Form::Many(many) => &many.items,
        }
    }

    /// What is allocated, without what keys and values have allocated.
    pub(super) fn heap(&self) -> usize {
        match &self.0 {
            Form::One(_) => 0,
            Form::Many(many) => {
                let items = many.items.capacity() * size_of::<(K, V)>();
                size_of::<Many<K, V>>() + items + many.places.allocation_size()
            }
        }
    }

    /// What a second one takes.
    pub(super) const fn new_growth() -> usize {
        size_of::<Many<K, V>>() + list_growth::<(K, V)>(0, 0, 2)
    }

    /// By how much it grows at most by one more.
    pub(super) fn growth(&self) -> usize {
        match &self.0 {
            Form::One(_) => Self::new_growth(),
            Form::Many(many) => {
                let items = &many.items;
                list_growth::<(K, V)>(items.len(), items.capacity(), 1)
                    + growth::of_table(&many.places, items.len() + 1 - many.places.len())
            }
        }
    }

    /// The only one, if there is no other.
    pub(super) fn into_only(self) -> Option<V> {
        match self.0 {
            Form::One((_, value)) => Some(value),
            Form::Many(_) => None,
        }
    }
}

impl<K: Eq + Hash, V> Subscribers<K, V> {
    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q, seed: &Seed) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.as_slice().get(self.find(key, seed)?).map(|(_, value)| value)
    }

    pub(super) fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q, seed: &Seed) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let place = self.find(key, seed)?;
        let items = match &mut self.0 {
            Form::One(item) => slice::from_mut(item),
            Form::Many(many) => &mut many.items,
        };
        items.get_mut(place).map(|(_, value)| value)
    }

    fn find<Q: Eq + Hash + ?Sized>(&self, key: &Q, seed: &Seed) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        match &self.0 {
            Form::Many(many) if !many.places.is_empty() => {
                let is_it =
                    |&place: &u32| many.items.get(place as usize).is_some_and(|item| item.0.borrow() == key);
                many.places.find(seed.of(key), is_it).map(|&place| place as usize)
            }
            Form::One(_) | Form::Many(_) => self.as_slice().iter().position(|item| item.0.borrow() == key),
        }
    }

    /// Adds a key that is not there.
    pub(super) fn push(&mut self, key: K, value: V, seed: &Seed) {
        let many = match &mut self.0 {
            Form::Many(many) => many,
            Form::One(_) => {
                let none = Form::Many(Box::new(Many { items: vec![], places: HashTable::new() }));
                let one = mem::replace(&mut self.0, none);
                let Form::Many(many) = &mut self.0 else { return };
                if let Form::One(item) = one {
                    many.items.reserve_exact(2);
                    many.items.push(item);
                }
                many
            }
        };
        many.items.push((key, value));
        let Many { items, places } = &mut **many;
        let known = places.len();
        if known > 0 || items.len() > FEW {
            let hash_at = |&place: &u32| items.get(place as usize).map_or(0, |item| seed.of(&item.0));
            for place in (known..items.len()).filter_map(|place| u32::try_from(place).ok()) {
                places.insert_unique(hash_at(&place), place, hash_at);
            }
        }
    }

    /// Removes a key that is not the only one. The last takes its place.
    pub(super) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q, seed: &Seed) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.find(key, seed)?;
        let Form::Many(many) = &mut self.0 else { return None };
        let Many { items, places } = &mut **many;
        let last = items.len() - 1;
        if !places.is_empty() {
            if let Ok(found) = places.find_entry(seed.of(key), |&at| at as usize == place) {
                found.remove();
            }
            if let Some((moved, _)) = items.get(last)
                && let Some(of_last) = places.find_mut(seed.of(moved), |&at| at as usize == last)
            {
                *of_last = u32::try_from(place).unwrap_or(u32::MAX);
            }
        }
        let (_, value) = items.swap_remove(place);
        if items.len() * 4 < items.capacity() {
            items.shrink_to(items.len() * 2);
            let hash_at = |&place: &u32| items.get(place as usize).map_or(0, |item| seed.of(&item.0));
            places.shrink_to(items.len() * 2, hash_at);
        }
        if items.len() <= FEW / 2 {
            *places = HashTable::new();
        }
        if items.len() == 1
            && let Some(item) = items.pop()
        {
            self.0 = Form::One(item);
        }
        Some(value)
    }
}
