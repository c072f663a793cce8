mod change;
mod filter_text;
mod groups;
mod growth;
mod hashing;
mod keys;
mod slab;
mod statistics;
mod subscribers;
mod traits;
mod visit;
mod wild;
mod words;

use core::borrow::Borrow;
use core::hash::Hash;
use core::ops::ControlFlow::{Break, Continue};

use hashbrown::HashTable;

use self::filter_text::FilterText;
pub use self::groups::{Choice, SharedGroups};
use self::hashing::Seed;
pub(crate) use self::hashing::UNKEYED;
use self::keys::Keys;
use self::slab::{Id, Slab};
pub use self::statistics::Statistics;
use self::subscribers::Subscribers;
use self::wild::{Texts, Wild};
use crate::filter::TopicFilter;
use crate::name::TopicName;

/// Finds the subscriptions that match a topic name.
///
/// It holds one value for each pair of a topic filter and a key; the key is the subscriber, the value what
/// the subscriber asked for. [`visit`](Self::visit) calls back once for each pair whose filter matches.
///
/// Filters are compared by their text, as UNSUBSCRIBE does, and **a shared filter is only a text here**: the
/// owner of the trie takes `$share/{group}/` off with [`TopicFilter::share`] and keeps the inner filter,
/// with the group in the key or in a trie of its own, or lets [`SharedGroups`] do all this. A shared filter
/// that is inserted as it is matches names that begin with `$share/`, which are not what it is for.
///
/// A filter without wildcards is found by one look into a hash table, whatever the number of levels and of
/// filters. Those with wildcards are in a trie besides, which has a node for each beginning that two of them share. The
/// hashes are keyed with the seed that [`with_seed`](Self::with_seed) takes; nothing depends on it that a caller can see,
/// but for a few [`bytes`](Statistics::bytes).
///
/// A trie that has shrunk keeps most of its room for what comes; one that is empty has no memory.
///
/// The order of visits depends on the history alone: the same calls in the same order make tries that visit
/// in the same order, whatever the seed. Equality and hash are those of the contents.
///
/// ```
/// use mqtt_topic::{SubscriptionTrie, TopicFilter, TopicName};
///
/// let mut trie = SubscriptionTrie::new();
/// trie.insert(TopicFilter::new("sport/#")?, "client 1", 2);
/// trie.insert(TopicFilter::new("sport/+/score")?, "client 2", 0);
///
/// let mut found = Vec::new();
/// trie.visit(TopicName::new("sport/tennis/score")?, |client, qos| found.push((*client, *qos)));
/// assert_eq!(found, [("client 1", 2), ("client 2", 0)]);
/// # Ok::<(), mqtt_topic::TopicError>(())
/// ```
#[derive(Clone)]
pub struct SubscriptionTrie<K, V> {
    filters: Filters<K, V>,
    by_text: HashTable<Id>,
    wild: Wild,
    /// Since somebody asked for it.
    keys: Option<Keys>,
    seed: Seed,
    len: usize,
    /// What filters and their subscribers have allocated.
    heap: usize,
}

/// All filters, each with its subscribers.
type Filters<K, V> = Slab<Subscribed<K, V>>;

#[derive(Clone, Debug)]
struct Subscribed<K, V> {
    filter: FilterText,
    subscribers: Subscribers<K, V>,
}

impl<K, V> Texts for Filters<K, V> {
    fn text(&self, filter: Id) -> &str {
        self.get(filter).filter.as_filter().as_str()
    }
}

impl<K, V> SubscriptionTrie<K, V> {
    /// Makes an empty trie, without allocating, with the seed 0, which everybody knows.
    pub const fn new() -> Self {
        Self::with_seed(0)
    }

    /// Makes an empty trie, without allocating, whose hashes are keyed with `seed`. Let it be a secret random number where
    /// strangers subscribe, so that they cannot choose filters that are slow to find because their hashes collide. The
    /// hash is a fast one, not a cryptographic one.
    pub const fn with_seed(seed: u64) -> Self {
        Self {
            filters: Slab::new(),
            by_text: HashTable::new(),
            wild: Wild::new(),
            keys: None,
            seed: Seed::new(seed),
            len: 0,
            heap: 0,
        }
    }

    /// The number of pairs of a filter and a key.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no subscription.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of different filters.
    pub const fn filter_count(&self) -> usize {
        self.filters.used()
    }

