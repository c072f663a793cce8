use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use mqtt_topic::{TopicFilter, TopicName};
use rmqtt::topic::Topic;
use rmqtt::trie::TopicTree;
use serde::{Deserialize, Serialize};

use crate::Index;

/// rmqtt: `TopicTree`, which is the trie of its router.
pub struct Rmqtt(TopicTree<Entry>);

impl Index for Rmqtt {
    fn new() -> Self {
        Self(TopicTree::default())
    }

    fn insert(&mut self, filter: &TopicFilter, key: u32, value: u8) {
        self.0.insert(&topic(filter.as_str()), Entry { key, value });
    }

    fn remove(&mut self, filter: &TopicFilter, key: u32) {
        self.0.remove(&topic(filter.as_str()), &Entry { key, value: 0 });
    }

    #[inline]
    fn matches(&self, name: &TopicName, mut found: impl FnMut(u32, u8)) -> usize {
        let mut count = 0;
        for (_, entries) in self.0.matches(&topic(name.as_str())).iter() {
            for entry in entries {
                found(entry.key, entry.value);
                count += 1;
            }
        }
        count
    }
}

fn topic(text: &str) -> Topic {
    text.parse().expect("a name or filter")
}

/// It has a set of values for each filter, and so one with a key in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    key: u32,
    value: u8,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl fmt::Debug for Rmqtt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rmqtt").field(&self.0).finish()
    }
}
