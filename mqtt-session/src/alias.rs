//! Topic Aliases (MQTT 5.0 §3.3.2.3.4). Both tables belong to one connection and end with it (MQTT-3.3.2-7).

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;

use mqtt_codec::{PublishTopic, ReasonCode, TopicAlias};
use mqtt_topic::memory::of_map;
use mqtt_topic::{TopicName, TopicNameBuf};

/// What the peer's aliases stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct InboundAliases {
    maximum: u16,
    names: BTreeMap<TopicAlias, TopicNameBuf>,
    /// Bytes of the names.
    text: usize,
}

/// An alias that says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AliasError {
    /// Above the Topic Alias Maximum (MQTT-3.3.2-9).
    AboveMaximum,
    /// Nothing was said about it on this connection.
    Unknown,
}

impl AliasError {
    /// The reason code that answers it.
    pub const fn reason_code(self) -> ReasonCode {
        match self {
            Self::AboveMaximum => ReasonCode::TopicAliasInvalid,
            Self::Unknown => ReasonCode::ProtocolError,
        }
    }
}

impl InboundAliases {
    /// For a connection on which this end announced this Topic Alias Maximum.
    pub const fn new(maximum: u16) -> Self {
        Self { maximum, names: BTreeMap::new(), text: 0 }
    }

    /// Bytes that it has allocated, at most.
    pub fn heap(&self) -> usize {
        of_map::<TopicAlias, TopicNameBuf>(self.names.len()) + self.text
    }

    /// The topic of a PUBLISH. A name that comes with an alias is remembered.
    ///
    /// # Errors
    /// If the alias is above the maximum, or stands alone and for nothing.
    pub fn resolve<'a>(&'a mut self, topic: PublishTopic<'a>) -> Result<&'a TopicName, AliasError> {
        let (name, alias) = match topic {
            PublishTopic::Name(name) => return Ok(name),
            PublishTopic::NameAndAlias(name, alias) => (Some(name), alias),
            PublishTopic::Alias(alias) => (None, alias),
        };
        if alias.get() > self.maximum {
            return Err(AliasError::AboveMaximum);
        }
        match name {
            Some(name) => {
                self.text += name.as_str().len();
                if let Some(old) = self.names.insert(alias, name.to_owned()) {
                    self.text -= old.as_str().len();
                }
                Ok(name)
            }
            None => self.names.get(&alias).map(|name| &**name).ok_or(AliasError::Unknown),
        }
    }
}

/// The aliases that this end has given out: first come, first served, until the maximum is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OutboundAliases {
    maximum: u16,
    aliases: BTreeMap<TopicNameBuf, TopicAlias>,
    /// Bytes of the names.
    text: usize,
}

impl OutboundAliases {
    /// For a connection on which the peer announced at least this Topic Alias Maximum. 0: no aliases.
    pub const fn new(maximum: u16) -> Self {
        Self { maximum, aliases: BTreeMap::new(), text: 0 }
    }

    /// Bytes that it has allocated, at most.
    pub fn heap(&self) -> usize {
        of_map::<TopicNameBuf, TopicAlias>(self.aliases.len()) + self.text
    }

    /// How the next PUBLISH can name this topic. Nothing is assigned until [`sent`](Self::sent).
    pub fn topic<'a>(&self, name: &'a TopicName) -> PublishTopic<'a> {
        if let Some(&alias) = self.aliases.get(name) {
            return PublishTopic::Alias(alias);
        }
        // The table is never larger than the maximum, a u16.
        let next = u16::try_from(self.aliases.len()).unwrap_or(u16::MAX).saturating_add(1);
        match TopicAlias::new(next) {
            Ok(alias) if self.aliases.len() < self.maximum.into() => PublishTopic::NameAndAlias(name, alias),
            _ => PublishTopic::Name(name),
        }
    }

    /// A PUBLISH with this topic was sent, so what it says about an alias holds from now on.
    pub fn sent(&mut self, topic: PublishTopic<'_>) {
        if let PublishTopic::NameAndAlias(name, alias) = topic {
            self.text += name.as_str().len();
            self.aliases.insert(name.to_owned(), alias);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> &TopicName {
        TopicName::new(text).unwrap()
    }

    #[test]
    fn inbound_table_of_the_standard() {
        let mut aliases = InboundAliases::new(2);
        let (one, two, three) = (TopicAlias::MIN, TopicAlias::new(2).unwrap(), TopicAlias::new(3).unwrap());
        assert_eq!(aliases.resolve(PublishTopic::Alias(one)), Err(AliasError::Unknown));
        assert_eq!(aliases.resolve(PublishTopic::NameAndAlias(name("a"), one)), Ok(name("a")));
        assert_eq!(aliases.resolve(PublishTopic::Alias(one)), Ok(name("a")));
        assert_eq!(aliases.resolve(PublishTopic::NameAndAlias(name("b"), one)), Ok(name("b")));
        assert_eq!(aliases.resolve(PublishTopic::Alias(one)), Ok(name("b")), "replaced");
        assert_eq!(aliases.resolve(PublishTopic::NameAndAlias(name("a"), two)), Ok(name("a")));
        assert_eq!(
            aliases.resolve(PublishTopic::NameAndAlias(name("a"), three)),
            Err(AliasError::AboveMaximum)
        );
        assert_eq!(InboundAliases::new(0).resolve(PublishTopic::Alias(one)), Err(AliasError::AboveMaximum));
    }

    #[test]
    fn outbound_never_exceeds_the_maximum_and_means_what_the_peer_learnt() {
        let mut ours = OutboundAliases::new(3);
        let mut theirs = InboundAliases::new(3);
        for text in ["a", "b", "a", "c", "d", "d", "b"] {
            let topic = ours.topic(name(text));
            ours.sent(topic);
            assert_eq!(theirs.resolve(topic), Ok(name(text)));
        }
        assert_eq!(ours.topic(name("d")), PublishTopic::Name(name("d")), "the table is full");
        assert_eq!(OutboundAliases::new(0).topic(name("a")), PublishTopic::Name(name("a")));
    }

    #[test]
    fn a_packet_that_was_not_sent_assigns_nothing() {
        let ours = OutboundAliases::new(1);
        let planned = ours.topic(name("a"));
        assert_eq!(ours.topic(name("a")), planned);
    }
}
