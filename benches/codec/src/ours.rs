use std::hint::black_box;

use bytes::BytesMut;
use mqtt_codec::{Connect, Limits, Packet, PacketType, PubAck, Publish, SubAck, Subscribe, Version, frame};

use crate::{Sample, SliceBuffer, SliceStream, Subject};

/// mqtt-codec: `frame` and `Packet::decode`, and `Packet::encode_to_slice`.
#[derive(Debug)]
pub struct Ours;

impl Subject for Ours {
    type Stream = SliceStream<Version>;
    type Packet = (Version, &'static Packet<'static>);
    type Buffer = SliceBuffer;

    fn stream(sample: &Sample, count: usize) -> Self::Stream {
        SliceStream::new(sample.version, sample, count)
    }

    #[inline(always)]
    fn decode(stream: &mut Self::Stream) {
        let frame = frame(stream.rest(), &Limits::default()).expect("a good header").expect("a whole packet");
        // Matched in its place, as a caller does who looks at it.
        match &Packet::decode(stream.version, frame) {
            Ok(packet) => _ = black_box(packet),
            Err(error) => panic!("{error}"),
        }
        stream.advance(frame.bytes().len());
    }

    /// It lives as long as the process.
    fn packet(sample: &Sample) -> Option<Self::Packet> {
        let bytes = sample.bytes.clone().leak();
        let frame = frame(bytes, &Limits::default()).ok()??;
        Some((sample.version, Box::leak(Box::new(Packet::decode(sample.version, frame).ok()?))))
    }

    fn buffer(capacity: usize) -> Self::Buffer {
        SliceBuffer::new(capacity)
    }

    #[inline(always)]
    fn encode((version, packet): Self::Packet, buffer: &mut Self::Buffer) {
        let len = packet.encode_to_slice(version, buffer.space()).expect("there is room");
        buffer.advance(len);
    }

    fn encoded(buffer: Self::Buffer) -> Vec<u8> {
        buffer.into_written()
    }
}

/// The same for a caller that looks at the type first and takes the struct of that type.
#[derive(Debug)]
pub struct OursTyped;

/// Does the same with whatever struct the type has, of those that are measured.
macro_rules! with_struct {
    ($packet_type:expr, $call:ident, $else:expr) => {
        match $packet_type {
            PacketType::Connect => $call!(Connect),
            PacketType::Publish => $call!(Publish),
            PacketType::PubAck => $call!(PubAck),
            PacketType::Subscribe => $call!(Subscribe),
            PacketType::SubAck => $call!(SubAck),
            _ => $else,
        }
    };
}

impl Subject for OursTyped {
    type Stream = <Ours as Subject>::Stream;
    type Packet = <Ours as Subject>::Packet;
    type Buffer = <Ours as Subject>::Buffer;

    fn stream(sample: &Sample, count: usize) -> Self::Stream {
        Ours::stream(sample, count)
    }

    #[inline(always)]
    fn decode(stream: &mut Self::Stream) {
        let frame = frame(stream.rest(), &Limits::default()).expect("a good header").expect("a whole packet");
        macro_rules! decode {
            ($struct:ident) => {
                match &$struct::decode(stream.version, frame) {
                    Ok(packet) => _ = black_box(packet),
                    Err(error) => panic!("{error}"),
                }
            };
        }
        with_struct!(frame.packet_type(), decode, panic!("it has no struct"));
        stream.advance(frame.bytes().len());
    }

    fn packet(sample: &Sample) -> Option<Self::Packet> {
        Ours::packet(sample).filter(|(_, packet)| **packet != Packet::PingReq)
    }

    fn buffer(capacity: usize) -> Self::Buffer {
        Ours::buffer(capacity)
    }

    #[inline(always)]
    fn encode((version, packet): Self::Packet, buffer: &mut Self::Buffer) {
        macro_rules! encode {
            ($struct:ident) => {
                match packet {
                    Packet::$struct(packet) => packet.encode_to_slice(version, buffer.space()),
                    _ => unreachable!("it is of its type"),
                }
            };
        }
        let len =
            with_struct!(packet.packet_type(), encode, panic!("it has no struct")).expect("there is room");
        buffer.advance(len);
    }

    fn encoded(buffer: Self::Buffer) -> Vec<u8> {
        buffer.into_written()
    }
}

/// mqtt-codec with `Packet::encode`, which appends to a buffer that grows.
#[derive(Debug)]
pub struct OursBytesMut;

impl Subject for OursBytesMut {
    type Stream = <Ours as Subject>::Stream;
    type Packet = <Ours as Subject>::Packet;
    type Buffer = BytesMut;

    fn stream(sample: &Sample, count: usize) -> Self::Stream {
        Ours::stream(sample, count)
    }

    #[inline(always)]
    fn decode(stream: &mut Self::Stream) {
        Ours::decode(stream);
    }

    fn packet(sample: &Sample) -> Option<Self::Packet> {
        Ours::packet(sample)
    }

    fn buffer(capacity: usize) -> Self::Buffer {
        BytesMut::with_capacity(capacity)
    }

    #[inline(always)]
    fn encode((version, packet): Self::Packet, buffer: &mut Self::Buffer) {
        packet.encode(version, buffer).expect("there is room");
    }

    fn encoded(buffer: Self::Buffer) -> Vec<u8> {
        buffer.into()
    }
}

/// What the measuring itself costs: the bytes are shown, and skipped.
#[derive(Debug)]
pub struct Nothing;

impl Subject for Nothing {
    type Stream = SliceStream<usize>;
    type Packet = &'static [u8];
    type Buffer = SliceBuffer;

    fn stream(sample: &Sample, count: usize) -> Self::Stream {
        SliceStream::new(sample.bytes.len(), sample, count)
    }

    #[inline(always)]
    fn decode(stream: &mut Self::Stream) {
        black_box(stream.rest());
        stream.advance(stream.version);
    }

    fn packet(sample: &Sample) -> Option<Self::Packet> {
        Some(sample.bytes.clone().leak())
    }

    fn buffer(capacity: usize) -> Self::Buffer {
        SliceBuffer::new(capacity)
    }

    #[inline(always)]
    fn encode(packet: Self::Packet, buffer: &mut Self::Buffer) {
        black_box(buffer.space());
        buffer.advance(packet.len());
    }

    fn encoded(buffer: Self::Buffer) -> Vec<u8> {
        buffer.into_written()
    }
}
