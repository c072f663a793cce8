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

/// Whether a text needs no closer look: it is ASCII and has neither NUL nor wildcard, as nearly all have.
#[inline]
pub(crate) fn is_plain(text: &[u8]) -> bool {
    let (words, tail) = text.as_chunks();
    let mut marks = Marks::NONE;
    for &word in words {
        marks.add(word);
    }
    match text.last_chunk() {
        // Overlaps with the last word; a byte that is looked at twice does no harm.
        Some(&last) if !tail.is_empty() => marks.add(last),
        Some(_) => {}
        None => marks
            .add(tail.iter().fold([b'/'; 8], |[_, b, c, d, e, f, g, h], &byte| [b, c, d, e, f, g, h, byte])),
    }
    marks.is_plain()
}

/// What has been seen in words of eight bytes, one lane a byte. While all lanes are below 0x80, adding 0x7F to a lane sets
/// its high bit unless the lane is 0, and carries nothing into its neighbour.
struct Marks {
    /// The high bit of a lane stays set as long as no byte in it was NUL or a wildcard.
    clean: u64,
    /// The high bit of a lane is set once a byte in it was not ASCII.
    high: u64,
}

impl Marks {
    const NONE: Self = Self { clean: u64::MAX, high: 0 };
    const LANES: u64 = u64::MAX / 0xFF;
    const HIGH: u64 = Self::LANES * 0x80;

    #[inline]
    fn add(&mut self, word: [u8; 8]) {
        let word = u64::from_le_bytes(word);
        // `+` and `#` differ in one bit, so that one comparison finds both.
        let wildcard = (word | Self::LANES * (b'+' ^ b'#') as u64) ^ (Self::LANES * b'+' as u64);
        let not_nul = word.wrapping_add(Self::LANES * 0x7F);
        let not_wildcard = wildcard.wrapping_add(Self::LANES * 0x7F);
        self.clean &= not_nul & not_wildcard;
        self.high |= word;
    }

    #[inline]
    const fn is_plain(&self) -> bool {
        self.clean & !self.high & Self::HIGH == Self::HIGH
    }
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
