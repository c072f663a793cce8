//! Where encoded bytes go. Lengths are checked before anything is written, so writing cannot fail.

use crate::reader::saturate;
use crate::{EncodeError, text, varint};

pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);

    fn array<const N: usize>(&mut self, bytes: [u8; N]);

    /// Writes what is rare, in a way that does not keep the sink out of registers for the rest.
    #[inline(always)]
    fn apart(&mut self, write: impl FnOnce(&mut Self))
    where
        Self: Sized,
    {
        write(self);
    }

    #[inline]
    fn u8(&mut self, value: u8) {
        self.array([value]);
    }

    #[inline]
    fn u16(&mut self, value: u16) {
        self.array(value.to_be_bytes());
    }

    /// A property of two bytes.
    #[inline]
    fn tagged_u16(&mut self, tag: u8, value: u16) {
        let [a, b] = value.to_be_bytes();
        self.array([tag, a, b]);
    }

    /// A property of four bytes.
    #[inline]
    fn tagged_u32(&mut self, tag: u8, value: u32) {
        let [a, b, c, d] = value.to_be_bytes();
        self.array([tag, a, b, c, d]);
    }

    #[inline]
    fn varint(&mut self, value: usize) {
        match varint::groups(saturate(value)) {
            ([a, ..], 1) => self.array([a]),
            ([a, b, ..], 2) => self.array([a, b]),
            ([a, b, c, _], 3) => self.array([a, b, c]),
            ([a, b, c, d], _) => self.array([a, b, c, d]),
        }
    }

    /// A string or binary field; its length was checked by [`binary_len`] or [`str_len`].
    #[inline]
    fn field(&mut self, bytes: &[u8]) {
        self.behind(field_len(bytes.len()), bytes);
    }

    /// A property that is a string or binary field.
    #[inline]
    fn tagged_field(&mut self, tag: u8, bytes: &[u8]) {
        let [high, low] = field_len(bytes.len());
        self.behind([tag, high, low], bytes);
    }

    /// Bytes behind others.
    #[inline]
    fn behind<const N: usize>(&mut self, front: [u8; N], bytes: &[u8]) {
        self.array(front);
        self.put(bytes);
    }
}

/// The length in front of a field, which is at most 65,535 bytes.
#[expect(clippy::cast_possible_truncation, reason = "checked when the packet was measured")]
fn field_len(len: usize) -> [u8; 2] {
    (len as u16).to_be_bytes()
}

/// A caller's slice, from the front.
#[derive(Debug)]
pub(crate) struct SliceSink<'a>(pub(crate) &'a mut [u8]);

impl<'a> SliceSink<'a> {
    /// Writes the length of a field and gives the space for its bytes.
    #[inline(always)]
    pub(crate) fn leave_field(&mut self, len: usize) -> Option<&'a mut [u8]> {
        let (front, rest) = core::mem::take(&mut self.0).split_first_chunk_mut()?;
        *front = field_len(len);
        let (space, rest) = rest.split_at_mut_checked(len)?;
        self.0 = rest;
        Some(space)
    }
}

const TOO_LITTLE: &str = "a packet was measured as shorter than it is";

impl Sink for SliceSink<'_> {
    #[inline(always)]
    fn apart(&mut self, write: impl FnOnce(&mut Self)) {
        let mut copy = Self(core::mem::take(&mut self.0));
        write(&mut copy);
        self.0 = copy.0;
    }

    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        if let Some((front, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(bytes.len()) {
            front.copy_from_slice(bytes);
            self.0 = rest;
        } else {
            debug_assert!(false, "{TOO_LITTLE}");
        }
    }

    #[inline]
    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some((front, rest)) = core::mem::take(&mut self.0).split_first_chunk_mut() {
            *front = bytes;
            self.0 = rest;
        } else {
            debug_assert!(false, "{TOO_LITTLE}");
        }
    }

    /// Both in one step.
    #[inline]
    fn behind<const N: usize>(&mut self, front: [u8; N], bytes: &[u8]) {
        if let Some((space, rest)) =
            core::mem::take(&mut self.0).split_at_mut_checked(bytes.len().wrapping_add(N))
            && let Some((first, text)) = space.split_first_chunk_mut()
        {
            *first = front;
            text.copy_from_slice(bytes);
            self.0 = rest;
        } else {
            debug_assert!(false, "{TOO_LITTLE}");
        }
    }
}

/// Writes exactly `needed` bytes to the front of a slice, if it has room for them.
#[inline(always)]
pub(crate) fn fill(
    buffer: &mut [u8],
    needed: usize,
    write: impl FnOnce(&mut SliceSink<'_>),
) -> Result<usize, EncodeError> {
    let available = buffer.len();
    let Some(space) = buffer.get_mut(..needed) else {
        return Err(EncodeError::BufferTooSmall { needed, available });
    };
    let mut sink = SliceSink(space);
    write(&mut sink);
    debug_assert!(sink.0.is_empty(), "a packet is as long as it was measured");
    Ok(needed)
}

/// Appends exactly `needed` bytes to a buffer, if it has room for them.
#[cfg(feature = "bytes")]
pub(crate) fn append<B: bytes::BufMut>(
    buffer: &mut B,
    needed: usize,
    write: impl FnOnce(&mut BufSink<'_, B>),
) -> Result<(), EncodeError> {
    let available = buffer.remaining_mut();
    if needed > available {
        return Err(EncodeError::BufferTooSmall { needed, available });
    }
    let mut sink = BufSink { buffer, collected: [0; COLLECTED], len: 0 };
    write(&mut sink);
    sink.flush();
    Ok(())
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
impl<B: bytes::BufMut> BufSink<'_, B> {
    /// Hands over what waits.
    fn flush(&mut self) {
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
    Ok(bytes.len().wrapping_add(2))
}

/// Encoded length of a text that is known to be valid, such as a topic. No length of a text comes near to an overflow.
#[inline]
pub(crate) const fn text_len(text: &str) -> usize {
    text.len().wrapping_add(2)
}

/// Encoded length of a string field.
pub(crate) fn str_len(value: &str) -> Result<usize, EncodeError> {
    if text::has_nul(value.as_bytes()) {
        return Err(EncodeError::Nul);
    }
    binary_len(value.as_bytes())
}

/// The length of many things together, none of which is longer than two fields. It is never above what a packet can
/// hold, so that sums of a few lengths do not overflow.
pub(crate) fn total(
    mut lens: impl Iterator<Item = Result<usize, EncodeError>>,
) -> Result<usize, EncodeError> {
    let len = lens.try_fold(0usize, |sum, len| Ok(sum.saturating_add(len?)))?;
    if len > varint::MAX as usize {
        return Err(EncodeError::PacketTooLarge { len });
    }
    Ok(len)
}

/// Encoded length of something that has its own length in front of it as a variable byte integer.
pub(crate) fn with_varint(len: usize) -> usize {
    usize::from(varint::len(saturate(len))).wrapping_add(len)
}
