use alloc::string::String;
use alloc::vec::Vec;

use bytes::{BufMut, Bytes};
use mqtt_codec::{QoS, Version};
use mqtt_topic::TopicNameBuf;

use crate::{ConnId, DropReason, Note, Question, StoreOp, Ticket};

/// What a broker wants done, called while it handles an event, in order.
///
/// The methods return nothing: all feedback is an event, later. `Vec<Action>` implements the trait, for tests and for
/// callers who like a list.
pub trait Actions {
    /// Send a packet. It is borrowed: copy its bytes, or keep what is shared.
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

    /// Change the store, if there is one ([`Config::durable`](crate::Config::durable)).
    ///
    /// What is called for after it may be carried out only when this is durable: so a runtime takes in some events, commits all
    /// changes that they called for, and then sends what they called for. A store that can lose the end of what was not committed
    /// yet is enough, in whatever way it is cut off; changes must not become durable in another order.
    fn store(&mut self, op: StoreOp<'_>);

    /// Something that an operator may want to know. Nothing has to be done.
    fn note(&mut self, note: &Note<'_>);
}

/// A packet on its way out.
///
/// It is encoded already: [`head`](Self::head), and behind it the [`payload`](Self::payload) if there is one that can be
/// written from where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    pub(crate) version: Version,
    pub(crate) head: &'a [u8],
    pub(crate) payload: Option<&'a Bytes>,
}

impl<'a> Outgoing<'a> {
    /// The version of the connection.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// All bytes of the packet that are not in [`payload`](Self::payload).
    pub const fn head(&self) -> &'a [u8] {
        self.head
    }

    /// The payload of a PUBLISH, if it is shared, as all of 4 KiB and more are: for a runtime that writes large ones from where
    /// they lie. A clone shares the bytes.
    pub const fn payload(&self) -> Option<&'a Bytes> {
        self.payload
    }

    /// Bytes of the whole packet, which are what [`Event::Written`](crate::Event::Written) counts.
    pub fn encoded_len(&self) -> usize {
        self.head.len() + self.payload.map_or(0, Bytes::len)
    }

    /// Appends the packet.
    ///
    /// # Panics
    /// If the buffer has no room, as [`BufMut::put_slice`] does. A `Vec` or `BytesMut` has.
    pub fn append_to(&self, buffer: &mut impl BufMut) {
        buffer.put_slice(self.head);
        if let Some(payload) = self.payload {
            buffer.put_slice(payload);
        }
    }
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
    Put {
        key: Vec<u8>,
        value: Vec<u8>,
    },
    Delete {
        key: Vec<u8>,
    },
    /// A dropped message, the one note that tests count.
    Dropped {
        client_id: String,
        topic: TopicNameBuf,
        qos: QoS,
        reason: DropReason,
    },
}

impl Actions for Vec<Action> {
    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>) {
        let mut bytes = Vec::with_capacity(packet.encoded_len());
        packet.append_to(&mut bytes);
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

    fn store(&mut self, op: StoreOp<'_>) {
        self.push(match op {
            StoreOp::Put { key, value } => Action::Put { key: key.into(), value: value.into() },
            StoreOp::Delete { key } => Action::Delete { key: key.into() },
        });
    }

    fn note(&mut self, note: &Note<'_>) {
        if let Note::Dropped { client_id, topic, qos, reason } = *note {
            self.push(Action::Dropped { client_id: client_id.into(), topic: topic.into(), qos, reason });
        }
    }
}
