//! When wills are due, and what the policy makes of them.

use std::mem;

use mqtt_broker_core::Ticket;

use super::{Model, Session};
use crate::guard::{Decided, Ruling};
use crate::message::Message;

/// A will that is due.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Due {
    pub(super) client: usize,
    pub(super) message: Message,
    /// The question about it, if one is open.
    pub(super) ticket: Option<Ticket>,
    /// Whether it was allowed and the broker died while it was published. It is not asked about again.
    pub(super) is_begun: bool,
}

impl Model {
    /// Sessions end and wills are published, in the order of time.
    pub(super) fn pass_time(&mut self) {
        loop {
            let due = |(client, session): (usize, &Option<Session>)| {
                let session = session.as_ref().filter(|session| session.conn.is_none())?;
                let expires = session.left + u64::from(session.expiry) * 1000;
                let delay = |&(_, delay): &(Message, u32)| session.left + u64::from(delay) * 1000;
                let will = session.will.as_ref().map(delay).filter(|&will| will < expires);
                Some((will.unwrap_or(expires), client, will.is_some()))
            };
            let next = self.sessions.iter().enumerate().filter_map(due).min();
            let Some((_, client, is_will)) = next.filter(|&(at, ..)| at <= self.now && self.is_sure()) else {
                return;
            };
            if !is_will {
                self.end_session(client);
            } else if let Some((will, _)) =
                self.sessions[client].as_mut().and_then(|session| session.will.take())
            {
                self.will_due(client, will);
            }
        }
    }

    /// A will is due: the event that makes it so says what the policy has decided.
    pub(super) fn will_due(&mut self, client: usize, message: Message) {
        let decided = self.turn.wills.iter().position(|&(of, _)| of == client);
        let decided = decided.map(|at| self.turn.wills.remove(at).1);
        let ticket = match decided {
            Some(Decided::Now(ruling)) if self.is_sure() => return self.settle(client, &message, ruling),
            Some(Decided::Later(ticket)) => Some(ticket),
            Some(Decided::Now(_)) | None => None,
        };
        self.due.push(Due { client, message, ticket, is_begun: false });
    }

    /// Wills that were due already, and have been asked about now; or had begun, which a restored broker goes on with.
    pub(super) fn settle_wills(&mut self, is_restored: bool) {
        for due in mem::take(&mut self.due) {
            let Due { client, message, ticket, is_begun } = due;
            if is_begun && is_restored && self.is_sure() {
                self.settle(client, &message, Ruling::Yes);
            } else if !is_begun && ticket.is_none() && self.turn.wills.iter().any(|&(of, _)| of == client) {
                self.will_due(client, message);
            } else {
                self.due.push(due);
            }
        }
    }

    pub(super) fn decide_will(&mut self, ticket: Ticket, ruling: Ruling) {
        if let Some(at) = self.due.iter().position(|due| due.ticket == Some(ticket)) {
            let Due { client, message, .. } = self.due.remove(at);
            self.settle(client, &message, ruling);
        }
    }

    fn settle(&mut self, client: usize, will: &Message, ruling: Ruling) {
        if ruling.is_yes() {
            self.publish(will, self.session(client).map(|_| client), self.now);
        }
    }
}
