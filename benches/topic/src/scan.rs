use mqtt_topic::{TopicFilter, TopicName};

use crate::{Index, Matcher};

/// Tries one filter after the other.
#[derive(Debug)]
pub struct Scan<M>(Vec<(M, u32, u8)>);

impl<M: Matcher> Index for Scan<M> {
    const SCANS: bool = true;

    fn new() -> Self {
        Self(Vec::new())
    }

    fn insert(&mut self, filter: &TopicFilter, key: u32, value: u8) {
        self.0.push((M::new(filter), key, value));
    }

    fn remove(&mut self, filter: &TopicFilter, key: u32) {
        let filter = M::new(filter);
        let at = self.0.iter().position(|(other, of, _)| *of == key && *other == filter);
        self.0.swap_remove(at.expect("a subscription that is there"));
    }

    #[inline]
    fn matches(&self, name: &TopicName, mut found: impl FnMut(u32, u8)) -> usize {
        let mut count = 0;
        for (filter, key, value) in &self.0 {
            if filter.matches(name) {
                found(*key, *value);
                count += 1;
            }
        }
        count
    }
}
