//! Where encoded bytes go. Lengths are checked before anything is written, so writing cannot fail.

use crate::{EncodeError, varint};

pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);

    fn u8(&mut self, value: u8) {
        self.put(&[value]);
    }

    fn u16(&mut self, value: u16) {
        self.put(&value.to_be_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.put(&value.to_be_bytes());
    }

    fn varint(&mut self, value: usize) {
        let (bytes, len) = varint::write(crate::reader::saturate(value));
        self.put(bytes.get(..len.into()).unwrap_or_default());
    }

    /// A string or binary field; its length was checked by [`binary_len`] or [`str_len`].
    fn field(&mut self, bytes: &[u8]) {
        self.u16(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
        self.put(bytes);
    }
}

/// A caller's slice, from the front.
#[derive(Debug)]
pub(crate) struct SliceSink<'a>(pub(crate) &'a mut [u8]);

impl Sink for SliceSink<'_> {
    fn put(&mut self, bytes: &[u8]) {
        if let Some((front, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(bytes.len()) {
            front.copy_from_slice(bytes);
            self.0 = rest;
        }
    }
}

#[cfg(feature = "bytes")]
pub(crate) struct BufSink<'a, B>(pub(crate) &'a mut B);

#[cfg(feature = "bytes")]
impl<B: bytes::BufMut> Sink for BufSink<'_, B> {
    fn put(&mut self, bytes: &[u8]) {
        self.0.put_slice(bytes);
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
pub(crate) fn str_len(text: &str) -> Result<usize, EncodeError> {
    if text.as_bytes().contains(&0) {
        return Err(EncodeError::Nul);
    }
    binary_len(text.as_bytes())
}

/// Encoded length of something that has its own length in front of it as a variable byte integer.
pub(crate) fn with_varint(len: usize) -> usize {
    usize::from(varint::len(crate::reader::saturate(len))).saturating_add(len)
}
