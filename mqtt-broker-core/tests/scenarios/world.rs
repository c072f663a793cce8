//! A broker, its clients, and the time.

use std::collections::{BTreeMap, VecDeque};

use bytes::BytesMut;
use mqtt_broker_core::{
    Actions, Broker, Client, Config, ConnId, Decision, Event, ListenerId, Message, Note, Outgoing, Password,
    Policy, Question, Request, Ticket, Timestamp, Verdict,
};
use mqtt_codec::{Packet, ReasonCode, Version};

use crate::{packet, print};

pub(crate) struct Failure {
    /// Counted from the first line of the scenario.
    pub(crate) line: usize,
    pub(crate) what: String,
}

#[derive(Default)]
struct Peer {
    conn: Option<ConnId>,
    version: Option<Version>,
    buffer: BytesMut,
    received: VecDeque<String>,
    unsent: usize,
    /// Does not read, so what is sent to it is not written.
    stalls: bool,
}

struct World {
    broker: Broker<Rules>,
    now: Timestamp,
    next_conn: u64,
    peers: BTreeMap<String, Peer>,
    outbox: Outbox,
    /// No tick comes before the next line.
    is_late: bool,
}

/// What the broker called for, until it is given to the peers.
#[derive(Default)]
struct Outbox {
    sent: Vec<(ConnId, String, usize)>,
    resumed: Vec<ConnId>,
    asked: VecDeque<Ticket>,
    dropped: VecDeque<String>,
    shows_limits: bool,
}

impl Actions for Outbox {
    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>) {
        let mut bytes = Vec::new();
        packet.append_to(&mut bytes);
        assert_eq!(bytes.len(), packet.encoded_len());
        let text = print::packet(packet.version(), &bytes, self.shows_limits);
        self.sent.push((conn, text, bytes.len()));
    }

    fn close(&mut self, conn: ConnId) {
        self.sent.push((conn, "closed".to_owned(), 0));
    }

    fn pause_reading(&mut self, conn: ConnId) {
        self.sent.push((conn, "paused".to_owned(), 0));
    }

    fn resume_reading(&mut self, conn: ConnId) {
        self.sent.push((conn, "resumed".to_owned(), 0));
        self.resumed.push(conn);
    }

    fn ask(&mut self, ticket: Ticket, _: &Question<'_>) {
        self.asked.push_back(ticket);
    }

    fn note(&mut self, note: &Note<'_>) {
        if let Note::Dropped { client_id, topic, reason } = note {
            self.dropped.push_back(format!("{client_id} {topic} {reason:?}"));
        }
    }
}

/// A user name or topic with `later` in it has to be asked for, and one with `deny` is denied.
#[derive(Clone, Debug)]
struct Rules;

impl Policy for Rules {
    fn decide(&mut self, question: &Question<'_>) -> Decision {
        let Question { client: Client { user_name, .. }, request } = question;
        let subject = match request {
            Request::Connect { password, .. } => {
                if *password == Some(Password(b"wrong")) {
                    return Decision::Now(Verdict::Deny(ReasonCode::BadUserNameOrPassword));
                }
                user_name.unwrap_or("")
            }
            Request::Will { topic, .. } | Request::Publish { topic, .. } => topic.as_str(),
            Request::Subscribe { filter, .. } => filter.as_str(),
            Request::Authenticate { .. } => return Decision::Now(Verdict::Allow),
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

/// Says which line it was if the test or the broker panics.
struct Context<'a>(&'a str);

impl Drop for Context<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("while at: {}", self.0);
        }
    }
}

