use mqtt_codec::{Limits, Packet, Version, frame};

/// Takes the input as one packet, in every version: what encodes again is a fixed point.
///
/// The bytes that a decoded packet encodes to decode and encode to the very same bytes, and are never more than the
/// input had, for an encoder writes the shortest form.
pub fn roundtrip(input: &[u8]) {
    let Ok(Some(found)) = frame(input, &Limits::default()) else { return };
    for version in Version::ALL {
        let Ok(packet) = Packet::decode(version, found) else { continue };
        let once = encode(&packet, version);
        assert!(once.len() <= found.bytes().len(), "{version} {packet:?} grew");
        let again = frame(&once, &Limits::default()).expect("a good header").expect("whole");
        let again = Packet::decode(version, again).expect("what we encode is legal");
        assert_eq!(again, packet, "{version}");
        assert_eq!(encode(&again, version), once, "{version}");
    }
}

fn encode(packet: &Packet<'_>, version: Version) -> Vec<u8> {
    let mut bytes = vec![0; packet.encoded_len(version).expect("it was decoded")];
    assert_eq!(packet.encode_to_slice(version, &mut bytes), Ok(bytes.len()));
    bytes
}
