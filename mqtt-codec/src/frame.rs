//! Finding one whole packet at the front of a buffer.

use core::fmt;

use crate::reader::Reader;
use crate::varint::{self, Varint};
use crate::{DecodeError, DecodeErrorKind, Version};

/// The type of a control packet (MQTT 5.0 §2.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are the standard's and each has a struct that documents it")]
pub enum PacketType {
    Connect = 1,
    ConnAck = 2,
    Publish = 3,
    PubAck = 4,
    PubRec = 5,
    PubRel = 6,
    PubComp = 7,
    Subscribe = 8,
    SubAck = 9,
    Unsubscribe = 10,
    UnsubAck = 11,
    PingReq = 12,
    PingResp = 13,
    Disconnect = 14,
    Auth = 15,
}

impl PacketType {
    /// The type in the first byte of a packet; `None` for the reserved type 0.
    pub const fn from_first_byte(byte: u8) -> Option<Self> {
        Some(match byte >> 4 {
            1 => Self::Connect,
            2 => Self::ConnAck,
            3 => Self::Publish,
            4 => Self::PubAck,
            5 => Self::PubRec,
            6 => Self::PubRel,
            7 => Self::PubComp,
            8 => Self::Subscribe,
            9 => Self::SubAck,
            10 => Self::Unsubscribe,
            11 => Self::UnsubAck,
            12 => Self::PingReq,
            13 => Self::PingResp,
            14 => Self::Disconnect,
            15 => Self::Auth,
            _ => return None,
        })
    }

    /// Whether a client may send packets of this type in this version.
    pub const fn is_sent_by_client(self, version: Version) -> bool {
        match self {
            Self::ConnAck | Self::SubAck | Self::UnsubAck | Self::PingResp => false,
            Self::Auth => version.is_v5(),
            Self::Connect
            | Self::Publish
            | Self::PubAck
            | Self::PubRec
            | Self::PubRel
            | Self::PubComp
            | Self::Subscribe
            | Self::Unsubscribe
            | Self::PingReq
            | Self::Disconnect => true,
        }
    }

    /// Whether a server may send packets of this type in this version.
    pub const fn is_sent_by_server(self, version: Version) -> bool {
        match self {
            Self::Connect | Self::Subscribe | Self::Unsubscribe | Self::PingReq => false,
            Self::Disconnect | Self::Auth => version.is_v5(),
            Self::ConnAck
            | Self::Publish
            | Self::PubAck
            | Self::PubRec
            | Self::PubRel
            | Self::PubComp
            | Self::SubAck
            | Self::UnsubAck
            | Self::PingResp => true,
        }
    }

    /// The name in capitals, as the standard writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::ConnAck => "CONNACK",
            Self::Publish => "PUBLISH",
            Self::PubAck => "PUBACK",
            Self::PubRec => "PUBREC",
            Self::PubRel => "PUBREL",
            Self::PubComp => "PUBCOMP",
            Self::Subscribe => "SUBSCRIBE",
            Self::SubAck => "SUBACK",
            Self::Unsubscribe => "UNSUBSCRIBE",
            Self::UnsubAck => "UNSUBACK",
            Self::PingReq => "PINGREQ",
            Self::PingResp => "PINGRESP",
            Self::Disconnect => "DISCONNECT",
            Self::Auth => "AUTH",
        }
    }

    /// The low four bits of the first byte; `None` for PUBLISH, whose flags vary (MQTT-2.1.3-1).
    pub(crate) const fn fixed_flags(self) -> Option<u8> {
        match self {
            Self::Publish => None,
            Self::PubRel | Self::Subscribe | Self::Unsubscribe => Some(0b0010),
            Self::Connect
            | Self::ConnAck
            | Self::PubAck
            | Self::PubRec
            | Self::PubComp
            | Self::SubAck
            | Self::UnsubAck
            | Self::PingReq
            | Self::PingResp
            | Self::Disconnect
            | Self::Auth => Some(0),
        }
    }
}

impl fmt::Display for PacketType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a receiver is willing to take. Exceeding one is a [`DecodeError`] of its own.
///
/// The default allows all that the protocol allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Bytes of a whole packet, fixed header included (MQTT 5.0 §3.1.2.11.4). Checked by [`frame`] on the
    /// fixed header, before the packet has arrived.
    pub packet_size: u32,
    /// Bytes of one property list, without the length in front of it. With a [`StreamDecoder`](crate::StreamDecoder), whose
    /// packets can be large, this bounds the heads.
    pub properties_size: u32,
    /// User Properties in one property list.
    pub user_properties: u32,
    /// Entries of a SUBSCRIBE, UNSUBSCRIBE, SUBACK or UNSUBACK.
    pub filters: u32,
    /// Subscription Identifiers in one PUBLISH.
    pub subscription_ids: u32,
    /// Whether strings may contain what senders should not send: control characters (U+0001 to U+001F, U+007F to U+009F)
    /// and non-characters (MQTT 5.0 §1.5.4). A broker that takes them lets a publisher disconnect those
    /// subscribers that do not.
    pub discouraged_characters: bool,
    /// Whether the remaining length of a 3.x packet may have more bytes than it needs, which only 5.0 forbids.
    pub overlong_lengths: bool,
}

