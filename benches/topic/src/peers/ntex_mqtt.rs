use mqtt_topic::TopicName;
use ntex_mqtt::TopicFilter;

use crate::Matcher;

/// ntex-mqtt: `TopicFilter::matches_topic`.
#[derive(Debug, PartialEq, Eq)]
pub struct NtexMqtt(TopicFilter);

impl Matcher for NtexMqtt {
    fn new(filter: &mqtt_topic::TopicFilter) -> Self {
        Self(filter.as_str().parse().expect("a filter"))
    }

    #[inline(always)]
    fn matches(&self, name: &TopicName) -> bool {
        self.0.matches_topic(name.as_str())
    }
}
