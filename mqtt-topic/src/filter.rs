use ref_cast::{RefCastCustom, ref_cast_custom};

use crate::MAX_LEN;
use crate::error::{TooManyLevels, TopicError, TopicErrorKind};
use crate::levels::Levels;
use crate::name::TopicName;
use crate::share::{self, Share};
use crate::text;

/// A valid topic filter: what a client subscribes to (MQTT 5.0 §4.7, §4.8.2).
///
/// A filter has 1 to 65,535 bytes and no NUL. A level that is `+` stands for any one level, and `#` as
/// the last level for the level before it and everything below. A filter that begins with `$share/` has a
/// group name and a filter within; see [`share`](Self::share). Filters are equal when their texts are, and
/// ordered as strings.
///
/// ```
/// use mqtt_topic::{TopicFilter, TopicName};
///
/// let name = TopicName::new("sport")?;
/// assert!(TopicFilter::new("sport/#")?.matches(name));
/// assert!(!TopicFilter::new("sport/+")?.matches(name));
/// assert!(TopicFilter::new("sport#").is_err());
/// # Ok::<(), mqtt_topic::TopicError>(())
/// ```
#[derive(RefCastCustom, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct TopicFilter(str);

impl TopicFilter {
    /// Checks that `text` is a topic filter.
    ///
    /// # Errors
    ///
    /// When `text` is empty (`MQTT-4.7.3-1`), longer than 65,535 bytes (`MQTT-4.7.3-3`) or has a NUL
    /// (`MQTT-4.7.3-2`), when a `#` (`MQTT-4.7.1-1`) or a `+` (`MQTT-4.7.1-2`) stands where it may not, or
    /// when `text` begins with `$share/` and no share name (`MQTT-4.8.2-1`) or no valid non-shared filter
    /// (`MQTT-4.8.2-2`) follows.
    #[inline]
    pub fn new(text: &str) -> Result<&Self, TopicError> {
        if !is_valid(text) {
            Self::check(text)?;
        }
        Ok(Self::from_valid(text))
    }

    /// All checks, one after the other.
    fn check(text: &str) -> Result<(), TopicError> {
        text::check(text)?;
        let (inner, offset) = if share::is_shared(text) { share::check(text)? } else { (text, 0) };
        let error_at = |at| Some(TopicError::new(wildcard_error(inner.as_bytes(), at)?, offset + at));
        (0..inner.len()).find_map(error_at).map_or(Ok(()), Err)
    }

    /// The filter as a string.
    pub const fn as_str(&self) -> &str {
        &self.0
    }

    /// The levels, from the first to the last; those of a shared filter begin with `$share` and the group.
    pub fn levels(&self) -> Levels<'_> {
        Levels::new(&self.0)
    }

    /// The filter itself, if it has at most so many levels; of a shared filter, the inner filter's are counted.
    ///
    /// ```
    /// use mqtt_topic::TopicFilter;
    ///
    /// let error = TopicFilter::new("a/+/c/#")?.limit_levels(3).unwrap_err();
    /// assert_eq!(error.to_string(), "expected at most 3 levels, found more at byte 6");
    /// # Ok::<(), mqtt_topic::TopicError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TooManyLevels`] says where the first one begins that is too many.
    pub fn limit_levels(&self, most: usize) -> Result<&Self, TooManyLevels> {
        TooManyLevels::check(&self.0, self.0.len() - self.without_share().0.len(), most)?;
        Ok(self)
    }

    /// The group and the inner filter, if this is a shared filter (`$share/{group}/{filter}`).
    ///
    /// ```
    /// use mqtt_topic::TopicFilter;
    ///
    /// let share = TopicFilter::new("$share/workers/jobs/+")?.share().unwrap();
    /// assert_eq!((share.group, share.filter.as_str()), ("workers", "jobs/+"));
    /// assert_eq!(TopicFilter::new("jobs/+")?.share(), None);
    /// # Ok::<(), mqtt_topic::TopicError>(())
    /// ```
    pub fn share(&self) -> Option<Share<'_>> {
        let (group, filter) = share::split(&self.0)?;
        Some(Share { group, filter: Self::from_valid(filter) })
    }

    /// Whether this is a shared filter.
    pub fn is_shared(&self) -> bool {
        share::is_shared(&self.0)
    }

    /// Whether the filter has a `+` or a `#`; one that has none matches at most one name.
    pub fn has_wildcards(&self) -> bool {
        self.0.contains(['+', '#'])
    }

    /// Whether messages that are published to `name` are for this filter. A shared filter matches what its
    /// inner filter matches.
    ///
    /// The time is at most proportional to the name. This is the definition of matching that the tries
    /// are tested against.
    pub fn matches(&self, name: &TopicName) -> bool {
        let filter = self.without_share();
        // MQTT-4.7.2-1: a `$` elsewhere than at the very beginning is an ordinary character.
        if name.starts_with_dollar() && filter.starts_with_wildcard() {
            return false;
        }
        levels_match(filter.0.as_bytes(), name.as_str().as_bytes())
    }

    /// The inner filter of a shared filter, or the filter itself.
    pub(crate) fn without_share(&self) -> &Self {
        self.share().map_or(self, |share| share.filter)
    }

    pub(crate) fn starts_with_wildcard(&self) -> bool {
        self.0.starts_with(['+', '#'])
    }

    /// For texts that are part of something already checked.
    #[ref_cast_custom]
    pub(crate) const fn from_valid(text: &str) -> &Self;
}

