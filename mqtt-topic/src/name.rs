use ref_cast::{RefCastCustom, ref_cast_custom};

use crate::MAX_LEN;
use crate::error::{TooManyLevels, TopicError, TopicErrorKind};
use crate::levels::Levels;
use crate::text;

/// A valid topic name: what a message is published to (MQTT 5.0 §4.7).
///
/// A name has 1 to 65,535 bytes, no NUL and no wildcard. It is compared byte by byte, without any
/// normalization (`MQTT-4.7.3-4`), and ordered as a string.
///
/// ```
/// use mqtt_topic::TopicName;
///
/// let name = TopicName::new("/finance")?;
/// assert_eq!(name.levels().collect::<Vec<_>>(), ["", "finance"]);
/// assert!(TopicName::new("finance/+").is_err());
/// # Ok::<(), mqtt_topic::TopicError>(())
/// ```
#[derive(RefCastCustom, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct TopicName(str);

impl TopicName {
    /// Checks that `text` is a topic name.
    ///
    /// # Errors
    ///
    /// When `text` is empty (`MQTT-4.7.3-1`), longer than 65,535 bytes (`MQTT-4.7.3-3`), or has a NUL
    /// (`MQTT-4.7.3-2`), a `+` or a `#` (`MQTT-4.7.0-1`).
    #[inline]
    pub fn new(text: &str) -> Result<&Self, TopicError> {
        let is_valid = matches!(text.len(), 1..=MAX_LEN) && text::is_plain(text.as_bytes());
        if !is_valid {
            Self::check(text)?;
        }
        Ok(Self::from_valid(text))
    }

    /// All checks, one after the other.
    #[cold]
    fn check(text: &str) -> Result<(), TopicError> {
        text::check(text)?;
        // One that is not plain may be good: see there.
        match text.find(['+', '#']) {
            Some(at) => Err(TopicError::new(TopicErrorKind::WildcardInName, at)),
            None => Ok(()),
        }
    }

    /// The name as a string.
    pub const fn as_str(&self) -> &str {
        &self.0
    }

    /// The levels, from the first to the last.
    pub fn levels(&self) -> Levels<'_> {
        Levels::new(&self.0)
    }

    /// The name itself, if it has at most so many levels.
    ///
    /// # Errors
    ///
    /// [`TooManyLevels`] says where the first one begins that is too many.
    pub fn limit_levels(&self, most: usize) -> Result<&Self, TooManyLevels> {
        TooManyLevels::check(&self.0, 0, most)?;
        Ok(self)
    }

    /// Whether the first character is `$`.
    ///
    /// Such names are for the server's own use, `$SYS/...` by custom; a filter that begins with a wildcard
    /// does not match them (`MQTT-4.7.2-1`).
    pub fn starts_with_dollar(&self) -> bool {
        self.0.starts_with('$')
    }

    /// For texts that are part of something already checked.
    #[ref_cast_custom]
    pub(crate) const fn from_valid(text: &str) -> &Self;
}

text::borrowed_text!(TopicName);

/// An owned [`TopicName`], in exactly as many bytes as the name has.
#[cfg(feature = "alloc")]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicNameBuf(alloc::boxed::Box<str>);

#[cfg(feature = "alloc")]
text::owned_text!(TopicName, TopicNameBuf);
