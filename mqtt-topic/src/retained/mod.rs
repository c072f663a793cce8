mod cursor;
mod order;
mod scan;

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use core::fmt;
use core::ops::ControlFlow;

pub use self::cursor::RetainedCursor;
use self::order::{Key, Place, Position};
use crate::filter::TopicFilter;
use crate::name::TopicName;

/// Finds the topic names that match a filter, and keeps a value for each: the retained messages.
///
/// Entries are ordered level by level: a name comes before the names below it, those come before its next
/// sibling, and siblings are in byte order. This is the order of all visits.
///
/// The tree of levels exists only as this order. Entries are in one balanced search tree by name, where the
/// names under a level are neighbours, and a visit jumps over the ranges that cannot match. So an entry
/// costs the bytes of its name, 16 bytes to find them, and the value, in a tree whose nodes are at least
/// 5/11 full: a name of 65,535 slashes costs no more than any other of its length. An empty trie has no memory.
///
/// ```
/// use mqtt_topic::{RetainedTrie, TopicFilter, TopicName};
///
/// let mut trie = RetainedTrie::new();
/// trie.insert(TopicName::new("room/2/light")?, "off");
/// trie.insert(TopicName::new("room/1/light")?, "on");
///
/// let mut found = Vec::new();
/// trie.visit(TopicFilter::new("room/+/light")?, |name, value| found.push((name.as_str(), *value)));
/// assert_eq!(found, [("room/1/light", "on"), ("room/2/light", "off")]);
/// # Ok::<(), mqtt_topic::TopicError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RetainedTrie<V> {
    entries: BTreeMap<Key, V>,
}

impl<V> RetainedTrie<V> {
    /// Makes an empty trie, without allocating.
    pub const fn new() -> Self {
        Self { entries: BTreeMap::new() }
    }

    /// The number of names that have a value.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no name has a value.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Sets the value of `name`, and gives the value that it had before.
    pub fn insert(&mut self, name: &TopicName, value: V) -> Option<V> {
        // A name that is there already is not copied again: most retained messages replace another.
        if let Some(present) = self.get_mut(name) {
            return Some(core::mem::replace(present, value));
        }
        self.entries.insert(Key(name.to_owned()), value)
    }

    /// Removes `name`, and gives the value that it had.
    pub fn remove(&mut self, name: &TopicName) -> Option<V> {
        let removed = self.entries.remove(&Position::of(name) as &dyn Place);
        if self.entries.is_empty() {
            // An empty map keeps a node.
            self.entries = BTreeMap::new();
        }
        removed
    }

    /// Removes all.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// The value of `name`.
    pub fn get(&self, name: &TopicName) -> Option<&V> {
        self.entries.get(&Position::of(name) as &dyn Place)
    }

    /// The value of `name`, to be changed in place.
    pub fn get_mut(&mut self, name: &TopicName) -> Option<&mut V> {
        self.entries.get_mut(&Position::of(name) as &dyn Place)
    }

    /// All names and values, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&TopicName, &V)> + ExactSizeIterator {
        self.entries.iter().map(|(key, value)| (&*key.0, value))
    }

    /// Calls `f` for each name that `filter` matches, in order.
    ///
    /// A shared filter matches what its inner filter matches, as in [`TopicFilter::matches`]; that a shared
    /// subscription gets no retained messages (MQTT 5.0 §4.8.2) is for the caller to know.
    ///
    /// Nothing is allocated. The work is bounded by the entries below the levels of the filter that come
    /// before its first wildcard; of these, a range of names that differ from the filter in a level without
    /// a wildcard costs one search and not a look at each. For long visits see [`RetainedCursor`].
    pub fn visit<'t>(&'t self, filter: &TopicFilter, mut f: impl FnMut(&'t TopicName, &'t V)) {
        let filter = filter.without_share();
        scan::scan(&self.entries, filter, scan::beginning(filter), usize::MAX, |name, value| {
            f(name, value);
            ControlFlow::Continue(())
        });
    }
}

impl<V> Default for RetainedTrie<V> {
    fn default() -> Self {
        Self::new()
    }
}

/// A map from name to value.
impl<V: fmt::Debug> fmt::Debug for RetainedTrie<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
