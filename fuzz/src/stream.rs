use mqtt_codec::{DecodeError, Decoder, Limits, Packet, Part, Publish, StreamDecoder, Version};

/// A stream gives the same packets and the same error however it is cut into reads, and also if large PUBLISH packets come
/// in parts.
///
/// The first byte chooses the decoder: its version (low two bits, 0 to learn it from CONNECT), up to how many bytes a
/// PUBLISH comes as a whole (the next two bits, 0 for none) and small limits (bit 7). The second is the number of reads, 15 at most, then come their lengths, repeated as needed, then the stream.
pub fn stream(input: &[u8]) {
    let [setup, reads, rest @ ..] = input else { return };
    let reads = usize::from(reads % 16).min(rest.len());
    let (reads, stream) = rest.split_at(reads);
    let limits = match setup & 0x80 {
        0 => Limits::default(),
        _ => Limits {
            packet_size: 64,
            properties_size: 24,
            user_properties: 2,
            filters: 2,
            subscription_ids: 2,
            ..Limits::default()
        },
    };
    let whole_up_to = [0, 16, 80, 200][usize::from(setup >> 2 & 0b11)];
    let (decoder, in_parts) = match setup & 0b11 {
        0 => (Decoder::new(limits), StreamDecoder::new(limits, whole_up_to)),
        version => {
            let version = [Version::V3_1, Version::V3_1_1, Version::V5][usize::from(version) - 1];
            let in_parts = StreamDecoder::with_version(version, limits, whole_up_to);
            (Decoder::with_version(version, limits), in_parts)
        }
    };
    let reads = || reads.iter().map(|&len| usize::from(len)).cycle().take(input.len()).chain([stream.len()]);
    let at_once = run(decoder.clone(), stream, [stream.len()]);
    assert_eq!(run(decoder.clone(), stream, std::iter::repeat(1)), at_once, "byte by byte");
    assert_eq!(run(decoder.clone(), stream, reads()), at_once, "in pieces");

    let parts = run_in_parts(in_parts.clone(), stream, [stream.len()]);
    assert_eq!(run_in_parts(in_parts.clone(), stream, std::iter::repeat(1)), parts, "parts byte by byte");
    assert_eq!(run_in_parts(in_parts, stream, reads()), parts, "parts in pieces");
    if parts.error.is_some() && at_once.error.is_none() {
        // A head shows what is wrong before its packet is whole. With all of its bytes, the packet has the same error.
        assert_eq!(Outcome { error: None, ..parts.clone() }, at_once, "before the wrong head");
        let mut whole = parts.left.to_vec();
        whole.resize(whole.len().max(1 << 17), 0);
        let decoder = parts.version.map_or(decoder, |version| Decoder::with_version(version, limits));
        if let Some(error) = run(decoder, &whole, [whole.len()]).error {
            assert_eq!(parts.error, Some(error), "the head of {:02X?}", parts.left);
        }
    } else {
        assert_eq!(parts, at_once, "in parts");
    }
}

/// What came out: the packets, why it ended, and the bytes that were left over.
#[derive(Clone, Debug, PartialEq)]
struct Outcome<'a> {
    packets: Vec<Packet<'a>>,
    version: Option<Version>,
    error: Option<DecodeError>,
    left: &'a [u8],
}

fn run(mut decoder: Decoder, stream: &[u8], reads: impl IntoIterator<Item = usize>) -> Outcome<'_> {
    let mut packets = Vec::new();
    let mut error = None;
    let (mut taken, mut arrived) = (0, 0);
    'reads: for read in reads {
        arrived = (arrived + read).min(stream.len());
        loop {
            match decoder.decode(&stream[taken..arrived]) {
                Ok(Some((packet, len))) => {
                    assert!(len <= arrived - taken, "{packet:?} takes {len} of {} bytes", arrived - taken);
                    packets.push(packet);
                    taken += len;
                }
                Ok(None) => break,
                Err(found) => {
                    error = Some(found);
                    break 'reads;
                }
            }
        }
        if arrived == stream.len() {
            break;
        }
    }
    Outcome { packets, version: decoder.version(), error, left: &stream[taken..] }
}

/// The same with the streaming decoder: packets that come in parts are put together, and one of which parts are missing is
/// left over as a whole.
fn run_in_parts(
    mut decoder: StreamDecoder,
    stream: &[u8],
    reads: impl IntoIterator<Item = usize>,
) -> Outcome<'_> {
    let mut packets = Vec::new();
    let mut error = None;
    // Where the head and the payload of a packet began, of which parts are missing.
    let mut open: Option<(Publish<'_>, usize, usize)> = None;
    let (mut taken, mut arrived) = (0, 0);
    'reads: for read in reads {
        arrived = (arrived + read).min(stream.len());
        loop {
            match decoder.decode(&stream[taken..arrived]) {
                Ok(Some((part, len))) => {
                    let start = taken;
                    taken += len;
                    assert!(taken <= arrived, "{part:?} takes {len} bytes");
                    let left = match part {
                        Part::Packet(packet) => {
                            assert!(open.is_none(), "{packet:?} within a payload");
                            packets.push(packet);
                            continue;
                        }
                        Part::Head(head) => {
                            assert!(open.is_none() && head.len == len && head.publish.payload.is_empty());
                            assert!(head.payload_len > 0);
                            open = Some((head.publish, start, taken));
                            head.payload_len
                        }
                        Part::Payload { bytes, left } => {
                            assert!(!bytes.is_empty() && *bytes == stream[start..taken]);
                            left
                        }
                    };
                    let (publish, _, payload_at) = open.expect("a head came first");
                    if left == 0 {
                        packets.push(Publish { payload: &stream[payload_at..taken], ..publish }.into());
                        open = None;
                    }
                }
                Ok(None) => break,
                Err(found) => {
                    error = Some(found);
                    break 'reads;
                }
            }
        }
        if arrived == stream.len() {
            break;
        }
    }
    let left_at = open.map_or(taken, |(_, start, _)| start);
    Outcome { packets, version: decoder.version(), error, left: &stream[left_at..] }
}
