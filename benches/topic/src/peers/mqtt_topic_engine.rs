use std::collections::HashMap;

use mqtt_topic::{TopicFilter, TopicName};
use mqtt_topic_engine::topic_matcher::TopicMatcherNode;
use mqtt_topic_engine::{CacheStrategy, TopicPath, TopicPatternPath};

use crate::Index;

/// mqtt-topic-engine: `TopicMatcherNode`, which is the trie of its router, without the router's table of identifiers.
#[derive(Debug)]
pub struct MqttTopicEngine(TopicMatcherNode<HashMap<u32, u8>>);

impl Index for MqttTopicEngine {
    fn new() -> Self {
        Self(TopicMatcherNode::new())
    }

    fn insert(&mut self, filter: &TopicFilter, key: u32, value: u8) {
        self.0.get_or_create_subscription_table(&pattern(filter)).insert(key, value);
    }

    fn remove(&mut self, filter: &TopicFilter, key: u32) {
        let levels = pattern(filter).resolve_bound_segments();
        let removed = self.0.update_node(&levels, |table| {
            table.remove(&key);
        });
        removed.expect("a subscription that is there");
    }

    #[inline]
    fn matches(&self, name: &TopicName, mut found: impl FnMut(u32, u8)) -> usize {
        let mut count = 0;
        for table in self.0.find_by_path(&TopicPath::new(name.as_str()).expect("a name")) {
            for (key, value) in table {
                found(*key, *value);
                count += 1;
            }
        }
        count
    }
}

fn pattern(filter: &TopicFilter) -> TopicPatternPath {
    TopicPatternPath::new_from_string(filter.as_str(), CacheStrategy::NoCache).expect("a filter")
}