    /// Calls `f` for each subscription whose filter matches `name`, once per pair of filter and key.
    ///
    /// The filter that is the name comes first, then those with wildcards, in an order that depends on nothing but which of
    /// those there are. The subscribers of one filter come in the order of their insertion, until one is removed.
    ///
    /// Nothing is allocated. The work is bounded by the filters with wildcards, and by the nodes that can match, which are
    /// those whose path matches the beginning of the name: each is entered once, with one look into a hash table, and
    /// what a filter alone has behind them is compared once. There are at most 2^n of them at depth n.
    pub fn visit<'t>(&'t self, name: &TopicName, f: impl FnMut(&'t K, &'t V)) {
        let _is_all = self.visit_within(name, usize::MAX, f);
    }

    /// The same with at most so many `steps`, each a node that is entered, a filter with a wildcard that is compared, or a
    /// call of `f`; and one more for every 64 bytes of the name that a filter is compared with, or, beyond its 16th level, of
    /// a level. What does not count is one look for the filter that is the name, whose work is proportional to the name.
    ///
    /// Gives whether that was enough; if not, there may be more subscriptions that match.
    #[must_use = "if the steps were not enough, subscriptions that match may be missing"]
    pub fn visit_within<'t>(
        &'t self,
        name: &TopicName,
        mut steps: usize,
        mut f: impl FnMut(&'t K, &'t V),
    ) -> bool {
        let mut emit = |id: Id, steps: &mut usize| {
            let subscribers = self.filters.get(id).subscribers.as_slice();
            let left = steps.checked_sub(subscribers.len());
            for (key, value) in subscribers.get(..*steps).unwrap_or(subscribers) {
                f(key, value);
            }
            *steps = left.unwrap_or(0);
            left.map_or(Break(()), |_| Continue(()))
        };
        let text = name.as_str();
        if let Some(id) = self.find(self.seed.of_bytes(text.as_bytes()), text)
            && emit(id, &mut steps).is_break()
        {
            return false;
        }
        self.wild.visit(&self.filters, name, &self.seed, steps, emit)
    }

    /// The subscriptions, filter by filter, in an order that depends on the history alone.
    pub fn iter(&self) -> impl Iterator<Item = (&TopicFilter, &K, &V)> {
        self.filters.iter().flat_map(|(_, Subscribed { filter, subscribers })| {
            subscribers.as_slice().iter().map(|(key, value)| (filter.as_filter(), key, value))
        })
    }

    /// The filter with this text, which has this hash.
    fn find(&self, hash: u64, text: &str) -> Option<Id> {
        self.by_text.find(hash, |&id| self.filters.text(id) == text).copied()
    }

    fn find_filter(&self, filter: &TopicFilter) -> Option<Id> {
        let text = filter.as_str();
        self.find(self.seed.of_bytes(text.as_bytes()), text)
    }
}

impl<K: Eq + Hash, V> SubscriptionTrie<K, V> {
    /// The value of `key` under exactly this filter.
    pub fn get<Q>(&self, filter: &TopicFilter, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.filters.get(self.find_filter(filter)?).subscribers.get(key, &self.seed)
    }

    /// The value of `key` under exactly this filter, to be changed in place.
    pub fn get_mut<Q>(&mut self, filter: &TopicFilter, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let id = self.find_filter(filter)?;
        self.filters.get_mut(id).subscribers.get_mut(key, &self.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> &TopicFilter {
        TopicFilter::new(text).expect("a valid filter")
    }

    /// Fails when removing leaves a node behind, or takes one that another filter still needs.
    #[test]
    fn nodes_go_with_the_last_filter_but_one_that_needs_them() {
        let filters = ["a/b/+/c", "a/b/+/d", "a/b/+", "a/b/#", "a/+/x", "+", "#", "+/+/+", "a/b/+/d/e/f/+/g"];
        let mut trie = SubscriptionTrie::new();
        for (at, text) in filters.iter().enumerate() {
            trie.insert(filter(text), at, ());
        }
        // Root, a, a/b, a/b/+, a/b/+/d and +; edges to a, b, d, c, e, each another word.
        assert_eq!(trie.wild.used(), [6, 5, 5]);
        for (at, text) in filters.iter().enumerate() {
            assert_eq!(trie.remove(filter(text), &at), Some(()));
            let mut same = SubscriptionTrie::new();
            for (left, text) in filters.iter().enumerate().skip(at + 1) {
                assert_eq!(trie.get(filter(text), &left), Some(&()), "{text}");
                same.insert(filter(text), left, ());
            }
            assert_eq!(trie.wild.used(), same.wild.used(), "without {text}");
        }
        assert_eq!(trie.statistics(), SubscriptionTrie::<(), ()>::new().statistics());
    }

    /// Fails when places of removed filters are not used again, so that churn grows the trie.
    #[test]
    fn churn_does_not_grow_the_slabs() {
        let mut trie = SubscriptionTrie::new();
        trie.insert(filter("kept"), 0, ());
        let churn = |trie: &mut SubscriptionTrie<i32, ()>| {
            for text in ["a/b/+/c/#", "a/b/+/c", "a/b/d"] {
                trie.insert(filter(text), 1, ());
            }
            for text in ["a/b/+/c/#", "a/b/+/c", "a/b/d"] {
                trie.remove(filter(text), &1);
            }
        };
        churn(&mut trie);
        let before = trie.statistics();
        (0..100).for_each(|_| churn(&mut trie));
        assert_eq!(trie.statistics(), before);
    }
}
