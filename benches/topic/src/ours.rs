use std::cell::OnceCell;

use mqtt_topic::{FilterSet, SubscriptionTrie, TopicFilter, TopicFilterBuf, TopicName};

use crate::{Index, Matcher};

/// mqtt-topic: `SubscriptionTrie`.
#[derive(Debug)]
pub struct Ours(SubscriptionTrie<u32, u8>);

impl Index for Ours {
    fn new() -> Self {
        Self(SubscriptionTrie::new())
    }

    fn insert(&mut self, filter: &TopicFilter, key: u32, value: u8) {
        _ = self.0.insert(filter, key, value);
    }

    fn remove(&mut self, filter: &TopicFilter, key: u32) {
        _ = self.0.remove(filter, &key);
    }

    #[inline]
    fn matches(&self, name: &TopicName, mut found: impl FnMut(u32, u8)) -> usize {
        let mut count = 0;
        self.0.visit(name, |key, value| {
            found(*key, *value);
            count += 1;
        });
        count
    }
}

impl Ours {
    /// Whether so many steps were enough to find all.
    #[inline]
    pub fn matches_within(&self, name: &TopicName, steps: usize, mut found: impl FnMut(u32, u8)) -> bool {
        self.0.visit_within(name, steps, |key, value| found(*key, *value))
    }
}

/// The same with the index that `remove_key` needs.
#[derive(Debug)]
pub struct OursWithKeys(Ours);

impl Index for OursWithKeys {
    fn new() -> Self {
        let mut trie = SubscriptionTrie::new();
        _ = trie.remove_key(&0);
        Self(Ours(trie))
    }

    fn insert(&mut self, filter: &TopicFilter, key: u32, value: u8) {
        self.0.insert(filter, key, value);
    }

    fn remove(&mut self, filter: &TopicFilter, key: u32) {
        self.0.remove(filter, key);
    }

    #[inline]
    fn matches(&self, name: &TopicName, found: impl FnMut(u32, u8)) -> usize {
        self.0.matches(name, found)
    }
}

/// mqtt-topic: `FilterSet`, made of all filters at the first search.
#[derive(Debug)]
pub struct OursSet {
    subscriptions: Vec<(TopicFilterBuf, u32, u8)>,
    set: OnceCell<FilterSet>,
}

impl Index for OursSet {
    const SCANS: bool = true;

    fn new() -> Self {
        Self { subscriptions: Vec::new(), set: OnceCell::new() }
    }

    fn insert(&mut self, filter: &TopicFilter, key: u32, value: u8) {
        self.set.take();
        self.subscriptions.push((filter.into(), key, value));
    }

    fn remove(&mut self, filter: &TopicFilter, key: u32) {
        self.set.take();
        let at = self.subscriptions.iter().position(|(other, of, _)| *of == key && *other == *filter);
        self.subscriptions.swap_remove(at.expect("a subscription that is there"));
    }

    #[inline]
    fn matches(&self, name: &TopicName, mut found: impl FnMut(u32, u8)) -> usize {
        let set = self.set.get_or_init(|| self.subscriptions.iter().map(|(filter, ..)| &**filter).collect());
        let mut count = 0;
        for place in set.matches(name) {
            let (_, key, value) = self.subscriptions[place];
            found(key, value);
            count += 1;
        }
        count
    }
}

/// mqtt-topic: `TopicFilter::matches`.
#[derive(Debug, PartialEq, Eq)]
pub struct OursFilter(TopicFilterBuf);

impl Matcher for OursFilter {
    fn new(filter: &TopicFilter) -> Self {
        Self(TopicFilterBuf::new(filter.as_str()).expect("a filter"))
    }

    #[inline(always)]
    fn matches(&self, name: &TopicName) -> bool {
        self.0.matches(name)
    }
}
