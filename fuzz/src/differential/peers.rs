//! The peers: each reads one whole packet and writes it again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::BytesMut;
use mqtt_codec::{Frame, PacketType, Version};
use mqtt_protocol_core::mqtt::packet::{v3_1_1, v5_0};
use tokio_util::codec::{Decoder, Encoder};

/// An independent codec of 3.1.1 and 5.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Peer {
    /// rmqtt-codec.
    Rmqtt,
    /// mqtt-proto.
    MqttProto,
    /// mqtt-protocol-core. Its packets are read without their fixed header, which its connections look at.
    ProtocolCore,
}

/// What a peer makes of a packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is read, and written again as these bytes.
    Accepted(Vec<u8>),
    /// It is read, and the same peer refuses to write it.
    Unwritable,
    /// It is refused.
    Refused,
    /// The peer wants more bytes than the packet has.
    Waits,
    /// The peer panics.
    Panics,
}

impl Peer {
    pub(super) const ALL: [Self; 3] = [Self::Rmqtt, Self::MqttProto, Self::ProtocolCore];

    /// Has the peer read the packet and write it again.
    pub(super) fn judge(self, version: Version, frame: Frame<'_>) -> Verdict {
        let judge = || match (self, version) {
            (Self::Rmqtt, Version::V5) => rmqtt(rmqtt_codec::v5::Codec::default(), frame.bytes()),
            (Self::Rmqtt, _) => rmqtt(rmqtt_codec::v3::Codec::default(), frame.bytes()),
            (Self::MqttProto, Version::V5) => match mqtt_proto::v5::Packet::decode(frame.bytes()) {
                Ok(Some(packet)) => written(packet.encode()),
                Ok(None) => Verdict::Waits,
                Err(_) => Verdict::Refused,
            },
            (Self::MqttProto, _) => match mqtt_proto::v3::Packet::decode(frame.bytes()) {
                Ok(Some(packet)) => written(packet.encode()),
                Ok(None) => Verdict::Waits,
                Err(_) => Verdict::Refused,
            },
            (Self::ProtocolCore, _) => protocol_core(version, frame),
        };
        catch_unwind(AssertUnwindSafe(judge)).unwrap_or(Verdict::Panics)
    }
}

fn written<E>(bytes: Result<impl AsRef<[u8]>, E>) -> Verdict {
    bytes.map_or(Verdict::Unwritable, |bytes| Verdict::Accepted(bytes.as_ref().to_vec()))
}

fn rmqtt<C, P>(mut codec: C, bytes: &[u8]) -> Verdict
where
    C: Decoder<Item = (P, u32)> + Encoder<P>,
{
    let mut buffer = BytesMut::from(bytes);
    match codec.decode(&mut buffer) {
        Ok(Some((packet, _))) => {
            let mut out = BytesMut::new();
            written(codec.encode(packet, &mut out).map(|()| out))
        }
        Ok(None) => Verdict::Waits,
        Err(_) => Verdict::Refused,
    }
}

fn protocol_core(version: Version, frame: Frame<'_>) -> Verdict {
    let body = frame.body();
    macro_rules! parse {
        ($packet:ty) => {
            match <$packet>::parse(body) {
                Ok((packet, used)) if used == body.len() => Verdict::Accepted(packet.to_continuous_buffer()),
                _ => Verdict::Refused,
            }
        };
    }
    macro_rules! publish {
        ($packet:ty) => {
            match <$packet>::parse(frame.flags(), Arc::from(body)) {
                Ok((packet, used)) if used == body.len() => Verdict::Accepted(packet.to_continuous_buffer()),
                _ => Verdict::Refused,
            }
        };
    }
    match (version.is_v5(), frame.packet_type()) {
        (false, PacketType::Connect) => parse!(v3_1_1::Connect),
        (false, PacketType::ConnAck) => parse!(v3_1_1::Connack),
        (false, PacketType::Publish) => publish!(v3_1_1::Publish),
        (false, PacketType::PubAck) => parse!(v3_1_1::Puback),
        (false, PacketType::PubRec) => parse!(v3_1_1::Pubrec),
        (false, PacketType::PubRel) => parse!(v3_1_1::Pubrel),
        (false, PacketType::PubComp) => parse!(v3_1_1::Pubcomp),
        (false, PacketType::Subscribe) => parse!(v3_1_1::Subscribe),
        (false, PacketType::SubAck) => parse!(v3_1_1::Suback),
        (false, PacketType::Unsubscribe) => parse!(v3_1_1::Unsubscribe),
        (false, PacketType::UnsubAck) => parse!(v3_1_1::Unsuback),
        (false, PacketType::PingReq) => parse!(v3_1_1::Pingreq),
        (false, PacketType::PingResp) => parse!(v3_1_1::Pingresp),
        (false, PacketType::Disconnect) => parse!(v3_1_1::Disconnect),
        (false, PacketType::Auth) => Verdict::Refused,
        (true, PacketType::Connect) => parse!(v5_0::Connect),
        (true, PacketType::ConnAck) => parse!(v5_0::Connack),
        (true, PacketType::Publish) => publish!(v5_0::Publish),
        (true, PacketType::PubAck) => parse!(v5_0::Puback),
        (true, PacketType::PubRec) => parse!(v5_0::Pubrec),
        (true, PacketType::PubRel) => parse!(v5_0::Pubrel),
        (true, PacketType::PubComp) => parse!(v5_0::Pubcomp),
        (true, PacketType::Subscribe) => parse!(v5_0::Subscribe),
        (true, PacketType::SubAck) => parse!(v5_0::Suback),
        (true, PacketType::Unsubscribe) => parse!(v5_0::Unsubscribe),
        (true, PacketType::UnsubAck) => parse!(v5_0::Unsuback),
        (true, PacketType::PingReq) => parse!(v5_0::Pingreq),
        (true, PacketType::PingResp) => parse!(v5_0::Pingresp),
        (true, PacketType::Disconnect) => parse!(v5_0::Disconnect),
        (true, PacketType::Auth) => parse!(v5_0::Auth),
    }
}
