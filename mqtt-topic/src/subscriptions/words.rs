use alloc::boxed::Box;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::growth;
use super::hashing::Seed;
use super::slab::{Id, Slab};

/// Every level that an edge goes on with, once, so that edges are found and compared by number. A name is put into numbers
/// with one look a level; a level that no filter has is found out here.
#[derive(Clone, Debug)]
pub(super) struct Words {
    words: Slab<Word>,
    by_text: HashTable<Id>,
    /// The bytes of all texts.
    bytes: usize,
}

#[derive(Clone, Debug)]
struct Word {
    text: Box<str>,
    /// How many edges go on with it; it goes with the last.
    edges: u32,
}

impl Words {
    pub(super) const fn new() -> Self {
        Self { words: Slab::new(), by_text: HashTable::new(), bytes: 0 }
    }

    pub(super) fn find(&self, text: &[u8], seed: &Seed) -> Option<Id> {
        self.by_text.find(seed.of_bytes(text), |&id| self.words.get(id).text.as_bytes() == text).copied()
    }

    /// Counts one more edge with this level.
    pub(super) fn take(&mut self, text: &str, seed: &Seed) -> Id {
        let Self { words, by_text, bytes } = self;
        let is_it = |id: &Id| *words.get(*id).text == *text;
        match by_text
            .entry(seed.of_bytes(text.as_bytes()), is_it, |&id| seed.of_bytes(words.get(id).text.as_bytes()))
        {
            Entry::Occupied(entry) => {
                let id = *entry.get();
                words.get_mut(id).edges += 1;
                id
            }
            Entry::Vacant(entry) => {
                *bytes += text.len();
                let id = words.insert(Word { text: text.into(), edges: 1 });
                entry.insert(id);
                id
            }
        }
    }

    /// Counts one edge less.
    pub(super) fn release(&mut self, id: Id, seed: &Seed) {
        let word = self.words.get_mut(id);
        word.edges -= 1;
        if word.edges > 0 {
            return;
        }
        let word = self.words.remove(id);
        self.bytes -= word.text.len();
        if let Ok(entry) = self.by_text.find_entry(seed.of_bytes(word.text.as_bytes()), |&other| other == id)
        {
            entry.remove();
        }
    }

    /// By how much it grows at most by so many more, without their texts.
    pub(super) fn growth(&self, more: usize) -> usize {
        self.words.growth(more) + growth::of_table(&self.by_text, more)
    }

    pub(super) fn heap(&self) -> usize {
        self.words.heap() + self.by_text.allocation_size() + self.bytes
    }

    #[cfg(test)]
    pub(super) fn used(&self) -> usize {
        self.by_text.len()
    }
}
