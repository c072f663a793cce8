//! How sessions begin and end.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use mqtt_broker_core::ConnId;

use super::{Accepted, MOST_EXPIRY, Model, Question, Session};
use crate::message::FIRST_SHARED;
use crate::request::Hello;

/// The end of the old connection, the end of the old session, the end of a will that waits, the session, the will.
pub(super) const CONNECT_STEPS: usize = 5;

impl Model {
    /// The first so many steps of a CONNECT.
    pub(super) fn connect(&mut self, client: usize, conn: ConnId, hello: &Hello, steps: usize) {
        self.disconnect(client);
        if steps > 1 && hello.clean_start && self.session(client).is_some() && !self.turn.is_over {
            self.end_session(client);
        }
        if self.turn.is_over {
            return;
        }
        if steps > 2 {
            self.forget_will(client);
        }
        if steps > 3 {
            let session_present = self.session(client).is_some();
            self.generations[client] += u32::from(!session_present);
            let generation = self.generations[client];
            let session = self.sessions[client].get_or_insert_with(|| Session::new(generation));
            session.conn = Some(conn);
            session.expiry = hello.expiry.min(MOST_EXPIRY);
            session.is_stored |= session.expiry > 0;
            self.accepted.insert(conn, Accepted { client, generation, session_present });
        }
        if steps > 4
            && let Some(session) = self.sessions[client].as_mut()
        {
            session.will = hello.will;
        }
    }

    /// Ends the connection of a client, if it has one.
    pub(super) fn disconnect(&mut self, client: usize) {
        if self.session(client).is_some_and(|session| session.conn.is_some()) {
            self.close(client);
        }
    }

    /// A session begins to end: what it had of groups may be with others already.
    pub(super) fn let_go(&mut self, client: usize) {
        self.disconnect(client);
        if let Some(session) = self.sessions[client].as_mut() {
            session.let_go = self.seq;
        }
    }

    pub(super) fn close(&mut self, client: usize) {
        if let Some(session) = self.sessions[client].as_mut() {
            session.conn = None;
            session.left = self.now;
            session.open.clear();
            let denied = mem::take(&mut session.denied);
            self.turn.denied.extend(denied.into_iter().map(|filter| (client, filter)));
        }
        self.pass_time();
    }

    pub(super) fn forget_will(&mut self, client: usize) {
        if let Some(session) = self.sessions[client].as_mut() {
            session.will = None;
        }
    }

    pub(super) fn end_session(&mut self, client: usize) {
        let Some(session) = self.sessions[client].take() else { return };
        for &filter in &session.groups {
            self.give_up(filter, self.members(filter) == 0);
        }
        self.turn.denied.retain(|&(of, _)| of != client);
        if let Some((will, _)) = session.will {
            self.will_due(client, will);
        }
    }

    /// A client unsubscribes, or has to.
    pub(super) fn end_subscription(&mut self, client: usize, filter: usize) {
        let Some(session) = self.sessions[client].as_mut() else { return };
        session.subscriptions.remove(&filter);
        session.denied.remove(&filter);
        for question in session.open.values_mut() {
            if *question == Question::Keep(filter) {
                *question = Question::Ended;
            }
        }
        self.replace_replays(client, filter, None);
        if filter >= FIRST_SHARED && self.members(filter) == 0 {
            self.give_up(filter, true);
        }
    }

    pub(super) fn members(&self, filter: usize) -> usize {
        self.sessions.iter().flatten().filter(|session| session.subscriptions.contains_key(&filter)).count()
    }
}

impl Session {
    fn new(generation: u32) -> Self {
        Self {
            generation,
            conn: None,
            expiry: 0,
            left: 0,
            will: None,
            subscriptions: BTreeMap::new(),
            groups: BTreeSet::new(),
            received: BTreeSet::new(),
            open: BTreeMap::new(),
            denied: BTreeSet::new(),
            let_go: 0,
            is_stored: false,
        }
    }
}
