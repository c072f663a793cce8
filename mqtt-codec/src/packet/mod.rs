//! One file per packet: struct, properties, decode, length, encode.

mod ack;
mod auth;
mod connack;
mod connect;
mod disconnect;
mod publish;
mod suback;
mod subscribe;

pub use ack::{AckProperties, PubAck, PubComp, PubRec, PubRel};
pub use auth::{Auth, AuthProperties};
pub use connack::{ConnAck, ConnAckProperties};
pub use connect::{Connect, ConnectProperties, Will};
pub use disconnect::{Disconnect, DisconnectProperties};
pub use publish::{Delivery, MessageProperties, PayloadFormat, Publish, PublishTopic};
pub use suback::{SubAck, UnsubAck};
pub use subscribe::{RetainHandling, Subscribe, Subscription, SubscriptionOptions, Unsubscribe};

use core::fmt;

use crate::reader::{Reader, saturate};
use crate::writer::{Sink, fill, with_varint};
use crate::{DecodeError, DecodeErrorKind, EncodeError, Frame, PacketType, ReasonCode, Version, varint};

/// The end of decoding: makes the packet into what the caller returns, in the place where that is to be, for packets
/// are large and moving one costs as much as decoding it. A body cannot return without it, nor leave bytes over.
pub(crate) struct Done<W>(W);

impl<W> Done<W> {
    #[inline(always)]
    fn with<T, R>(self, reader: &Reader<'_>, packet: T) -> Result<R, DecodeError>
    where
        W: FnOnce(T) -> R,
    {
        reader.finish()?;
        Ok((self.0)(packet))
    }
}

/// What a packet kind has to say for itself; framing and fixed header are common to all.
pub(crate) trait Body<'a>: Sized {
    const TYPE: PacketType;

    /// Reads all of the body.
    fn decode_body<R>(
        version: Version,
        flags: u8,
        reader: Reader<'a>,
        done: Done<impl FnOnce(Self) -> R>,
    ) -> Result<R, DecodeError>;

    /// The low four bits of the first byte.
    fn flags(&self) -> u8 {
        Self::TYPE.fixed_flags().unwrap_or(0)
    }

    /// Checks everything that can make encoding fail, so that writing cannot.
    fn measure(&self, version: Version) -> Result<Lengths, EncodeError>;

    fn write_body(&self, version: Version, lengths: &Lengths, sink: &mut impl Sink);

    /// The whole packet if it is one of those of two or four bytes, and how many of these count.
    #[inline(always)]
    fn tiny(&self, _version: Version) -> Option<([u8; 4], usize)> {
        None
    }

    /// Encodes the packet and gives its length if it is as most of its type are, has nothing that could be wrong and there
    /// is room. This is faster than what can encode all.
    #[inline(always)]
    fn encode_usual(&self, _version: Version, _buffer: &mut [u8]) -> Option<usize> {
        None
    }
}

#[inline(always)]
fn decode<'a, T: Body<'a>, R>(
    version: Version,
    frame: Frame<'a>,
    wrap: impl FnOnce(T) -> R,
) -> Result<R, DecodeError> {
    let reader = frame.reader();
    if frame.packet_type() != T::TYPE {
        return Err(reader.error_at(
            0,
            DecodeErrorKind::WrongPacketType { expected: T::TYPE, found: frame.packet_type() },
        ));
    }
    if version.is_v5() || !frame.limits().overlong_lengths {
        frame.check_minimal()?;
    }
    if !version.is_v5() && T::TYPE == PacketType::Auth {
        return Err(reader.error_at(0, DecodeErrorKind::ReservedPacketType { found: T::TYPE as u8 }));
    }
    let flags = frame.flags();
    if let Some(expected) = T::TYPE.fixed_flags() {
        let good = match version {
            // 3.1 calls these bits unused, and sets QoS 1, and DUP for a repeat, where 3.1.1 has a fixed 0010.
            Version::V3_1 => expected == 0 || flags & 0b0111 == expected,
            Version::V3_1_1 | Version::V5 => flags == expected,
        };
        if !good {
            return Err(reader.error_at(0, DecodeErrorKind::Flags { expected, found: flags }));
        }
    }
    T::decode_body(version, flags, reader, Done(wrap))
}

/// What measuring a packet finds out and writing it needs, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lengths {
    /// All that follows the fixed header.
    body: usize,
    /// The property list, without its length in front.
    properties: usize,
    /// The property list of the will, without its length in front.
    will_properties: usize,
}

