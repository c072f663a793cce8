//! What the broker calls for, until it is given to the clients; and the rules by which it is allowed something.

use std::collections::VecDeque;

use bytes::Bytes;
use mqtt_broker_core::{
    Actions, AuthenticationData, Client, ConnId, Decision, Note, Outgoing, Password, Policy, Question,
    Refusal, Request, StoreOp, Ticket, Verdict,
};
use mqtt_codec::{QoS, ReasonCode};

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
        packet.append_to(&mut bytes);
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

    fn store(&mut self, _: StoreOp<'_>) {}

    fn note(&mut self, note: &Note<'_>) {
        self.deeds.extend(print::note(note, self.shown).map(Deed::Told));
    }
}

/// What is in a user name, topic or filter says what is answered:
///
/// `later` asks; `deny` denies, and so does the password `wrong`; `explain` denies with a Reason String; `moved` and
/// `busy` send elsewhere; `info` gives Response Information; `most1` grants QoS 1 at most.
///
/// The Authentication Method `ASK` challenges whoever sends no data, or `more`; who sends `me` is believed, who sends anything
/// else is not; `later` asks. Another method is not known.
///
/// These words count when something is asked for the first time. `forbidden` and `deferred` are words that came in the course of a
/// transcript, and count always.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) forbidden: Vec<String>,
    pub(crate) deferred: Vec<String>,
}

impl Policy for Rules {
    fn decide(&mut self, question: &Question<'_>) -> Decision {
        let Question { client: Client { user_name, identity, .. }, request } = question;
        let subject = match request {
            Request::Connect { password: Some(Password(b"wrong")), .. } => {
                return Decision::Now(Verdict::Deny(ReasonCode::BadUserNameOrPassword));
            }
            Request::Connect { .. } => identity.or(*user_name).unwrap_or(""),
            Request::Will { topic, .. } | Request::Publish { topic, .. } | Request::Replay { topic, .. } => {
                topic.as_str()
            }
            Request::Subscribe { filter, .. } => filter.as_str(),
            Request::Authenticate { method, data, .. } => {
                return authenticate(method, data.map(|AuthenticationData(data)| data));
            }
        };
        let is_among = |words: &[String]| words.iter().any(|word| subject.contains(word.as_str()));
        if is_among(&self.deferred) {
            return Decision::Later;
        }
        if is_among(&self.forbidden) {
            return Decision::Now(Verdict::Deny(ReasonCode::NotAuthorized));
        }
        if is_again(request) {
            return Decision::Now(Verdict::Allow);
        }
        let deny = |reason, reason_string: Option<&str>, server_reference: Option<&str>| {
            let (reason_string, server_reference) =
                (reason_string.map(Into::into), server_reference.map(Into::into));
            Verdict::DenyWith(Box::new(Refusal { reason, reason_string, server_reference }))
        };
        let answers = [
            ("deny", Verdict::Deny(ReasonCode::NotAuthorized)),
            ("explain", deny(ReasonCode::NotAuthorized, Some("because"), None)),
            ("moved", deny(ReasonCode::ServerMoved, None, Some("elsewhere:1883"))),
            ("busy", deny(ReasonCode::UseAnotherServer, None, Some("one:1883"))),
            ("info", Verdict::AllowWith { response_information: "answers/".into() }),
            ("most1", Verdict::AllowUpTo(QoS::AtLeastOnce)),
        ];
        if subject.contains("later") {
            return Decision::Later;
        }
        let found = answers.into_iter().find(|(word, _)| subject.contains(word));
        Decision::Now(found.map_or(Verdict::Allow, |(_, verdict)| verdict))
    }
}

/// Whether something like it was allowed before.
fn is_again(request: &Request<'_>) -> bool {
    matches!(
        request,
        Request::Will { is_due: true, .. }
            | Request::Subscribe { is_kept: true, .. }
            | Request::Replay { .. }
    )
}

fn authenticate(method: &str, data: Option<&[u8]>) -> Decision {
    if method != "ASK" {
        return Decision::Now(Verdict::Deny(ReasonCode::BadAuthenticationMethod));
    }
    Decision::Now(match data {
        Some(b"later") => return Decision::Later,
        None | Some(b"more") => Verdict::Challenge(Bytes::from_static(b"who")),
        Some(b"me") => Verdict::Authenticated(Some(Bytes::from_static(b"welcome"))),
        Some(_) => Verdict::Deny(ReasonCode::NotAuthorized),
    })
}
