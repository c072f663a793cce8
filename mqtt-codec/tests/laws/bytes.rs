//! Any bytes: a verdict and never a panic. What decodes also encodes, and decodes to the same again.

use mqtt_codec::{Limits, Packet, Version, frame};
use proptest::prelude::*;

/// A valid packet of each shape, as a start for damage.
const SEEDS: &[&[u8]] = &[
    b"\x10\x23\0\x04MQTT\x05\xEE\0\x3C\0\0\x02c1\x05\x18\0\0\0\x05\0\x03w/p\0\x01x\0\x01u\0\x01p",
    b"\x10\x18\0\x04MQTT\x04\x2E\0\x3C\0\x02c1\0\x03w/p\0\x03off",
    b"\x10\x10\0\x06MQIsdp\x03\x02\0\x3C\0\x02c1",
    b"\x20\x0C\0\0\x09\x12\0\x03abc\x21\0\x01",
    b"\x3B\x19\0\x03a/b\0\x0A\x0F\x0B\x07\x26\0\x01a\0\x01b\x0B\x80\x01\x23\0\x01hi",
    b"\x32\x09\0\x03a/b\0\x0Ahi",
    b"\x40\x0F\0\x0A\x87\x0B\x1F\0\x01x\x26\0\x01a\0\x01b",
    b"\x82\x0F\0\x0A\x02\x0B\x07\0\x01#\x2E\0\x03a/b\x01",
    b"\x90\x05\0\x0A\0\x01\x80",
    b"\xA2\x0D\0\x0B\0\0\x03a/b\0\x03c/+",
    b"\xE0\x07\0\x05\x11\0\0\0\0",
    b"\xF0\x0A\x18\x08\x15\0\x01M\x16\0\x01\x01",
];

pub(crate) fn check(bytes: &[u8]) {
    for version in Version::ALL {
        let Ok(Some(found)) = frame(bytes, &Limits::default()) else { continue };
        let Ok(packet) = Packet::decode(version, found) else { continue };
        let len = packet.encoded_len(version).unwrap_or_else(|error| panic!("{version} {packet:?}: {error}"));
        let mut buffer = vec![0; len];
        assert_eq!(packet.encode_to_slice(version, &mut buffer), Ok(len));
        let again = frame(&buffer, &Limits::default()).unwrap().expect("what we encode is whole");
        assert_eq!(again.bytes().len(), len, "the length is exact");
        assert_eq!(Packet::decode(version, again), Ok(packet));
        let mut appended = Vec::new();
        packet.encode(version, &mut appended).unwrap();
        assert_eq!(appended, buffer);
        if let Packet::Publish(publish) = packet {
            let mut head = Vec::new();
            publish.encode_head(version, &mut head).unwrap();
            assert_eq!(head.len(), publish.head_len(version).unwrap());
            head.extend(publish.payload);
            assert_eq!(head, buffer, "head and payload are the packet");
        }
    }
}

#[test]
fn seeds_are_packets() {
    for seed in SEEDS {
        let found = frame(seed, &Limits::default()).unwrap().unwrap();
        assert_eq!(found.bytes().len(), seed.len(), "{seed:02X?}");
        assert!(
            Version::ALL.into_iter().any(|version| Packet::decode(version, found).is_ok()),
            "{seed:02X?}"
        );
        check(seed);
    }
}

proptest! {
    #[test]
    fn random_bytes(first: u8, body in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut bytes = vec![first, u8::try_from(body.len()).unwrap()];
        bytes.extend(body);
        check(&bytes);
    }

    #[test]
    fn damaged_packets(
        seed in 0..SEEDS.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = SEEDS[seed].to_vec();
        for (index, byte) in damage {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(2 + cut.index(bytes.len() - 1));
            bytes[1] = u8::try_from(bytes.len() - 2).unwrap();
        }
        check(&bytes);
    }
}
