//! Messages, and who sees what of them.

use std::collections::BTreeMap;

use mqtt_codec::{Publish, PublishTopic, QoS, Version};

pub(crate) const TOPICS: [&str; 4] = ["a", "a/b", "a/c", "b"];

/// Filters that overlap. A 3.1.1 client uses the plain ones only, since it could not tell a shared copy from another.
pub(crate) const FILTERS: [&str; 8] =
    ["a", "a/b", "a/+", "#", "b", "$share/g/a/+", "$share/g/#", "$share/h/a/b"];
pub(crate) const PLAIN: usize = 5;
/// The filter `#`.
pub(crate) const EVERYTHING: usize = 3;

/// A message as its publisher meant it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Message {
    /// Every message has another, from 1. It is the payload.
    pub(crate) number: u32,
    pub(crate) publisher: usize,
    pub(crate) topic: &'static str,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    /// Has no payload, as one that removes what is retained. Its number is its Correlation Data, which 3.1.1 does not
    /// have.
    pub(crate) is_empty: bool,
}

/// The payload and the Correlation Data.
pub(crate) fn contents(message: &Message) -> (Vec<u8>, Option<Vec<u8>>) {
    let number = message.number.to_be_bytes().to_vec();
    if message.is_empty { (Vec::new(), Some(number)) } else { (number, None) }
}

/// What a subscription asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Options {
    pub(crate) qos: QoS,
    pub(crate) no_local: bool,
    pub(crate) retain_as_published: bool,
    /// Retain Handling, 0 to 2.
    pub(crate) retain_handling: u8,
}

/// A message as a subscriber sees it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Delivery {
    /// 0 if it does not show.
    pub(crate) number: u32,
    pub(crate) topic: String,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    /// Subscription Identifiers, sorted. 3.1.1 has none.
    pub(crate) ids: Vec<u32>,
}

impl Delivery {
    /// To a client of this version, granted this QoS, by subscriptions to these filters in ascending order.
    pub(crate) fn new(
        message: &Message,
        version: Version,
        qos: QoS,
        retain: bool,
        filters: impl Iterator<Item = usize>,
    ) -> Self {
        let is_v5 = version.is_v5();
        Self {
            number: if message.is_empty && !is_v5 { 0 } else { message.number },
            topic: message.topic.to_owned(),
            qos: qos.min(message.qos),
            retain,
            ids: filters.filter(|_| is_v5).map(subscription_id).collect(),
        }
    }
}

/// The Subscription Identifier that clients use with a filter: its place in [`FILTERS`], from 1.
pub(crate) fn subscription_id(filter: usize) -> u32 {
    u32::try_from(filter).unwrap() + 1
}

/// What the broker's Topic Aliases on one connection stand for.
#[derive(Debug, Default)]
pub(crate) struct Aliases(BTreeMap<u16, String>);

impl Aliases {
    /// What a PUBLISH of the broker shows.
    pub(crate) fn read(&mut self, publish: &Publish<'_>, maximum: u16) -> Delivery {
        if let PublishTopic::NameAndAlias(name, alias) = publish.topic {
            assert!(alias.get() <= maximum, "alias {alias} is above the maximum");
            self.0.insert(alias.get(), name.as_str().to_owned());
        }
        let topic = match publish.topic {
            PublishTopic::Name(name) | PublishTopic::NameAndAlias(name, _) => name.as_str().to_owned(),
            PublishTopic::Alias(alias) => self.0.get(&alias.get()).expect("an alias that is known").clone(),
        };
        let mut ids: Vec<_> = publish.subscription_ids.iter().map(|id| id.get()).collect();
        ids.sort_unstable();
        let correlation = publish.properties.correlation_data.unwrap_or_default();
        let shown = if publish.payload.is_empty() { correlation } else { publish.payload };
        let number = shown.try_into().map_or(0, u32::from_be_bytes);
        Delivery { number, topic, qos: publish.delivery.qos(), retain: publish.retain, ids }
    }
}

/// The filter without the part that names a group.
fn inner(filter: &str) -> &str {
    filter.strip_prefix("$share/").and_then(|rest| rest.split_once('/')).map_or(filter, |(_, inner)| inner)
}

/// Whether a topic matches a filter, level by level.
pub(crate) fn matches(filter: &str, topic: &str) -> bool {
    let (mut wanted, mut found) = (inner(filter).split('/'), topic.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(one), Some(other)) if one == other => {}
            _ => return false,
        }
    }
}
