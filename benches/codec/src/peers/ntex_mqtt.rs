use std::hint::black_box;

use ntex_bytes::{BytePages, BytesMut};
use ntex_codec::{Decoder, Encoder};
use ntex_mqtt::{v3, v5};

use super::Of;
use crate::{Sample, Subject, growing};

/// ntex-mqtt: the codecs of its services.
#[derive(Debug)]
pub struct NtexMqtt;

impl Subject for NtexMqtt {
    type Stream = (Of<v3::codec::Codec, v5::codec::Codec>, BytesMut);
    type Packet = Of<v3::codec::Encoded, v5::codec::Encoded>;
    type Buffer = (v3::codec::Codec, v5::codec::Codec, BytePages);

    fn stream(sample: &Sample, count: usize) -> Self::Stream {
        let codec = match sample.version.is_v5() {
            true => Of::V5(v5::codec::Codec::new()),
            false => Of::V3(v3::codec::Codec::new()),
        };
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
            Of::V3(codec) => Of::V3(match codec.decode(&mut stream).ok()?? {
                v3::codec::Decoded::Packet(packet, _) => v3::codec::Encoded::Packet(packet),
                v3::codec::Decoded::Publish(publish, payload, _) => {
                    v3::codec::Encoded::Publish(publish, Some(payload))
                }
                v3::codec::Decoded::PayloadChunk(..) => return None,
            }),
            Of::V5(codec) => Of::V5(match codec.decode(&mut stream).ok()?? {
                v5::codec::Decoded::Packet(packet, _) => v5::codec::Encoded::Packet(packet),
                v5::codec::Decoded::Publish(publish, payload, _) => {
                    v5::codec::Encoded::Publish(publish, Some(payload))
                }
                v5::codec::Decoded::PayloadChunk(..) => return None,
            }),
        })
    }

    fn buffer(_: usize) -> Self::Buffer {
        (v3::codec::Codec::new(), v5::codec::Codec::new(), BytePages::default())
    }

    #[inline(always)]
    fn encode(packet: Self::Packet, (v3, v5, buffer): &mut Self::Buffer) {
        match packet {
            Of::V3(packet) => v3.encodev(packet, buffer).expect("a good packet"),
            Of::V5(packet) => v5.encodev(packet, buffer).expect("a good packet"),
        }
    }

    fn encoded((_, _, mut buffer): Self::Buffer) -> Vec<u8> {
        buffer.freeze().to_vec()
    }
}
