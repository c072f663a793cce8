//! A large PUBLISH in parts: the same as in one piece, however the bytes arrive.

use mqtt_codec::{
    DecodeError, DecodeErrorKind, EncodeError, Limits, Packet, Part, Publish, PublishHead, StreamDecoder,
    Version, frame,
};

const WHOLE_UP_TO: u32 = 20;

/// What comes out of a stream, with the pieces of a payload joined.
#[derive(Debug, PartialEq)]
struct Seen {
    packets: Vec<String>,
    error: Option<DecodeError>,
}

/// Feeds `stream` in reads of `read` bytes, through a buffer that keeps no more than it has to.
fn parts(version: Version, stream: &[u8], read: usize) -> Seen {
    let mut decoder = StreamDecoder::with_version(version, Limits::default(), WHOLE_UP_TO);
    let mut buffer = Vec::new();
    let mut seen = Seen { packets: Vec::new(), error: None };
    let mut payload = Vec::<u8>::new();
    let mut largest = 0;
    for bytes in stream.chunks(read) {
        buffer.extend(bytes);
        loop {
            let used = match decoder.decode(&buffer) {
                Ok(None) => break,
                Ok(Some((Part::Packet(packet), used))) => {
                    seen.packets.push(format!("{packet:?}"));
                    used
                }
                Ok(Some((Part::Head(head), used))) => {
                    assert_eq!(used, head.len);
                    assert!(head.publish.payload.is_empty());
                    seen.packets.push(format!(
                        "{:?} {:?} {}",
                        head.publish.topic, head.publish.delivery, head.payload_len
                    ));
                    used
                }
                Ok(Some((Part::Payload { bytes, left }, used))) => {
                    assert_eq!(used, bytes.len());
                    payload.extend(bytes);
                    if left == 0 {
                        seen.packets.push(format!("payload {:?}", std::mem::take(&mut payload)));
                    }
                    used
                }
                Err(error) => {
                    seen.error = Some(error);
                    return seen;
                }
            };
            buffer.drain(..used);
        }
        largest = largest.max(buffer.len());
    }
    assert!(largest <= 40, "{largest} bytes were held");
    seen
}

fn encode<'a>(version: Version, packet: impl Into<Packet<'a>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.into().encode(version, &mut bytes).unwrap();
    bytes
}

#[test]
fn cuts_make_no_difference() {
    static PAYLOAD: [u8; 300] = [7; 300];
    for version in Version::ALL {
        let name = mqtt_codec::TopicName::new("a/b").unwrap();
        let mut stream = Vec::new();
        for len in [0, 12, 13, 14, 20, 130, 300] {
            stream.extend(encode(version, Publish::new(name, &PAYLOAD[..len])));
            stream.extend(encode(version, Packet::PingReq));
        }
        stream.extend([0x34, 200, 1]);
        let all = parts(version, &stream, 1);
        let in_parts = if version.is_v5() { 5 } else { 4 };
        for start in ["Name(", "payload"] {
            assert_eq!(all.packets.iter().filter(|packet| packet.starts_with(start)).count(), in_parts);
        }
        assert_eq!(all.error, None, "{version}: the head of the last one is not whole");
        for read in 2..40 {
            assert_eq!(parts(version, &stream, read), all, "{version} in reads of {read}");
        }
    }
}

