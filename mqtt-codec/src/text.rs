//! Bytes to text, fast for what nearly all text is: ASCII.

use ascii::AsciiStr;

/// What makes bytes not a text, and where.
pub(crate) enum TextError {
    /// Not well-formed UTF-8 from this byte on.
    Utf8 { at: usize, byte: u8 },
    /// A U+0000 at this byte.
    Nul(usize),
}

/// Takes a string field off the front of `field` if it is ASCII without U+0000, as nearly all text is. `None` means that
/// it has to be looked at in detail.
#[inline(always)]
pub(crate) fn take_ascii(field: &[u8]) -> Option<(&str, &[u8])> {
    let (len, text) = field.split_first_chunk()?;
    let (bytes, rest) = text.split_at_checked(u16::from_be_bytes(*len).into())?;
    let ascii = AsciiStr::from_ascii(bytes).ok()?;
    let nul = match (text.first_chunk(), bytes.last_chunk()) {
        // Short ones, which most are, need no loop.
        (Some(&first), None) => zero_lanes(first) & lanes_below(bytes.len()),
        (Some(&first), Some(&last)) if bytes.len() <= 16 => zero_lanes(first) | zero_lanes(last),
        _ => u64::from(has_nul_anywhere(bytes)),
    };
    (nul == 0).then_some((ascii.as_str(), rest))
}

/// Skips a string field at the front of `field` if it is ASCII without U+0000, and gives what follows.
#[inline(always)]
pub(crate) fn skip_ascii(field: &[u8]) -> Option<&[u8]> {
    let (len, text) = field.split_first_chunk()?;
    let len = usize::from(u16::from_be_bytes(*len));
    let rest = text.get(len..)?;
    let is_usual = match text.first_chunk() {
        // Short ones, which most are, need no loop.
        Some(&first) if len <= 8 => unusual_lanes(first) & lanes_below(len) == 0,
        _ => all_usual(text.get(..len)?),
    };
    is_usual.then_some(rest)
}

/// Whether all bytes are ASCII and none is 0, eight at a time.
#[inline(always)]
fn all_usual(bytes: &[u8]) -> bool {
    let (words, tail) = bytes.as_chunks();
    let found = words.iter().fold(0, |found, &word| found | unusual_lanes(word));
    match bytes.last_chunk() {
        // Overlaps with the last word; a byte that is looked at twice does no harm.
        Some(&last) => found | unusual_lanes(last) == 0,
        None => tail.iter().all(|byte| matches!(byte, 1..=0x7F)),
    }
}

/// Takes a string field off the front of `field` if it is ASCII. It may have U+0000 in it.
#[inline(always)]
pub(crate) fn take_ascii_with_nul(field: &[u8]) -> Option<(&str, &[u8])> {
    let (len, text) = field.split_first_chunk()?;
    let (bytes, rest) = text.split_at_checked(u16::from_be_bytes(*len).into())?;
    Some((AsciiStr::from_ascii(bytes).ok()?.as_str(), rest))
}

/// Bytes as UTF-8 text without U+0000 (MQTT-1.5.4-1, MQTT-1.5.4-2).
pub(crate) fn text(bytes: &[u8]) -> Result<&str, TextError> {
    let front = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    let text = core::str::from_utf8(front).map_err(|error| {
        let at = error.valid_up_to();
        TextError::Utf8 { at, byte: bytes.get(at).copied().unwrap_or(0) }
    })?;
    if front.len() < bytes.len() { Err(TextError::Nul(front.len())) } else { Ok(text) }
}

