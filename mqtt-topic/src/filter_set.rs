use alloc::boxed::Box;
use core::fmt;

use crate::MAX_LEN;
use crate::filter::{TopicFilter, TopicFilterBuf};
use crate::name::TopicName;

/// A few filters that do not change, for rules and for the dispatch in a client: which of them match a name?
///
/// Filters are known by their places, counted from 0, in the order in which they were given. What most filters ask for, a
/// certain beginning, is compared eight bytes at once before anything else; nothing is allocated. The time is proportional
/// to the number of filters: for more than a few hundred see [`SubscriptionTrie`](crate::SubscriptionTrie).
///
/// ```
/// use mqtt_topic::{FilterSet, TopicFilter, TopicName};
///
/// let filters = ["secret/#", "room/+/light", "#"].map(|text| TopicFilter::new(text).unwrap());
/// let set = FilterSet::from(filters);
/// assert!(set.matches(TopicName::new("room/1/light")?).eq([1, 2]));
/// assert_eq!(set.matches(TopicName::new("secret/key")?).next(), Some(0));
/// # Ok::<(), mqtt_topic::TopicError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FilterSet {
    filters: Box<[Compiled]>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Compiled {
    filter: TopicFilterBuf,
    /// The bytes that a name has to begin with.
    literal: u16,
    /// The longest name that can match.
    most: u16,
    /// The last eight of the literal bytes; if there are fewer, all of them.
    word: u64,
    /// Which bits of it count.
    mask: u64,
}

impl FilterSet {
    /// The places of the filters that match `name`, in order. A shared filter matches what its inner filter matches.
    pub fn matches<'a>(&'a self, name: &'a TopicName) -> impl Iterator<Item = usize> + use<'a> {
        let head = word(name.as_str().as_bytes());
        let all = self.filters.iter().enumerate();
        all.filter(move |(_, filter)| filter.matches(name, head)).map(|(place, _)| place)
    }

    /// Whether a filter matches `name`.
    pub fn is_match(&self, name: &TopicName) -> bool {
        self.matches(name).next().is_some()
    }

    /// The number of filters.
    pub const fn len(&self) -> usize {
        self.filters.len()
    }

    /// Whether there is no filter.
    pub const fn is_empty(&self) -> bool {
        self.filters.is_empty()
    }

    /// The filter at a place.
    pub fn get(&self, place: usize) -> Option<&TopicFilter> {
        self.filters.get(place).map(|compiled| &*compiled.filter)
    }

    /// The filters, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &TopicFilter> + ExactSizeIterator {
        self.filters.iter().map(|compiled| &*compiled.filter)
    }
}

impl Compiled {
    fn new(filter: &TopicFilter) -> Self {
        let text = filter.without_share().as_str().as_bytes();
        let (literal, most) = match text.iter().position(|byte| matches!(byte, b'+' | b'#')) {
            // Not the slash, since the level before matches too.
            Some(at) if text.get(at) == Some(&b'#') => (at.saturating_sub(1), MAX_LEN),
            Some(at) => (at, MAX_LEN),
            None => (text.len(), text.len()),
        };
        let counted = literal.min(8);
        let last = text.get(literal - counted..literal).unwrap_or_default();
        Self {
            filter: filter.into(),
            literal: u16::try_from(literal).unwrap_or(u16::MAX),
            most: u16::try_from(most).unwrap_or(u16::MAX),
            word: word(last),
            mask: word([0xFF; 8].get(..counted).unwrap_or_default()),
        }
    }

    /// `head` is the [`word`] of the name.
    #[inline]
    fn matches(&self, name: &TopicName, head: u64) -> bool {
        let bytes = name.as_str().as_bytes();
        let literal = usize::from(self.literal);
        let last = match bytes.get(..literal).and_then(<[u8]>::last_chunk) {
            Some(last) => u64::from_le_bytes(*last),
            None => head,
        };
        (literal..=self.most.into()).contains(&bytes.len())
            && (last ^ self.word) & self.mask == 0
            && self.filter.matches(name)
    }
}

/// The first eight bytes, or all and zeros behind them.
fn word(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(first) => u64::from_le_bytes(*first),
        None => bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

impl<'a> FromIterator<&'a TopicFilter> for FilterSet {
    fn from_iter<I: IntoIterator<Item = &'a TopicFilter>>(filters: I) -> Self {
        Self { filters: filters.into_iter().map(Compiled::new).collect() }
    }
}

impl<'a, const N: usize> From<[&'a TopicFilter; N]> for FilterSet {
    fn from(filters: [&'a TopicFilter; N]) -> Self {
        filters.into_iter().collect()
    }
}

/// A list of filters.
impl fmt::Debug for FilterSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
