//! Decoders that learn the version from CONNECT.

use crate::frame::header;
use crate::reader::saturate;
use crate::{DecodeError, Limits, Packet, PacketType, PublishHead, Version, connect_version, frame};

/// Decodes the packets of one direction of a connection, one after the other.
///
/// It holds no bytes: the caller keeps the buffer, calls [`decode`](Self::decode) with its front and drops as many bytes
/// as it says. After an error the stream is out of step and the connection has to be closed.
#[derive(Clone, Debug)]
pub struct Decoder {
    version: Option<Version>,
    limits: Limits,
}

impl Decoder {
    /// For the server's side: the first packet has to be CONNECT, and its version holds from then on.
    pub const fn new(limits: Limits) -> Self {
        Self { version: None, limits }
    }

    /// For the client's side, which knows the version that it asked for.
    pub const fn with_version(version: Version, limits: Limits) -> Self {
        Self { version: Some(version), limits }
    }

    /// The version, once it is known.
    pub const fn version(&self) -> Option<Version> {
        self.version
    }

    /// Decodes the packet at the front of `bytes` and gives its length, or `None` if more bytes are needed.
    ///
    /// # Errors
    /// As [`frame`] and [`Packet::decode`]; [`DecodeErrorKind::NotConnect`](crate::DecodeErrorKind::NotConnect) for a first
    /// packet that is not CONNECT, as soon as its first byte shows it.
    pub fn decode<'a>(&mut self, bytes: &'a [u8]) -> Result<Option<(Packet<'a>, usize)>, DecodeError> {
        let Some(version) = self.learn_version(bytes)? else {
            return Ok(None);
        };
        let Some(frame) = frame(bytes, &self.limits)? else {
            return Ok(None);
        };
        let packet = Packet::decode(version, frame)?;
        Ok(Some((packet, frame.bytes().len())))
    }

    fn learn_version(&mut self, bytes: &[u8]) -> Result<Option<Version>, DecodeError> {
        if self.version.is_none() {
            self.version = connect_version(bytes)?;
        }
        Ok(self.version)
    }
}

/// A part of a stream, as [`StreamDecoder`] gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// A whole packet, or all of a large one that turns out to have no payload.
    Packet(Packet<'a>),
    /// A PUBLISH whose payload, of at least one byte, follows in pieces.
    Head(PublishHead<'a>),
    /// A piece of the payload that was announced last, of at least one byte.
    Payload {
        /// The piece.
        bytes: &'a [u8],
        /// Bytes of the payload that are still to come; 0 with the last piece.
        left: u32,
    },
}

/// A [`Decoder`] that does not wait for all of a large PUBLISH: it gives the head first and then the payload as it comes,
/// so that the caller's buffer can be much smaller than the packet: 65,548 bytes and, in 5.0, [`Limits::properties_size`]
/// hold any head. Other packets are as large as [`Limits::packet_size`] lets them be.
///
/// ```
/// use mqtt_codec::{Limits, Part, StreamDecoder, Version};
///
/// let mut decoder = StreamDecoder::with_version(Version::V3_1_1, Limits::default(), 8);
/// let mut stream = &b"\x30\x0A\0\x03a/bhello\xC0\0"[..];
/// let mut seen = Vec::new();
/// while let Some((part, used)) = decoder.decode(stream)? {
///     match part {
///         Part::Packet(packet) => seen.push(format!("{:?}", packet.packet_type())),
///         Part::Head(head) => seen.push(format!("{} bytes follow", head.payload_len)),
///         Part::Payload { bytes, left } => seen.push(format!("{bytes:?}, {left} left")),
///     }
///     stream = &stream[used..];
/// }
/// assert_eq!(seen, ["5 bytes follow", "[104, 101, 108, 108, 111], 0 left", "PingReq"]);
/// # Ok::<(), mqtt_codec::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct StreamDecoder {
    decoder: Decoder,
    whole_up_to: u32,
    payload_left: u32,
}

impl StreamDecoder {
    /// For the server's side, see [`Decoder::new`]. A PUBLISH of more than `whole_up_to` bytes comes in parts if it
    /// has a payload; how the bytes arrive makes no difference to that.
    pub const fn new(limits: Limits, whole_up_to: u32) -> Self {
        Self { decoder: Decoder::new(limits), whole_up_to, payload_left: 0 }
    }

    /// For the client's side, see [`Decoder::with_version`].
    pub const fn with_version(version: Version, limits: Limits, whole_up_to: u32) -> Self {
        Self { decoder: Decoder::with_version(version, limits), whole_up_to, payload_left: 0 }
    }

    /// The version, once it is known.
    pub const fn version(&self) -> Option<Version> {
        self.decoder.version
    }

    /// Decodes the part at the front of `bytes` and gives its length, or `None` if more bytes are needed.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    pub fn decode<'a>(&mut self, bytes: &'a [u8]) -> Result<Option<(Part<'a>, usize)>, DecodeError> {
        if self.payload_left > 0 {
            let piece =
                bytes.get(..usize::try_from(self.payload_left).unwrap_or(usize::MAX)).unwrap_or(bytes);
            self.payload_left = self.payload_left.saturating_sub(saturate(piece.len()));
            let part = Part::Payload { bytes: piece, left: self.payload_left };
            return Ok((!piece.is_empty()).then_some((part, piece.len())));
        }
        let Some(version) = self.decoder.learn_version(bytes)? else {
            return Ok(None);
        };
        let limits = self.decoder.limits;
        let comes_in_parts = header(bytes, &limits)?.is_some_and(|header| {
            header.packet_type == PacketType::Publish && header.size > self.whole_up_to
        });
        if !comes_in_parts {
            let whole = self.decoder.decode(bytes)?;
            return Ok(whole.map(|(packet, len)| (Part::Packet(packet), len)));
        }
        let Some(head) = PublishHead::decode(version, bytes, &limits)? else {
            return Ok(None);
        };
        self.payload_left = head.payload_len;
        let part = if head.payload_len > 0 { Part::Head(head) } else { Part::Packet(head.publish.into()) };
        Ok(Some((part, head.len)))
    }
}