impl Lengths {
    const fn new(body: usize) -> Self {
        Self { body, properties: 0, will_properties: 0 }
    }

    /// No sum comes near to an overflow: a field has at most 65,537 bytes, what [`total`](crate::writer::total) gives
    /// is bounded too, and there is one payload.
    const fn add(&mut self, len: usize) {
        self.body = self.body.wrapping_add(len);
    }

    fn add_properties(&mut self, len: usize) {
        self.properties = len;
        self.add(with_varint(len));
    }

    fn add_will_properties(&mut self, len: usize) {
        self.will_properties = len;
        self.add(with_varint(len));
    }

    /// Fails if the fixed header cannot say so much.
    #[inline(always)]
    const fn check(self) -> Result<Self, EncodeError> {
        if self.body > varint::MAX as usize {
            return Err(EncodeError::PacketTooLarge { len: self.body });
        }
        Ok(self)
    }

    /// The whole packet.
    fn packet(&self) -> usize {
        with_varint(self.body).wrapping_add(1)
    }
}

#[inline(always)]
fn measure<'a, T: Body<'a>>(packet: &T, version: Version) -> Result<Lengths, EncodeError> {
    packet.measure(version)?.check()
}

fn encoded_len<'a, T: Body<'a>>(packet: &T, version: Version) -> Result<usize, EncodeError> {
    if let Some((_, len)) = packet.tiny(version) {
        return Ok(len);
    }
    measure(packet, version).map(|lengths| lengths.packet())
}

#[inline(always)]
fn write<'a, T: Body<'a>>(packet: &T, version: Version, lengths: &Lengths, sink: &mut impl Sink) {
    write_fixed_header(packet, lengths, sink);
    packet.write_body(version, lengths, sink);
}

#[inline(always)]
fn write_fixed_header<'a, T: Body<'a>>(packet: &T, lengths: &Lengths, sink: &mut impl Sink) {
    let first = (T::TYPE as u8) << 4 | packet.flags();
    match varint::groups(saturate(lengths.body)) {
        ([a, ..], 1) => sink.array([first, a]),
        ([a, b, ..], 2) => sink.array([first, a, b]),
        ([a, b, c, _], 3) => sink.array([first, a, b, c]),
        ([a, b, c, d], _) => sink.array([first, a, b, c, d]),
    }
}

fn encode_to_slice<'a, T: Body<'a>>(
    packet: &T,
    version: Version,
    buffer: &mut [u8],
) -> Result<usize, EncodeError> {
    if let Some((bytes, len)) = packet.tiny(version)
        && let Some((bytes, space)) = bytes.get(..len).zip(buffer.get_mut(..len))
    {
        space.copy_from_slice(bytes);
        return Ok(len);
    }
    match packet.encode_usual(version, buffer) {
        Some(len) => Ok(len),
        None => encode_unusual(packet, version, buffer),
    }
}

#[inline(never)]
fn encode_unusual<'a, T: Body<'a>>(
    packet: &T,
    version: Version,
    buffer: &mut [u8],
) -> Result<usize, EncodeError> {
    let lengths = measure(packet, version)?;
    fill(buffer, lengths.packet(), |sink| write(packet, version, &lengths, sink))
}

#[cfg(feature = "bytes")]
#[inline(never)]
fn encode<'a, T: Body<'a>>(
    packet: &T,
    version: Version,
    buffer: &mut impl bytes::BufMut,
) -> Result<(), EncodeError> {
    if let Some((bytes, len)) = packet.tiny(version)
        && len <= buffer.remaining_mut()
    {
        buffer.put_slice(bytes.get(..len).unwrap_or_default());
        return Ok(());
    }
    // Copying a small packet costs less than asking the buffer for room at each field.
    let mut small = [0; 128];
    if let Some(len) = packet.encode_usual(version, &mut small)
        && len <= buffer.remaining_mut()
    {
        buffer.put_slice(small.get(..len).unwrap_or_default());
        return Ok(());
    }
    append_unusual(packet, version, buffer)
}

#[cfg(feature = "bytes")]
#[inline(never)]
fn append_unusual<'a, T: Body<'a>>(
    packet: &T,
    version: Version,
    buffer: &mut impl bytes::BufMut,
) -> Result<(), EncodeError> {
    let mut small = [0; 192];
    if let Ok(len) = encode_unusual(packet, version, &mut small)
        && len <= buffer.remaining_mut()
    {
        buffer.put_slice(small.get(..len).unwrap_or_default());
        return Ok(());
    }
    let lengths = measure(packet, version)?;
    crate::writer::append(buffer, lengths.packet(), |sink| write(packet, version, &lengths, sink))
}

