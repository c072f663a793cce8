use arbitrary::{Arbitrary, Unstructured};
use mqtt_codec::{ArbitraryPacket, Limits, Packet, frame};

use crate::decode::{decode, encode};

/// Takes the input as the makings of a legal packet.
///
/// It encodes, to exactly as many bytes as foretold, and these decode to the same packet and pass all that
/// [`decode`](crate::decode) asks.
pub fn structured(input: &[u8]) {
    let Ok(made) = ArbitraryPacket::arbitrary(&mut Unstructured::new(input)) else { return };
    let (version, packet) = (made.version(), made.packet());
    let bytes = encode(&packet, version).expect("a legal packet encodes");
    let found = frame(&bytes, &Limits::default()).expect("a good header").expect("whole");
    assert_eq!(Packet::decode(version, found), Ok(packet), "{version}");
    for end in (0..bytes.len().min(8)).chain([bytes.len() - 1]) {
        assert!(matches!(frame(&bytes[..end], &Limits::default()), Ok(None)), "{end} bytes need more");
    }
    // Megabytes would only make it slow.
    if bytes.len() < 4096 {
        decode(&bytes);
    }
}
