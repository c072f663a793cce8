use mqtt_topic::{TopicFilter, TopicName};

use crate::Matcher;

/// rumqttc: `matches`.
#[derive(Debug, PartialEq, Eq)]
pub struct Rumqttc(String);

impl Matcher for Rumqttc {
    fn new(filter: &TopicFilter) -> Self {
        Self(filter.as_str().to_owned())
    }

    #[inline(always)]
    fn matches(&self, name: &TopicName) -> bool {
        rumqttc::matches(name.as_str(), &self.0)
    }
}
