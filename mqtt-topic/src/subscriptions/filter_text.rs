use arrayvec::ArrayString;

use crate::filter::{TopicFilter, TopicFilterBuf};

/// A filter that lies where its subscribers are, unless it is long: most are short, and then finding one is not finding
/// another piece of memory.
#[derive(Clone, Debug)]
pub(super) enum FilterText {
    Short(ArrayString<SHORT>),
    Long(TopicFilterBuf),
}

/// With an enumeration's tag, and the subscriber of the usual filter, 64 bytes.
const SHORT: usize = 40;

impl FilterText {
    pub(super) fn new(filter: &TopicFilter) -> Self {
        ArrayString::from(filter.as_str()).map_or_else(|_| Self::Long(filter.into()), Self::Short)
    }

    #[inline]
    pub(super) fn as_filter(&self) -> &TopicFilter {
        match self {
            Self::Short(text) => TopicFilter::from_valid(text),
            Self::Long(filter) => filter,
        }
    }

    /// What is allocated.
    pub(super) fn heap(&self) -> usize {
        match self {
            Self::Short(_) => 0,
            Self::Long(filter) => filter.as_str().len(),
        }
    }
}
