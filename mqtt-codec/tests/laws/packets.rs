//! Any legal packet: encodes and decodes to itself, exactly, and not from less than all of its bytes.

use bytes::{BufMut, BytesMut};
use mqtt_codec::{EncodeError, Limits, Packet, frame};
use proptest::prelude::*;

use crate::{bytes::check, encoded, made};

/// All lengths of a short packet and some of a long one.
fn shorter_lengths(len: usize) -> impl Iterator<Item = usize> {
    let step = (len / 200).max(1);
    (0..len.min(16)).chain((0..len).step_by(step)).chain(len.saturating_sub(3)..len)
}

proptest! {
    #[test]
    fn round_trips(seed in prop::collection::vec(any::<u8>(), 0..300)) {
        let made = made(&seed);
        let (version, packet) = (made.version(), made.packet());
        let bytes = encoded(&made);
        let found = frame(&bytes, &Limits::default()).unwrap().expect("whole");
        prop_assert_eq!(found.bytes().len(), bytes.len());
        prop_assert_eq!(found.packet_type(), packet.packet_type());
        prop_assert_eq!(Packet::decode(version, found), Ok(packet));
        prop_assert_eq!(packet.encoded_len(version), Ok(bytes.len()));
        check(&bytes);
    }

    #[test]
    fn a_shorter_buffer_is_refused_and_left_alone(seed in prop::collection::vec(any::<u8>(), 0..300)) {
        let made = made(&seed);
        let (version, packet, bytes) = (made.version(), made.packet(), encoded(&made));
        let mut buffer = vec![0xA5; bytes.len() + 1];
        for available in shorter_lengths(bytes.len()) {
            let refused = Err(EncodeError::BufferTooSmall { needed: bytes.len(), available });
            prop_assert_eq!(packet.encode_to_slice(version, &mut buffer[..available]), refused);
            prop_assert!(buffer[..available].iter().all(|&byte| byte == 0xA5));
            let mut limited = BytesMut::new().limit(available);
            prop_assert_eq!(packet.encode(version, &mut limited), refused.map(|_| ()));
            prop_assert!(limited.get_ref().is_empty());
        }
        prop_assert_eq!(packet.encode_to_slice(version, &mut buffer), Ok(bytes.len()));
        prop_assert_eq!(buffer.split_last(), Some((&0xA5, &bytes[..])));
    }

    #[test]
    fn buffers_of_each_kind_get_the_same(seed in prop::collection::vec(any::<u8>(), 0..300)) {
        let made = made(&seed);
        let (version, packet, bytes) = (made.version(), made.packet(), encoded(&made));
        let mut appended = BytesMut::from(&b"before"[..]);
        packet.encode(version, &mut appended).unwrap();
        prop_assert_eq!(appended.strip_prefix(b"before"), Some(&bytes[..]));
        if let Packet::Publish(publish) = packet {
            let mut parts = BytesMut::new();
            publish.encode_head(version, &mut parts).unwrap();
            prop_assert_eq!(Ok(parts.len()), publish.head_len(version));
            parts.extend_from_slice(publish.payload);
            prop_assert_eq!(parts, bytes);
        }
    }

    #[test]
    fn a_proper_prefix_needs_more(seed in prop::collection::vec(any::<u8>(), 0..300)) {
        let bytes = encoded(&made(&seed));
        for end in shorter_lengths(bytes.len()) {
            prop_assert!(matches!(frame(&bytes[..end], &Limits::default()), Ok(None)), "{} bytes", end);
        }
    }

    #[test]
    fn damage_gives_a_verdict(
        seed in prop::collection::vec(any::<u8>(), 0..100),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = encoded(&made(&seed));
        for (index, byte) in damage {
            // Near the front, where there is more than payload.
            let end = bytes.len().min(64);
            bytes[index.index(end)] = byte;
        }
        check(&bytes);
    }
}
