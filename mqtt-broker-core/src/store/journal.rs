use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::{Record, StoreKey, StoreOp};
use crate::Actions;

/// Writes pairs for the store. It holds nothing but buffers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    /// Whether there is a store.
    is_on: bool,
    key: String,
    value: Vec<u8>,
}

/// Bytes of a buffer that is kept.
const KEPT: usize = 16 << 10;

impl Journal {
    pub(crate) const fn new(is_on: bool) -> Self {
        Self { is_on, key: String::new(), value: Vec::new() }
    }

    pub(crate) fn put(&mut self, key: StoreKey<'_>, value: impl FnOnce(&mut Vec<u8>), out: &mut dyn Actions) {
        if !self.is_on {
            return;
        }
        self.write_key(key);
        self.value.clear();
        self.value.push(Record::FORMAT);
        value(&mut self.value);
        out.store(StoreOp::Put { key: self.key.as_bytes(), value: &self.value });
        self.rest();
    }

    pub(crate) fn delete(&mut self, key: StoreKey<'_>, out: &mut dyn Actions) {
        if !self.is_on {
            return;
        }
        self.write_key(key);
        out.store(StoreOp::Delete { key: self.key.as_bytes() });
        self.rest();
    }

    fn write_key(&mut self, key: StoreKey<'_>) {
        self.key.clear();
        // A `String` takes all that is written.
        let _ = write!(self.key, "{key}");
    }

    /// Gives back what was needed for a large pair.
    fn rest(&mut self) {
        if self.key.capacity() > KEPT {
            self.key = String::new();
        }
        if self.value.capacity() > KEPT {
            self.value = Vec::new();
        }
    }
}
