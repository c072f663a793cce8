//! Through `Framed`: packets in any cut, and errors with what was good before them.

use bytes::{Bytes, BytesMut};
use mqtt_codec::{CodecError, ConnAck, DecodeErrorKind, Limits, Packet, PacketCodec, PacketType, Version};
use tokio_util::codec::{Decoder as _, Encoder as _};

#[test]
fn packets_come_out_of_every_cut() {
    let stream = b"\x10\x0F\0\x04MQTT\x05\x02\0\x3C\0\0\x02c1\xC0\0\x30\x08\0\x03a/b\0hi\xE0\0\xC1\0";
    for read in 1..stream.len() {
        let mut codec = PacketCodec::new(Limits::default());
        let mut buffer = BytesMut::new();
        let mut packets = Vec::new();
        let mut error = None;
        for bytes in stream.chunks(read) {
            buffer.extend_from_slice(bytes);
            loop {
                match codec.decode(&mut buffer) {
                    Ok(None) => break,
                    Ok(Some(packet)) => packets.push(packet),
                    Err(CodecError::Decode(failed)) => {
                        error = error.or_else(|| Some(failed.kind()));
                        break;
                    }
                    Err(other) => panic!("{other}"),
                }
            }
        }
        assert_eq!(error, Some(DecodeErrorKind::Flags { expected: 0, found: 1 }));
        let types: Vec<_> = packets.iter().map(|packet| packet.packet().packet_type().name()).collect();
        assert_eq!(types, ["CONNECT", "PINGREQ", "PUBLISH", "DISCONNECT"], "reads of {read}");
        let all: Vec<u8> = packets.iter().flat_map(|packet| packet.bytes().to_vec()).collect();
        assert_eq!(all, stream[..stream.len() - 2]);
        assert!(packets.iter().all(|packet| packet.version() == Version::V5));
    }
}

#[test]
fn nothing_is_copied() {
    let mut buffer = BytesMut::from(&b"\x30\x07\0\x03a/bhi"[..]);
    let at = buffer.as_ptr();
    let mut codec = PacketCodec::with_version(Version::V3_1_1, Limits::default());
    let packet = codec.decode(&mut buffer).unwrap().unwrap();
    assert_eq!(packet.bytes().as_ptr(), at);
    let Packet::Publish(publish) = packet.packet() else { panic!() };
    assert_eq!(Bytes::slice_ref(packet.bytes(), publish.payload), "hi");
}

#[test]
fn a_server_cannot_send_before_it_knows_the_version() {
    let mut codec = PacketCodec::new(Limits::default());
    let mut buffer = BytesMut::new();
    assert!(matches!(codec.encode(Packet::PingResp, &mut buffer), Err(CodecError::VersionUnknown)));
    codec.decode(&mut BytesMut::from(&b"\x10\x0E\0\x04MQTT\x04\x02\0\x3C\0\x02c1"[..])).unwrap().unwrap();
    codec.encode(Packet::PingResp, &mut buffer).unwrap();
    assert_eq!(&buffer[..], [0xD0, 0]);
}

/// MQTT 3.1.1 MQTT-3.1.2-2: 20 02 00 01, then close.
#[test]
fn a_connect_of_an_unknown_version_is_refused_in_a_known_one() {
    let mut codec = PacketCodec::new(Limits::default());
    let connect = b"\x10\x0E\0\x04MQTT\x06\x02\0\x3C\0\x02c1";
    let Err(CodecError::Decode(error)) = codec.decode(&mut BytesMut::from(&connect[..])) else { panic!() };
    let refusal = ConnAck::refuse(error.reason_code_in(PacketType::ConnAck));
    let mut buffer = BytesMut::new();
    codec.encode((Version::V3_1_1, refusal.into()), &mut buffer).unwrap();
    assert_eq!(&buffer[..], b"\x20\x02\0\x01");
}
