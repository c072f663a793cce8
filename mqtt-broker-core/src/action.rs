use alloc::string::String;
use alloc::vec::Vec;

use bytes::{BufMut, Bytes};
use mqtt_codec::{DecodeError, EncodeError, Packet, ReasonCode, Version};
use mqtt_topic::{TopicName, TopicNameBuf};

use crate::{ConnId, Question, Ticket};

/// What a broker wants done, called while it handles an event, in order.
///
/// The methods return nothing: all feedback is an event, later. `Vec<Action>` implements the trait, for tests and for
/// callers who like a list.
pub trait Actions {
    /// Send a packet. It is borrowed: encode it, or keep what it needs.
    ///
    /// Report with [`Event::Written`](crate::Event::Written) when its bytes are gone.
    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>);

    /// Close the connection, after what was sent on it. The broker has forgotten it already.
    fn close(&mut self, conn: ConnId);

    /// Read no more from the connection for now. What was read already can wait in its buffer.
    fn pause_reading(&mut self, conn: ConnId);

    /// Read again, and hand over what waits in the buffer with an
    /// [`Event::Received`](crate::Event::Received), after this event.
    fn resume_reading(&mut self, conn: ConnId);

    /// Find the answer to a question and give it with [`Event::Answered`](crate::Event::Answered).
    fn ask(&mut self, ticket: Ticket, question: &Question<'_>);

    /// Something that an operator may want to know. Nothing has to be done.
    fn note(&mut self, note: &Note<'_>);
}

/// A packet on its way out, with the version in which it goes and its exact length.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    pub(crate) version: Version,
    pub(crate) packet: Packet<'a>,
    pub(crate) len: usize,
    pub(crate) payload: Option<&'a Bytes>,
}

impl<'a> Outgoing<'a> {
    /// The version of the connection.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The packet.
    pub const fn packet(&self) -> &Packet<'a> {
        &self.packet
    }

    /// Bytes of the whole packet, which are what [`Event::Written`](crate::Event::Written) counts.
    pub const fn encoded_len(&self) -> usize {
        self.len
    }

    /// The payload of a PUBLISH, for a runtime that writes large ones from where they lie: a clone shares the bytes.
    pub const fn payload(&self) -> Option<&'a Bytes> {
        self.payload
    }

    /// Appends the packet.
    ///
    /// # Errors
    /// Only if the buffer has no room.
    pub fn encode(&self, buffer: &mut impl BufMut) -> Result<(), EncodeError> {
        self.packet.encode(self.version, buffer)
    }

    /// Appends the packet without the [payload](Self::payload), which has to follow on the wire.
    ///
    /// # Errors
    /// Only if the buffer has no room.
    pub fn encode_head(&self, buffer: &mut impl BufMut) -> Result<(), EncodeError> {
        if let Packet::Publish(publish) = &self.packet {
            return publish.encode_head(self.version, buffer);
        }
        self.encode(buffer)
    }
}

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
    /// A client's connection ended.
    Disconnected {
        /// The connection.
        conn: ConnId,
        /// The client.
        client_id: &'a str,
        /// Why.
        end: End,
    },
    /// A message was not retained, since there are
    /// [`Config::retained_messages`](crate::Config::retained_messages) already.
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
    /// The session ended before it was sent; or before it was acknowledged, and nobody else of its group could take it.
    SessionEnded,
}

/// An action as a value. A packet is encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as the methods of `Actions`")]
pub enum Action {
    Send {
        conn: ConnId,
        bytes: Vec<u8>,
    },
    Close(ConnId),
    PauseReading(ConnId),
    ResumeReading(ConnId),
    /// The question as text, since it borrows what it is about.
    Ask {
        ticket: Ticket,
        question: String,
    },
    /// A dropped message, the one note that tests count.
    Dropped {
        client_id: String,
        topic: TopicNameBuf,
        reason: DropReason,
    },
}

impl Actions for Vec<Action> {
    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>) {
        let mut bytes = Vec::with_capacity(packet.encoded_len());
        // A Vec always has room.
        let _ = packet.encode(&mut bytes);
        self.push(Action::Send { conn, bytes });
    }

    fn close(&mut self, conn: ConnId) {
        self.push(Action::Close(conn));
    }

    fn pause_reading(&mut self, conn: ConnId) {
        self.push(Action::PauseReading(conn));
    }

    fn resume_reading(&mut self, conn: ConnId) {
        self.push(Action::ResumeReading(conn));
    }

    fn ask(&mut self, ticket: Ticket, question: &Question<'_>) {
        self.push(Action::Ask { ticket, question: alloc::format!("{question:?}") });
    }

    fn note(&mut self, note: &Note<'_>) {
        if let Note::Dropped { client_id, topic, reason } = *note {
            self.push(Action::Dropped { client_id: client_id.into(), topic: topic.into(), reason });
        }
    }
}
