use mqtt_topic::{SubscriptionTrie, TopicFilter, TopicFilterBuf, TopicName};

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