/// A reason code that `packet` may carry.
fn read_reason(reader: &mut Reader<'_>, packet: PacketType) -> Result<ReasonCode, DecodeError> {
    let start = reader.offset();
    let found = reader.u8()?;
    ReasonCode::in_packet(found, packet)
        .ok_or_else(|| reader.error_at(start, DecodeErrorKind::ReasonCode { found }))
}

fn check_reason(code: ReasonCode, packet: PacketType, version: Version) -> Result<(), EncodeError> {
    if code.is_allowed_in(packet) {
        return Ok(());
    }
    Err(EncodeError::ReasonCode { packet, version, code })
}

/// Methods of a packet struct. The same on all, so that nobody has to import a trait.
macro_rules! packet {
    ($($type:ident $(<$life:lifetime>)?,)*) => {$(
        impl<'a> $type $(<$life>)? {
            /// Decodes a packet of this type.
            ///
            /// # Errors
            /// If the frame is of another type or anything in it is not as the standard of this version has it.
            #[inline]
            pub fn decode(version: Version, frame: Frame<'a>) -> Result<Self, DecodeError> {
                decode(version, frame, |packet| packet)
            }

            /// Bytes of the whole packet as [`encode_to_slice`](Self::encode_to_slice) would write it.
            ///
            /// # Errors
            /// Whatever makes the packet impossible to encode.
            #[inline]
            pub fn encoded_len(&self, version: Version) -> Result<usize, EncodeError> {
                encoded_len(self, version)
            }

            /// Encodes into the front of a slice and gives the number of bytes.
            ///
            /// # Errors
            /// If the slice is too short or the packet is not legal in this version. Then nothing is written.
            #[inline]
            pub fn encode_to_slice(&self, version: Version, buffer: &mut [u8]) -> Result<usize, EncodeError> {
                encode_to_slice(self, version, buffer)
            }

            /// Appends the encoded packet to a buffer.
            ///
            /// # Errors
            /// If the buffer has no room or the packet is not legal in this version. Then nothing is written.
            #[cfg(feature = "bytes")]
            #[inline]
            pub fn encode(&self, version: Version, buffer: &mut impl bytes::BufMut) -> Result<(), EncodeError> {
                encode(self, version, buffer)
            }
        }

        /// As the [`Packet`] of this type.
        impl<'a> fmt::Display for $type $(<$life>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Packet::from(*self).fmt(f)
            }
        }

        impl<'a> From<$type $(<$life>)?> for Packet<'a> {
            fn from(packet: $type $(<$life>)?) -> Self {
                Packet::$type(packet)
            }
        }
    )*};
}

packet! {
    Connect<'a>,
    ConnAck<'a>,
    Publish<'a>,
    PubAck<'a>,
    PubRec<'a>,
    PubRel<'a>,
    PubComp<'a>,
    Subscribe<'a>,
    SubAck<'a>,
    Unsubscribe<'a>,
    UnsubAck<'a>,
    Disconnect<'a>,
    Auth<'a>,
}

