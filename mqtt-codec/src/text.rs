//! Bytes to text, fast for what nearly all text is: ASCII.

use ascii::AsciiStr;

/// What makes bytes not a text, and where.
pub(crate) enum TextError {
    /// Not well-formed UTF-8 from this byte on.
    Utf8 { at: usize, byte: u8 },
    /// A U+0000 at this byte.
    Nul(usize),
}

/// Bytes as UTF-8 text, which may have U+0000 in it.
#[inline]
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, TextError> {
    match AsciiStr::from_ascii(bytes) {
        Ok(ascii) => Ok(ascii.as_str()),
        Err(_) => not_ascii(bytes),
    }
}

#[cold]
fn not_ascii(bytes: &[u8]) -> Result<&str, TextError> {
    core::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        TextError::Utf8 { at, byte: bytes.get(at).copied().unwrap_or(0) }
    })
}

/// Bytes as UTF-8 text without U+0000 (MQTT-1.5.4-1, MQTT-1.5.4-2).
#[inline]
pub(crate) fn text(bytes: &[u8]) -> Result<&str, TextError> {
    let text = utf8(bytes)?;
    if has_nul(bytes) { Err(nul(bytes)) } else { Ok(text) }
}

#[cold]
fn nul(bytes: &[u8]) -> TextError {
    TextError::Nul(bytes.iter().position(|&byte| byte == 0).unwrap_or(0))
}

/// Whether there is a byte 0, eight bytes at a time.
#[inline]
pub(crate) fn has_nul(bytes: &[u8]) -> bool {
    const LANES: u64 = u64::MAX / 0xFF;
    // The high bit of a lane is set if the lane is 0, or was 0 further down.
    let zeros = |word: [u8; 8]| {
        let word = u64::from_le_bytes(word);
        word.wrapping_sub(LANES) & !word & (LANES * 0x80)
    };
    let (words, tail) = bytes.as_chunks();
    let found = words.iter().fold(0, |found, &word| found | zeros(word));
    match bytes.last_chunk() {
        // Overlaps with the last word; a byte that is looked at twice does no harm.
        Some(&last) => found | zeros(last) != 0,
        None => tail.contains(&0),
    }
}

#[cfg(test)]
mod tests {
    use super::has_nul;

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
