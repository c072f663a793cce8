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
    let (group, filter) = after_prefix.split_once('/').unwrap_or((after_prefix, ""));
    let filter_at = text.len() - filter.len();
    if group.is_empty() {
        return Err(TopicError::new(TopicErrorKind::ShareNameEmpty, PREFIX.len()));
    }
    if let Some(at) = group.find(['+', '#', '\0']) {
        return Err(TopicError::new(TopicErrorKind::ShareNameWildcard, PREFIX.len() + at));
    }
    if filter.is_empty() {
        return Err(TopicError::new(TopicErrorKind::ShareFilterMissing, text.len()));
    }
    if is_shared(filter) {
        return Err(TopicError::new(TopicErrorKind::ShareNested, filter_at));
    }
    Ok((filter, filter_at))
}
