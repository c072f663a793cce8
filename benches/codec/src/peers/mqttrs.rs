use std::hint::black_box;

use mqttrs::Packet;

use crate::{Sample, SliceBuffer, SliceStream, Subject};

/// mqttrs: 3.1.1 only, and borrows.
#[derive(Debug)]
pub struct Mqttrs;

impl Subject for Mqttrs {
    // It does not say how long the packet was.
    type Stream = SliceStream<usize>;
    type Packet = &'static Packet<'static>;
    type Buffer = SliceBuffer;

    fn stream(sample: &Sample, count: usize) -> Self::Stream {
        SliceStream::new(sample.bytes.len(), sample, count)
    }

    #[inline(always)]
    fn decode(stream: &mut Self::Stream) {
        let bytes = &stream.rest()[..stream.version];
        black_box(&mqttrs::decode_slice(bytes).expect("a good packet").expect("a whole packet"));
        stream.advance(stream.version);
    }

    fn packet(sample: &Sample) -> Option<Self::Packet> {
        // PINGREQ is the same in all versions.
        if sample.version.is_v5() && sample.name != "pingreq" {
            return None;
        }
        Some(Box::leak(Box::new(mqttrs::decode_slice(sample.bytes.clone().leak()).ok()??)))
    }

    fn buffer(capacity: usize) -> Self::Buffer {
        SliceBuffer::new(capacity)
    }

    #[inline(always)]
    fn encode(packet: Self::Packet, buffer: &mut Self::Buffer) {
        let len = mqttrs::encode_slice(packet, buffer.space()).expect("there is room");
        buffer.advance(len);
    }

    fn encoded(buffer: Self::Buffer) -> Vec<u8> {
        buffer.into_written()
    }
}
