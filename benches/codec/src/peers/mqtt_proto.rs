use std::hint::black_box;

use mqtt_proto::{VarBytes, v3, v5};

use super::Of;
use crate::{Sample, SliceStream, Subject};

/// mqtt-proto. Encoding makes a new buffer for each packet.
#[derive(Debug)]
pub struct MqttProto;

impl Subject for MqttProto {
    // It does not say how long the packet was.
    type Stream = (SliceStream<bool>, usize);
    type Packet = Of<&'static v3::Packet, &'static v5::Packet>;
    type Buffer = VarBytes;

    fn stream(sample: &Sample, count: usize) -> Self::Stream {
        (SliceStream::new(sample.version.is_v5(), sample, count), sample.bytes.len())
    }

    #[inline(always)]
    fn decode((stream, len): &mut Self::Stream) {
        let bytes = &stream.rest()[..*len];
        if stream.version {
            black_box(&v5::Packet::decode(bytes).expect("a good packet").expect("a whole packet"));
        } else {
            black_box(&v3::Packet::decode(bytes).expect("a good packet").expect("a whole packet"));
        }
        stream.advance(*len);
    }

    fn packet(sample: &Sample) -> Option<Self::Packet> {
        Some(if sample.version.is_v5() {
            Of::V5(Box::leak(Box::new(v5::Packet::decode(&sample.bytes).ok()??)))
        } else {
            Of::V3(Box::leak(Box::new(v3::Packet::decode(&sample.bytes).ok()??)))
        })
    }

    fn buffer(_: usize) -> Self::Buffer {
        VarBytes::Dynamic(Vec::new())
    }

    #[inline(always)]
    fn encode(packet: Self::Packet, buffer: &mut Self::Buffer) {
        *buffer = match packet {
            Of::V3(packet) => packet.encode().expect("a good packet"),
            Of::V5(packet) => packet.encode().expect("a good packet"),
        };
    }

    fn encoded(buffer: Self::Buffer) -> Vec<u8> {
        buffer.as_ref().to_vec()
    }
}