impl Limits {
    /// Bytes of the largest packet that the protocol can express: 5 of fixed header, 268,435,455 behind it.
    pub const MAX_PACKET_SIZE: u32 = varint::MAX + 5;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            packet_size: Self::MAX_PACKET_SIZE,
            properties_size: u32::MAX,
            user_properties: u32::MAX,
            filters: u32::MAX,
            subscription_ids: u32::MAX,
            discouraged_characters: true,
            overlong_lengths: true,
        }
    }
}

/// The bytes of one whole packet, borrowed from the buffer that [`frame`] looked at.
///
/// Only the fixed header has been looked at. To keep a packet beyond its buffer, keep [`bytes`](Self::bytes):
/// framing them again is cheap.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    bytes: &'a [u8],
    body: &'a [u8],
    packet_type: PacketType,
    limits: Limits,
}

impl<'a> Frame<'a> {
    /// The packet up to `end`, as if it ended there.
    pub(crate) fn cut(bytes: &'a [u8], header: Header, end: usize, limits: &Limits) -> Option<Self> {
        let bytes = bytes.get(..end)?;
        let body = bytes.get(header.len..)?;
        Some(Self { bytes, body, packet_type: header.packet_type, limits: *limits })
    }

    /// The whole packet.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What follows the fixed header.
    pub const fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The packet's type.
    pub const fn packet_type(&self) -> PacketType {
        self.packet_type
    }

    /// The low four bits of the first byte.
    #[inline]
    pub fn flags(&self) -> u8 {
        self.bytes.first().map_or(0, |byte| byte & 0x0F)
    }

    #[inline]
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    #[inline]
    pub(crate) fn reader(&self) -> Reader<'a> {
        Reader::new(self.body, self.bytes.len(), self.packet_type, self.limits)
    }

    /// Fails if the remaining length took more bytes than it needs and may not. 5.0 forbids it (MQTT-1.5.5-1), 3.x does not.
    #[inline]
    pub(crate) fn check_minimal(&self) -> Result<(), DecodeError> {
        // The last byte of the remaining length holds its highest bits.
        match self.bytes.get(1..self.bytes.len().saturating_sub(self.body.len())) {
            Some(length @ [.., _, 0]) => Err(not_minimal(length, self.packet_type)),
            _ => Ok(()),
        }
    }
}

/// Without the bytes, among which there may be a password.
impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("packet_type", &self.packet_type)
            .field("flags", &self.flags())
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Finds one whole packet at the front of `bytes`.
///
/// `Ok(None)` means that more bytes are needed; nothing is consumed by that. Cost does not depend on the
/// length of the packet.
///
/// # Errors
/// The reserved packet type 0, a remaining length of more than four bytes, and a packet above
/// `limits.packet_size`; each as soon as the bytes that show it are there.
#[inline]
pub fn frame<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Option<Frame<'a>>, DecodeError> {
    let Some(Header { packet_type, len, size }) = header(bytes, limits)? else {
        return Ok(None);
    };
    let whole = usize::try_from(size).ok().and_then(|size| bytes.get(..size));
    let body = whole.and_then(|whole| whole.get(len..));
    Ok(whole.zip(body).map(|(bytes, body)| Frame { bytes, body, packet_type, limits: *limits }))
}

/// The error of a remaining length in too many bytes.
#[cold]
fn not_minimal(length: &[u8], packet_type: PacketType) -> DecodeError {
    // Not from the body, which may have been cut.
    let (needed, found) = match varint::read(length) {
        Varint::Value { value, len } => (varint::len(value), len),
        Varint::Incomplete | Varint::TooLong => (1, 4),
    };
    DecodeError::new(DecodeErrorKind::NotMinimal { needed, found }, Some(packet_type), 1)
}

