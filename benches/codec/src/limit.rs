//! A bare borrowed reader: it makes all the checks that a decoder has to make, and says no more than yes or no.

use std::hint::black_box;

use ascii::AsciiStr;
use mqtt_codec::Version;

use crate::{Sample, SliceBuffer, SliceStream, Subject};

/// The bare reader; encoding is a copy of the bytes.
#[derive(Debug)]
pub struct Limit;

impl Subject for Limit {
    type Stream = SliceStream<bool>;
    type Packet = &'static [u8];
    type Buffer = SliceBuffer;

    fn stream(sample: &Sample, count: usize) -> Self::Stream {
        SliceStream::new(sample.version == Version::V5, sample, count)
    }

    #[inline(always)]
    fn decode(stream: &mut Self::Stream) {
        let (packet, len) = read(stream.rest(), stream.version).expect("a good packet");
        black_box(&packet);
        stream.advance(len);
    }

    fn packet(sample: &Sample) -> Option<Self::Packet> {
        Some(sample.bytes.clone().leak())
    }

    fn buffer(capacity: usize) -> Self::Buffer {
        SliceBuffer::new(capacity)
    }

    #[inline(always)]
    fn encode(packet: Self::Packet, buffer: &mut Self::Buffer) {
        buffer.space()[..packet.len()].copy_from_slice(packet);
        buffer.advance(packet.len());
    }

    fn encoded(buffer: Self::Buffer) -> Vec<u8> {
        buffer.into_written()
    }
}

/// What the reader finds.
#[expect(dead_code, reason = "a caller would read them")]
#[derive(Debug, Default)]
pub(crate) struct Found<'a> {
    topic: &'a str,
    packet_id: u16,
    keep_alive: u16,
    client_id: &'a str,
    user_name: &'a str,
    password: &'a [u8],
    payload: &'a [u8],
    /// The property list, of which all has been checked.
    properties: &'a [u8],
    /// Entries or codes, of which all have been checked.
    entries: &'a [u8],
}

/// The packet at the front of `bytes` and its length.
#[inline(always)]
fn read(bytes: &[u8], v5: bool) -> Option<(Found<'_>, usize)> {
    let (&first, rest) = bytes.split_first()?;
    let (body_len, rest) = varint(rest)?;
    let body = rest.get(..body_len)?;
    let found = match (first >> 4, first & 0x0F) {
        (1, 0) => connect(body, v5),
        (3, flags) => publish(body, flags, v5),
        (4, 0) => puback(body, v5),
        (8, 2) => subscribe(body, v5),
        (9, 0) => suback(body, v5),
        (12, 0) => body.is_empty().then(Found::default),
        _ => None,
    };
    Some((found?, bytes.len() - rest.len() + body_len))
}

#[inline(always)]
fn publish(body: &[u8], flags: u8, v5: bool) -> Option<Found<'_>> {
    let (dup, qos) = (flags & 8 != 0, flags >> 1 & 3);
    if qos == 3 || dup && qos == 0 {
        return None;
    }
    let (topic, mut rest) = text(body)?;
    if !is_topic_name(topic) {
        return None;
    }
    let mut packet_id = 0;
    if qos > 0 {
        (packet_id, rest) = id(rest)?;
    }
    let mut properties = &[][..];
    if v5 {
        (properties, rest) = list(rest, PUBLISH)?;
    }
    Some(Found { topic, packet_id, properties, payload: rest, ..Found::default() })
}

fn connect(body: &[u8], v5: bool) -> Option<Found<'_>> {
    let (level, rest) = body.strip_prefix(b"\0\x04MQTT")?.split_first()?;
    if *level != if v5 { 5 } else { 4 } {
        return None;
    }
    let (&flags, rest) = rest.split_first()?;
    let (has_will, has_password, has_user_name) = (flags & 4 != 0, flags & 0x40 != 0, flags & 0x80 != 0);
    let is_legal = flags & 1 == 0
        && flags >> 3 & 3 != 3
        && (has_will || flags & 0x38 == 0)
        && (v5 || has_user_name || !has_password);
    if !is_legal {
        return None;
    }
    let (keep_alive, mut rest) = u16_of(rest)?;
    let mut found = Found { keep_alive, ..Found::default() };
    if v5 {
        (found.properties, rest) = list(rest, CONNECT)?;
    }
    (found.client_id, rest) = checked_text(rest)?;
    if has_will {
        if v5 {
            (_, rest) = list(rest, WILL)?;
        }
        (found.topic, rest) = text(rest)?;
        if !is_topic_name(found.topic) {
            return None;
        }
        (found.payload, rest) = binary(rest)?;
    }
    if has_user_name {
        (found.user_name, rest) = checked_text(rest)?;
    }
    if has_password {
        (found.password, rest) = binary(rest)?;
    }
    rest.is_empty().then_some(found)
}

