//! The front of a PUBLISH whose payload has not arrived.

use crate::frame::{Frame, Header, header};
use crate::reader::saturate;
use crate::varint::{self, Varint};
use crate::{DecodeError, DecodeErrorKind, EncodeError, Limits, PacketType, Publish, Version};

/// All of a PUBLISH but its payload, decoded before the payload has arrived.
///
/// The next [`payload_len`](Self::payload_len) bytes of the stream are the payload, as they are.
///
/// ```
/// use mqtt_codec::{Limits, PublishHead, Version};
///
/// // A PUBLISH of 1,000,005 bytes behind the fixed header, of which 12 bytes have come.
/// let arrived = b"\x30\xC5\x84\x3D\0\x03a/bhel";
/// let head = PublishHead::decode(Version::V3_1_1, arrived, &Limits::default())?.expect("a whole head");
/// assert_eq!(head.publish.topic.name().map(|name| name.as_str()), Some("a/b"));
/// assert_eq!((head.len, head.payload_len), (9, 1_000_000));
/// assert_eq!(&arrived[head.len..], b"hel"); // the first piece of the payload
/// # Ok::<(), mqtt_codec::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishHead<'a> {
    /// The packet, with an empty payload. To encode it, use the methods of the head, which know the length of the payload.
    pub publish: Publish<'a>,
    /// Bytes of the head, fixed header included: as many as the caller has to take off the stream now.
    pub len: usize,
    /// Bytes of the payload that follows.
    pub payload_len: u32,
}

impl<'a> PublishHead<'a> {
    /// Decodes the head of the PUBLISH at the front of `bytes`; `None` if more bytes are needed.
    ///
    /// Never more than 65,548 bytes are needed, and in 5.0 the property list, which [`Limits::properties_size`] bounds.
    ///
    /// # Errors
    /// Those that decoding the whole packet would give: those of the fixed header and of lengths that cannot be as soon as these
    /// are there, others once the head is whole.
    /// [`DecodeErrorKind::WrongPacketType`] if the packet is not a PUBLISH.
    pub fn decode(version: Version, bytes: &'a [u8], limits: &Limits) -> Result<Option<Self>, DecodeError> {
        let Some(header) = header(bytes, limits)? else {
            return Ok(None);
        };
        if header.packet_type != PacketType::Publish {
            let kind =
                DecodeErrorKind::WrongPacketType { expected: PacketType::Publish, found: header.packet_type };
            return Err(DecodeError::new(kind, Some(header.packet_type), 0));
        }
        let cut = |end| Frame::cut(bytes, header, end, limits);
        let end = head_end(version, bytes, header, limits);
        let whole = end.and_then(|(Ok(end) | Err(end))| Some((end, cut(end)?)));
        let (Some(end), Some((len, frame))) = (end, whole) else {
            // The fixed header is there, and may be all that is needed to refuse the packet.
            let front = cut(header.len).map(|front| Publish::decode(version, front));
            return match front {
                Some(Err(error)) if !matches!(error.kind(), DecodeErrorKind::Truncated { .. }) => Err(error),
                _ => Ok(None),
            };
        };
        let publish = Publish::decode(version, frame).map_err(|error| match end {
            Ok(_) => error,
            Err(_) => error.in_packet_of(header.size),
        })?;
        let payload_len = header.size.saturating_sub(saturate(len));
        Ok(Some(Self { publish, len, payload_len }))
    }

    /// Encodes the head again, to pass on a message whose payload has not arrived, into the front of a slice, and gives the
    /// number of bytes. The fields of [`publish`](Self::publish) may have been changed; its payload is not looked at.
    ///
    /// # Errors
    /// If the slice is too short or the packet is not legal in this version. Then nothing is written.
    pub fn encode_to_slice(&self, version: Version, buffer: &mut [u8]) -> Result<usize, EncodeError> {
        self.publish.fill_head(self.payload_len_in_usize(), version, buffer)
    }

    /// The same, at the end of a buffer.
    ///
    /// # Errors
    /// If the buffer has no room or the packet is not legal in this version. Then nothing is written.
    #[cfg(feature = "bytes")]
    pub fn encode(&self, version: Version, buffer: &mut impl bytes::BufMut) -> Result<(), EncodeError> {
        self.publish.append_head(self.payload_len_in_usize(), version, buffer)
    }

    fn payload_len_in_usize(&self) -> usize {
        usize::try_from(self.payload_len).unwrap_or(usize::MAX)
    }
}

/// Where the payload begins; or, as an error, where a length stands that cannot be: the packet up to there is enough to say
/// what is wrong. `None` if the bytes that say so have not come.
fn head_end(version: Version, bytes: &[u8], header: Header, limits: &Limits) -> Option<Result<usize, usize>> {
    let size = usize::try_from(header.size).unwrap_or(usize::MAX);
    let bytes = bytes.get(..size).unwrap_or(bytes);
    let has_packet_id = bytes.first()? & 0b0110 != 0;
    let topic_at = header.len.saturating_add(2);
    if topic_at > size {
        return Some(Ok(size));
    }
    let topic_len = bytes.get(header.len..)?.first_chunk().copied().map(u16::from_be_bytes)?;
    let topic_end = topic_at.saturating_add(topic_len.into());
    if topic_end > size {
        return Some(Err(topic_at));
    }
    let list_at = topic_end.saturating_add(if has_packet_id { 2 } else { 0 });
    if !version.is_v5() || list_at >= size {
        return Some(Ok(list_at.min(size)));
    }
    match varint::read(bytes.get(list_at..)?) {
        Varint::Value { value, len } => {
            let list = list_at.saturating_add(len.into());
            let end = list.saturating_add(usize::try_from(value).unwrap_or(usize::MAX));
            let is_wrong = end > size || value > limits.properties_size || len != varint::len(value);
            Some(if is_wrong { Err(list) } else { Ok(end) })
        }
        Varint::TooLong => Some(Err(list_at.saturating_add(4))),
        // More has to come, or, if that is all, decoding says what is wrong.
        Varint::Incomplete => Some(Ok(size)),
    }
}
