//! What names and filters have in common: they are checked texts, borrowed or owned.

use crate::MAX_LEN;
use crate::error::{TopicError, TopicErrorKind};

/// The rules that names and filters share: length and NUL.
pub(crate) fn check(text: &str) -> Result<(), TopicError> {
    if text.is_empty() {
        return Err(TopicError::new(TopicErrorKind::Empty, 0));
    }
    if text.len() > MAX_LEN {
        return Err(TopicError::new(TopicErrorKind::TooLong, MAX_LEN));
    }
    match text.find('\0') {
        Some(at) => Err(TopicError::new(TopicErrorKind::Nul, at)),
        None => Ok(()),
    }
}

/// Whether a text is free of all bytes that [`suspect_lanes`] finds, as nearly all names are. It is the quickest thing
/// to find out.
#[inline(always)]
pub(crate) fn is_plain(text: &[u8]) -> bool {
    let (words, tail) = text.as_chunks();
    let suspects = words.iter().fold(0, |suspects, &word| suspects | suspect_lanes(u64::from_le_bytes(word)));
    let last = match text.last_chunk() {
        // Overlaps with the last word; a byte that is looked at twice does no harm.
        Some(&last) => u64::from_le_bytes(last),
        None => short_word(tail),
    };
    suspects | suspect_lanes(last) == 0
}

/// Whether `is_good` says so of the offset of each NUL, each wildcard and perhaps some other bytes.
#[inline(always)]
pub(crate) fn all_suspects(text: &[u8], is_good: impl Fn(usize) -> bool) -> bool {
    let all_lanes = |start: usize, mut suspects: u64| {
        while suspects != 0 {
            if !is_good(start + suspects.trailing_zeros() as usize / 8) {
                return false;
            }
            suspects &= suspects - 1;
        }
        true
    };
    let (words, tail) = text.as_chunks();
    let mut start = 0;
    for &word in words {
        if !all_lanes(start, suspect_lanes(u64::from_le_bytes(word))) {
            return false;
        }
        start += 8;
    }
    match text.last_chunk() {
        _ if tail.is_empty() => true,
        // Overlaps with the last word, whose lanes have been looked at.
        Some(&last) => {
            let seen = 8 - tail.len();
            all_lanes(start - seen, suspect_lanes(u64::from_le_bytes(last)) & (u64::MAX << (8 * seen)))
        }
        None => all_lanes(0, suspect_lanes(short_word(tail))),
    }
}

/// Fewer than eight bytes as a word, with something harmless behind them.
#[inline(always)]
fn short_word(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    let at = |byte: u8, lane: usize| u64::from(byte) << (8 * lane);
    // Parts that overlap agree, so that nothing has to be counted.
    let word = match (bytes.first_chunk(), bytes.last_chunk(), bytes) {
        (Some(&first), Some(&last), _) => {
            u64::from(u32::from_le_bytes(first)) | u64::from(u32::from_le_bytes(last)) << (8 * (len - 4))
        }
        (_, _, [first, .., last]) => {
            at(*first, 0) | at(bytes.get(1).copied().unwrap_or_default(), 1) | at(*last, len - 1)
        }
        (_, _, [byte]) => at(*byte, 0),
        _ => return LANES * b'/' as u64,
    };
    word | (LANES * b'/' as u64) << (8 * len)
}

/// A one in each byte of a word.
const LANES: u64 = u64::MAX / 0xFF;
const LOW: u64 = LANES * 0x7F;
const HIGH: u64 = LANES * 0x80;

/// Eight bytes at once: sets the high bit in each lane that is a NUL, a wildcard or one of some bytes that are rare in
/// topics, and nothing else. What they have in common is that three bits are 0, so one comparison finds all of them:
/// in ASCII these are `space ! " # ( ) * +` and some control characters.
#[inline]
const fn suspect_lanes(word: u64) -> u64 {
    let bits = word & (LANES * 0b0101_0100);
    // Adding 0x7F carries into the high bit of a lane unless the lane is 0, and never beyond.
    !(bits + LOW) & HIGH
}

/// How many bytes two texts have in common at their front.
#[inline(always)]
pub(crate) fn common_len(mut one: &[u8], mut other: &[u8]) -> usize {
    let mut common = 0;
    while let (Some((a, one_rest)), Some((b, other_rest))) =
        (one.split_first_chunk(), other.split_first_chunk())
    {
        let difference = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if difference != 0 {
            return common + difference.trailing_zeros() as usize / 8;
        }
        common += 8;
        (one, other) = (one_rest, other_rest);
    }
    common + one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

/// How many bytes there are before the first slash, or in all.
#[inline(always)]
pub(crate) fn level_len(text: &[u8]) -> usize {
    let mut start = 0;
    while let Some(word) = text.get(start..).and_then(<[u8]>::first_chunk) {
        let other = u64::from_le_bytes(*word) ^ (LANES * b'/' as u64);
        // The high bit in the first lane that is 0 now, and none before it.
        let zeros = other.wrapping_sub(LANES) & !other & HIGH;
        if zeros != 0 {
            return start + zeros.trailing_zeros() as usize / 8;
        }
        start += 8;
    }
    let rest = text.get(start..).unwrap_or_default();
    start + rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len())
}

