//! What the broker promises: a naive broker that knows which packets were taken, in which order, and the time.

mod check;
mod copies;
mod cut;
mod drops;
mod review;
mod session;
mod turn;
mod will;

use std::collections::{BTreeMap, BTreeSet};

use mqtt_broker_core::{ConnId, Ticket};
use mqtt_codec::QoS;

use self::copies::{Copy, Key, Target};
use self::session::CONNECT_STEPS;
use self::turn::Turn;
use self::will::Due;
use crate::client::Answer;
use crate::event::Terms;
use crate::guard::Ruling;
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
    answers: BTreeMap<(ConnId, u16), Answer>,
    messages: BTreeMap<u32, Taken>,
    copies: BTreeMap<Key, Copy>,
    retained: BTreeMap<usize, u32>,
    /// Whether a client gets a copy for each of its subscriptions.
    copies_each: bool,
    /// Wills that are due and about which the policy has not decided.
    due: Vec<Due>,
    /// Messages that the policy does not want.
    denied: BTreeSet<u32>,
    /// Those of them of which a client was not told that.
    denied_silently: BTreeSet<u32>,
    /// What is known about the event that is being looked at.
    turn: Turn,
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
    /// What the policy is asked.
    open: BTreeMap<Ticket, Question>,
    /// Subscriptions that it is not to keep once all answers are there.
    denied: BTreeSet<usize>,
    /// When its end began, if it was not carried through.
    let_go: u64,
    /// Whether it has to survive a crash.
    is_stored: bool,
}

/// What the policy is asked about a session.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Question {
    /// Whether it keeps this subscription.
    Keep(usize),
    /// The same, but that has ended.
    Ended,
    /// Whether it gets this retained message.
    Replay(u32),
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

    /// Every connection is gone, and every session that is not stored. What the time has brought is looked at later.
    pub(crate) fn crash(&mut self, now: u64, seq: u64) {
        (self.now, self.seq) = (now, seq);
        for session in self.sessions.iter_mut().flatten() {
            if session.conn.take().is_some() {
                session.left = now;
            }
            session.open.clear();
            session.denied.clear();
        }
        self.due.iter_mut().for_each(|due| due.ticket = None);
        self.copies.values_mut().for_each(Copy::crash);
        self.accepted.clear();
        self.answers.clear();
        for client in 0..CLIENTS {
            if self.session(client).is_some_and(|session| !session.is_stored) {
                self.end_session(client);
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

    fn take(&mut self, client: usize, conn: ConnId, request: &Request, terms: Terms) -> Result<(), String> {
        match *request {
            Request::Connect(_) if !terms.ruling.is_yes() => {
                return Err(format!("client {client} is let in though it may not connect"));
            }
            Request::Connect(ref hello) => self.connect(client, conn, hello, CONNECT_STEPS),
            Request::Publish { ref message, id, .. } => {
                if self.is_repeat(client, message, id) {
                    return Ok(());
                }
                let is_denied = !terms.ruling.is_yes();
                if is_denied && terms.version.is_v5() {
                    self.denied.insert(message.number);
                    return Ok(());
                }
                if let Some(session) = self.sessions[client].as_mut()
                    && message.qos == QoS::ExactlyOnce
                {
                    session.received.insert(id);
                }
                if is_denied {
                    self.denied_silently.insert(message.number);
                } else {
                    self.publish(message, Some(client), terms.since);
                }
            }
            Request::Subscribe { id, filter, options } => {
                let Some(qos) = terms.ruling.limit(options.qos) else {
                    self.answers.insert((conn, id), Answer::Denied);
                    return Ok(());
                };
                self.answers.insert((conn, id), Answer::Granted(qos));
                let options = Options { qos, ..options };
                let Some(session) = self.sessions[client].as_mut() else { return Ok(()) };
                let is_new = session.subscriptions.insert(filter, options).is_none();
                // It was allowed anew: what was asked about it before does not count.
                session.denied.remove(&filter);
                session.open.retain(|_, question| *question != Question::Keep(filter));
                if filter >= FIRST_SHARED {
                    session.groups.insert(filter);
                } else {
                    self.replace_replays(client, filter, Some(options));
                    self.replay(client, filter, options, is_new, true);
                }
            }
            Request::Unsubscribe { id, filter } => {
                self.answers.insert((conn, id), Answer::Ended);
                self.end_subscription(client, filter);
            }
            Request::PubAck { number, is_replay, group, .. } => {
                let Some(generation) = self.session(client).map(|session| session.generation) else {
                    return Ok(());
                };
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
        Ok(())
    }

    /// A message that was received then goes to all.
    fn publish(&mut self, message: &Message, from: Option<usize>, since: u64) {
        self.retain(message, since);
        self.taken(message, true, since);
        self.route(message, from, true);
    }

    /// The policy has answered, or has not in time, which is a no.
    fn decide(&mut self, ticket: Ticket, ruling: Ruling) {
        self.decide_will(ticket, ruling);
        self.decide_review(ticket, ruling);
    }

    fn taken(&mut self, message: &Message, is_whole: bool, since: u64) {
        let taken = Taken { message: *message, times: Vec::new(), is_whole: false, unretained: None };
        let taken = self.messages.entry(message.number).or_insert(taken);
        taken.times.push(since);
        taken.is_whole |= is_whole;
    }
}
