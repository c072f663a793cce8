use crate::error::{TopicError, TopicErrorKind};
use crate::filter::TopicFilter;

/// The two parts of a shared filter `$share/{group}/{filter}` (MQTT 5.0 §4.8.2).
///
/// The same group name with another filter is another group. Made by [`TopicFilter::share`] only, so that
/// its parts are always valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Share<'a> {
    /// The share name: at least one character, and no `/`, `+` or `#`.
    pub group: &'a str,
    /// The filter whose matching messages the group shares. It is not itself a shared filter.
    pub filter: &'a TopicFilter,
}

/// A filter that begins with this is a shared one; with `$share` alone, or with `$SHARE/`, it is not.
const PREFIX: &str = "$share/";

/// Whether a text has the form of a shared filter, valid or not.
pub(crate) fn is_shared(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// Splits a shared filter that was checked before into group and filter.
pub(crate) fn split(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix(PREFIX)?.split_once('/')
}

/// Checks the group of a text that has the shared form, and gives the inner filter and its offset.
pub(crate) fn check(text: &str) -> Result<(&str, usize), TopicError> {
    let after_prefix = text.strip_prefix(PREFIX).unwrap_or_default();
    let ends_group = |byte| matches!(byte, b'/' | b'+' | b'#' | 0);
    let group_len = after_prefix.bytes().position(ends_group).unwrap_or(after_prefix.len());
    let group_end = PREFIX.len() + group_len;
    let filter = match after_prefix.as_bytes().get(group_len) {
        Some(b'/') => after_prefix.get(group_len + 1..).unwrap_or_default(),
        Some(_) => return Err(TopicError::new(TopicErrorKind::ShareNameWildcard, group_end)),
        None => "",
    };
    if group_len == 0 {
        return Err(TopicError::new(TopicErrorKind::ShareNameEmpty, group_end));
    }
    if filter.is_empty() {
        return Err(TopicError::new(TopicErrorKind::ShareFilterMissing, text.len()));
    }
    let filter_at = text.len() - filter.len();
    if is_shared(filter) {
        return Err(TopicError::new(TopicErrorKind::ShareNested, filter_at));
    }
    Ok((filter, filter_at))
}