/// Every PUBLISH of a few bytes: its head gives the packet or the error that the whole gives.
#[test]
fn a_head_says_what_the_whole_says() {
    let bodies: &[&[u8]] = &[
        b"",
        b"\0",
        b"\0\x03a/b",
        b"\0\x03a/b\0\x01",
        b"\0\x03a/b\0\x01\0hi",
        b"\0\x03a/b\0\0\0hi",
        b"\0\x03a/b\0",
        b"\0\x03a/+hi",
        b"\0\x09a/b",
        b"\0\0\0\x01\x03\x23\0\x01hi",
        b"\0\0\x03\x23\0\x01hi",
        b"\0\0\0hi",
        b"\0\x01a\0\x01\x80",
        b"\0\x01a\0\x01\x80\x80\x80\x80\x80",
        b"\0\x01a\0\x01\x80\0hi",
        b"\0\x01a\0\x01\x09\x01\x01hi",
        b"\0\x01a\0\x01\x02\x01\x02hi",
        b"\0\x01a\0\x01\x02\x26\0hi",
        b"\0\x01a\0\x01\x02\x01\x01",
        b"\0\x01a\x02\x01\x01",
        b"\0\x01a\0\x01",
    ];
    for version in Version::ALL {
        for body in bodies {
            for flags in 0..16 {
                let bytes = [&[0x30 | flags, u8::try_from(body.len()).unwrap()], *body].concat();
                let whole = Publish::decode(version, frame(&bytes, &Limits::default()).unwrap().unwrap());
                let head = PublishHead::decode(version, &bytes, &Limits::default());
                match (whole, head) {
                    (Ok(whole), Ok(Some(head))) => {
                        assert_eq!(Publish { payload: whole.payload, ..head.publish }, whole);
                        assert_eq!(&bytes[head.len..], whole.payload);
                        assert_eq!(usize::try_from(head.payload_len).unwrap(), whole.payload.len());
                        for end in 0..head.len {
                            let early = PublishHead::decode(version, &bytes[..end], &Limits::default());
                            assert_eq!(early, Ok(None), "{bytes:02X?} at {end}");
                        }
                        let early = PublishHead::decode(version, &bytes[..head.len], &Limits::default());
                        assert_eq!(early, Ok(Some(head)));
                    }
                    (Err(whole), Err(head)) => assert_eq!(whole, head, "{version} {bytes:02X?}"),
                    (whole, head) => panic!("{version} {bytes:02X?}: {whole:?}, {head:?}"),
                }
            }
        }
    }
}

#[test]
fn a_property_length_of_five_bytes_is_refused_before_the_packet_is_there() {
    let bytes = b"\x30\xFF\xFF\xFF\x7F\0\x01a\x80\x80\x80\x80";
    let error = PublishHead::decode(Version::V5, bytes, &Limits::default()).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (DecodeErrorKind::VarintTooLong, 8));
}

/// A length that runs past the packet is refused when it has come, with the error of the whole packet.
#[test]
fn a_length_that_cannot_be_is_not_waited_for() {
    let cases: [(&[u8], DecodeErrorKind, u32); 3] = [
        (
            b"\x30\xFF\xFF\x03\0\x01a\xFF\xFF\xFF\x7F",
            DecodeErrorKind::Truncated { needed: 268_435_455, left: 65_528 },
            11,
        ),
        (
            b"\x32\xFF\xFF\x03\0\x01a\0\x01\xFF\xFF\x03",
            DecodeErrorKind::Truncated { needed: 65_535, left: 65_527 },
            12,
        ),
        (b"\x30\x90\x4E\xFF\xFF", DecodeErrorKind::Truncated { needed: 65_535, left: 9_998 }, 5),
    ];
    for (front, kind, offset) in cases {
        for end in 0..front.len() {
            let early = PublishHead::decode(Version::V5, &front[..end], &Limits::default());
            assert_eq!(early, Ok(None), "{front:02X?} at {end}");
        }
        let error = PublishHead::decode(Version::V5, front, &Limits::default()).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{front:02X?}");
        let mut whole = front.to_vec();
        whole.resize(100_000, 0);
        let frame = frame(&whole, &Limits::default()).unwrap().unwrap();
        assert_eq!(Publish::decode(Version::V5, frame), Err(error), "{front:02X?}");
    }
    // The fixed header alone, and a length in too many bytes.
    let fixed = PublishHead::decode(Version::V5, b"\x36\xFF\xFF\xFF\x7F", &Limits::default()).unwrap_err();
    assert_eq!((fixed.kind(), fixed.offset()), (DecodeErrorKind::QoS, 0));
    let overlong = b"\x30\xFF\xFF\xFF\x7F\0\x01a\xFF\xFF\xFF\0";
    let error = PublishHead::decode(Version::V5, overlong, &Limits::default()).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (DecodeErrorKind::NotMinimal { needed: 3, found: 4 }, 8));
    // Of two errors, the first.
    let error =
        PublishHead::decode(Version::V5, b"\x30\xFF\xFF\x03\0\x01#\xFF\xFF\xFF\x7F", &Limits::default());
    assert!(matches!(error.unwrap_err().kind(), DecodeErrorKind::TopicName(_)));
}

#[test]
fn a_head_is_bounded() {
    let limits = Limits { properties_size: 1_000, ..Limits::default() };
    let head = |bytes: &'static [u8]| PublishHead::decode(Version::V5, bytes, &limits);
    assert_eq!(head(b"\x30\xFF\xFF\xFF\x7F\0\x01a\xE8\x07"), Ok(None));
    let error = head(b"\x30\xFF\xFF\xFF\x7F\0\x01a\xE9\x07").unwrap_err();
    let kind = DecodeErrorKind::PropertiesTooLarge { size: 1_001, limit: 1_000 };
    assert_eq!((error.kind(), error.offset()), (kind, 8));
}

