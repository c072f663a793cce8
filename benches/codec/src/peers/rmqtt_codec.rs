use std::hint::black_box;

use bytes::BytesMut;
use rmqtt_codec::{v3, v5};
use tokio_util::codec::{Decoder, Encoder};

use super::Of;
use crate::{Sample, Subject, growing};

/// rmqtt-codec: `tokio_util` codecs.
#[derive(Debug)]
pub struct RmqttCodec;

impl Subject for RmqttCodec {
    type Stream = (Of<v3::Codec, v5::Codec>, BytesMut);
    type Packet = Of<v3::Packet, v5::Packet>;
    type Buffer = BytesMut;

    fn stream(sample: &Sample, count: usize) -> Self::Stream {
        let codec =
            if sample.version.is_v5() { Of::V5(v5::Codec::default()) } else { Of::V3(v3::Codec::default()) };
        (codec, growing(sample, count, BytesMut::with_capacity))
    }

    #[inline(always)]
    fn decode((codec, stream): &mut Self::Stream) {
        match codec {
            Of::V3(codec) => {
                _ = black_box(&codec.decode(stream).expect("a good packet").expect("a whole packet"))
            }
            Of::V5(codec) => {
                _ = black_box(&codec.decode(stream).expect("a good packet").expect("a whole packet"))
            }
        }
    }

    fn packet(sample: &Sample) -> Option<Self::Packet> {
        let (codec, mut stream) = Self::stream(sample, 1);
        Some(match codec {
            Of::V3(mut codec) => Of::V3(codec.decode(&mut stream).ok()??.0),
            Of::V5(mut codec) => Of::V5(codec.decode(&mut stream).ok()??.0),
        })
    }

    fn buffer(capacity: usize) -> Self::Buffer {
        BytesMut::with_capacity(capacity)
    }

    #[inline(always)]
    fn encode(packet: Self::Packet, buffer: &mut Self::Buffer) {
        match packet {
            Of::V3(packet) => v3::Codec::default().encode(packet, buffer).expect("a good packet"),
            Of::V5(packet) => v5::Codec::default().encode(packet, buffer).expect("a good packet"),
        }
    }

    fn encoded(buffer: Self::Buffer) -> Vec<u8> {
        buffer.into()
    }
}
