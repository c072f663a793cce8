//! What the broker promises: a naive broker that knows which packets were taken, in which order, and the time.

mod check;
mod copies;
mod session;

use std::collections::{BTreeMap, BTreeSet};

use mqtt_broker_core::ConnId;
use mqtt_codec::QoS;

use self::copies::{Copy, Key, Target};
use self::session::CONNECT_STEPS;
use crate::event::What;
use crate::message::{CLIENTS, FIRST_SHARED, Message, Options};
use crate::request::Request;

/// Seconds that a session lives at most.
pub(crate) const MOST_EXPIRY: u32 = 1000;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Model {
    now: u64,
    /// Counts what happened.
    seq: u64,
    sessions: [Option<Session>; CLIENTS],
    generations: [u32; CLIENTS],
    /// Connections that were accepted since the last crash.
    accepted: BTreeMap<ConnId, Accepted>,
    /// Answers that clients may get: to SUBSCRIBE and UNSUBSCRIBE.
    answers: BTreeSet<(ConnId, u16)>,
    messages: BTreeMap<u32, Taken>,
    copies: BTreeMap<Key, Copy>,
    retained: BTreeMap<usize, u32>,
    /// Whether a client gets a copy for each of its subscriptions.
    copies_each: bool,
    /// Of each kind of messages, when the last that came for the first time was made.
    latest: BTreeMap<(Target, usize, usize, QoS, QoS), u64>,
}