#[test]
fn a_large_publish_without_a_payload_is_a_whole_packet() {
    let mut decoder = StreamDecoder::with_version(Version::V3_1_1, Limits::default(), 4);
    let stream = b"\x30\x05\0\x03a/b\xC0\0";
    let (part, used) = decoder.decode(stream).unwrap().unwrap();
    let Part::Packet(Packet::Publish(publish)) = part else { panic!("{part:?}") };
    assert_eq!((publish.payload, used), (&b""[..], 7));
    assert_eq!(decoder.decode(&stream[used..]), Ok(Some((Part::Packet(Packet::PingReq), 2))));
}

/// A message is passed on, in another version, before its payload has come.
#[test]
fn a_head_is_encoded_for_the_payload_that_follows() {
    let bytes = encode(Version::V5, Publish::new(mqtt_codec::TopicName::new("a/b").unwrap(), &[7; 300]));
    let (head, _) = bytes.split_at(bytes.len() - 290);
    let head = PublishHead::decode(Version::V5, head, &Limits::default()).unwrap().unwrap();
    for version in Version::ALL {
        let expected = encode(version, Publish { payload: &[7; 300], ..head.publish });
        let mut appended = Vec::new();
        head.encode(version, &mut appended).unwrap();
        assert_eq!([&appended[..], &[7; 300]].concat(), expected);
        let mut buffer = [0; 20];
        let len = head.encode_to_slice(version, &mut buffer).unwrap();
        assert_eq!(buffer[..len], appended);
        let publish = Publish { payload: &[7; 300], ..head.publish };
        assert_eq!(publish.encode_head_to_slice(version, &mut buffer), publish.head_len(version));
        assert_eq!(buffer[..len], appended);
        let error = EncodeError::BufferTooSmall { needed: len, available: len - 1 };
        assert_eq!(head.encode_to_slice(version, &mut buffer[..len - 1]), Err(error));
    }
    let endless = PublishHead { payload_len: u32::MAX, ..head };
    let error = endless.encode(Version::V5, &mut Vec::new());
    assert!(matches!(error, Err(EncodeError::PacketTooLarge { .. })));
}

#[test]
fn the_remaining_length_is_that_of_the_packet_and_not_of_its_head() {
    // 10,752 in three bytes, which needs two.
    let head = PublishHead::decode(Version::V5, b"\x30\x80\xD4\x00\0\x01a\0", &Limits::default());
    assert_eq!(head.unwrap_err().kind(), DecodeErrorKind::NotMinimal { needed: 2, found: 3 });
}

#[test]
fn other_packets_have_no_head() {
    let error = PublishHead::decode(Version::V5, b"\xC0\0", &Limits::default()).unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::WrongPacketType { .. }));
}

#[test]
fn a_property_length_that_has_come_in_part_needs_more() {
    let name = mqtt_codec::TopicName::new("a").unwrap();
    let text = "x".repeat(200);
    let mut publish = Publish::new(name, b"payload");
    publish.properties.content_type = Some(&text);
    let mut bytes = Vec::new();
    publish.encode(Version::V5, &mut bytes).unwrap();
    let head_len = bytes.len() - 7;
    for end in 0..head_len {
        assert_eq!(PublishHead::decode(Version::V5, &bytes[..end], &Limits::default()), Ok(None), "{end}");
    }
    let head = PublishHead::decode(Version::V5, &bytes[..head_len], &Limits::default()).unwrap().unwrap();
    assert_eq!((head.len, head.payload_len), (head_len, 7));
    assert_eq!(head.publish.properties, publish.properties);
}

#[test]
fn the_version_comes_with_connect() {
    let mut decoder = StreamDecoder::new(Limits::default(), WHOLE_UP_TO);
    assert_eq!(decoder.version(), None);
    let connect = b"\x10\x0E\0\x04MQTT\x04\x02\0\x3C\0\x02c1";
    assert_eq!(decoder.decode(&connect[..10]), Ok(None));
    let (part, used) = decoder.decode(connect).unwrap().unwrap();
    assert!(matches!(part, Part::Packet(Packet::Connect(_))));
    assert_eq!((used, decoder.version()), (connect.len(), Some(Version::V3_1_1)));
    let mut first = StreamDecoder::new(Limits::default(), WHOLE_UP_TO);
    let error = first.decode(b"\x30").unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::NotConnect { found: 0x30 });
}
