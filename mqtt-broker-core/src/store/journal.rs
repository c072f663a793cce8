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
        let Self { is_on, key: key_buffer, value: buffer } = self;
        if !*is_on {
            return;
        }
        write_key(key_buffer, key);
        buffer.clear();
        buffer.push(Record::FORMAT);
        value(buffer);
        out.store(StoreOp::Put { key: key_buffer.as_bytes(), value: buffer });
        if buffer.capacity() > KEPT {
            *buffer = Vec::new();
        }
    }

    pub(crate) fn delete(&mut self, key: StoreKey<'_>, out: &mut dyn Actions) {
        if !self.is_on {
            return;
        }
        write_key(&mut self.key, key);
        out.store(StoreOp::Delete { key: self.key.as_bytes() });
    }
}

fn write_key(buffer: &mut String, key: StoreKey<'_>) {
    buffer.clear();
    // A `String` takes all that is written.
    let _ = write!(buffer, "{key}");
    if buffer.capacity() > KEPT {
        buffer.shrink_to(KEPT);
    }
}
