mod children;
mod node;
mod slab;
mod walk;

use alloc::collections::BTreeMap;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::ControlFlow;

use self::node::Node;
use self::slab::{NodeId, Slab};
use crate::filter::TopicFilter;
use crate::levels::LevelCursor;
use crate::name::TopicName;

/// Finds the subscriptions that match a topic name.
///
/// It holds one value for each pair of a topic filter and a key; the key is the subscriber, the value what
/// the subscriber asked for. [`visit`](Self::visit) calls back once for each pair whose filter matches.
///
/// Filters are compared by their text, as UNSUBSCRIBE does, and **a shared filter is only a text here**: the
/// owner of the trie takes `$share/{group}/` off with [`TopicFilter::share`] and keeps the inner filter,
/// with the group in the key or in a trie of its own. A shared filter that is inserted as it is
/// matches names that begin with `$share/`, which are not what it is for.
///
/// A node takes about 80 bytes, plus the text of its level and a map of its subscribers. There is one node
/// for each level of each filter, shared by the filters that begin alike; nodes go with the last filter that
/// needs them. The memory of removed nodes is used again, and given back when the trie becomes empty.
///
/// Equality, hash and Debug form are those of the contents, whatever the history.
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
    nodes: Slab<Node<K, V>>,
    /// `None` exactly when the trie is empty.
    root: Option<NodeId>,
    len: usize,
}

impl<K, V> SubscriptionTrie<K, V> {
    /// Makes an empty trie, without allocating.
    pub const fn new() -> Self {
        Self { nodes: Slab::new(), root: None, len: 0 }
    }

    /// The number of pairs of a filter and a key.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no subscription.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Calls `f` for each subscription whose filter matches `name`, once per pair of filter and key.
    ///
    /// The order depends only on the contents. Level by level from the first: the filters that go on with
    /// `#`, then the filter that ends here, then those that go on with the level of the name, then those
    /// that go on with `+`; and by key within one filter.
    ///
    /// Nothing is allocated. The work is bounded by the nodes that can match, which are those whose path
    /// matches the beginning of the name: each is entered once, with one search among the children of each.
    /// There are at most 2^n of them at depth n, and no more than the trie has.
    pub fn visit<'t>(&'t self, name: &TopicName, mut f: impl FnMut(&'t K, &'t V)) {
        let Some(root) = self.root else { return };
        let mut emit = |values: &'t BTreeMap<K, V>| values.iter().for_each(|(key, value)| f(key, value));
        let mut rest = LevelCursor::new(name.as_str());
        // MQTT-4.7.2-1: wildcards in the first level do not match `$...`.
        let takes_wildcards = |rest: &LevelCursor<'_>| !(rest.at_first() && name.starts_with_dollar());
        let mut id = root;
        'enter: loop {
            let node = self.nodes.get(id);
            let wildcards = takes_wildcards(&rest);
            if wildcards && let Some(hash) = node.hash {
                emit(&self.nodes.get(hash).values);
            }
            match rest.level() {
                None => emit(&node.values),
                Some(level) => {
                    let plus = if wildcards { node.plus } else { None };
                    if let Some(child) = node.exact.get(level).or(plus) {
                        rest.pass(level);
                        id = child;
                        continue 'enter;
                    }
                }
            }
            // Nothing further below: go back to the last node with a `+` child that was not yet entered.
            while let Some(parent) = self.nodes.get(id).parent {
                let level = rest.back();
                let plus = self.nodes.get(parent).plus.filter(|_| takes_wildcards(&rest));
                if let Some(plus) = plus
                    && plus != id
                {
                    rest.pass(level);
                    id = plus;
                    continue 'enter;
                }
                id = parent;
            }
            return;
        }
    }

    /// Calls `f` for each subscription.
    ///
    /// The order depends only on the contents. Level by level from the first: the filter that goes on with
    /// `#`, then the filter that ends here, then those that go on with other levels in byte order, then those
    /// that go on with `+`; and by key within one filter.
    pub fn for_each<'t>(&'t self, mut f: impl FnMut(&TopicFilter, &'t K, &'t V)) {
        // The walk stops early only when it is told to.
        let _: ControlFlow<()> = self.try_for_each(|filter, key, value| {
            f(filter, key, value);
            ControlFlow::Continue(())
        });
    }

    fn find(&self, filter: &TopicFilter) -> Option<NodeId> {
        filter.levels().try_fold(self.root?, |id, level| self.nodes.get(id).child(level))
    }
}