/// The conversions and comparisons of a borrowed text.
macro_rules! borrowed_text {
    ($Text:ident) => {
        impl AsRef<str> for $Text {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl core::fmt::Display for $Text {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl core::fmt::Debug for $Text {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Debug::fmt(&self.0, f)
            }
        }

        impl PartialEq<str> for $Text {
            fn eq(&self, other: &str) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<$Text> for str {
            fn eq(&self, other: &$Text) -> bool {
                *self == other.0
            }
        }

        impl<'a> TryFrom<&'a str> for &'a $Text {
            type Error = $crate::TopicError;

            fn try_from(text: &'a str) -> Result<Self, $crate::TopicError> {
                $Text::new(text)
            }
        }
    };
}

/// The conversions and comparisons of an owned text.
#[cfg(feature = "alloc")]
macro_rules! owned_text {
    ($Text:ident, $Buf:ident) => {
        impl $Buf {
            /// Checks `text` and takes it over.
            ///
            /// # Errors
            ///
            #[doc = concat!("Those of [`", stringify!($Text), "::new`]; the text is lost then.")]
            pub fn new(text: impl Into<alloc::string::String>) -> Result<Self, $crate::TopicError> {
                Self::try_from(text.into())
            }

            /// Gives back the text, without copying it.
            pub fn into_string(self) -> alloc::string::String {
                self.0.into_string()
            }
        }

        impl core::ops::Deref for $Buf {
            type Target = $Text;

            fn deref(&self) -> &$Text {
                $Text::from_valid(&self.0)
            }
        }

        impl core::borrow::Borrow<$Text> for $Buf {
            fn borrow(&self) -> &$Text {
                self
            }
        }

        impl alloc::borrow::ToOwned for $Text {
            type Owned = $Buf;

            fn to_owned(&self) -> $Buf {
                $Buf(alloc::boxed::Box::from(&self.0))
            }
        }

        impl From<&$Text> for $Buf {
            fn from(text: &$Text) -> Self {
                alloc::borrow::ToOwned::to_owned(text)
            }
        }

        impl From<$Buf> for alloc::string::String {
            fn from(text: $Buf) -> Self {
                text.into_string()
            }
        }

        impl core::str::FromStr for $Buf {
            type Err = $crate::TopicError;

            fn from_str(text: &str) -> Result<Self, $crate::TopicError> {
                $Text::new(text).map(Self::from)
            }
        }

        impl TryFrom<&str> for $Buf {
            type Error = $crate::TopicError;

            fn try_from(text: &str) -> Result<Self, $crate::TopicError> {
                text.parse()
            }
        }

        impl TryFrom<alloc::string::String> for $Buf {
            type Error = $crate::TopicError;

            fn try_from(text: alloc::string::String) -> Result<Self, $crate::TopicError> {
                $Text::new(&text)?;
                Ok(Self(text.into_boxed_str()))
            }
        }

        impl AsRef<str> for $Buf {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl core::fmt::Display for $Buf {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(&**self, f)
            }
        }

        impl core::fmt::Debug for $Buf {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Debug::fmt(&**self, f)
            }
        }

        impl PartialEq<str> for $Buf {
            fn eq(&self, other: &str) -> bool {
                *self.0 == *other
            }
        }

        impl PartialEq<&str> for $Buf {
            fn eq(&self, other: &&str) -> bool {
                *self.0 == **other
            }
        }

        impl PartialEq<$Buf> for str {
            fn eq(&self, other: &$Buf) -> bool {
                *self == *other.0
            }
        }

        impl PartialEq<$Buf> for &str {
            fn eq(&self, other: &$Buf) -> bool {
                **self == *other.0
            }
        }

        impl PartialEq<$Text> for $Buf {
            fn eq(&self, other: &$Text) -> bool {
                **self == *other
            }
        }

        impl PartialEq<$Buf> for $Text {
            fn eq(&self, other: &$Buf) -> bool {
                *self == **other
            }
        }
    };
}

pub(crate) use borrowed_text;
#[cfg(feature = "alloc")]
pub(crate) use owned_text;

#[cfg(test)]
mod tests {
    use core::cell::RefCell;

    use super::{all_suspects, is_plain, level_len};

    /// Whether the NULs and wildcards among the suspects are those at `expected`.
    fn specials(bytes: &[u8], expected: impl Iterator<Item = usize>) -> bool {
        let expected = RefCell::new(expected);
        let is_good =
            |at: usize| !matches!(bytes[at], 0 | b'+' | b'#') || expected.borrow_mut().next() == Some(at);
        all_suspects(bytes, is_good) && expected.borrow_mut().next().is_none()
    }

    #[test]
    fn specials_are_found_wherever_they_are() {
        for len in 0..40 {
            for filler in [b'a', b'*', b'"', 0xFF, 0xA3, 0xAB, 0x80, 1] {
                let mut buffer = [filler; 40];
                let bytes = &mut buffer[..len];
                assert!(specials(bytes, 0..0), "{len} of {filler}");
                for at in 0..len {
                    for special in [0, b'+', b'#'] {
                        bytes[at] = special;
                        assert!(!is_plain(bytes), "{special} at {at} of {len}");
                        assert!(specials(bytes, at..at + 1), "{special} at {at} of {len}");
                    }
                    bytes[at] = filler;
                }
                bytes.fill(b'#');
                assert!(specials(bytes, 0..len));
            }
        }
    }

    #[test]
    fn a_level_ends_at_the_first_slash() {
        for len in 0..40 {
            // One less and one more than a slash, and those that differ in the high bit.
            for filler in [b'.', b'0', 0x00, 0x80, 0xAF, 0xFF] {
                let mut buffer = [filler; 40];
                let bytes = &mut buffer[..len];
                assert_eq!(level_len(bytes), len);
                for at in (0..len).rev() {
                    bytes[at] = b'/';
                    assert_eq!(level_len(bytes), at, "{at} of {len}");
                }
            }
        }
    }

    #[test]
    fn what_topics_are_made_of_is_plain() {
        for byte in (b'0'..=b'9').chain(b'A'..=b'Z').chain(b'a'..=b'z').chain(*b"/$-_.,:;=@%&'~") {
            for len in 0..40 {
                assert!(is_plain(&[byte; 40][..len]), "{len} of {byte}");
            }
        }
    }
}
