//! Which messages are kept, and by how many.

use alloc::sync::Arc;

use crate::Message;
use crate::apart::Apart;
use crate::queue::Parcel;
use crate::slab::{Generation, Key, Slab, item};

/// The messages that somebody holds: a queue, a window, the retained messages. What they are is with those who hold them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Messages {
    kept: Slab<Holders>,
    /// What they have allocated, and copies of them that wait or are under way.
    heap: Apart<usize>,
    /// What those of them have allocated that nobody holds but copies that wait.
    waiting: Apart<usize>,
    /// Two brokers that count on from different numbers do the same.
    next: Apart<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Holders {
    generation: Generation,
    all: u32,
    /// Copies that wait.
    waiting: u32,
    /// Those whose holding is in the store.
    stored: u32,
}

item!(Holders);

impl Holders {
    /// Whether it goes if the copies that wait are dropped.
    const fn only_wait(&self) -> bool {
        self.waiting > 0 && self.waiting == self.all
    }
}

/// Where a message that is kept is counted, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kept {
    place: Key,
    pub(crate) number: u64,
}

impl Messages {
    /// Numbers begin above this one.
    pub(crate) const fn after(last: u64) -> Self {
        Self { kept: Slab::new(), heap: Apart(0), waiting: Apart(0), next: Apart(last + 1) }
    }

    /// The next number of the one sequence of all that has an order: messages, copies of them, replays, wills.
    pub(crate) fn number(&mut self) -> u64 {
        *self.next += 1;
        *self.next - 1
    }

    /// A message to be held. Who keeps it holds it too, and [releases](Self::release) it in the end.
    pub(crate) fn keep(&mut self, message: Message) -> Arc<Message> {
        let number = self.number();
        self.keep_as(message, number)
    }

    /// One that has its number already.
    pub(crate) fn keep_as(&mut self, mut message: Message, number: u64) -> Arc<Message> {
        *self.heap += message.heap();
        let place =
            self.kept.insert(Holders { generation: Generation::FIRST, all: 1, waiting: 0, stored: 0 });
        message.kept = Some(Kept { place, number });
        Arc::new(message)
    }

    pub(crate) fn heap(&self) -> usize {
        *self.heap + self.kept.heap()
    }

    /// By how much it grows at most if a message that allocates so much is kept.
    pub(crate) fn growth(&self, message: usize) -> usize {
        message + self.kept.growth()
    }

    /// What would be freed if all copies that wait were dropped.
    pub(crate) fn freeable(&self) -> usize {
        *self.waiting
    }

    /// Changes the holders of a message, if it is kept.
    fn change<T>(&mut self, message: &Message, change: impl FnOnce(&mut Holders) -> T) -> Option<T> {
        let holders = self.kept.get_mut(message.kept?.place)?;
        let did_only_wait = holders.only_wait();
        let changed = change(holders);
        match (did_only_wait, holders.only_wait()) {
            (false, true) => *self.waiting += message.heap(),
            (true, false) => *self.waiting -= message.heap(),
            _ => {}
        }
        Some(changed)
    }

    pub(crate) fn hold(&mut self, message: &Message) {
        self.change(message, |holders| holders.all += 1);
    }

    /// A copy that is held waits in a queue from now on, or does not any more.
    pub(crate) fn set_waiting(&mut self, message: &Message, waits: bool) {
        self.change(message, |holders| if waits { holders.waiting += 1 } else { holders.waiting -= 1 });
    }

    /// The same for a copy.
    pub(crate) fn hold_parcel(&mut self, parcel: &Parcel) {
        *self.heap += parcel.heap();
        self.hold(&parcel.message);
    }

    pub(crate) fn release_parcel(&mut self, parcel: &Parcel) {
        *self.heap -= parcel.heap();
        self.release(&parcel.message);
    }

    /// Whether it was the last that held it.
    pub(crate) fn release(&mut self, message: &Message) -> bool {
        let was_last = self.change(message, |holders| {
            holders.all -= 1;
            holders.all == 0
        });
        let was_last = was_last == Some(true);
        if was_last && let Some(kept) = message.kept {
            self.kept.remove(kept.place);
            *self.heap -= message.heap();
        }
        was_last
    }

    /// Another holding of it goes to the store. Whether it is the first, so that the message has to go there too.
    pub(crate) fn store(&mut self, message: &Message) -> bool {
        let is_first = self.change(message, |holders| {
            holders.stored += 1;
            holders.stored == 1
        });
        is_first == Some(true)
    }

    /// A holding of it is in the store no more. Whether it was the last, so that the message has to go too.
    pub(crate) fn unstore(&mut self, message: &Message) -> bool {
        let was_last = self.change(message, |holders| {
            holders.stored -= 1;
            holders.stored == 0
        });
        was_last == Some(true)
    }
}
