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
    /// So many of its parts have become durable: decisions, and what the time brings.
    pub(super) sure: usize,
    /// Another part was not durable: so nothing behind it is.
    pub(super) is_over: bool,
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
                if self.session(*client).is_some() && !self.turn.is_over {
                    self.end_session(*client);
                }
            }
            What::Disconnected(client) => self.disconnect(*client),
            What::Revoked(client) => self.take_replays_back(*client),
            What::Restored | What::Nothing => {}
        }
        Ok(())
    }

    /// An event begins.
    pub(super) fn begin(&mut self, happened: &Happened, sure: usize) {
        let wills = happened.decided.iter().filter(|(asked, _)| asked.wish == Wish::Will);
        self.turn.wills = wills.map(|(asked, decided)| (asked.client, *decided)).collect();
        (self.turn.sure, self.turn.is_over) = (sure, false);
        (self.now, self.seq) = (happened.now, happened.seq);
        let is_restored = matches!(happened.what, What::Restored);
        self.settle_wills(is_restored);
        // Sessions that were cut off are looked at behind that.
        if !is_restored {
            self.pass_time();
        }
    }

    /// An event ends: what the policy was asked on the way, and what was noted.
    pub(super) fn finish(&mut self, happened: &Happened) -> Result<(), String> {
        let is_whole = self.turn.sure == usize::MAX;
        self.look_around(happened)?;
        let turn = mem::take(&mut self.turn);
        if is_whole {
            if !turn.wills.is_empty() {
                return Err(format!("a will is asked about that is not due: {:?}", turn.wills));
            }
            self.check_review()?;
        }
        Ok(())
    }

    pub(super) fn look_around(&mut self, happened: &Happened) -> Result<(), String> {
        self.review(&happened.decided)?;
        happened.notes.iter().try_for_each(|noted| self.noted(noted))
    }

    /// Whether the next part of an event has become durable. All have if the event was not cut off.
    pub(super) const fn is_sure(&mut self) -> bool {
        if self.turn.sure == 0 {
            self.turn.is_over = true;
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
