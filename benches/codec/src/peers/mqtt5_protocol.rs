use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use mqtt5_protocol::packet::MqttPacket;
use mqtt5_protocol::{FixedHeader, Packet};

use crate::{Sample, Subject};

/// mqtt5-protocol.
#[derive(Debug)]
pub struct Mqtt5Protocol;

/// Reads the next packet.
#[inline(always)]
fn read((version, stream): &mut (u8, Bytes)) -> mqtt5_protocol::Result<Packet> {
    let header = FixedHeader::decode(stream)?;
    let mut body = stream.split_to(header.remaining_length as usize);
    Packet::decode_from_body_with_version(header.packet_type, &header, &mut body, *version)
}

impl Subject for Mqtt5Protocol {
    type Stream = (u8, Bytes);
    type Packet = &'static Packet;
    type Buffer = BytesMut;

    fn stream(sample: &Sample, count: usize) -> Self::Stream {
        (if sample.version.is_v5() { 5 } else { 4 }, Bytes::from(sample.bytes.repeat(count)))
    }

    #[inline(always)]
    fn decode(stream: &mut Self::Stream) {
        black_box(&read(stream).expect("a good packet"));
    }

    fn packet(sample: &Sample) -> Option<Self::Packet> {
        Some(Box::leak(Box::new(read(&mut Self::stream(sample, 1)).ok()?)))
    }

    fn buffer(capacity: usize) -> Self::Buffer {
        BytesMut::with_capacity(capacity)
    }

    #[inline(always)]
    fn encode(packet: Self::Packet, buffer: &mut Self::Buffer) {
        match packet {
            Packet::Connect(packet) => packet.encode(buffer),
            Packet::Publish(packet) => packet.encode(buffer),
            Packet::PubAck(packet) => packet.encode(buffer),
            Packet::Subscribe(packet) => packet.encode(buffer),
            Packet::SubAck(packet) => packet.encode(buffer),
            Packet::PingReq => mqtt5_protocol::packet::pingreq::PingReqPacket::default().encode(buffer),
            other => panic!("{} is not measured", other.packet_type_name()),
        }
        .expect("a good packet");
    }

    fn encoded(buffer: Self::Buffer) -> Vec<u8> {
        buffer.into()
    }
}
