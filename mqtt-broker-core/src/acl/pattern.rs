use alloc::borrow::ToOwned;
use core::fmt;
use core::str::Split;

use mqtt_topic::{TopicError, TopicFilter, TopicFilterBuf, TopicName};

use crate::policy::Client;

/// Why a text is not the pattern of a [`Rule`](crate::Rule).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PatternError {
    /// It is not a Topic Filter.
    NotAFilter(TopicError),
    /// It begins with `$share/`: a rule is about topics, and applies to shared subscriptions as it is.
    Shared,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAFilter(error) => error.fmt(f),
            Self::Shared => {
                f.write_str("expected a topic filter without a share name, found '$share/' at byte 0")
            }
        }
    }
}

impl core::error::Error for PatternError {}

/// What a client wants to publish to or to subscribe.
#[derive(Clone, Copy)]
pub(super) enum Topic<'a> {
    Name(&'a TopicName),
    /// Not a shared one.
    Filter(&'a TopicFilter),
}

impl<'a> Topic<'a> {
    /// The filter within, if it is a shared one.
    pub(super) fn of_filter(filter: &'a TopicFilter) -> Self {
        Self::Filter(filter.share().map_or(filter, |share| share.filter))
    }

    const fn as_str(self) -> &'a str {
        match self {
            Self::Name(name) => name.as_str(),
            Self::Filter(filter) => filter.as_str(),
        }
    }

    fn levels(self) -> Split<'a, char> {
        // The parent level of `/#` would be the empty name, which is none.
        let text = if self.as_str() == "/#" { "/+/#" } else { self.as_str() };
        text.split('/')
    }
}

/// A filter that is not shared, in which some levels may be placeholders.
///
/// Placeholders are resolved while levels are compared, and no text is made of them: whatever a name has in it, it is
/// compared as one level.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pattern {
    filter: TopicFilterBuf,
    has_placeholders: bool,
}

/// What a level of a pattern stands for.
enum Level<'a> {
    Text(&'a str),
    /// A placeholder for a name that is not a level.
    Unknown,
    /// `+`
    Any,
    /// `#`
    Rest,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Result<Self, PatternError> {
        let filter = TopicFilter::new(text).map_err(PatternError::NotAFilter)?;
        if filter.is_shared() {
            return Err(PatternError::Shared);
        }
        let has_placeholders = filter.levels().any(|level| matches!(level, "%c" | "%u"));
        Ok(Self { filter: filter.to_owned(), has_placeholders })
    }

    /// Whether all that is wanted is surely what the pattern means for this client.
    pub(super) fn covers(&self, client: &Client<'_>, topic: Topic<'_>) -> bool {
        if self.has_placeholders {
            // A placeholder in front does not stand for a `$`, as wildcards do not (MQTT-4.7.2-1).
            let is_hidden = topic.as_str().starts_with('$') && !self.filter.as_str().starts_with('$');
            return !is_hidden && covers(self.levels(client), topic.levels());
        }
        match topic {
            Topic::Name(name) => self.filter.matches(name),
            Topic::Filter(filter) => self.filter.covers(filter),
        }
    }

    /// Whether some of what is wanted may be what the pattern means for this client.
    pub(super) fn overlaps(&self, client: &Client<'_>, topic: Topic<'_>) -> bool {
        if self.has_placeholders {
            return overlaps(self.levels(client), topic.levels());
        }
        match topic {
            Topic::Name(name) => self.filter.matches(name),
            Topic::Filter(filter) => self.filter.overlaps(filter),
        }
    }

    fn levels<'a>(&'a self, client: &Client<'a>) -> impl Iterator<Item = Level<'a>> {
        let [client_id, user_name] = [Some(client.client_id), client.user_name];
        self.filter.levels().map(move |level| match level {
            "%c" => Level::own(client_id),
            "%u" => Level::own(user_name),
            "+" => Level::Any,
            "#" => Level::Rest,
            text => Level::Text(text),
        })
    }
}

impl<'a> Level<'a> {
    /// What a placeholder for this name stands for.
    fn own(name: Option<&'a str>) -> Self {
        match name {
            Some(name) if !name.is_empty() && !name.contains(['/', '+', '#', '\0']) => Self::Text(name),
            _ => Self::Unknown,
        }
    }
}

/// As [`TopicFilter::covers`]. Among the levels of the pattern is a text or one unknown, so that no `#` in front needs care.
fn covers<'a>(pattern: impl Iterator<Item = Level<'a>>, mut wanted: Split<'_, char>) -> bool {
    for level in pattern {
        match (level, wanted.next()) {
            (Level::Rest, _) => return true,
            (Level::Unknown, _) | (_, None | Some("#")) => return false,
            (Level::Any, Some(_)) => {}
            (Level::Text(text), Some(level)) if text == level => {}
            (Level::Text(_), Some(_)) => return false,
        }
    }
    wanted.next().is_none()
}

/// As [`TopicFilter::overlaps`].
fn overlaps<'a>(pattern: impl Iterator<Item = Level<'a>>, mut wanted: Split<'_, char>) -> bool {
    for (at, level) in pattern.enumerate() {
        match (level, wanted.next()) {
            // MQTT-4.7.2-1, whichever of the two has the wildcard.
            (Level::Any | Level::Rest | Level::Unknown, Some(level)) if at == 0 && level.starts_with('$') => {
                return false;
            }
            (Level::Text(text), Some("+" | "#")) if at == 0 && text.starts_with('$') => return false,
            (Level::Rest, _) | (_, Some("#")) => return true,
            (_, None) => return false,
            (Level::Any | Level::Unknown, Some(_)) | (Level::Text(_), Some("+")) => {}
            (Level::Text(text), Some(level)) if text == level => {}
            (Level::Text(_), Some(_)) => return false,
        }
    }
    matches!(wanted.next(), None | Some("#"))
}