fn subscribe(body: &[u8], v5: bool) -> Option<Found<'_>> {
    let (packet_id, mut rest) = id(body)?;
    let mut properties = &[][..];
    if v5 {
        (properties, rest) = list(rest, SUBSCRIBE)?;
    }
    let entries = rest;
    if entries.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (filter, behind) = text(rest)?;
        let (&options, behind) = behind.split_first()?;
        let is_legal = match v5 {
            true => {
                options & 3 != 3 && options < 0x30 && (options & 4 == 0 || !filter.starts_with("$share/"))
            }
            false => options < 3,
        };
        if !is_legal || !is_topic_filter(filter) {
            return None;
        }
        rest = behind;
    }
    Some(Found { packet_id, properties, entries, ..Found::default() })
}

fn suback(body: &[u8], v5: bool) -> Option<Found<'_>> {
    let (packet_id, mut rest) = id(body)?;
    let mut properties = &[][..];
    if v5 {
        (properties, rest) = list(rest, ACK)?;
    }
    let is_legal = |code: &u8| match v5 {
        true => matches!(code, 0..=2 | 0x80 | 0x83 | 0x87 | 0x8F | 0x91 | 0x97 | 0x9E | 0xA1 | 0xA2),
        false => matches!(code, 0..=2 | 0x80),
    };
    let good = !rest.is_empty() && rest.iter().all(is_legal);
    good.then_some(Found { packet_id, properties, entries: rest, ..Found::default() })
}

#[inline(always)]
fn puback(body: &[u8], v5: bool) -> Option<Found<'_>> {
    let (packet_id, rest) = id(body)?;
    let found = Found { packet_id, ..Found::default() };
    match (rest, v5) {
        ([], _) => Some(found),
        ([0 | 0x10 | 0x80 | 0x83 | 0x87 | 0x90 | 0x91 | 0x97 | 0x99, list_bytes @ ..], true) => {
            match list_bytes {
                [] => Some(found),
                _ => list(list_bytes, ACK).filter(|(_, rest)| rest.is_empty()).map(|_| found),
            }
        }
        _ => None,
    }
}

/// A set of properties: a bit for each identifier.
const fn set(ids: &[u8]) -> u64 {
    let (mut set, mut at) = (0, 0);
    while at < ids.len() {
        set |= 1 << ids[at];
        at += 1;
    }
    set
}

const PUBLISH: u64 = set(&[0x01, 0x02, 0x03, 0x08, 0x09, 0x0B, 0x23, 0x26]);
const WILL: u64 = set(&[0x01, 0x02, 0x03, 0x08, 0x09, 0x18, 0x26]);
const CONNECT: u64 = set(&[0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x26, 0x27]);
const SUBSCRIBE: u64 = set(&[0x0B, 0x26]);
const ACK: u64 = set(&[0x1F, 0x26]);
/// Those that may be there more than once, if not in SUBSCRIBE.
const REPEATABLE: u64 = set(&[0x0B, 0x26]);

/// A property list, of which each property is allowed and legal, and what follows it.
fn list(bytes: &[u8], allowed: u64) -> Option<(&[u8], &[u8])> {
    if let [0, rest @ ..] = bytes {
        return Some((&[], rest));
    }
    let (len, rest) = varint(bytes)?;
    let (all, behind) = rest.split_at_checked(len)?;
    let (mut rest, mut seen) = (all, 0u64);
    while let Some((&property, value)) = rest.split_first() {
        let bit = 1u64.checked_shl(property.into())?;
        let may_repeat = REPEATABLE & bit != 0 && (bit != 1 << 0x0B || allowed == PUBLISH);
        if allowed & bit == 0 || seen & bit != 0 && !may_repeat {
            return None;
        }
        seen |= bit;
        rest = match property {
            0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28..=0x2A => match value {
                [0 | 1, rest @ ..] => rest,
                _ => return None,
            },
            0x13 | 0x22 => u16_of(value)?.1,
            0x21 | 0x23 => id(value)?.1,
            0x02 | 0x11 | 0x18 => value.get(4..)?,
            0x27 => match value {
                [0, 0, 0, 0, ..] => return None,
                _ => value.get(4..)?,
            },
            0x0B => match varint(value)? {
                (0, _) => return None,
                (_, rest) => rest,
            },
            0x09 | 0x16 => binary(value)?.1,
            0x26 => checked_text(checked_text(value)?.1)?.1,
            0x08 => {
                let (topic, rest) = text(value)?;
                if !is_topic_name(topic) {
                    return None;
                }
                rest
            }
            _ => checked_text(value)?.1,
        };
    }
    Some((all, behind))
}

/// A variable byte integer in its shortest form.
#[inline(always)]
fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match *bytes {
        [a @ 0..=0x7F, ref rest @ ..] => Some((a.into(), rest)),
        [a, b @ 1..=0x7F, ref rest @ ..] => Some((usize::from(a & 0x7F) | usize::from(b) << 7, rest)),
        [a, b @ 0x80..=0xFF, c @ 1..=0x7F, ref rest @ ..] => {
            Some((usize::from(a & 0x7F) | usize::from(b & 0x7F) << 7 | usize::from(c) << 14, rest))
        }
        [a, b @ 0x80..=0xFF, c @ 0x80..=0xFF, d @ 1..=0x7F, ref rest @ ..] => Some((
            usize::from(a & 0x7F)
                | usize::from(b & 0x7F) << 7
                | usize::from(c & 0x7F) << 14
                | usize::from(d) << 21,
            rest,
        )),
        _ => None,
    }
}

