use mqtt_topic::{TopicFilter, TopicName};

use crate::Matcher;

/// A set of subscriptions that can be searched by name.
pub trait Index {
    /// Whether all filters are tried one after the other; then nobody asks what a change costs.
    const SCANS: bool = false;

    /// An empty set.
    fn new() -> Self;

    /// Adds a subscription; the pair of filter and key is new.
    fn insert(&mut self, filter: &TopicFilter, key: u32, value: u8);

    /// Removes a subscription that is there.
    fn remove(&mut self, filter: &TopicFilter, key: u32);

    /// Calls `found` with each subscription whose filter matches, and gives their number.
    fn matches(&self, name: &TopicName, found: impl FnMut(u32, u8)) -> usize;
}

/// Holds nothing and finds nothing: what the measuring itself costs.
#[derive(Debug, PartialEq, Eq)]
pub struct Nothing;

impl Index for Nothing {
    fn new() -> Self {
        Self
    }

    fn insert(&mut self, _: &TopicFilter, _: u32, _: u8) {}

    fn remove(&mut self, _: &TopicFilter, _: u32) {}

    #[inline(always)]
    fn matches(&self, _: &TopicName, _: impl FnMut(u32, u8)) -> usize {
        0
    }
}

impl Matcher for Nothing {
    fn new(_: &TopicFilter) -> Self {
        Self
    }

    #[inline(always)]
    fn matches(&self, _: &TopicName) -> bool {
        false
    }
}