/// The fixed header at the front of `bytes`.
#[inline(always)]
pub(crate) fn header(bytes: &[u8], limits: &Limits) -> Result<Option<Header>, DecodeError> {
    let Some((&first, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    let Some(packet_type) = PacketType::from_first_byte(first) else {
        return Err(DecodeError::new(DecodeErrorKind::ReservedPacketType { found: 0 }, None, 0));
    };
    let (length, used) = match varint::read(rest) {
        Varint::Value { value, len } => (value, len),
        Varint::Incomplete => return Ok(None),
        Varint::TooLong => {
            return Err(DecodeError::new(DecodeErrorKind::VarintTooLong, Some(packet_type), 1));
        }
    };
    let size = length.saturating_add(1).saturating_add(used.into());
    if size > limits.packet_size {
        let kind = DecodeErrorKind::PacketTooLarge { size, limit: limits.packet_size };
        return Err(DecodeError::new(kind, Some(packet_type), 1));
    }
    let header = Header { packet_type, len: usize::from(used).saturating_add(1), size };
    Ok(Some(header))
}

/// A fixed header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) packet_type: PacketType,
    /// Its own bytes.
    pub(crate) len: usize,
    /// Bytes of the whole packet.
    pub(crate) size: u32,
}

/// The version that a CONNECT asks for, from its protocol name and level and nothing else, so that the answer can
/// be in the right version even if the rest is bad, too large or has not come.
///
/// `Ok(None)` means that more bytes are needed; 14 are always enough.
///
/// # Errors
/// [`DecodeErrorKind::NotConnect`] as soon as the first byte shows it, [`DecodeErrorKind::ProtocolName`],
/// [`DecodeErrorKind::ProtocolLevel`], or what is wrong with the bytes in front of them.
pub fn connect_version(bytes: &[u8]) -> Result<Option<Version>, DecodeError> {
    let Some(&first) = bytes.first() else {
        return Ok(None);
    };
    let packet_type = PacketType::from_first_byte(first);
    if packet_type != Some(PacketType::Connect) {
        return Err(DecodeError::new(DecodeErrorKind::NotConnect { found: first }, packet_type, 0));
    }
    let Some(Header { packet_type, len, size }) = header(bytes, &Limits::default())? else {
        return Ok(None);
    };
    let whole = usize::try_from(size).ok().and_then(|size| bytes.get(..size));
    let packet = whole.unwrap_or(bytes);
    let body = packet.get(len..).unwrap_or_default();
    match Reader::new(body, packet.len(), packet_type, Limits::default()).protocol() {
        Ok(version) => Ok(Some(version)),
        Err(error) if whole.is_none() && matches!(error.kind(), DecodeErrorKind::Truncated { .. }) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8], limit: u32) -> Option<DecodeErrorKind> {
        frame(bytes, &Limits { packet_size: limit, ..Limits::default() }).err().map(|error| error.kind())
    }

    #[test]
    fn needs_more_until_the_last_byte() {
        let bytes = [0x30, 0x03, 0, 1, b'a', 0xC0];
        for end in 0..5 {
            assert!(frame(&bytes[..end], &Limits::default()).unwrap().is_none(), "{end}");
        }
        let found = frame(&bytes, &Limits::default()).unwrap().unwrap();
        assert_eq!(found.bytes(), &bytes[..5]);
        assert_eq!(found.body(), &bytes[2..5]);
    }

    #[test]
    fn version_is_known_once_its_bytes_are_there() {
        let bytes = *b"\x10\x7F\0\x04MQTT\x05\x02";
        for end in 0..9 {
            assert_eq!(connect_version(&bytes[..end]), Ok(None), "{end}");
        }
        assert_eq!(connect_version(&bytes), Ok(Some(Version::V5)));
        let kind = |bytes: &[u8]| connect_version(bytes).unwrap_err().kind();
        assert_eq!(kind(b"\xC0"), DecodeErrorKind::NotConnect { found: 0xC0 });
        assert_eq!(kind(b"\0"), DecodeErrorKind::NotConnect { found: 0 });
        assert_eq!(kind(b"\x10\x03\0\x04M"), DecodeErrorKind::Truncated { needed: 4, left: 1 });
        assert_eq!(kind(b"\x10\x03\0\x04MQTT\x05"), DecodeErrorKind::Truncated { needed: 4, left: 1 });
    }

    #[test]
    fn refuses_on_the_fixed_header() {
        assert_eq!(kind(&[0x0F], 100), Some(DecodeErrorKind::ReservedPacketType { found: 0 }));
        assert_eq!(kind(&[0x10, 0x80, 0x80, 0x80, 0x80], 100), Some(DecodeErrorKind::VarintTooLong));
        assert_eq!(kind(&[0x30, 98], 100), None);
        assert_eq!(kind(&[0x30, 99], 100), Some(DecodeErrorKind::PacketTooLarge { size: 101, limit: 100 }));
        assert_eq!(kind(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F], Limits::MAX_PACKET_SIZE), None);
        let kind = kind(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F], Limits::MAX_PACKET_SIZE - 1);
        assert_eq!(kind, Some(DecodeErrorKind::PacketTooLarge { size: 268_435_460, limit: 268_435_459 }));
    }
}
