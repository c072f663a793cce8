//! What the broker calls for, until it is given to the clients; and the rules by which it is allowed something.

use std::collections::VecDeque;

use mqtt_broker_core::{
    Actions, Client, ConnId, Decision, Note, Outgoing, Password, Policy, Question, Request, Ticket, Verdict,
};
use mqtt_codec::ReasonCode;

use crate::print::{self, Shown};

/// Something that the broker did.
pub(crate) enum Deed {
    /// A packet of so many bytes.
    Sent(ConnId, String, usize),
    Closed(ConnId),
    Paused(ConnId),
    Resumed(ConnId),
    /// Nothing that a client sees: a line by itself.
    Told(String),
}

#[derive(Default)]
pub(crate) struct Outbox {
    pub(crate) deeds: Vec<Deed>,
    pub(crate) asked: VecDeque<Ticket>,
    pub(crate) shown: Shown,
}

impl Actions for Outbox {
    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>) {
        let mut bytes = Vec::new();
        packet.encode(&mut bytes).unwrap();
        assert_eq!(bytes.len(), packet.encoded_len());
        let text = print::packet(packet.version(), &bytes, self.shown);
        self.deeds.push(Deed::Sent(conn, text, bytes.len()));
    }

    fn close(&mut self, conn: ConnId) {
        self.deeds.push(Deed::Closed(conn));
    }

    fn pause_reading(&mut self, conn: ConnId) {
        self.deeds.push(Deed::Paused(conn));
    }

    fn resume_reading(&mut self, conn: ConnId) {
        self.deeds.push(Deed::Resumed(conn));
    }

    fn ask(&mut self, ticket: Ticket, question: &Question<'_>) {
        self.asked.push_back(ticket);
        self.deeds.push(Deed::Told(print::question(question)));
    }

    fn note(&mut self, note: &Note<'_>) {
        self.deeds.extend(print::note(note, self.shown).map(Deed::Told));
    }
}

/// A user name, topic or filter with `later` in it has to be asked for, one with `deny` is denied, and so is the password
/// `wrong`.
#[derive(Clone, Debug)]
pub(crate) struct Rules;

impl Policy for Rules {
    fn decide(&mut self, question: &Question<'_>) -> Decision {
        let Question { client: Client { user_name, .. }, request } = question;
        let subject = match request {
            Request::Connect { password } => {
                if *password == Some(Password(b"wrong")) {
                    return Decision::Now(Verdict::Deny(ReasonCode::BadUserNameOrPassword));
                }
                user_name.unwrap_or("")
            }
            Request::Will { topic, .. } | Request::Publish { topic, .. } => topic.as_str(),
            Request::Subscribe { filter, .. } => filter.as_str(),
        };
        if subject.contains("later") {
            Decision::Later
        } else if subject.contains("deny") {
            Decision::Now(Verdict::Deny(ReasonCode::NotAuthorized))
        } else {
            Decision::Now(Verdict::Allow)
        }
    }
}
