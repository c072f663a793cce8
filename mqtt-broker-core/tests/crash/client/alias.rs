//! Topic Aliases of one connection, in both directions.

use std::collections::BTreeMap;

use mqtt_codec::PublishTopic;

use crate::message::TOPICS;
use crate::request::Alias;

/// What aliases stand for. A new connection has none.
#[derive(Clone, Debug, Default)]
pub(super) struct Aliases {
    /// How many the broker may give out, and those that it has.
    pub(super) accepts: u16,
    theirs: BTreeMap<u16, usize>,
    /// How many the client may give out, and those that it has.
    pub(super) maximum: u16,
    ours: BTreeMap<u16, usize>,
}

impl Aliases {
    /// The topic of a message of the broker.
    pub(super) fn resolve(&mut self, topic: PublishTopic<'_>) -> Result<usize, String> {
        let (name, alias) = match topic {
            PublishTopic::Name(name) => (Some(name), None),
            PublishTopic::NameAndAlias(name, alias) => (Some(name), Some(alias.get())),
            PublishTopic::Alias(alias) => (None, Some(alias.get())),
        };
        if alias.is_some_and(|alias| alias > self.accepts) {
            return Err(format!("alias {alias:?}, and {} are known", self.accepts));
        }
        let Some(name) = name else {
            let known = alias.and_then(|alias| self.theirs.get(&alias));
            return known.copied().ok_or_else(|| format!("alias {alias:?} was not given on this connection"));
        };
        let topic = TOPICS.iter().position(|&topic| topic == name.as_str()).ok_or("no topic of ours")?;
        self.theirs.extend(alias.map(|alias| (alias, topic)));
        Ok(topic)
    }

    /// How a message of the client names its topic. Topics share aliases, so that they change what they stand for.
    pub(super) fn choose(&mut self, topic: usize) -> Alias {
        let Some(place) = u16::try_from(topic).expect("few").checked_rem(self.maximum) else {
            return Alias::None;
        };
        let alias = place + 1;
        if self.ours.insert(alias, topic) == Some(topic) { Alias::Known(alias) } else { Alias::New(alias) }
    }
}
