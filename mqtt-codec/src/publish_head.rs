//! The front of a PUBLISH whose payload has not arrived.

use crate::frame::{Frame, Header, header};
use crate::varint::{self, Varint};
use crate::{DecodeError, DecodeErrorKind, Limits, PacketType, Publish, Version};

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
    /// The packet, with an empty payload.
    pub publish: Publish<'a>,
    /// Bytes of the head, fixed header included: as many as the caller has to take off the stream now.
    pub len: usize,
    /// Bytes of the payload that follows.
    pub payload_len: u32,
}

impl<'a> PublishHead<'a> {
    /// Decodes the head of the PUBLISH at the front of `bytes`; `None` if more bytes are needed.
    ///
    /// The head has at most 65,537 bytes of topic and, in 5.0, a property list; `limits.packet_size` bounds all of it.
    ///
    /// # Errors
    /// Those that decoding the whole packet would give.
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
        let size = usize::try_from(header.size).unwrap_or(usize::MAX);
        // A head that does not fit into its packet is decoded when the whole packet is there, which says what is wrong.
        let Some(end) = head_end(version, bytes, header).map(|end| end.min(size)) else {
            return Ok(None);
        };
        let Some(frame) = Frame::cut(bytes, header, end, limits) else {
            return Ok(None);
        };
        let publish = Publish::decode(version, frame)?;
        Ok(Some(Self { publish, len: end, payload_len: crate::reader::saturate(size.saturating_sub(end)) }))
    }
}

/// Where the payload begins; `None` if the bytes that say so have not come.
fn head_end(version: Version, bytes: &[u8], header: Header) -> Option<usize> {
    let size = usize::try_from(header.size).unwrap_or(usize::MAX);
    let bytes = bytes.get(..size).unwrap_or(bytes);
    let ends_before = |end: usize| end >= size;
    let has_packet_id = bytes.first()? & 0b0110 != 0;
    let topic_at = header.len;
    if ends_before(topic_at.saturating_add(1)) {
        return Some(size);
    }
    let topic_len = bytes.get(topic_at..)?.first_chunk().copied().map(u16::from_be_bytes)?;
    let mut end = topic_at.saturating_add(2).saturating_add(topic_len.into());
    end = end.saturating_add(if has_packet_id { 2 } else { 0 });
    if version.is_v5() {
        if ends_before(end) {
            return Some(size);
        }
        let list_len = match varint::read(bytes.get(end..)?) {
            Varint::Value { value, len } => {
                usize::from(len).saturating_add(usize::try_from(value).unwrap_or(usize::MAX))
            }
            Varint::Incomplete if bytes.len() < size => return None,
            // Decoding says what is wrong.
            Varint::Incomplete => return Some(size),
            Varint::TooLong => 4,
        };
        end = end.saturating_add(list_len);
    }
    Some(end)
}
