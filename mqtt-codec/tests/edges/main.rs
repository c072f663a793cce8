//! What versions do not share, long lists, and what must not be sent: each case by itself.

mod decoding;
mod encoding;
mod versions;

use hex_literal::hex;
use mqtt_codec::{DecodeErrorKind as Kind, *};

fn decode_within<'a>(limits: &Limits, version: Version, bytes: &'a [u8]) -> Result<Packet<'a>, DecodeError> {
    let frame = frame(bytes, limits)?.expect("a whole packet");
    assert_eq!(frame.bytes(), bytes);
    Packet::decode(version, frame)
}

fn decode(version: Version, bytes: &[u8]) -> Result<Packet<'_>, DecodeError> {
    decode_within(&Limits::default(), version, bytes)
}

/// What is wrong, at which byte, and the reason code that answers it.
#[track_caller]
fn refused(version: Version, bytes: &[u8]) -> (Kind, u32, u8) {
    let error = decode(version, bytes).expect_err("must be refused");
    (error.kind(), error.offset(), error.reason_code().as_u8())
}

#[track_caller]
fn encode<'a>(version: Version, packet: impl Into<Packet<'a>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.into().encode(version, &mut bytes).unwrap();
    bytes
}

/// No way to encode does it, and nothing is written.
#[track_caller]
fn unencodable<'a>(version: Version, packet: impl Into<Packet<'a>>) -> EncodeError {
    let packet = packet.into();
    let error = packet.encoded_len(version).expect_err("must be refused");
    let mut appended = Vec::new();
    assert_eq!(packet.encode(version, &mut appended), Err(error));
    assert!(appended.is_empty());
    let mut buffer = [0xAA; 64];
    assert_eq!(packet.encode_to_slice(version, &mut buffer), Err(error));
    assert_eq!(buffer, [0xAA; 64]);
    error
}

fn name(text: &str) -> &TopicName {
    TopicName::new(text).unwrap()
}

fn filter(text: &str) -> &TopicFilter {
    TopicFilter::new(text).unwrap()
}

fn accept() -> ConnAck<'static> {
    ConnAck::refuse(ReasonCode::Success)
}

fn subscribe<'a>(subscriptions: &'a [Subscription<'a>]) -> Subscribe<'a> {
    Subscribe {
        packet_id: PacketId::MIN,
        subscription_id: None,
        user_properties: UserProperties::default(),
        subscriptions: subscriptions.into(),
    }
}

fn will(payload: &[u8]) -> Will<'_> {
    Will {
        topic: name("w"),
        payload,
        qos: QoS::AtMostOnce,
        retain: false,
        delay_interval: None,
        properties: MessageProperties::default(),
    }
}

const V3: [Version; 2] = [Version::V3_1, Version::V3_1_1];
