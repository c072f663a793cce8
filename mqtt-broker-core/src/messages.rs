//! Which messages are kept, and by how many.

use alloc::sync::Arc;

use crate::Message;
use crate::apart::Apart;
use crate::queue::Parcel;
use crate::slab::{Key, Slab};

/// The messages that somebody holds: a queue, a window, the retained messages. What they are is with those who hold them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Messages {
    kept: Slab<Holders>,
    /// What they have allocated, and copies of them that wait or are under way.
    heap: Apart<usize>,
    /// Two brokers that count on from different numbers do the same.
    next: Apart<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Holders {
    all: u32,
    /// Those whose holding is in the store.
    stored: u32,
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
        Self { kept: Slab::new(), heap: Apart(0), next: Apart(last + 1) }
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
    pub(crate) fn keep_as(&mut self, message: Message, number: u64) -> Arc<Message> {
        *self.heap += message.heap();
        let place = self.kept.insert(Holders { all: 1, stored: 0 });
        Arc::new(Message { kept: Some(Kept { place, number }), ..message })
    }

    pub(crate) fn heap(&self) -> usize {
        *self.heap + self.kept.heap()
    }

    /// By how much it grows at most if a message that allocates so much is kept.
    pub(crate) fn growth(&self, message: usize) -> usize {
        message + self.kept.growth()
    }

    fn holders(&mut self, message: &Message) -> Option<&mut Holders> {
        self.kept.get_mut(message.kept?.place)
    }

    pub(crate) fn hold(&mut self, message: &Message) {
        if let Some(holders) = self.holders(message) {
            holders.all += 1;
        }
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
        let Some(holders) = self.holders(message) else { return false };
        holders.all -= 1;
        let was_last = holders.all == 0;
        if was_last && let Some(kept) = message.kept {
            self.kept.remove(kept.place);
            *self.heap -= message.heap();
        }
        was_last
    }

    /// Another holding of it goes to the store. Whether it is the first, so that the message has to go there too.
    pub(crate) fn store(&mut self, message: &Message) -> bool {
        self.holders(message).is_some_and(|holders| {
            holders.stored += 1;
            holders.stored == 1
        })
    }

    /// A holding of it is in the store no more. Whether it was the last, so that the message has to go too.
    pub(crate) fn unstore(&mut self, message: &Message) -> bool {
        self.holders(message).is_some_and(|holders| {
            holders.stored -= 1;
            holders.stored == 0
        })
    }
}
