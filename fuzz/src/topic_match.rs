use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use mqtt_topic::{FilterSet, RetainedCursor, RetainedTrie, SubscriptionTrie, TopicFilter, TopicName};

/// More lines only make an input slow: each name is matched with each filter at the end.
const MAX_LINES: usize = 32;

/// Both tries and a set of filters find what [`TopicFilter::matches`] says, after any insertions and removals.
///
/// The input is text, a line for each operation: `+` and a topic inserts it, `-` removes it, another first byte only
/// mentions it. A topic that is a name goes into the retained trie, one that is a filter into the subscription trie.
pub fn topic_match(input: &[u8]) {
    let mut world = World::default();
    for (at, line) in input.split(|byte| *byte == b'\n').take(MAX_LINES).enumerate() {
        let Some((operation, topic)) = line.split_first() else { continue };
        let Ok(topic) = std::str::from_utf8(topic) else { continue };
        if let Ok(name) = TopicName::new(topic) {
            world.retain(*operation, name, at);
        }
        if let Ok(filter) = TopicFilter::new(topic) {
            world.subscribe(*operation, filter, at);
        }
    }
    world.check_subscriptions();
    world.check_retained();
    world.check_set();
}

/// The tries, and beside them what they shall hold.
#[derive(Default)]
struct World<'a> {
    /// By the group of a shared filter.
    subscriptions: SubscriptionTrie<Option<&'a str>, usize>,
    subscribed: BTreeMap<&'a TopicFilter, usize>,
    retained: RetainedTrie<usize>,
    /// By the levels of the name, which is the order of the trie.
    kept: BTreeMap<Vec<&'a str>, (&'a TopicName, usize)>,
    names: BTreeSet<&'a TopicName>,
    filters: BTreeSet<&'a TopicFilter>,
}

impl<'a> World<'a> {
    fn subscribe(&mut self, operation: u8, filter: &'a TopicFilter, value: usize) {
        self.filters.insert(filter);
        let (inner, group) = match filter.share() {
            Some(share) => (share.filter, Some(share.group)),
            None => (filter, None),
        };
        match operation {
            b'+' => assert_eq!(
                self.subscriptions.insert(inner, group, value),
                self.subscribed.insert(filter, value),
                "insert {filter:?}"
            ),
            b'-' => assert_eq!(
                self.subscriptions.remove(inner, &group),
                self.subscribed.remove(filter),
                "remove {filter:?}"
            ),
            _ => {}
        }
        assert_eq!(self.subscriptions.len(), self.subscribed.len());
        assert_eq!(self.subscriptions.get(inner, &group), self.subscribed.get(filter));
    }

    fn retain(&mut self, operation: u8, name: &'a TopicName, value: usize) {
        self.names.insert(name);
        let levels = name.levels().collect();
        match operation {
            b'+' => assert_eq!(
                self.retained.insert(name, value),
                self.kept.insert(levels, (name, value)).map(|(_, old)| old),
                "insert {name:?}"
            ),
            b'-' => assert_eq!(
                self.retained.remove(name),
                self.kept.remove(&levels).map(|(_, old)| old),
                "remove {name:?}"
            ),
            _ => {}
        }
        assert_eq!(self.retained.len(), self.kept.len());
    }

    fn check_subscriptions(&self) {
        for name in &self.names {
            let mut visited = Vec::new();
            self.subscriptions.visit(name, |group, value| visited.push((*group, *value)));
            visited.sort_unstable();
            let matching = self.subscribed.iter().filter(|(filter, _)| filter.matches(name));
            let mut expected: Vec<_> =
                matching.map(|(filter, value)| (filter.share().map(|share| share.group), *value)).collect();
            expected.sort_unstable();
            assert_eq!(visited, expected, "{name:?}");
        }
        assert_eq!(self.subscriptions.iter().count(), self.subscribed.len());
    }

    fn check_set(&self) {
        let set: FilterSet = self.filters.iter().copied().collect();
        for name in &self.names {
            let matching = self.filters.iter().enumerate().filter(|(_, filter)| filter.matches(name));
            assert!(set.matches(name).eq(matching.map(|(place, _)| place)), "{name:?}");
        }
    }

    fn check_retained(&self) {
        for filter in &self.filters {
            let mut visited = Vec::new();
            self.retained.visit(filter, |name, value| visited.push((name, *value)));
            let matching = self.kept.values().filter(|(name, _)| filter.matches(name));
            assert_eq!(visited, matching.copied().collect::<Vec<_>>(), "{filter:?}");

            let mut stepped = Vec::new();
            let mut cursor = RetainedCursor::new(filter);
            for _ in 0..=self.retained.len() {
                cursor.step(&self.retained, 1, |name, value| {
                    stepped.push((name, *value));
                    ControlFlow::Continue(())
                });
            }
            assert!(cursor.is_done(), "a step of {filter:?} passes an entry");
            assert_eq!(stepped, visited, "{filter:?} in steps");
        }
    }
}