impl<K: Ord, V> SubscriptionTrie<K, V> {
    /// Sets the value of `key` under `filter`, and gives the value that it had before.
    pub fn insert(&mut self, filter: &TopicFilter, key: K, value: V) -> Option<V> {
        let nodes = &mut self.nodes;
        let root = *self.root.get_or_insert_with(|| nodes.insert(Node::new(None)));
        let end = filter.levels().fold(root, |id, level| {
            nodes.get(id).child(level).unwrap_or_else(|| {
                let child = nodes.insert(Node::new(Some(id)));
                nodes.get_mut(id).link(level, child);
                child
            })
        });
        let previous = nodes.get_mut(end).values.insert(key, value);
        self.len += usize::from(previous.is_none());
        previous
    }

    /// Removes `key` from `filter`, and gives the value that it had.
    pub fn remove(&mut self, filter: &TopicFilter, key: &K) -> Option<V> {
        let mut id = self.find(filter)?;
        let value = self.nodes.get_mut(id).values.remove(key)?;
        self.len -= 1;
        // Remove the nodes that now lead nowhere, from the end of the filter to its beginning.
        let mut levels = filter.levels();
        while self.nodes.get(id).is_empty() {
            let node = self.nodes.remove(id);
            let (Some(parent), Some(level)) = (node.parent, levels.next_back()) else {
                self.root = None;
                break;
            };
            self.nodes.get_mut(parent).unlink(level);
            id = parent;
        }
        Some(value)
    }

    /// The value of `key` under exactly this filter.
    pub fn get(&self, filter: &TopicFilter, key: &K) -> Option<&V> {
        self.nodes.get(self.find(filter)?).values.get(key)
    }

    /// The value of `key` under exactly this filter, to be changed in place.
    pub fn get_mut(&mut self, filter: &TopicFilter, key: &K) -> Option<&mut V> {
        let id = self.find(filter)?;
        self.nodes.get_mut(id).values.get_mut(key)
    }
}

impl<K, V> Default for SubscriptionTrie<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

/// A map from the pair of filter and key to the value.
impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for SubscriptionTrie<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        self.for_each(|filter, key, value| {
            map.entry(&(filter, key), value);
        });
        map.finish()
    }
}

impl<K: Ord, V: PartialEq> PartialEq for SubscriptionTrie<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len
            && self
                .try_for_each(|filter, key, value| {
                    if other.get(filter, key) == Some(value) {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                })
                .is_continue()
    }
}

impl<K: Ord, V: Eq> Eq for SubscriptionTrie<K, V> {}

impl<K: Hash, V: Hash> Hash for SubscriptionTrie<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len.hash(state);
        self.for_each(|filter, key, value| (filter, key, value).hash(state));
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
    fn nodes_go_with_the_last_filter_that_needs_them() {
        let filters = ["a", "a/b", "a/b/c", "a/+", "a/+/c", "a/#", "+", "#", "/", "//", "x/y/z", "a/d"];
        let mut trie = SubscriptionTrie::new();
        for (at, text) in filters.iter().enumerate() {
            trie.insert(filter(text), at, ());
        }
        // Root; a, b, c, +, c, #, d; +; #; "", "", ""; x, y, z.
        assert_eq!(trie.nodes.used(), 16);
        for (at, text) in filters.iter().enumerate() {
            assert_eq!(trie.remove(filter(text), &at), Some(()));
            for (left, text) in filters.iter().enumerate().skip(at + 1) {
                assert_eq!(trie.get(filter(text), &left), Some(&()), "{text}");
            }
        }
        assert_eq!((trie.nodes.used(), trie.nodes.places(), trie.root, trie.len), (0, 0, None, 0));
    }

    /// Fails when places of removed nodes are not used again, so that churn grows the trie.
    #[test]
    fn churn_does_not_grow_the_slab() {
        let mut trie = SubscriptionTrie::new();
        trie.insert(filter("kept"), 0, ());
        let churn = |trie: &mut SubscriptionTrie<i32, ()>| {
            trie.insert(filter("a/b/+/c/#"), 1, ());
            trie.insert(filter("a/b/d"), 1, ());
            trie.remove(filter("a/b/+/c/#"), &1);
            trie.remove(filter("a/b/d"), &1);
        };
        churn(&mut trie);
        let places = trie.nodes.places();
        (0..100).for_each(|_| churn(&mut trie));
        assert_eq!((trie.nodes.places(), trie.nodes.used()), (places, 2));
    }

    /// Fails when the documented memory per level is no longer true.
    #[test]
    fn a_node_takes_about_80_bytes() {
        assert!(size_of::<Node<u64, u64>>() <= 80, "{}", size_of::<Node<u64, u64>>());
    }
}