#[inline(always)]
fn u16_of(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (value, rest) = bytes.split_first_chunk()?;
    Some((u16::from_be_bytes(*value), rest))
}

#[inline(always)]
fn id(bytes: &[u8]) -> Option<(u16, &[u8])> {
    u16_of(bytes).filter(|(value, _)| *value != 0)
}

#[inline(always)]
fn binary(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = u16_of(bytes)?;
    rest.split_at_checked(len.into())
}

/// UTF-8.
#[inline(always)]
fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (bytes, rest) = binary(bytes)?;
    match AsciiStr::from_ascii(bytes) {
        Ok(text) => Some((text.as_str(), rest)),
        Err(_) => Some((std::str::from_utf8(bytes).ok()?, rest)),
    }
}

/// UTF-8 without U+0000.
#[inline(always)]
fn checked_text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    text(bytes).filter(|(text, _)| text.bytes().fold(true, |good, byte| good & (byte != 0)))
}

#[inline(always)]
fn is_topic_name(text: &str) -> bool {
    let is_good = |good, byte| good & !matches!(byte, 0 | b'+' | b'#');
    !text.is_empty() && text.bytes().fold(true, is_good)
}

fn is_topic_filter(text: &str) -> bool {
    let filter = match text.strip_prefix("$share/") {
        Some(rest) => match rest.split_once('/') {
            Some((group, filter)) if !group.is_empty() && !group.contains(['+', '#', '\0']) => filter,
            _ => return false,
        },
        None => text,
    };
    let bytes = filter.as_bytes();
    let is_good = |(at, byte): (usize, &u8)| {
        let begins = at == 0 || bytes[at - 1] == b'/';
        match byte {
            b'+' => begins && matches!(bytes.get(at + 1), None | Some(b'/')),
            b'#' => begins && at + 1 == bytes.len(),
            0 => false,
            _ => true,
        }
    };
    !filter.is_empty() && !filter.starts_with("$share/") && bytes.iter().enumerate().all(is_good)
}

#[cfg(test)]
mod tests {
    use mqtt_codec::{Limits, Packet, Version, frame};

    use super::read;
    use crate::samples;

    /// Whether ours accepts the packet at the front.
    fn accepted(version: Version, bytes: &[u8]) -> bool {
        match frame(bytes, &Limits::default()) {
            Ok(Some(frame)) => Packet::decode(version, frame).is_ok(),
            _ => false,
        }
    }

    #[test]
    fn it_accepts_what_ours_accepts() {
        for sample in samples() {
            if sample.bytes.len() > 1000 {
                continue;
            }
            for at in 0..sample.bytes.len() {
                let mut bytes = sample.bytes.clone();
                for byte in 0..=255 {
                    bytes[at] = byte;
                    let kind = bytes[0] >> 4;
                    if !matches!(kind, 1 | 3 | 4 | 8 | 9 | 12) {
                        continue;
                    }
                    let found = read(&bytes, sample.version.is_v5()).is_some();
                    assert_eq!(
                        found,
                        accepted(sample.version, &bytes),
                        "{}: {byte:#04x} at {at}",
                        sample.name
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_is_refused() {
        let refused = |bytes: &[u8], v5| assert!(read(bytes, v5).is_none(), "{bytes:02X?}");
        refused(b"\x36\x05\0\x01a\0\x01", false);
        refused(b"\x38\x03\0\x01a", false);
        refused(b"\x30\x03\0\x01\0", false);
        refused(b"\x30\x03\0\x01+", false);
        refused(b"\x30\x03\0\x01\xFF", false);
        refused(b"\x32\x05\0\x01a\0\0", false);
        refused(b"\x30\x06\0\x01a\x04\x01\0", true);
        refused(b"\x30\x08\0\x01a\x04\x01\0\x01\0", true);
        refused(b"\x30\x06\0\x01a\x02\x01\x02", true);
        refused(b"\x30\x07\0\x01a\x03\x22\0\x01", true);
        refused(b"\xC1\0", false);
        refused(b"\xC0\x01\0", false);
        refused(b"\x40\x03\0\x01\0", false);
        refused(b"\x82\x07\0\x01\0\x02a#\0", false);
        refused(b"\x82\x06\0\x01\0\x01a\x03", false);
        refused(b"\x90\x03\0\x01\x03", false);
        for sample in samples() {
            let v5 = sample.version.is_v5();
            let (_, len) = read(&sample.bytes, v5).expect("it is right");
            assert_eq!(len, sample.bytes.len());
            refused(&sample.bytes[..len - 1], v5);
        }
    }
}