/// Whether it is a control character or a non-character, which senders should not send (MQTT 5.0 §1.5.4). U+0000 is
/// not among them, for it is forbidden.
pub(crate) fn is_discouraged(char: char) -> bool {
    matches!(char, '\u{1}'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{FDD0}'..='\u{FDEF}')
        || u32::from(char) & 0xFFFE == 0xFFFE
}

/// Whether there is a byte 0.
#[inline(always)]
pub(crate) fn has_nul(bytes: &[u8]) -> bool {
    match (bytes.first_chunk(), bytes.last_chunk()) {
        // Short ones, which most are, need no loop.
        (Some(&first), Some(&last)) if bytes.len() <= 16 => zero_lanes(first) | zero_lanes(last) != 0,
        _ => has_nul_anywhere(bytes),
    }
}

/// Eight bytes at a time.
#[inline(never)]
fn has_nul_anywhere(bytes: &[u8]) -> bool {
    let (words, tail) = bytes.as_chunks();
    let found = words.iter().fold(0, |found, &word| found | zero_lanes(word));
    match bytes.last_chunk() {
        // Overlaps with the last word; a byte that is looked at twice does no harm.
        Some(&last) => found | zero_lanes(last) != 0,
        None => tail.contains(&0),
    }
}

/// All bits of the first `count` lanes, of which there are eight.
#[inline]
fn lanes_below(count: usize) -> u64 {
    let bits = u32::try_from(count).unwrap_or(u32::MAX).saturating_mul(8);
    !u64::MAX.checked_shl(bits).unwrap_or(0)
}

/// A one in each byte of a word.
const LANES: u64 = u64::MAX / 0xFF;

/// Eight bytes at once: sets the high bit in each lane that is 0, perhaps in lanes above one that is, and nothing else.
#[inline]
const fn zero_lanes(word: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(word);
    word.wrapping_sub(LANES) & !word & (LANES * 0x80)
}

/// Eight bytes at once: sets the high bit in each lane that is 0 or not ASCII, perhaps in lanes above one that is 0,
/// and nothing else.
#[inline]
const fn unusual_lanes(word: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(word);
    (word.wrapping_sub(LANES) | word) & (LANES * 0x80)
}

#[cfg(test)]
mod tests {
    use super::{has_nul, skip_ascii, take_ascii, take_ascii_with_nul};

    #[test]
    fn what_is_unusual_is_found_in_a_field_and_not_behind_it() {
        for len in 0..40u8 {
            for behind in [0, 1, 5, 6, 7, 8, 9, 20] {
                let mut field = vec![0, len];
                field.resize(2 + usize::from(len), b'a');
                field.resize(2 + usize::from(len) + behind, 0);
                let behind = &vec![0; behind][..];
                assert_eq!(
                    take_ascii(&field).map(|(text, rest)| (text.len(), rest)),
                    Some((len.into(), behind))
                );
                assert_eq!(take_ascii_with_nul(&field), take_ascii(&field));
                assert_eq!(skip_ascii(&field), Some(behind));
                for at in 2..2 + usize::from(len) {
                    for (unusual, has_text) in
                        [(0, true), (0x80, false), (0xFF, false), (1, true), (0x7F, true)]
                    {
                        field[at] = unusual;
                        let is_usual = has_text && unusual != 0;
                        assert_eq!(take_ascii(&field).is_some(), is_usual, "{unusual} at {at} of {len}");
                        assert_eq!(skip_ascii(&field).is_some(), is_usual, "{unusual} at {at} of {len}");
                        assert_eq!(
                            take_ascii_with_nul(&field).is_some(),
                            has_text,
                            "{unusual} at {at} of {len}"
                        );
                    }
                    field[at] = b'a';
                }
                for end in 0..2 + usize::from(len) {
                    let cut = &field[..end];
                    assert_eq!(
                        (take_ascii(cut), take_ascii_with_nul(cut), skip_ascii(cut)),
                        (None, None, None)
                    );
                }
            }
        }
    }

    #[test]
    fn a_nul_is_found_wherever_it_is() {
        for len in 0..40 {
            let mut bytes = vec![1; len];
            assert!(!has_nul(&bytes), "{len}");
            bytes.fill(0x80);
            assert!(!has_nul(&bytes), "{len}");
            for at in 0..len {
                bytes[at] = 0;
                assert!(has_nul(&bytes), "{at} of {len}");
                bytes[at] = 0xFF;
            }
        }
    }
}
