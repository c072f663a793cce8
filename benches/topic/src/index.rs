use mqtt_topic::{TopicFilter, TopicName};

/// A set of subscriptions that can be searched by name.
pub trait Index {
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
#[derive(Debug)]
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
