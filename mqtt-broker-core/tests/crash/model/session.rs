//! How sessions begin and end.

use std::collections::{BTreeMap, BTreeSet};

use mqtt_broker_core::ConnId;

use super::{Accepted, MOST_EXPIRY, Model, Session};
use crate::request::Hello;

/// The end of the old connection, the end of the old session, the end of a will that waits, the session, the will.
pub(super) const CONNECT_STEPS: usize = 5;

impl Model {
    /// The first so many steps of a CONNECT.
    pub(super) fn connect(&mut self, client: usize, conn: ConnId, hello: &Hello, steps: usize) {
        self.disconnect(client);
        if steps > 1 && hello.clean_start && self.session(client).is_some() {
            self.end_session(client);
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
        }
        self.pass_time();
    }

    pub(super) fn forget_will(&mut self, client: usize) {
        if let Some(session) = self.sessions[client].as_mut() {
            session.will = None;
        }
    }

    pub(super) fn publish_will(&mut self, client: usize) {
        let will = self.sessions[client].as_mut().and_then(|session| session.will.take());
        if let Some((will, _)) = will {
            self.publish(&will, self.session(client).map(|_| client));
        }
    }

    pub(super) fn end_session(&mut self, client: usize) {
        let Some(session) = self.sessions[client].take() else { return };
        for &filter in &session.groups {
            self.give_up(filter, self.members(filter) == 0);
        }
        if let Some((will, _)) = session.will {
            self.publish(&will, None);
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
            let_go: 0,
            is_stored: false,
        }
    }
}
