use std::hint::black_box;
use std::sync::Arc;

use mqtt_codec::{Frame, Limits, PacketType, frame};
use mqtt_protocol_core::mqtt::packet::{v3_1_1, v5_0};

use crate::{Sample, SliceStream, Subject};

/// mqtt-protocol-core. Its packets are read without their fixed header, which its connections look at: here ours does.
#[derive(Debug)]
pub struct MqttProtocolCore;

/// Reads the packet as its type and does something with it.
macro_rules! with_packet {
    ($is_v5:expr, $frame:expr, $packet:ident => $call:expr) => {{
        let frame: Frame<'_> = $frame;
        macro_rules! parse {
            ($type:ty) => {{
                let ($packet, _) = <$type>::parse(frame.body()).expect("a good packet");
                $call
            }};
        }
        macro_rules! publish {
            ($type:ty) => {{
                let ($packet, _) =
                    <$type>::parse(frame.flags(), Arc::from(frame.body())).expect("a good packet");
                $call
            }};
        }
        match (frame.packet_type(), $is_v5) {
            (PacketType::Connect, false) => parse!(v3_1_1::Connect),
            (PacketType::Connect, true) => parse!(v5_0::Connect),
            (PacketType::Publish, false) => publish!(v3_1_1::Publish),
            (PacketType::Publish, true) => publish!(v5_0::Publish),
            (PacketType::PubAck, false) => parse!(v3_1_1::Puback),
            (PacketType::PubAck, true) => parse!(v5_0::Puback),
            (PacketType::Subscribe, false) => parse!(v3_1_1::Subscribe),
            (PacketType::Subscribe, true) => parse!(v5_0::Subscribe),
            (PacketType::SubAck, false) => parse!(v3_1_1::Suback),
            (PacketType::SubAck, true) => parse!(v5_0::Suback),
            (PacketType::PingReq, false) => parse!(v3_1_1::Pingreq),
            (PacketType::PingReq, true) => parse!(v5_0::Pingreq),
            (other, _) => panic!("{other} is not measured"),
        }
    }};
}

impl Subject for MqttProtocolCore {
    type Stream = SliceStream<bool>;
    type Packet = Arc<dyn Fn() -> Vec<u8>>;
    type Buffer = Vec<u8>;

    fn stream(sample: &Sample, count: usize) -> Self::Stream {
        SliceStream::new(sample.version.is_v5(), sample, count)
    }

    #[inline(always)]
    fn decode(stream: &mut Self::Stream) {
        let frame = frame(stream.rest(), &Limits::default()).expect("a good header").expect("a whole packet");
        with_packet!(stream.version, frame, packet => _ = black_box(&packet));
        stream.advance(frame.bytes().len());
    }

    fn packet(sample: &Sample) -> Option<Self::Packet> {
        let frame = frame(&sample.bytes, &Limits::default()).ok()??;
        Some(with_packet!(sample.version.is_v5(), frame, packet => {
            let encode: Self::Packet = Arc::new(move || packet.to_continuous_buffer());
            encode
        }))
    }

    fn buffer(_: usize) -> Self::Buffer {
        Vec::new()
    }

    /// It makes a new buffer for each packet.
    #[inline(always)]
    fn encode(packet: Self::Packet, buffer: &mut Self::Buffer) {
        *buffer = packet();
    }

    fn encoded(buffer: Self::Buffer) -> Vec<u8> {
        buffer
    }
}
