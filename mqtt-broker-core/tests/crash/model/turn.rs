//! An event, from its beginning to its end.

use std::collections::BTreeSet;
use std::mem;

use super::{Model, Session};
use crate::event::{Happened, What};
use crate::guard::{Decided, Wish};

/// What happens in one event besides what it says itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Turn {
    /// What was decided about wills, and whose they are.
    pub(super) wills: Vec<(usize, Decided)>,
    /// So many of its decisions have become durable.
    pub(super) sure: usize,
    /// Subscriptions that connections which end were not to keep.
    pub(super) denied: BTreeSet<(usize, usize)>,
}

impl Model {
    /// Something has happened to the broker, wholly.
    pub(crate) fn apply(&mut self, happened: &Happened) -> Result<(), String> {
        self.begin(happened, usize::MAX);
        self.happen(&happened.what)?;
        self.finish(happened)
    }

    pub(super) fn happen(&mut self, what: &What) -> Result<(), String> {
        match what {
            What::Taken(client, conn, request, terms) => self.take(*client, *conn, request, *terms)?,
            What::Closed(conn) => {
                let of = |session: &Option<Session>| {
                    session.as_ref().is_some_and(|session| session.conn == Some(*conn))
                };
                if let Some(client) = self.sessions.iter().position(of) {
                    self.close(client);
                }
            }
            What::Answered(ticket, ruling) => self.decide(*ticket, *ruling),
            What::Published(message) => self.publish(message, None, self.now),
            What::EndedSession(client) => {
                self.disconnect(*client);
                if self.session(*client).is_some() {
                    self.end_session(*client);
                }
            }
            What::Disconnected(client) => self.disconnect(*client),
            What::Revoked(_) | What::Nothing => {}
        }
        Ok(())
    }

    /// An event begins.
    pub(super) fn begin(&mut self, happened: &Happened, sure: usize) {
        self.turn.sure = sure;
        let wills = happened.decided.iter().filter(|(asked, _)| asked.wish == Wish::Will);
        for (asked, decided) in wills {
            if matches!(decided, Decided::Later(_)) || self.is_sure() {
                self.turn.wills.push((asked.client, *decided));
            }
        }
        self.settle_wills();
        self.at(happened.now, happened.seq);
    }

    /// An event ends: what the policy was asked on the way, and what was noted.
    pub(super) fn finish(&mut self, happened: &Happened) -> Result<(), String> {
        let is_whole = self.turn.sure == usize::MAX;
        self.review(&happened.decided)?;
        for noted in &happened.notes {
            self.noted(noted)?;
        }
        let turn = mem::take(&mut self.turn);
        if is_whole {
            if !turn.wills.is_empty() {
                return Err(format!("a will is asked about that is not due: {:?}", turn.wills));
            }
            self.check_review()?;
        }
        Ok(())
    }

    /// Whether the next of the decisions of an event has become durable. All are if the event was not cut off.
    pub(super) const fn is_sure(&mut self) -> bool {
        if self.turn.sure == 0 {
            return false;
        }
        if self.turn.sure < usize::MAX {
            self.turn.sure -= 1;
        }
        true
    }

    pub(super) const fn is_cut(&self) -> bool {
        self.turn.sure < usize::MAX
    }
}
