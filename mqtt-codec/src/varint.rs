//! Variable Byte Integer: groups of 7 bits, low group first, at most 4 bytes (MQTT 5.0 §1.5.5).

/// The largest value.
pub(crate) const MAX: u32 = 268_435_455;

/// What the front of a buffer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Varint {
    /// A value, and how many bytes it took.
    Value { value: u32, len: u8 },
    /// The bytes so far are good, and more belong to it.
    Incomplete,
    /// The fourth byte says that a fifth follows.
    TooLong,
}

/// Reads a value off the front; a value in more bytes than it needs is accepted, see [`len`].
#[inline]
pub(crate) fn read(bytes: &[u8]) -> Varint {
    match *bytes {
        // By far the most are this short.
        [low, ..] if low < 0x80 => Varint::Value { value: low.into(), len: 1 },
        _ => read_long(bytes),
    }
}

#[inline(never)]
fn read_long(bytes: &[u8]) -> Varint {
    let mut value = 0;
    for ((len, shift), byte) in [(1, 0), (2, 7), (3, 14), (4, 21)].into_iter().zip(bytes) {
        value |= u32::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Varint::Value { value, len };
        }
        if len == 4 {
            return Varint::TooLong;
        }
    }
    Varint::Incomplete
}

/// The fewest bytes that hold `value` (MQTT-1.5.5-1).
pub(crate) const fn len(value: u32) -> u8 {
    match value {
        0..=127 => 1,
        128..=16_383 => 2,
        16_384..=2_097_151 => 3,
        _ => 4,
    }
}

/// The shortest form: the bytes and how many of them count.
#[inline(always)]
pub(crate) const fn groups(value: u32) -> ([u8; 4], u8) {
    let [a, b, c, d] = [value, value >> 7, value >> 14, value >> 21];
    const fn last(group: u32) -> u8 {
        group.to_le_bytes()[0] & 0x7F
    }
    const fn more(group: u32) -> u8 {
        group.to_le_bytes()[0] | 0x80
    }
    match value {
        0..=127 => ([last(a), 0, 0, 0], 1),
        128..=16_383 => ([more(a), last(b), 0, 0], 2),
        16_384..=2_097_151 => ([more(a), more(b), last(c), 0], 3),
        _ => ([more(a), more(b), more(c), last(d)], 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries() {
        for (value, wire) in [
            (0, &[0x00][..]),
            (127, &[0x7F]),
            (128, &[0x80, 0x01]),
            (321, &[0xC1, 0x02]),
            (16_383, &[0xFF, 0x7F]),
            (16_384, &[0x80, 0x80, 0x01]),
            (2_097_151, &[0xFF, 0xFF, 0x7F]),
            (2_097_152, &[0x80, 0x80, 0x80, 0x01]),
            (MAX, &[0xFF, 0xFF, 0xFF, 0x7F]),
        ] {
            let (bytes, len) = groups(value);
            assert_eq!(&bytes[..len.into()], wire, "{value}");
            assert_eq!(read(wire), Varint::Value { value, len }, "{value}");
            assert_eq!(read(&wire[..wire.len() - 1]), Varint::Incomplete, "{value}");
        }
        assert_eq!(read(&[0xFF, 0xFF, 0xFF, 0x80]), Varint::TooLong, "without waiting for a fifth byte");
        assert_eq!(read(&[0x80, 0x00]), Varint::Value { value: 0, len: 2 });
    }
}
