use mqtt_codec::{DecodeError, Decoder, Limits, Packet, Version};

/// A stream gives the same packets and the same error however it is cut into reads.
///
/// The first byte chooses the decoder: its version (low two bits, 0 to learn it from CONNECT) and small limits (bit 7).
/// The second is the number of reads, 15 at most, then come their lengths, repeated as needed, then the stream.
pub fn stream(input: &[u8]) {
    let [setup, reads, rest @ ..] = input else { return };
    let reads = usize::from(reads % 16).min(rest.len());
    let (reads, stream) = rest.split_at(reads);
    let limits = match setup & 0x80 {
        0 => Limits::default(),
        _ => Limits {
            packet_size: 64,
            user_properties: 2,
            filters: 2,
            subscription_ids: 2,
            ..Limits::default()
        },
    };
    let decoder = match setup & 0b11 {
        0 => Decoder::new(limits),
        1 => Decoder::with_version(Version::V3_1, limits),
        2 => Decoder::with_version(Version::V3_1_1, limits),
        _ => Decoder::with_version(Version::V5, limits),
    };
    let at_once = run(decoder.clone(), stream, [stream.len()]);
    assert_eq!(run(decoder.clone(), stream, std::iter::repeat(1)), at_once, "byte by byte");
    let reads = reads.iter().map(|&len| usize::from(len)).cycle().take(input.len());
    assert_eq!(run(decoder, stream, reads.chain([stream.len()])), at_once, "in pieces");
}

/// What came out: the packets, why it ended, and the bytes that were left over.
#[derive(Debug, PartialEq)]
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