#[derive(Clone, Debug, PartialEq)]
struct Session {
    generation: u32,
    conn: Option<ConnId>,
    expiry: u32,
    left: u64,
    will: Option<(Message, u32)>,
    subscriptions: BTreeMap<usize, Options>,
    /// Groups that it was ever in.
    groups: BTreeSet<usize>,
    /// QoS 2 messages of the client that are not released.
    received: BTreeSet<u16>,
    /// When its end began, if it was not carried through.
    let_go: u64,
    /// Whether it has to survive a crash.
    is_stored: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Accepted {
    client: usize,
    generation: u32,
    session_present: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Taken {
    message: Message,
    /// When.
    times: Vec<u64>,
    /// Whether it was taken over to the end, so that it may be acknowledged.
    is_whole: bool,
    /// Since when it is not retained any more.
    unretained: Option<u64>,
}

impl Model {
    pub(crate) fn new(copies_each: bool) -> Self {
        Self { copies_each, ..Self::default() }
    }

    /// Something has happened to the broker, wholly.
    pub(crate) fn apply(&mut self, what: &What, now: u64, seq: u64) {
        self.at(now, seq);
        match what {
            What::Taken(client, conn, request) => self.take(*client, *conn, request),
            What::Closed(conn) => {
                let of = |session: &Option<Session>| {
                    session.as_ref().is_some_and(|session| session.conn == Some(*conn))
                };
                if let Some(client) = self.sessions.iter().position(of) {
                    self.close(client);
                }
            }
            What::Published(message) => self.publish(message, None),
            What::EndedSession(client) => {
                self.disconnect(*client);
                if self.session(*client).is_some() {
                    self.end_session(*client);
                }
            }
            What::Nothing => {}
        }
    }

    /// What may be left of something if only the beginning of its changes became durable, besides nothing and everything.
    pub(crate) fn beginnings(&self, what: &What, now: u64, seq: u64) -> Vec<Self> {
        let mut before = self.clone();
        before.at(now, seq);
        let mut beginnings = Vec::new();
        let mut add = |change: &dyn Fn(&mut Self)| {
            let mut beginning = before.clone();
            change(&mut beginning);
            beginnings.push(beginning);
        };
        let (client, conn, request) = match what {
            What::Taken(client, conn, request) => (client, conn, request),
            What::Published(message) => {
                add(&|model| model.retain(message));
                add(&|model| {
                    model.retain(message);
                    model.taken(message, false);
                    model.route(message, None, false);
                });
                return beginnings;
            }
            What::EndedSession(client) => {
                add(&|model| model.let_go(*client));
                return beginnings;
            }
            What::Closed(_) | What::Nothing => return beginnings,
        };
        match request {
            Request::Connect(hello) => {
                for steps in 1..CONNECT_STEPS {
                    add(&|model| model.connect(*client, *conn, hello, steps));
                }
                if hello.clean_start {
                    add(&|model| model.let_go(*client));
                }
            }
            Request::Disconnect { with_will: false, .. } => add(&|model| model.forget_will(*client)),
            Request::Publish { message, id, .. } if !before.is_repeat(*client, message, *id) => {
                add(&|model| model.retain(message));
                // With QoS 2 all get it or none, if the session survives.
                let is_stored = before.session(*client).is_some_and(|session| session.is_stored);
                if message.qos != QoS::ExactlyOnce || !is_stored {
                    add(&|model| {
                        model.retain(message);
                        model.taken(message, false);
                        model.route(message, Some(*client), false);
                    });
                }
            }
            // Retained messages come for the subscription that there is, as it was.
            Request::Subscribe { filter, options, .. } => add(&|model| {
                let existing =
                    model.session(*client).and_then(|session| session.subscriptions.get(filter).copied());
                if let Some(existing) = existing {
                    let options = Options { retain_handling: options.retain_handling, ..existing };
                    model.replay(*client, *filter, options, false, false);
                }
            }),
            _ => {}
        }
        beginnings
    }

    /// Every connection is gone.
    pub(crate) fn crash(&mut self, now: u64, seq: u64) {
        self.at(now, seq);
        for session in self.sessions.iter_mut().flatten() {
            if session.conn.take().is_some() {
                session.left = now;
            }
        }
        self.accepted.clear();
        self.answers.clear();
        self.pass_time();
    }

    fn at(&mut self, now: u64, seq: u64) {
        self.now = now;
        self.seq = seq;
        self.pass_time();
    }

    /// Sessions end and wills are published, in the order of time.
    fn pass_time(&mut self) {
        loop {
            let due = |(client, session): (usize, &Option<Session>)| {
                let session = session.as_ref().filter(|session| session.conn.is_none())?;
                let expires = session.left + u64::from(session.expiry) * 1000;
                let delay = |&(_, delay): &(Message, u32)| session.left + u64::from(delay) * 1000;
                let will = session.will.as_ref().map(delay).filter(|&will| will < expires);
                Some((will.unwrap_or(expires), client, will.is_some()))
            };
            let next = self.sessions.iter().enumerate().filter_map(due).min();
            match next.filter(|&(at, ..)| at <= self.now) {
                None => return,
                Some((_, client, true)) => self.publish_will(client),
                Some((_, client, false)) => self.end_session(client),
            }
        }
    }

    fn session(&self, client: usize) -> Option<&Session> {
        self.sessions[client].as_ref()
    }

    fn is_repeat(&self, client: usize, message: &Message, id: u16) -> bool {
        message.qos == QoS::ExactlyOnce
            && self.session(client).is_some_and(|session| session.received.contains(&id))
    }

    fn take(&mut self, client: usize, conn: ConnId, request: &Request) {
        match *request {
            Request::Connect(ref hello) => self.connect(client, conn, hello, CONNECT_STEPS),
            Request::Publish { ref message, id, .. } => {
                if self.is_repeat(client, message, id) {
                    return;
                }
                if let Some(session) = self.sessions[client].as_mut()
                    && message.qos == QoS::ExactlyOnce
                {
                    session.received.insert(id);
                }
                self.publish(message, Some(client));
            }
            Request::Subscribe { id, filter, options } => {
                self.answers.insert((conn, id));
                let Some(session) = self.sessions[client].as_mut() else { return };
                let is_new = session.subscriptions.insert(filter, options).is_none();
                if filter >= FIRST_SHARED {
                    session.groups.insert(filter);
                } else {
                    self.replace_replays(client, filter, Some(options));
                    self.replay(client, filter, options, is_new, true);
                }
            }
            Request::Unsubscribe { id, filter } => {
                self.answers.insert((conn, id));
                let Some(session) = self.sessions[client].as_mut() else { return };
                session.subscriptions.remove(&filter);
                self.replace_replays(client, filter, None);
                if filter >= FIRST_SHARED && self.members(filter) == 0 {
                    self.give_up(filter, true);
                }
            }
            Request::PubAck { number, is_replay, group, .. } => {
                let Some(generation) = self.session(client).map(|session| session.generation) else { return };
                self.done(client, generation, number, is_replay, group);
            }
            Request::PubRel(id) => {
                if let Some(session) = self.sessions[client].as_mut() {
                    session.received.remove(&id);
                }
            }
            Request::PubRec(_) | Request::PubComp(_) => {}
            Request::Disconnect { with_will, expiry } => {
                if !with_will {
                    self.forget_will(client);
                }
                if let (Some(session), Some(expiry)) = (self.sessions[client].as_mut(), expiry) {
                    session.expiry = expiry.min(MOST_EXPIRY);
                }
                self.close(client);
            }
        }
    }

    fn publish(&mut self, message: &Message, from: Option<usize>) {
        self.retain(message);
        self.taken(message, true);
        self.route(message, from, true);
    }

    fn taken(&mut self, message: &Message, is_whole: bool) {
        let taken = Taken { message: *message, times: Vec::new(), is_whole: false, unretained: None };
        let taken = self.messages.entry(message.number).or_insert(taken);
        taken.times.push(self.now);
        taken.is_whole |= is_whole;
    }
}
