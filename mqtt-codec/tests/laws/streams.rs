//! A stream of packets gives the same packets and the same error however it is cut into reads.

use mqtt_codec::{DecodeError, Decoder, Limits, Packet, PacketType, Version};
use proptest::prelude::*;

use crate::{encoded, made};

type Outcome<'a> = (Vec<Packet<'a>>, Option<DecodeError>, Option<Version>);

/// Feeds the stream in reads that end at these places.
fn read<'a>(mut decoder: Decoder, stream: &'a [u8], ends: impl Iterator<Item = usize>) -> Outcome<'a> {
    let mut packets = Vec::new();
    let mut taken = 0;
    for end in ends.chain([stream.len()]) {
        loop {
            match decoder.decode(&stream[taken..end.max(taken)]) {
                Ok(Some((packet, len))) => {
                    packets.push(packet);
                    taken += len;
                }
                Ok(None) => break,
                Err(error) => return (packets, Some(error), decoder.version()),
            }
        }
    }
    (packets, None, decoder.version())
}

/// Packets of one version, one behind the other, and a damaged one last.
fn stream(version: Version, seeds: &[Vec<u8>], connect_first: bool, tail: &[u8]) -> (Vec<u8>, usize) {
    let mut bytes = Vec::new();
    let mut count = 0;
    if connect_first {
        mqtt_codec::Connect::default().encode(version, &mut bytes).unwrap();
        count += 1;
    }
    for seed in seeds {
        let made = made(seed);
        // The reads of one byte would take minutes with a payload of megabytes.
        if made.version() == version && made.packet().encoded_len(version).unwrap() < 2000 {
            bytes.extend(encoded(&made));
            count += 1;
        }
    }
    bytes.extend(tail);
    (bytes, count)
}

proptest! {
    #[test]
    fn cuts_change_nothing(
        version in prop::sample::select(&Version::ALL[..]),
        seeds in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..8),
        tail in prop::collection::vec(any::<u8>(), 0..12),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        learns_version: bool,
    ) {
        let (bytes, count) = stream(version, &seeds, learns_version, &tail);
        let decoder = if learns_version {
            Decoder::new(Limits::default())
        } else {
            Decoder::with_version(version, Limits::default())
        };
        let at_once = read(decoder.clone(), &bytes, std::iter::empty());
        prop_assert!(at_once.0.len() >= count, "the packets in front of the damage come out");
        if learns_version {
            prop_assert_eq!(at_once.0[0].packet_type(), PacketType::Connect);
            prop_assert_eq!(at_once.2, Some(version));
        }
        prop_assert_eq!(&read(decoder.clone(), &bytes, 0..bytes.len()), &at_once, "byte by byte");
        let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        ends.sort_unstable();
        prop_assert_eq!(&read(decoder, &bytes, ends.into_iter()), &at_once, "in pieces");
    }
}

#[test]
fn each_single_cut_of_a_stream_with_an_error_at_its_end() {
    let mut bytes = Vec::new();
    mqtt_codec::Connect::default().encode(Version::V5, &mut bytes).unwrap();
    bytes.extend(b"\x40\x02\0\x01\xC0\0\x30\x05\0\x01a\0x\xE0\0\x36\x04\0\x01a\0");
    let at_once = read(Decoder::new(Limits::default()), &bytes, std::iter::empty());
    assert_eq!((at_once.0.len(), at_once.1.map(|error| error.offset())), (5, Some(0)));
    for cut in 0..=bytes.len() {
        assert_eq!(read(Decoder::new(Limits::default()), &bytes, [cut].into_iter()), at_once, "{cut}");
    }
}
