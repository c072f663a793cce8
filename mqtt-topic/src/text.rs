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

/// Whether a text is ASCII with neither NUL nor wildcard, as nearly all names are. It is the quickest thing to find out.
#[inline(always)]
pub(crate) fn is_plain(text: &[u8]) -> bool {
    let (words, tail) = text.as_chunks();
    let (mut clean, mut seen) = (HIGH, 0);
    let mut look = |word| {
        let word = u64::from_le_bytes(word);
        // While all lanes are ASCII, adding carries out of none; if one is not, `seen` says so.
        clean &= word.wrapping_add(LOW) & not_wildcard_lanes(word).wrapping_add(LOW);
        seen |= word;
    };
    words.iter().for_each(|&word| look(word));
    match text.last_chunk() {
        // Overlaps with the last word; a byte that is looked at twice does no harm.
        Some(&last) => look(last),
        None => look(padded(tail)),
    }
    clean & !seen & HIGH == HIGH
}

/// Shows `visit` the offset of each NUL and each wildcard until it fails.
#[inline(always)]
pub(crate) fn try_each_special<E>(
    text: &[u8],
    mut visit: impl FnMut(usize) -> Result<(), E>,
) -> Result<(), E> {
    let mut visit_lanes = |start: usize, mut special: u64| {
        while special != 0 {
            visit(start + special.trailing_zeros() as usize / 8)?;
            special &= special - 1;
        }
        Ok(())
    };
    let (words, tail) = text.as_chunks();
    let mut start = 0;
    for &word in words {
        visit_lanes(start, special_lanes(word))?;
        start += 8;
    }
    match text.last_chunk() {
        _ if tail.is_empty() => Ok(()),
        // Overlaps with the last word, whose lanes have been visited.
        Some(&last) => {
            let seen = 8 - tail.len();
            visit_lanes(start - seen, special_lanes(last) & (u64::MAX << (8 * seen)))
        }
        None => visit_lanes(0, special_lanes(padded(tail))),
    }
}

/// Fewer than eight bytes, with something harmless behind them.
#[inline]
fn padded(tail: &[u8]) -> [u8; 8] {
    let mut word = [b'/'; 8];
    for (to, from) in word.iter_mut().zip(tail) {
        *to = *from;
    }
    word
}

/// A one in each byte of a word.
const LANES: u64 = u64::MAX / 0xFF;
const LOW: u64 = LANES * 0x7F;
const HIGH: u64 = LANES * 0x80;

/// Eight bytes at once: sets the high bit in each lane that is a NUL or a wildcard, and nothing else.
#[inline]
const fn special_lanes(word: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(word);
    !(non_zero_lanes(word) & non_zero_lanes(not_wildcard_lanes(word))) & HIGH
}

/// Makes each lane 0 that is a wildcard, and no other.
#[inline]
const fn not_wildcard_lanes(word: u64) -> u64 {
    // `+` and `#` differ in one bit, so that one comparison finds both.
    (word | (LANES * (b'+' ^ b'#') as u64)) ^ (LANES * b'+' as u64)
}

/// Sets the high bit in each lane that is not 0. Adding 0x7F to seven bits carries into the eighth unless they are 0,
/// and never beyond.
#[inline]
const fn non_zero_lanes(word: u64) -> u64 {
    ((word & LOW) + LOW) | word
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
    use super::{is_plain, try_each_special};

    /// Whether the special bytes are those at `expected`.
    fn specials(bytes: &[u8], mut expected: impl Iterator<Item = usize>) -> bool {
        let found = try_each_special(bytes, |at| if expected.next() == Some(at) { Ok(()) } else { Err(()) });
        found.is_ok() && expected.next().is_none()
    }

    #[test]
    fn specials_are_found_wherever_they_are() {
        for len in 0..40 {
            for filler in [b'a', b'*', b'"', 0xFF, 0xA3, 0xAB, 0x80, 1] {
                let mut buffer = [filler; 40];
                let bytes = &mut buffer[..len];
                assert_eq!(is_plain(bytes), filler < 0x80 || len == 0, "{len} of {filler}");
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
}