text::borrowed_text!(TopicFilter);

/// An owned [`TopicFilter`], in exactly as many bytes as the filter has.
#[cfg(feature = "alloc")]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicFilterBuf(alloc::boxed::Box<str>);

#[cfg(feature = "alloc")]
text::owned_text!(TopicFilter, TopicFilterBuf);

/// Whether levels of a name are those of a filter, or of the rests of both.
pub(crate) fn levels_match(mut filter: &[u8], mut name: &[u8]) -> bool {
    loop {
        // A name has no wildcards, so the texts part at one if not before.
        let common = text::common_len(filter, name);
        let (Some(wanted), Some(rest)) = (filter.get(common..), name.get(common..)) else { return false };
        match wanted {
            [] => return rest.is_empty(),
            // Also when the name has no further level: `#` includes the parent level.
            b"#" => return true,
            b"/#" => return rest.is_empty(),
            [b'+', after @ ..] => {
                let level = text::level_len(rest);
                filter = after;
                name = rest.get(level..).unwrap_or_default();
            }
            _ => return false,
        }
    }
}

/// Whether a text is a filter, found out faster than what is wrong with one that is not.
#[inline(never)]
fn is_valid(text: &str) -> bool {
    let filter = match share::is_shared(text) {
        false => text,
        true => share::check(text).map_or("", |(filter, _)| filter),
    };
    let bytes = filter.as_bytes();
    let is_good = |at| bytes.get(at) != Some(&0) && wildcard_error(bytes, at).is_none();
    !filter.is_empty() && text.len() <= MAX_LEN && text::all_suspects(bytes, is_good)
}

/// What is wrong with the byte at `at` if it is a wildcard: one fills its level, and `#` is last.
#[inline(always)]
fn wildcard_error(filter: &[u8], at: usize) -> Option<TopicErrorKind> {
    let begins_level = at == 0 || filter.get(at - 1) == Some(&b'/');
    let after = filter.get(at + 1);
    match filter.get(at) {
        Some(b'+') if !begins_level || !matches!(after, None | Some(b'/')) => {
            Some(TopicErrorKind::SingleLevelWildcard)
        }
        Some(b'#') if !begins_level || after.is_some() => Some(TopicErrorKind::MultiLevelWildcard),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::String;

    use super::{TopicFilter, is_valid};
    use crate::TopicName;
    use crate::text::is_plain;

    /// Calls `visit` with every text of up to `len` characters of those that matter.
    fn texts(len: usize, text: &mut String, visit: &mut impl FnMut(&str)) {
        visit(text);
        if len == 0 {
            return;
        }
        for char in ['a', '/', '+', '#', '\0', ' ', 'ü'] {
            text.push(char);
            texts(len - 1, text, visit);
            text.pop();
        }
    }

    #[test]
    fn the_quick_look_agrees_with_the_checks() {
        let mut count = 0;
        // Whatever stands in front moves the rest through the words that are looked at.
        for before in
            ["", "a", "$", "$share/", "$share/g/", "aaaa/", "aaaaaa/", "aaaaaaaa", "aaaaaaaaaaaaaa/"]
        {
            texts(5, &mut String::new(), &mut |text| {
                for behind in ["", "/bbbbbbbbb"] {
                    let text = [before, text, behind].concat();
                    assert_eq!(is_valid(&text), TopicFilter::check(&text).is_ok(), "{text:?}");
                    let is_name = !text.is_empty() && !text.contains(['\0', '+', '#']);
                    assert_eq!(TopicName::new(&text).is_ok(), is_name, "{text:?}");
                    assert!(is_name || text.is_empty() || !is_plain(text.as_bytes()), "{text:?}");
                    count += 1;
                }
            });
        }
        assert_eq!(count, 9 * 2 * (1 + 7 + 49 + 343 + 2401 + 16807));
    }
}
