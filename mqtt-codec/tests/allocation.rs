//! Decoding, looking at, encoding and refusing packets allocates nothing.

use std::fmt::{self, Write};

use allocation_counter::measure;
use arbitrary::{Arbitrary, Unstructured};
use mqtt_codec::{
    ArbitraryPacket, Decoder, Limits, MessageProperties, Packet, PacketType, PublishHead, StreamDecoder,
    Version, frame,
};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};

const SEEDS: usize = 5_000;

/// Takes text and keeps its length.
#[derive(Default)]
struct Count(usize);

impl Write for Count {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

/// Decodes, walks the lists by comparing, encodes, and tells the error if there is one.
fn use_everything(version: Version, bytes: &[u8], buffer: &mut [u8], text: &mut Count) {
    let mut decoder = Decoder::with_version(version, Limits::default());
    let outcome = decoder.decode(bytes);
    let framed = frame(bytes, &Limits::default());
    let packet = match (outcome, framed) {
        (Ok(Some((packet, _))), Ok(Some(framed))) => {
            assert!(Packet::decode(version, framed) == Ok(packet));
            packet
        }
        (Err(error), _) => {
            write!(text, "{error} {error:?} {} {:?}", error.reason_code(), error.statement(version)).unwrap();
            return;
        }
        _ => return,
    };
    write!(text, "{packet:?} {packet}").unwrap();
    if let Packet::Publish(publish) = packet {
        let head = PublishHead::decode(version, bytes, &Limits::default()).unwrap().unwrap();
        assert!(head.encode_to_slice(version, buffer) == publish.head_len(version));
        let mut stream = StreamDecoder::with_version(version, Limits::default(), 0);
        let mut rest = bytes;
        while let Some((_, used)) = stream.decode(rest).unwrap() {
            rest = &rest[used..];
        }
        let mut space = &mut buffer[..];
        publish.properties.encode(&mut space).unwrap();
        let left = space.len();
        let used = buffer.len() - left;
        assert!(MessageProperties::decode(&buffer[..used]) == Ok(publish.properties));
    }
    for other in Version::ALL {
        match packet.encode_to_slice(other, buffer) {
            Ok(len) => assert!(packet.encoded_len(other) == Ok(len)),
            Err(error) => write!(text, "{error} {error:?}").unwrap(),
        }
    }
    if let Err(error) = packet.encode_to_slice(version, &mut buffer[..1]) {
        write!(text, "{error}").unwrap();
    }
}

#[test]
fn nothing_is_allocated() {
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]);
    let mut buffer = vec![0; 8 << 20];
    let mut text = Count::default();
    let mut kinds = [[0; 16]; 3];
    let mut refused = 0;
    for _ in 0..SEEDS {
        let mut seed = [0; 150];
        rng.fill_bytes(&mut seed);
        let made = ArbitraryPacket::arbitrary(&mut Unstructured::new(&seed)).unwrap();
        let (version, packet) = (made.version(), made.packet());
        // Of the long ones, Debug takes its time.
        let len = packet.encoded_len(version).unwrap();
        if len > 10_000 {
            continue;
        }
        let mut bytes = vec![0; len];
        packet.encode_to_slice(version, &mut bytes).unwrap();
        kinds[version as usize - 3][packet.packet_type() as usize] += 1;
        let info = measure(|| use_everything(version, &bytes, &mut buffer, &mut text));
        assert_eq!(info.count_total, 0, "{version} {packet:?}");

        // And a damaged one.
        let at = usize::from(seed[0]) % len;
        bytes[at] ^= seed[1];
        refused += usize::from(Decoder::with_version(version, Limits::default()).decode(&bytes).is_err());
        let info = measure(|| use_everything(version, &bytes, &mut buffer, &mut text));
        assert_eq!(info.count_total, 0, "{version} {bytes:02X?}");
    }
    for (version, kinds) in Version::ALL.into_iter().zip(kinds) {
        let last = if version.is_v5() { PacketType::Auth } else { PacketType::Disconnect };
        assert!(kinds[1..=last as usize].iter().all(|&count| count > 5), "{version}: {kinds:?}");
    }
    assert!(refused > 500 && text.0 > 100_000, "{refused} errors, {} bytes of text", text.0);
}

/// The counter counts.
#[test]
fn an_allocation_is_seen() {
    assert_eq!(measure(|| drop(std::hint::black_box(Box::new(1)))).count_total, 1);
}