pub(crate) fn run(lines: &[&str]) -> Result<(), Failure> {
    let mut config = Config { seed: 1, ..Config::default() };
    for line in lines.iter().filter_map(|line| line.strip_prefix("config ")) {
        packet::configure(&mut config, line);
    }
    let mut world = World {
        broker: Broker::new(config, Rules),
        now: Timestamp::from_millis(1_000_000),
        next_conn: 0,
        peers: BTreeMap::new(),
        outbox: Outbox::default(),
        is_late: false,
    };
    for (index, line) in lines.iter().enumerate() {
        let fail = |what| Failure { line: index, what };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.starts_with("config ") {
            continue;
        }
        let _context = Context(line);
        world.line(line).map_err(fail)?;
    }
    world.nothing_left().map_err(|what| Failure { line: lines.len(), what })
}

impl World {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if let Some((name, expected)) = line.split_once("< ") {
            return self.expect(name, expected);
        }
        if let Some(expected) = line.strip_prefix("dropped ") {
            return match self.outbox.dropped.pop_front() {
                Some(found) if found == expected => Ok(()),
                found => Err(format!("expected the drop of {expected}, got {found:?}")),
            };
        }
        if let Some(expected) = line.strip_prefix("stats ") {
            return packet::wrong_count(&self.broker.stats(), expected).map_or(Ok(()), Err);
        }
        self.nothing_left()?;
        self.is_late = false;
        if let Some(time) = line.strip_prefix("late +") {
            self.now = self.now.plus_millis(packet::millis(time));
            self.is_late = true;
        } else if let Some(time) = line.strip_prefix('+') {
            self.wait(packet::millis(time));
        } else if let Some((name, text)) = line.split_once("> ") {
            self.send(name, text);
        } else {
            match line.split_whitespace().collect::<Vec<_>>()[..] {
                [name, "drops"] => {
                    let conn =
                        self.peers.remove(name).and_then(|peer| peer.conn).expect("an open connection");
                    self.handle(Event::Closed { conn });
                }
                [name, "opens"] => self.open(name),
                [name, "stalls"] => self.peer(name).stalls = true,
                [name, "reads"] => {
                    self.peer(name).stalls = false;
                    self.report_written();
                }
                [name, "reads", bytes] => self.take(name, bytes.parse().unwrap()),
                ["show", "limits"] => self.outbox.shows_limits = true,
                ["allow"] => self.answer(Verdict::Allow),
                ["deny", code] => self.answer(Verdict::Deny(packet::code(code))),
                ["kick", client_id, code] => {
                    let reason = packet::code(code);
                    self.handle(Event::Disconnect { client_id, reason, server_reference: None });
                }
                ["shutdown"] => self.handle(Event::Shutdown),
                _ => panic!("what does this line mean: {line}"),
            }
        }
        Ok(())
    }

    fn peer(&mut self, name: &str) -> &mut Peer {
        self.peers.entry(name.to_owned()).or_default()
    }

    fn open(&mut self, name: &str) {
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        *self.peer(name) = Peer { conn: Some(conn), ..Peer::default() };
        self.handle(Event::Opened { conn, listener: ListenerId(0) });
    }

    fn send(&mut self, name: &str, text: &str) {
        if name == "app" {
            let message = packet::message(text);
            return self.handle(Event::Publish(message));
        }
        if self.peer(name).conn.is_none() {
            self.open(name);
        }
        let peer = self.peer(name);
        if let Some(version) = packet::connect_version(text) {
            peer.version.get_or_insert(version);
        }
        let bytes = packet::encode(text, peer.version.unwrap_or(Version::V5));
        peer.buffer.extend_from_slice(&bytes);
        self.receive(name);
    }

    fn receive(&mut self, name: &str) {
        let peer = self.peer(name);
        let Some(conn) = peer.conn else { return };
        let mut buffer = std::mem::take(&mut peer.buffer);
        self.broker.handle(self.now, Event::Received { conn, bytes: &mut buffer }, &mut self.outbox);
        self.peer(name).buffer = buffer;
        self.settle();
    }

    fn handle(&mut self, event: Event<'_>) {
        self.broker.handle(self.now, event, &mut self.outbox);
        self.settle();
    }

    fn answer(&mut self, verdict: Verdict) {
        let ticket = self.outbox.asked.pop_front().expect("an open question");
        self.handle(Event::Answered { ticket, verdict });
    }

    /// Gives out what was sent, reports it as written, and hands over what waits for a resumed connection.
    fn settle(&mut self) {
        for (conn, text, len) in std::mem::take(&mut self.outbox.sent) {
            let peer =
                self.peers.values_mut().find(|peer| peer.conn == Some(conn)).expect("a known connection");
            if text == "closed" {
                peer.conn = None;
            }
            peer.unsent += len;
            peer.received.push_back(text);
        }
        for conn in std::mem::take(&mut self.outbox.resumed) {
            let peer = self.peers.iter().find(|(_, peer)| peer.conn == Some(conn));
            if let Some(name) = peer.map(|(name, _)| name.clone()) {
                self.receive(&name);
            }
        }
        self.report_written();
        let stats = self.broker.stats();
        assert_eq!(
            stats.copies_routed,
            stats.copies_sent + stats.copies_queued + stats.copies_dropped,
            "{stats:?}"
        );
    }

    /// A client that stalls takes some of what is there for it.
    fn take(&mut self, name: &str, bytes: usize) {
        let peer = self.peer(name);
        assert!(peer.stalls && bytes <= peer.unsent, "{} bytes are there", peer.unsent);
        peer.unsent -= bytes;
        let conn = peer.conn.expect("an open connection");
        self.handle(Event::Written { conn, bytes });
    }

    fn report_written(&mut self) {
        let written = self.peers.values_mut().find(|peer| peer.unsent > 0 && !peer.stalls);
        if let Some(peer) = written {
            let bytes = std::mem::take(&mut peer.unsent);
            if let Some(conn) = peer.conn {
                self.broker.handle(self.now, Event::Written { conn, bytes }, &mut self.outbox);
            }
            self.settle();
        }
    }

    /// Lets time pass, with a tick at each deadline on the way.
    fn wait(&mut self, millis: u64) {
        let end = self.now.plus_millis(millis);
        while let Some(deadline) = self.broker.deadline().filter(|&deadline| deadline <= end) {
            self.now = self.now.max(deadline);
            self.handle(Event::Tick);
        }
        self.now = end;
    }

    fn expect(&mut self, name: &str, expected: &str) -> Result<(), String> {
        // Replays go on at the next tick, which is due at once.
        while self.peer(name).received.is_empty() && self.broker.deadline().is_some_and(|at| at <= self.now) {
            self.handle(Event::Tick);
        }
        match self.peer(name).received.pop_front() {
            Some(found) if found == expected.trim() => Ok(()),
            Some(found) => Err(format!("expected {expected}, got {found}")),
            None => Err(format!("expected {expected}, got nothing")),
        }
    }

    fn nothing_left(&mut self) -> Result<(), String> {
        while !self.is_late && self.broker.deadline().is_some_and(|at| at <= self.now) {
            self.handle(Event::Tick);
        }
        for (name, peer) in &mut self.peers {
            if let Some(found) = peer.received.pop_front() {
                return Err(format!("{name} got {found}, which is not in the transcript"));
            }
        }
        match self.outbox.dropped.pop_front() {
            Some(found) => Err(format!("a drop that is not in the transcript: {found}")),
            None => Ok(()),
        }
    }
}

/// Checks that bytes are one whole packet.
pub(crate) fn decode(version: Version, bytes: &[u8]) -> Packet<'_> {
    let found = mqtt_codec::frame(bytes, &mqtt_codec::Limits::default()).unwrap().expect("a whole packet");
    assert_eq!(found.bytes().len(), bytes.len());
    Packet::decode(version, found).unwrap()
}

pub(crate) fn new_message(topic: &str, payload: &[u8]) -> Message {
    Message::new(mqtt_codec::TopicName::new(topic).unwrap(), payload.to_vec())
}
