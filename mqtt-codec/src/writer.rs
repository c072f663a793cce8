//! Where encoded bytes go. Lengths are checked before anything is written, so writing cannot fail.

use crate::{EncodeError, text, varint};

pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);

    fn array<const N: usize>(&mut self, bytes: [u8; N]);

    #[inline]
    fn u8(&mut self, value: u8) {
        self.array([value]);
    }

    #[inline]
    fn u16(&mut self, value: u16) {
        self.array(value.to_be_bytes());
    }

    #[inline]
    fn u32(&mut self, value: u32) {
        self.array(value.to_be_bytes());
    }

    #[inline]
    fn varint(&mut self, value: usize) {
        match u8::try_from(value) {
            Ok(short @ 0..=0x7F) => self.u8(short),
            _ => {
                let (bytes, len) = varint::write(crate::reader::saturate(value));
                self.put(bytes.get(..len.into()).unwrap_or_default());
            }
        }
    }

    /// A string or binary field; its length was checked by [`binary_len`] or [`str_len`].
    #[inline]
    fn field(&mut self, bytes: &[u8]) {
        self.array(field_len(bytes));
        self.put(bytes);
    }
}

/// The length in front of a field, which is at most 65,535 bytes.
#[expect(clippy::cast_possible_truncation, reason = "checked when the packet was measured")]
fn field_len(bytes: &[u8]) -> [u8; 2] {
    (bytes.len() as u16).to_be_bytes()
}

/// A caller's slice, from the front.
#[derive(Debug)]
pub(crate) struct SliceSink<'a>(pub(crate) &'a mut [u8]);

impl Sink for SliceSink<'_> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        if let Some((front, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(bytes.len()) {
            front.copy_from_slice(bytes);
            self.0 = rest;
        }
    }

    #[inline]
    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some((front, rest)) = core::mem::take(&mut self.0).split_first_chunk_mut() {
            *front = bytes;
            self.0 = rest;
        }
    }

    /// Both parts in one step.
    #[inline]
    fn field(&mut self, bytes: &[u8]) {
        if let Some((front, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(2 + bytes.len())
            && let Some((len, text)) = front.split_first_chunk_mut()
        {
            *len = field_len(bytes);
            text.copy_from_slice(bytes);
            self.0 = rest;
        }
    }
}

/// A buffer that grows. Asking it for room costs more than a small field does, so small fields are collected first.
#[cfg(feature = "bytes")]
pub(crate) struct BufSink<'a, B> {
    buffer: &'a mut B,
    collected: [u8; COLLECTED],
    len: usize,
}

/// Bytes of a [`BufSink`] that wait for more.
#[cfg(feature = "bytes")]
const COLLECTED: usize = 64;

#[cfg(feature = "bytes")]
impl<'a, B: bytes::BufMut> BufSink<'a, B> {
    /// Fails if the buffer has no room for `needed` bytes.
    pub(crate) fn new(buffer: &'a mut B, needed: usize) -> Result<Self, EncodeError> {
        let available = buffer.remaining_mut();
        if needed > available {
            return Err(EncodeError::BufferTooSmall { needed, available });
        }
        Ok(Self { buffer, collected: [0; COLLECTED], len: 0 })
    }

    /// Hands over what waits. To be called at the end.
    pub(crate) fn flush(&mut self) {
        self.buffer.put_slice(self.collected.get(..self.len).unwrap_or_default());
        self.len = 0;
    }

    fn collect(&mut self, bytes: &[u8]) -> bool {
        let end = self.len.saturating_add(bytes.len());
        let Some(space) = self.collected.get_mut(self.len..end) else {
            return false;
        };
        space.copy_from_slice(bytes);
        self.len = end;
        true
    }
}

#[cfg(feature = "bytes")]
impl<B: bytes::BufMut> Sink for BufSink<'_, B> {
    fn put(&mut self, bytes: &[u8]) {
        if !self.collect(bytes) {
            self.flush();
            self.buffer.put_slice(bytes);
        }
    }

    #[inline]
    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        if !self.collect(&bytes) {
            self.flush();
            self.collect(&bytes);
        }
    }
}

/// Encoded length of a binary field.
pub(crate) fn binary_len(bytes: &[u8]) -> Result<usize, EncodeError> {
    if bytes.len() > u16::MAX.into() {
        return Err(EncodeError::FieldTooLong { len: bytes.len() });
    }
    Ok(2 + bytes.len())
}

/// Encoded length of a string field.
pub(crate) fn str_len(value: &str) -> Result<usize, EncodeError> {
    if text::has_nul(value.as_bytes()) {
        return Err(EncodeError::Nul);
    }
    binary_len(value.as_bytes())
}

/// Encoded length of something that has its own length in front of it as a variable byte integer.
pub(crate) fn with_varint(len: usize) -> usize {
    usize::from(varint::len(crate::reader::saturate(len))).saturating_add(len)
}
