//! What a receiver may refuse although the standard allows it.

use mqtt_codec::{DecodeError, DecodeErrorKind, Limits, Packet, ReasonCode, Version, frame};

fn refuse_discouraged() -> Limits {
    Limits { discouraged_characters: false, ..Limits::default() }
}

fn decode(version: Version, bytes: &[u8], limits: &Limits) -> Result<(), DecodeError> {
    let frame = frame(bytes, limits)?.expect("a whole packet");
    Packet::decode(version, frame).map(|_| ())
}

fn publish(topic: &str) -> Vec<u8> {
    let len = u8::try_from(topic.len()).unwrap();
    [&[0x30, len + 2, 0, len], topic.as_bytes()].concat()
}

#[test]
fn discouraged_characters_are_refused_where_they_stand() {
    for char in [
        '\u{1}',
        '\u{1F}',
        '\u{7F}',
        '\u{80}',
        '\u{9F}',
        '\u{FDD0}',
        '\u{FDEF}',
        '\u{FFFE}',
        '\u{FFFF}',
        '\u{1FFFE}',
        '\u{10FFFF}',
    ] {
        let bytes = publish(&format!("a/ü{char}"));
        assert_eq!(decode(Version::V3_1_1, &bytes, &Limits::default()), Ok(()), "{char:?}");
        let error = decode(Version::V3_1_1, &bytes, &refuse_discouraged()).unwrap_err();
        assert_eq!(error.kind(), DecodeErrorKind::DiscouragedCharacter { found: char });
        assert_eq!((error.offset(), error.reason_code()), (8, ReasonCode::MalformedPacket));
    }
}

#[test]
fn other_characters_are_not() {
    for char in [' ', '~', '\u{A0}', '\u{FDCF}', '\u{FDF0}', '\u{FEFF}', '\u{FFFD}', '\u{1FFFD}', '\u{20000}']
    {
        let bytes = publish(&format!("a/{char}"));
        assert_eq!(decode(Version::V3_1_1, &bytes, &refuse_discouraged()), Ok(()), "{char:?}");
    }
}

#[test]
fn discouraged_characters_are_refused_in_every_string() {
    let connect = |client_id: &str, user_name: &str| {
        let mut body = b"\0\x04MQTT\x05\x82\0\0\0".to_vec();
        for text in [client_id, user_name] {
            body.extend([0, u8::try_from(text.len()).unwrap()]);
            body.extend(text.as_bytes());
        }
        [&[0x10, u8::try_from(body.len()).unwrap()], &body[..]].concat()
    };
    let kind =
        |bytes: &[u8]| decode(Version::V5, bytes, &refuse_discouraged()).err().map(|error| error.kind());
    let tab = Some(DecodeErrorKind::DiscouragedCharacter { found: '\t' });
    assert_eq!(kind(&connect("a", "b")), None);
    assert_eq!(kind(&connect("\t", "b")), tab);
    assert_eq!(kind(&connect("a", "b\t")), tab);
    // A filter, a User Property, a Response Topic.
    assert_eq!(kind(b"\x82\x07\0\x01\0\0\x01\t\0"), tab);
    assert_eq!(kind(b"\x30\x0B\0\x01a\x07\x26\0\x01\t\0\x01b"), tab);
    assert_eq!(kind(b"\x30\x08\0\x01a\x04\x08\0\x01\t"), tab);
    assert_eq!(kind(b"\x30\x05\0\x01a\0\t"), None, "a payload is not a string");
}

#[test]
fn overlong_lengths_are_refused_in_3_x_too() {
    let bytes = [0xC0, 0x80, 0x00];
    let strict = Limits { overlong_lengths: false, ..Limits::default() };
    for version in [Version::V3_1, Version::V3_1_1] {
        assert_eq!(decode(version, &bytes, &Limits::default()), Ok(()));
        let error = decode(version, &bytes, &strict).unwrap_err();
        assert_eq!(error.kind(), DecodeErrorKind::NotMinimal { needed: 1, found: 2 });
        assert_eq!(decode(version, &[0xC0, 0], &strict), Ok(()));
    }
}
