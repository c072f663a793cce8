use std::hint::black_box;

use bytes::BytesMut;
use rumqttc::mqttbytes::v4;
use rumqttc::v5::mqttbytes::v5;

use super::Of;
use crate::{Sample, Subject, growing};

/// rumqttc: the codec within the client.
#[derive(Debug)]
pub struct Rumqttc;

impl Subject for Rumqttc {
    type Stream = (bool, BytesMut);
    type Packet = Of<&'static v4::Packet, &'static v5::Packet>;
    type Buffer = BytesMut;

    fn stream(sample: &Sample, count: usize) -> Self::Stream {
        (sample.version.is_v5(), growing(sample, count, BytesMut::with_capacity))
    }

    #[inline(always)]
    fn decode((is_v5, stream): &mut Self::Stream) {
        if *is_v5 {
            black_box(&v5::Packet::read(stream, None).expect("a good packet"));
        } else {
            black_box(&v4::Packet::read(stream, usize::MAX).expect("a good packet"));
        }
    }

    fn packet(sample: &Sample) -> Option<Self::Packet> {
        let (is_v5, mut stream) = Self::stream(sample, 1);
        Some(if is_v5 {
            Of::V5(Box::leak(Box::new(v5::Packet::read(&mut stream, None).ok()?)))
        } else {
            Of::V3(Box::leak(Box::new(v4::Packet::read(&mut stream, usize::MAX).ok()?)))
        })
    }

    fn buffer(capacity: usize) -> Self::Buffer {
        BytesMut::with_capacity(capacity)
    }

    #[inline(always)]
    fn encode(packet: Self::Packet, buffer: &mut Self::Buffer) {
        match packet {
            Of::V3(packet) => packet.write(buffer, usize::MAX).expect("a good packet"),
            Of::V5(packet) => packet.write(buffer, None).expect("a good packet"),
        };
    }

    fn encoded(buffer: Self::Buffer) -> Vec<u8> {
        buffer.into()
    }
}
