//! What values say.

use alloc::boxed::Box;

use mqtt_session::{Handshake, LocalId, RemoteId, Timestamp};
use mqtt_topic::{RetainedCursor, TopicFilterBuf, TopicName, TopicNameBuf};

use super::read::Reader;
use super::{RestoreError, StoreKey};
use crate::Message;
use crate::queue::SubscriptionIds;
use crate::router::Subscribed;
use crate::session::Will;

/// A pair that was understood.
#[derive(Debug, PartialEq)]
pub(crate) enum Record {
    Session(SessionRecord),
    Subscription(TopicFilterBuf, SubscriptionRecord),
    Copy(CopyRecord),
    Received(RemoteId, ReceivedRecord),
    Released(LocalId, ReleasedRecord),
    Replay(ReplayRecord),
    Will(WillRecord),
    Message(Message, MessageOrigin),
    /// The message with this number.
    Retained(TopicNameBuf, u64),
    /// All messages with numbers up to this one went to all who should have them.
    Complete(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionRecord {
    /// Tells it from all others, also of its client: what belongs to it has this number too.
    pub(crate) number: u64,
    pub(crate) expiry_interval: u32,
    /// When the connection ended, if it had.
    pub(crate) left: Option<Timestamp>,
    /// The number of its will; 0 if it has none.
    pub(crate) will: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SubscriptionRecord {
    pub(crate) session: u64,
    pub(crate) subscribed: Subscribed,
    /// The number of its group; 0 if it is not shared.
    pub(crate) group: u64,
}

/// A QoS 2 message from a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReceivedRecord {
    pub(crate) session: u64,
    /// The number of the message for which the identifier stands; 0 if it was refused or nobody has it.
    pub(crate) message: u64,
}

/// A QoS 2 message to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReleasedRecord {
    pub(crate) session: u64,
    /// Its place among those of the session, which is that of its copy.
    pub(crate) order: u64,
}

#[derive(Debug, PartialEq)]
pub(crate) struct WillRecord {
    pub(crate) will: Will,
    /// Whether it is to be published whatever becomes of the session.
    pub(crate) is_due: bool,
}

/// Where a message comes from, which says whether all copies of it were stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MessageOrigin {
    /// It does not matter.
    #[default]
    Other,
    /// A client's QoS 2 message: complete once its identifier is stored.
    ExactlyOnce,
    /// A will: complete once the will with this number is not stored any more.
    Will(u64),
}

/// A copy for one client.
#[derive(Debug, PartialEq)]
pub(crate) struct CopyRecord {
    pub(crate) session: u64,
    pub(crate) message: u64,
    pub(crate) qos: Handshake,
    pub(crate) retain: bool,
    pub(crate) subscription_ids: SubscriptionIds,
    /// The number of its group; 0 if it is not shared.
    pub(crate) group: u64,
    pub(crate) state: CopyState,
    pub(crate) origin: CopyOrigin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CopyState {
    Queued,
    /// Under way, with its place among those of the session.
    Sent {
        id: LocalId,
        order: u64,
    },
}

/// Where a copy comes from, which says whether it is one at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CopyOrigin {
    /// Its message.
    #[default]
    Message,
    /// It was another member's: it counts once the copy with this number is not stored any more.
    Copy(u64),
    /// A replay: it counts once that is past the topic, or not stored any more.
    Replay(u64),
}

/// A replay, and how far it is.
#[derive(Debug, PartialEq)]
pub(crate) struct ReplayRecord {
    pub(crate) session: u64,
    pub(crate) filter: TopicFilterBuf,
    pub(crate) born: u32,
    pub(crate) place: Option<Box<str>>,
}

impl ReplayRecord {
    /// Whether it will not come to this topic any more.
    pub(crate) fn is_past(&self, topic: &TopicName) -> bool {
        self.place.as_deref().is_some_and(|place| RetainedCursor::at(&self.filter, place).is_past(topic))
    }
}

impl Record {
    /// The highest number of the one sequence in it.
    pub(crate) fn last_number(&self) -> u64 {
        match *self {
            Self::Session(SessionRecord { number, will, .. }) => number.max(will),
            Self::Subscription(_, SubscriptionRecord { session, group, .. }) => session.max(group),
            Self::Copy(CopyRecord { session, message, group, state, origin, .. }) => {
                let order = match state {
                    CopyState::Queued => 0,
                    CopyState::Sent { order, .. } => order,
                };
                let origin = match origin {
                    CopyOrigin::Message => 0,
                    CopyOrigin::Copy(number) | CopyOrigin::Replay(number) => number,
                };
                session.max(message).max(group).max(order).max(origin)
            }
            Self::Received(_, ReceivedRecord { session, message }) => session.max(message),
            Self::Released(_, ReleasedRecord { session, order }) => session.max(order),
            Self::Replay(ReplayRecord { session, .. }) => session,
            Self::Will(_) => 0,
            Self::Message(_, MessageOrigin::Will(will)) => will,
            Self::Message(_, MessageOrigin::Other | MessageOrigin::ExactlyOnce) => 0,
            Self::Retained(_, message) => message,
            Self::Complete(number) => number,
        }
    }

    /// The format that is written, and read.
    pub(crate) const FORMAT: u8 = 1;

    /// Reads a pair.
    pub(crate) fn parse(key: StoreKey<'_>, value: &[u8]) -> Result<Self, RestoreError> {
        let (&found, fields) = value.split_first().ok_or(RestoreError::Malformed)?;
        if found != Self::FORMAT {
            return Err(RestoreError::UnknownFormat { found });
        }
        let mut reader = Reader::new(fields);
        let record = reader.record(key).ok_or(RestoreError::Malformed)?;
        if reader.is_at_end() { Ok(record) } else { Err(RestoreError::Malformed) }
    }
}
