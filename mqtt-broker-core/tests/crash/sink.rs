//! What the broker calls for.

use mqtt_broker_core::{Actions, ConnId, DropReason, Note, Outgoing, Question, StoreOp, Ticket};
use mqtt_codec::QoS;

use crate::message::{CLIENT_IDS, FILTERS, TOPICS};
use crate::store::Op;

/// What the broker calls for, in order.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Store(Op),
    Send(ConnId, Vec<u8>),
    Close(ConnId),
    Ask(Ticket),
}

/// A note that has to be right, or without which something would be wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Noted {
    /// A client is connected.
    Connected { conn: ConnId, session_present: bool },
    /// A connection was refused.
    Refused(ConnId),
    /// A question was not answered in time.
    NotAnswered(Ticket),
    /// A client has lost a subscription.
    Revoked { client: usize, filter: usize },
    /// A client does not get a message.
    Dropped { client: usize, topic: usize, qos: QoS, reason: DropReason },
}

/// Takes down what the broker calls for.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    pub(crate) acts: Vec<Act>,
    pub(crate) notes: Vec<Noted>,
    /// Something that it should not have noted.
    pub(crate) complaint: Option<String>,
}

impl Sink {
    /// The tickets of what it was asked.
    pub(crate) fn tickets(&self) -> impl Iterator<Item = Ticket> {
        self.acts.iter().filter_map(|act| match act {
            Act::Ask(ticket) => Some(*ticket),
            Act::Store(_) | Act::Send(..) | Act::Close(_) => None,
        })
    }
}

impl Actions for Sink {
    fn store(&mut self, op: StoreOp<'_>) {
        self.acts.push(Act::Store(match op {
            StoreOp::Put { key, value } => Op::Put(key.into(), value.into()),
            StoreOp::Delete { key } => Op::Delete(key.into()),
        }));
    }

    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>) {
        let mut bytes = Vec::with_capacity(packet.encoded_len());
        packet.append_to(&mut bytes);
        self.acts.push(Act::Send(conn, bytes));
    }

    fn close(&mut self, conn: ConnId) {
        self.acts.push(Act::Close(conn));
    }

    fn note(&mut self, note: &Note<'_>) {
        let client = |id: &str| CLIENT_IDS.iter().position(|one| *one == id).expect("one of ours");
        let noted = match *note {
            Note::Connected { conn, session_present, .. } => Noted::Connected { conn, session_present },
            Note::Refused { conn, .. } => Noted::Refused(conn),
            Note::NotAnswered { ticket } => Noted::NotAnswered(ticket),
            Note::Revoked { client_id, filter } => {
                let filter = FILTERS.iter().position(|(one, _)| *one == filter.as_str());
                Noted::Revoked { client: client(client_id), filter: filter.expect("one of ours") }
            }
            Note::Dropped { reason: DropReason::TooLarge | DropReason::NoMemory, .. }
            | Note::NotRestored { .. }
            | Note::NotRetained { .. }
            | Note::Malformed { .. } => {
                self.complaint = Some(format!("{note:?}"));
                return;
            }
            Note::Dropped { client_id, topic, qos, reason } => {
                let topic = TOPICS.iter().position(|one| *one == topic.as_str()).expect("one of ours");
                Noted::Dropped { client: client(client_id), topic, qos, reason }
            }
            _ => return,
        };
        self.notes.push(noted);
    }

    // A packet is offered again until it is taken.
    fn pause_reading(&mut self, _: ConnId) {}

    fn resume_reading(&mut self, _: ConnId) {}

    fn ask(&mut self, ticket: Ticket, _: &Question<'_>) {
        self.acts.push(Act::Ask(ticket));
    }
}
