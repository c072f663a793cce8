//! A reader that knows where it is, so that every error can say so.

use mqtt_topic::{TopicError, TopicErrorKind, TopicFilter, TopicName};

use crate::text::{self, TextError};
use crate::varint::{self, Varint};
use crate::{
    DecodeError, DecodeErrorKind, Excerpt, Limits, PacketId, PacketType, PropertyId, Repeated, Version,
};

/// What is left of a packet, or of a property list in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// Offset within the packet of the end of `rest`.
    end: usize,
    packet_type: PacketType,
    pub(crate) limits: Limits,
}

impl<'a> Reader<'a> {
    #[inline]
    pub(crate) fn new(rest: &'a [u8], end: usize, packet_type: PacketType, limits: Limits) -> Self {
        Self { rest, end, packet_type, limits }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Takes all that is left.
    #[inline]
    pub(crate) fn take_rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    #[inline]
    pub(crate) fn offset(&self) -> usize {
        self.offset_of(self.rest)
    }

    /// Where the reader was when this was its [`rest`](Self::rest).
    #[inline]
    pub(crate) fn offset_of(&self, rest: &[u8]) -> usize {
        self.end.saturating_sub(rest.len())
    }

    /// An error at the current position.
    #[cold]
    pub(crate) fn error(self, kind: DecodeErrorKind) -> DecodeError {
        self.error_at(self.offset(), kind)
    }

    #[cold]
    pub(crate) fn error_at(self, offset: usize, kind: DecodeErrorKind) -> DecodeError {
        DecodeError::new(kind, Some(self.packet_type), offset)
    }

    /// An error at the byte that was read last.
    #[cold]
    pub(crate) fn error_before(self, kind: DecodeErrorKind) -> DecodeError {
        self.error_at(self.offset().saturating_sub(1), kind)
    }

    /// Checks that nothing is left.
    #[inline]
    pub(crate) fn finish(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.left_over()) }
    }

    #[cold]
    fn left_over(self) -> DecodeError {
        self.error(DecodeErrorKind::TrailingBytes { count: saturate(self.rest.len()) })
    }

    #[inline]
    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let Some((bytes, rest)) = self.rest.split_at_checked(count) else {
            return Err(self.truncated(count));
        };
        self.rest = rest;
        Ok(bytes)
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else {
            return Err(self.truncated(N));
        };
        self.rest = rest;
        Ok(*bytes)
    }

    #[cold]
    fn truncated(self, needed: usize) -> DecodeError {
        self.error(DecodeErrorKind::Truncated { needed: saturate(needed), left: saturate(self.rest.len()) })
    }

    #[inline]
    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array().map(|[byte]| byte)
    }

    #[inline]
    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    #[inline]
    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// A variable byte integer of 5.0, in the shortest form (MQTT-1.5.5-1).
    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u32, DecodeError> {
        match varint::read(self.rest) {
            Varint::Value { value, len } if len == varint::len(value) => {
                self.bytes(len.into())?;
                Ok(value)
            }
            Varint::Value { value, len } => {
                let needed = varint::len(value);
                Err(self.error(DecodeErrorKind::NotMinimal { needed, found: len }))
            }
            Varint::TooLong => Err(self.error(DecodeErrorKind::VarintTooLong)),
            Varint::Incomplete => Err(self.truncated(self.rest.len().saturating_add(1))),
        }
    }

    #[inline]
    pub(crate) fn binary(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.u16()?;
        self.bytes(len.into())
    }

    /// A UTF-8 string without U+0000 (MQTT-1.5.4-1, MQTT-1.5.4-2).
    pub(crate) fn str(&mut self) -> Result<&'a str, DecodeError> {
        match text::take_ascii(self.rest) {
            Some((text, rest)) if self.limits.discouraged_characters => {
                self.rest = rest;
                Ok(text)
            }
            _ => self.unusual(Self::unusual_str),
        }
    }

    /// User Properties up to another property, for their errors alone. The first identifier has been read, and `count`
    /// of them before; gives how many they are now.
    pub(crate) fn skip_user_properties(&mut self, mut count: u32) -> Result<u32, DecodeError> {
        const ID: u8 = PropertyId::UserProperty as u8;
        loop {
            if count >= self.limits.user_properties {
                let limit = self.limits.user_properties;
                return Err(
                    self.error_before(DecodeErrorKind::TooMany { what: Repeated::UserProperties, limit })
                );
            }
            match text::skip_ascii(self.rest).and_then(text::skip_ascii) {
                Some(rest) if self.limits.discouraged_characters => self.rest = rest,
                _ => {
                    self.str()?;
                    self.str()?;
                }
            }
            count = count.saturating_add(1);
            let [ID, rest @ ..] = self.rest else {
                return Ok(count);
            };
            self.rest = rest;
        }
    }

    /// A UTF-8 string that may still have U+0000 in it, which a check of the text as a topic is to find.
    #[inline(always)]
    pub(crate) fn utf8(&mut self) -> Result<&'a str, DecodeError> {
        match text::take_ascii_with_nul(self.rest) {
            Some((text, rest)) if self.limits.discouraged_characters => {
                self.rest = rest;
                Ok(text)
            }
            _ => self.unusual(Self::unusual_str),
        }
    }

    /// Reads with a copy of this reader, so that the reader itself can stay in registers.
    #[cold]
    #[inline(always)]
    fn unusual<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let mut copy = *self;
        let value = read(&mut copy)?;
        self.rest = copy.rest;
        Ok(value)
    }

    #[cold]
    fn unusual_str(&mut self) -> Result<&'a str, DecodeError> {
        let bytes = self.binary()?;
        let text = text::text(bytes).map_err(|error| self.text_error(bytes.len(), error))?;
        if !self.limits.discouraged_characters
            && let Some((at, found)) = text.char_indices().find(|&(_, char)| text::is_discouraged(char))
        {
            let start = self.offset().saturating_sub(bytes.len());
            return Err(
                self.error_at(start.saturating_add(at), DecodeErrorKind::DiscouragedCharacter { found })
            );
        }
        Ok(text)
    }

    #[cold]
    fn text_error(self, len: usize, error: TextError) -> DecodeError {
        let start = self.offset().saturating_sub(len);
        match error {
            TextError::Utf8 { at, byte } => {
                self.error_at(start.saturating_add(at), DecodeErrorKind::Utf8 { byte })
            }
            TextError::Nul(at) => self.error_at(start.saturating_add(at), DecodeErrorKind::Nul),
        }
    }

    #[inline(always)]
    pub(crate) fn topic_name(&mut self) -> Result<&'a TopicName, DecodeError> {
        let text = self.utf8()?;
        TopicName::new(text).map_err(|error| self.topic_error(text, error, DecodeErrorKind::TopicName))
    }

    #[inline]
    pub(crate) fn topic_filter(&mut self) -> Result<&'a TopicFilter, DecodeError> {
        let text = self.utf8()?;
        TopicFilter::new(text).map_err(|error| self.topic_error(text, error, DecodeErrorKind::TopicFilter))
    }

    /// The error of a topic that has just been read.
    #[cold]
    pub(crate) fn topic_error(
        self,
        text: &str,
        error: TopicError,
        kind: fn(TopicError) -> DecodeErrorKind,
    ) -> DecodeError {
        if error.kind() == TopicErrorKind::Nul {
            return self.text_error(text.len(), TextError::Nul(error.position()));
        }
        let start = self.offset().saturating_sub(text.len());
        let at = match text.len().checked_sub(1) {
            // What is missing at the end is missing behind the last character.
            Some(last) => {
                let at = error.position().min(last);
                start.saturating_add((0..=at).rfind(|&at| text.is_char_boundary(at)).unwrap_or(0))
            }
            // Nothing but a length.
            None => start.saturating_sub(2),
        };
        self.error_at(at, kind(error))
    }

    #[inline]
    pub(crate) fn packet_id(&mut self) -> Result<PacketId, DecodeError> {
        PacketId::new(self.u16()?).map_err(|_| self.packet_id_zero())
    }

    #[cold]
    fn packet_id_zero(self) -> DecodeError {
        self.error_at(self.offset().saturating_sub(2), DecodeErrorKind::PacketIdZero)
    }

    /// Skips a property list if it is there and empty.
    #[inline]
    pub(crate) fn skip_empty_list(&mut self) -> bool {
        let [0, rest @ ..] = self.rest else {
            return false;
        };
        self.rest = rest;
        true
    }

    /// A reader for the bytes that were read last.
    #[inline(always)]
    pub(crate) fn within(&self, bytes: &'a [u8]) -> Self {
        Self { rest: bytes, end: self.offset(), ..*self }
    }

    /// Protocol name and level of CONNECT.
    #[inline]
    pub(crate) fn protocol(&mut self) -> Result<Version, DecodeError> {
        // Nearly every CONNECT begins with one of these.
        let (version, rest) = match self.rest {
            [0, 4, b'M', b'Q', b'T', b'T', 4, rest @ ..] => (Version::V3_1_1, rest),
            [0, 4, b'M', b'Q', b'T', b'T', 5, rest @ ..] => (Version::V5, rest),
            _ => return self.unusual(Self::unusual_protocol),
        };
        self.rest = rest;
        Ok(version)
    }

    #[cold]
    fn unusual_protocol(&mut self) -> Result<Version, DecodeError> {
        let start = self.offset();
        let len = self.u16()?;
        // The front of a name tells what it is; the rest of a long one is not waited for.
        let Some(name) = self.rest.get(..Excerpt::LEN.min(len.into())) else {
            return Err(self.truncated(len.into()));
        };
        self.bytes(name.len())?;
        let is_mqisdp = match (len, name) {
            (4, b"MQTT") => false,
            (6, b"MQIsdp") => true,
            _ => {
                let found = Excerpt::new(name, len);
                return Err(self.error_at(start, DecodeErrorKind::ProtocolName { found }));
            }
        };
        let start = self.offset();
        match (is_mqisdp, self.u8()?) {
            (true, 3) => Ok(Version::V3_1),
            (false, 4) => Ok(Version::V3_1_1),
            (false, 5) => Ok(Version::V5),
            (_, level) => Err(self.error_at(start, DecodeErrorKind::ProtocolLevel { is_mqisdp, level })),
        }
    }
}

/// A length within a packet; packets are below 4 GiB, so nothing is ever lost.
pub(crate) fn saturate(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
