use alloc::vec::Vec;
use core::mem;
use core::num::NonZeroU32;

use crate::memory::list_growth;

/// Names a value in a [`Slab`] until it is removed. `Option<Id>` takes four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id(NonZeroU32);

/// Values in one allocation, with places of removed values used again. Links between values are ids, so
/// that dropping and cloning are loops, however deep the structure is that the links make.
#[derive(Clone, Debug)]
pub(super) struct Slab<T> {
    slots: Vec<Slot<T>>,
    first_free: Option<Id>,
    used: usize,
}

const NO_DANGLING_ID: &str = "what is removed is no longer linked";

#[derive(Clone, Debug)]
enum Slot<T> {
    Used(T),
    Free { next: Option<Id> },
}

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new(), first_free: None, used: 0 }
    }

    pub(super) fn insert(&mut self, value: T) -> Id {
        self.used += 1;
        if let Some(id) = self.first_free
            && let Some(slot) = self.slots.get_mut(id.index())
            && let Slot::Free { next } = *slot
        {
            self.first_free = next;
            *slot = Slot::Used(value);
            return id;
        }
        self.slots.push(Slot::Used(value));
        Id::of_place(self.slots.len())
    }

    pub(super) fn get(&self, id: Id) -> &T {
        match self.slots.get(id.index()) {
            Some(Slot::Used(value)) => Some(value),
            Some(Slot::Free { .. }) | None => None,
        }
        .expect(NO_DANGLING_ID)
    }

    pub(super) fn get_mut(&mut self, id: Id) -> &mut T {
        match self.slots.get_mut(id.index()) {
            Some(Slot::Used(value)) => Some(value),
            Some(Slot::Free { .. }) | None => None,
        }
        .expect(NO_DANGLING_ID)
    }

    /// Takes a value out. A slab that becomes empty gives its memory back.
    pub(super) fn remove(&mut self, id: Id) -> T {
        let free = Slot::Free { next: self.first_free };
        let value = match self.slots.get_mut(id.index()).map(|slot| mem::replace(slot, free)) {
            Some(Slot::Used(value)) => Some(value),
            Some(Slot::Free { .. }) | None => None,
        }
        .expect(NO_DANGLING_ID);
        self.first_free = Some(id);
        self.used -= 1;
        if self.used == 0 {
            *self = Self::new();
        }
        value
    }

    pub(super) const fn used(&self) -> usize {
        self.used
    }

    /// The values in the order of their places.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Id, &T)> {
        self.slots.iter().zip(1..).filter_map(|(slot, place)| match slot {
            Slot::Used(value) => Some((Id::of_place(place), value)),
            Slot::Free { .. } => None,
        })
    }

    /// By how much it grows at most by so many more.
    pub(super) const fn growth(&self, more: usize) -> usize {
        // Free places are used first.
        list_growth::<Slot<T>>(self.used, self.slots.capacity(), more)
    }

    /// What is allocated, without what the values have allocated.
    pub(super) fn heap(&self) -> usize {
        self.slots.capacity() * size_of::<Slot<T>>()
    }
}

impl Id {
    /// The id of the `place`-th slot, counted from one.
    fn of_place(place: usize) -> Self {
        u32::try_from(place)
            .ok()
            .and_then(NonZeroU32::new)
            .map(Self)
            .expect("2^32 slots need more than 100 GiB, and one was pushed just before")
    }

    /// The number by which it is hashed and packed.
    pub(super) const fn number(self) -> u32 {
        self.0.get()
    }

    pub(super) fn of_number(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}