/// Any control packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each struct is documented")]
pub enum Packet<'a> {
    Connect(Connect<'a>),
    ConnAck(ConnAck<'a>),
    Publish(Publish<'a>),
    PubAck(PubAck<'a>),
    PubRec(PubRec<'a>),
    PubRel(PubRel<'a>),
    PubComp(PubComp<'a>),
    Subscribe(Subscribe<'a>),
    SubAck(SubAck<'a>),
    Unsubscribe(Unsubscribe<'a>),
    UnsubAck(UnsubAck<'a>),
    PingReq,
    PingResp,
    Disconnect(Disconnect<'a>),
    Auth(Auth<'a>),
}

/// PINGREQ (MQTT 5.0 §3.12): a type and nothing else.
struct PingReq;
/// PINGRESP (MQTT 5.0 §3.13): a type and nothing else.
struct PingResp;

macro_rules! empty_body {
    ($type:ident) => {
        impl Body<'_> for $type {
            const TYPE: PacketType = PacketType::$type;

            fn decode_body<R>(
                _: Version,
                _: u8,
                reader: Reader<'_>,
                done: Done<impl FnOnce(Self) -> R>,
            ) -> Result<R, DecodeError> {
                done.with(&reader, Self)
            }

            fn measure(&self, _: Version) -> Result<Lengths, EncodeError> {
                Ok(Lengths::default())
            }

            fn write_body(&self, _: Version, _: &Lengths, _: &mut impl Sink) {}

            #[inline(always)]
            fn tiny(&self, _: Version) -> Option<([u8; 4], usize)> {
                Some(([(Self::TYPE as u8) << 4, 0, 0, 0], 2))
            }
        }
    };
}

empty_body!(PingReq);
empty_body!(PingResp);

/// Calls a function with whatever struct the packet holds.
macro_rules! with_body {
    ($packet:expr, $body:ident => $call:expr) => {
        match $packet {
            Packet::Connect($body) => $call,
            Packet::ConnAck($body) => $call,
            Packet::Publish($body) => $call,
            Packet::PubAck($body) => $call,
            Packet::PubRec($body) => $call,
            Packet::PubRel($body) => $call,
            Packet::PubComp($body) => $call,
            Packet::Subscribe($body) => $call,
            Packet::SubAck($body) => $call,
            Packet::Unsubscribe($body) => $call,
            Packet::UnsubAck($body) => $call,
            Packet::PingReq => {
                let $body = &PingReq;
                $call
            }
            Packet::PingResp => {
                let $body = &PingResp;
                $call
            }
            Packet::Disconnect($body) => $call,
            Packet::Auth($body) => $call,
        }
    };
}

impl<'a> Packet<'a> {
    /// Decodes a packet of any type.
    ///
    /// A receiver that knows what it has, such as a broker on its PUBLISH path, can look at
    /// [`Frame::packet_type`] and call the struct's own `decode`, which moves less.
    ///
    /// # Errors
    /// Anything in the packet that is not as the standard of this version has it.
    #[inline(always)]
    pub fn decode(version: Version, frame: Frame<'a>) -> Result<Self, DecodeError> {
        match frame.packet_type() {
            PacketType::Connect => decode(version, frame, Self::Connect),
            PacketType::ConnAck => decode(version, frame, Self::ConnAck),
            PacketType::Publish => decode(version, frame, Self::Publish),
            PacketType::PubAck => decode(version, frame, Self::PubAck),
            PacketType::PubRec => decode(version, frame, Self::PubRec),
            PacketType::PubRel => decode(version, frame, Self::PubRel),
            PacketType::PubComp => decode(version, frame, Self::PubComp),
            PacketType::Subscribe => decode(version, frame, Self::Subscribe),
            PacketType::SubAck => decode(version, frame, Self::SubAck),
            PacketType::Unsubscribe => decode(version, frame, Self::Unsubscribe),
            PacketType::UnsubAck => decode(version, frame, Self::UnsubAck),
            PacketType::PingReq => decode(version, frame, |PingReq| Self::PingReq),
            PacketType::PingResp => decode(version, frame, |PingResp| Self::PingResp),
            PacketType::Disconnect => decode(version, frame, Self::Disconnect),
            PacketType::Auth => decode(version, frame, Self::Auth),
        }
    }

    /// Bytes of the whole packet as [`encode_to_slice`](Self::encode_to_slice) would write it.
    ///
    /// # Errors
    /// Whatever makes the packet impossible to encode.
    pub fn encoded_len(&self, version: Version) -> Result<usize, EncodeError> {
        with_body!(self, body => encoded_len(body, version))
    }

    /// Encodes into the front of a slice and gives the number of bytes.
    ///
    /// # Errors
    /// If the slice is too short or the packet is not legal in this version. Then nothing is written.
    #[inline]
    pub fn encode_to_slice(&self, version: Version, buffer: &mut [u8]) -> Result<usize, EncodeError> {
        with_body!(self, body => encode_to_slice(body, version, buffer))
    }

    /// Appends the encoded packet to a buffer.
    ///
    /// # Errors
    /// If the buffer has no room or the packet is not legal in this version. Then nothing is written.
    #[cfg(feature = "bytes")]
    pub fn encode(&self, version: Version, buffer: &mut impl bytes::BufMut) -> Result<(), EncodeError> {
        with_body!(self, body => encode(body, version, buffer))
    }

    /// The packet's type.
    pub fn packet_type(&self) -> PacketType {
        fn type_of<'a, T: Body<'a>>(_: &T) -> PacketType {
            T::TYPE
        }
        with_body!(self, body => type_of(body))
    }
}
