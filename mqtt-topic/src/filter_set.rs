use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};
use core::ops::Range;
use core::{fmt, iter};

use hashbrown::HashTable;

use crate::filter::{TopicFilter, TopicFilterBuf};
use crate::name::TopicName;
use crate::subscriptions::UNKEYED;

/// A few filters that do not change, for rules and for the dispatch in a client: which of them match a name?
///
/// Filters are known by their places, counted from 0, in the order in which they were given. Nothing is allocated to
/// match. Filters without wildcards are found by one look into a hash table; of the others, the end of what a name has to
/// begin with is compared first, eight bytes at once. So the time is at worst proportional to the number of filters, and
/// for more than a few dozen with wildcards a [`SubscriptionTrie`](crate::SubscriptionTrie) is faster.
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
#[derive(Clone)]
pub struct FilterSet {
    filters: Box<[TopicFilterBuf]>,
    /// The places of those with wildcards, in order.
    wild: Box<[Wild]>,
    /// The places of the others, those of one text side by side and in order.
    exact: Box<[usize]>,
    /// Where those of one text are among them.
    by_text: HashTable<Range<usize>>,
}

#[derive(Clone)]
struct Wild {
    place: usize,
    /// How many bytes a name has to begin with.
    literal: usize,
    /// The last eight of them; if there are fewer, all.
    word: u64,
    /// Which bits of it count.
    mask: u64,
}

impl FilterSet {
    fn new(filters: Box<[TopicFilterBuf]>) -> Self {
        let text = |place: usize| filters.get(place).map_or("", |filter| filter.without_share().as_str());
        let all = filters.iter().enumerate();
        let (wild, mut exact): (Vec<_>, Vec<_>) = all.partition(|(_, filter)| filter.has_wildcards());
        let wild = wild.into_iter().map(|(place, _)| Wild::new(place, text(place))).collect();
        exact.sort_by_key(|&(place, _)| text(place));
        let exact: Box<[_]> = exact.into_iter().map(|(place, _)| place).collect();
        let mut by_text = HashTable::new();
        let mut start = 0;
        for same in exact.chunk_by(|&one, &other| text(one) == text(other)) {
            let range = start..start + same.len();
            start = range.end;
            let hash_of =
                |range: &Range<usize>| hash(exact.get(range.start).map_or("", |&place| text(place)));
            by_text.insert_unique(hash_of(&range), range, hash_of);
        }
        Self { filters, wild, exact, by_text }
    }

    /// The places of the filters that match `name`, in order. A shared filter matches what its inner filter matches.
    pub fn matches<'a>(&'a self, name: &'a TopicName) -> impl Iterator<Item = usize> + use<'a> {
        let places = |range: &Range<usize>| self.exact.get(range.clone()).unwrap_or_default();
        let is_it = |range: &Range<usize>| {
            places(range)
                .first()
                .and_then(|&place| self.get(place))
                .is_some_and(|filter| filter.matches(name))
        };
        let exact = self.by_text.find(hash(name.as_str()), is_it).map_or(&[][..], places);
        let mut exact = exact.iter().copied().peekable();
        let bytes = name.as_str().as_bytes();
        let head = word(bytes);
        let is_match = move |wild: &&Wild| {
            wild.may_match(bytes, head) && self.get(wild.place).is_some_and(|filter| filter.matches(name))
        };
        let mut wild = self.wild.iter().filter(is_match).map(|wild| wild.place).peekable();
        iter::from_fn(move || match (exact.peek(), wild.peek()) {
            (Some(one), Some(other)) if one > other => wild.next(),
            (None, _) => wild.next(),
            (Some(_), _) => exact.next(),
        })
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
        self.filters.get(place).map(|filter| &**filter)
    }

    /// The filters, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &TopicFilter> + ExactSizeIterator {
        self.filters.iter().map(|filter| &**filter)
    }
}

impl Wild {
    fn new(place: usize, filter: &str) -> Self {
        let literal = match filter.find(['+', '#']) {
            // Not the slash before it, since the level before matches too.
            Some(at) if filter.get(at..) == Some("#") => at.saturating_sub(1),
            at => at.unwrap_or_default(),
        };
        let counted = literal.min(8);
        let last = filter.as_bytes().get(literal - counted..literal).unwrap_or_default();
        let mask = [0xFF; 8];
        Self { place, literal, word: word(last), mask: word(mask.get(..counted).unwrap_or_default()) }
    }

    /// `head` is the [`word`] of the name.
    #[inline]
    fn may_match(&self, name: &[u8], head: u64) -> bool {
        let last = match name.get(..self.literal).map(<[u8]>::last_chunk) {
            Some(Some(last)) => u64::from_le_bytes(*last),
            Some(None) => head,
            None => return false,
        };
        (last ^ self.word) & self.mask == 0
    }
}

fn hash(text: &str) -> u64 {
    UNKEYED.of_bytes(text.as_bytes())
}

/// The first eight bytes, or all and zeros behind them.
fn word(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(first) => u64::from_le_bytes(*first),
        None => bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

impl FromIterator<TopicFilterBuf> for FilterSet {
    fn from_iter<I: IntoIterator<Item = TopicFilterBuf>>(filters: I) -> Self {
        Self::new(filters.into_iter().collect())
    }
}

impl<'a> FromIterator<&'a TopicFilter> for FilterSet {
    fn from_iter<I: IntoIterator<Item = &'a TopicFilter>>(filters: I) -> Self {
        filters.into_iter().map(TopicFilterBuf::from).collect()
    }
}

impl<'a, const N: usize> From<[&'a TopicFilter; N]> for FilterSet {
    fn from(filters: [&'a TopicFilter; N]) -> Self {
        filters.into_iter().collect()
    }
}

/// A set of no filters.
impl Default for FilterSet {
    fn default() -> Self {
        Self::new(Box::default())
    }
}

/// A list of filters.
impl fmt::Debug for FilterSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for FilterSet {
    fn eq(&self, other: &Self) -> bool {
        self.filters == other.filters
    }
}

impl Eq for FilterSet {}

impl Hash for FilterSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.filters.hash(state);
    }
}
