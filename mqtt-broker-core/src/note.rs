use mqtt_codec::{DecodeError, QoS, ReasonCode, Version};
use mqtt_session::Timestamp;
use mqtt_topic::{TopicFilter, TopicName};

use crate::{ConnId, RestoreError, Ticket};

/// Something that an operator may want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note<'a> {
    /// A client is connected: its CONNACK was sent.
    Connected {
        /// The connection.
        conn: ConnId,
        /// The client.
        client_id: &'a str,
        /// Its version.
        version: Version,
        /// Whether it continues a session.
        session_present: bool,
    },
    /// The broker closed a connection before it became a client's.
    Refused {
        /// The connection.
        conn: ConnId,
        /// What a 5.0 client is or would have been told.
        reason: ReasonCode,
    },
    /// Bytes that are not a packet; the connection is closed.
    Malformed {
        /// The connection.
        conn: ConnId,
        /// What is wrong with them.
        error: DecodeError,
    },
    /// A CONNECT waits, since it is one of too many with this Client Identifier
    /// ([`Config::damping`](crate::Config::damping)).
    Damped {
        /// The connection.
        conn: ConnId,
        /// The client.
        client_id: &'a str,
        /// When it goes on.
        until: Timestamp,
    },
    /// A client's connection ended.
    Disconnected {
        /// The connection.
        conn: ConnId,
        /// The client.
        client_id: &'a str,
        /// Why.
        end: End,
    },
    /// A question was not answered in time ([`Config::answer_timeout`](crate::Config::answer_timeout)), so the answer is no.
    NotAnswered {
        /// The question.
        ticket: Ticket,
    },
    /// A will was not published, since the policy says no.
    WillRefused {
        /// Whose it was.
        client_id: &'a str,
        /// Its topic.
        topic: &'a TopicName,
        /// Why.
        reason: ReasonCode,
    },
    /// A subscription ended, since the policy says that the client may not have it any more.
    Revoked {
        /// The client.
        client_id: &'a str,
        /// Topic Filter.
        filter: &'a TopicFilter,
    },
    /// A pair from the store was left out ([`Broker::restore`](crate::Broker::restore)).
    NotRestored {
        /// Its key.
        key: &'a [u8],
        /// Why.
        error: RestoreError,
    },
    /// A message was not retained, since there is no room: [`Config::retained_messages`](crate::Config::retained_messages),
    /// [`Config::retained_bytes`](crate::Config::retained_bytes) or the [`Budget`](crate::Budget).
    NotRetained {
        /// Its topic.
        topic: &'a TopicName,
    },
    /// A client did not get a message.
    Dropped {
        /// The client.
        client_id: &'a str,
        /// The topic of the message.
        topic: &'a TopicName,
        /// The QoS at which the client would have got it.
        qos: QoS,
        /// Why.
        reason: DropReason,
    },
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The client sent DISCONNECT.
    ByClient(ReasonCode),
    /// The broker ended it. 3.x clients are not told why.
    ByBroker(ReasonCode),
    /// The transport closed without a DISCONNECT.
    Transport,
}

/// Why a client did not get a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// A QoS 0 message for a client that is not connected.
    Offline,
    /// [`Config::queued_messages`](crate::Config::queued_messages) or
    /// [`Config::queued_bytes`](crate::Config::queued_bytes) is reached by messages that have not expired.
    QueueFull,
    /// Its Message Expiry Interval has passed.
    Expired,
    /// It is larger than the client's Maximum Packet Size (MQTT-3.1.2-25).
    TooLarge,
    /// A QoS 0 message for a client that does not read as fast as messages come
    /// ([`Config::output_window`](crate::Config::output_window)).
    Congested,
    /// The client may not read it any more: the subscription because of which it waited was [revoked](Note::Revoked).
    NotAuthorized,
    /// The [`Budget`](crate::Budget) is used up.
    NoMemory,
    /// The session ended before it was sent; or before it was acknowledged, and nobody else of its group could take it.
    SessionEnded,
}

impl DropReason {
    /// All reasons.
    pub const ALL: [Self; 8] = [
        Self::Offline,
        Self::QueueFull,
        Self::Expired,
        Self::TooLarge,
        Self::Congested,
        Self::NotAuthorized,
        Self::NoMemory,
        Self::SessionEnded,
    ];
}
