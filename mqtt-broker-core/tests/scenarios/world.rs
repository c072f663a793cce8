//! A broker, its clients, and the time.

use std::collections::BTreeMap;

use bytes::BytesMut;
use mqtt_broker_core::{Broker, Config, ConnId, Event, ListenerId, Stats, Timestamp, Verdict};
use mqtt_codec::{QoS, Version};

use crate::outbox::{Deed, Outbox, Rules};
use crate::packet;
use crate::words::{code, millis};

/// Ticks within one line after which a broker is taken to want them for ever.
const TICKS: usize = 100_000;

#[derive(Default)]
struct Peer {
    conn: Option<ConnId>,
    version: Option<Version>,
    buffer: BytesMut,
    unsent: usize,
    /// Does not read, so what is sent to it is not written.
    stalls: bool,
}

pub(crate) struct World {
    broker: Broker<Rules>,
    now: Timestamp,
    next_conn: u64,
    peers: BTreeMap<String, Peer>,
    outbox: Outbox,
    /// What came of the line, as lines.
    outcome: Vec<String>,
    /// No tick comes before the next line.
    is_late: bool,
}

impl World {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            broker: Broker::new(config, Rules::default()),
            now: Timestamp::from_millis(1_000_000),
            next_conn: 0,
            peers: BTreeMap::new(),
            outbox: Outbox::default(),
            outcome: Vec::new(),
            is_late: false,
        }
    }

    /// Does what a line says. Gives what came of it, with the counts before any tick that is due.
    pub(crate) fn line(&mut self, line: &str) -> (Vec<String>, Stats) {
        self.is_late = false;
        self.act(line);
        let stats = self.broker.stats();
        if !self.is_late {
            self.tick_until(self.now);
        }
        (std::mem::take(&mut self.outcome), stats)
    }

    fn act(&mut self, line: &str) {
        if let Some(time) = line.strip_prefix("late +") {
            self.now = self.now.plus_millis(millis(time));
            self.is_late = true;
            return;
        }
        if let Some(time) = line.strip_prefix('+') {
            return self.wait(millis(time));
        }
        if let Some((name, text)) = line.split_once("> ") {
            return self.send(name, text);
        }
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            [name, "opens"] => self.open(name, None),
            [name, "opens", "as", identity] => self.open(name, Some(identity)),
            [name, "drops"] => {
                let conn = self.conn(name);
                self.peers.remove(name);
                self.handle(Event::Closed { conn });
            }
            [name, "stalls"] => self.peer(name).stalls = true,
            [name, "reads"] => {
                self.peer(name).stalls = false;
                self.report_written();
            }
            [name, "reads", bytes] => self.take(name, bytes.parse().expect("a number of bytes")),
            ["show", "limits"] => self.outbox.shown.limits = true,
            ["show", "reasons"] => self.outbox.shown.reasons = true,
            ["show", "notes"] => self.outbox.shown.notes = true,
            ["allow"] => self.answer(Verdict::Allow),
            ["allow", "up-to", qos] => {
                self.answer(Verdict::AllowUpTo(QoS::from_u8(qos.parse().unwrap()).expect("a QoS")));
            }
            ["deny", reason] => self.answer(Verdict::Deny(code(reason))),
            ["challenge", data] => self.answer(Verdict::Challenge(data.to_owned().into())),
            ["authenticated"] => self.answer(Verdict::Authenticated(None)),
            ["kick", client_id, reason] => self.kick(client_id, reason, None),
            ["kick", client_id, reason, reference] => self.kick(client_id, reason, Some(reference)),
            ["forbid", word] => self.broker.policy_mut().forbidden.push(word.to_owned()),
            ["defer", word] => self.broker.policy_mut().deferred.push(word.to_owned()),
            ["permit", word] => {
                let Rules { forbidden, deferred } = self.broker.policy_mut();
                forbidden.retain(|other| other != word);
                deferred.retain(|other| other != word);
            }
            ["revoke", client_id] => self.handle(Event::Revoke { client_id }),
            ["end", client_id] => self.handle(Event::EndSession { client_id }),
            ["shutdown"] => self.handle(Event::Shutdown),
            _ => panic!("what does this line mean?"),
        }
    }

    fn peer(&mut self, name: &str) -> &mut Peer {
        self.peers.entry(name.to_owned()).or_default()
    }

    fn conn(&mut self, name: &str) -> ConnId {
        self.peer(name).conn.unwrap_or_else(|| panic!("{name} has no open connection"))
    }

    fn open(&mut self, name: &str, identity: Option<&str>) {
        assert!(self.peer(name).conn.is_none(), "{name} has an open connection");
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        *self.peer(name) = Peer { conn: Some(conn), ..Peer::default() };
        self.handle(Event::Opened { conn, listener: ListenerId(0), identity });
    }

    fn send(&mut self, name: &str, text: &str) {
        if name == "app" {
            return self.handle(Event::Publish(packet::message(text)));
        }
        if self.peer(name).conn.is_none() {
            self.open(name, None);
        }
        let peer = self.peer(name);
        let bytes = packet::encode(text, peer.version.unwrap_or(Version::V5));
        peer.buffer.extend_from_slice(&bytes);
        if peer.version.is_none() {
            peer.version = mqtt_codec::connect_version(&peer.buffer).ok().flatten();
        }
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

    fn kick(&mut self, client_id: &str, reason: &str, server_reference: Option<&str>) {
        self.handle(Event::Disconnect { client_id, reason: code(reason), server_reference });
    }

    fn answer(&mut self, verdict: Verdict) {
        let ticket = self.outbox.asked.pop_front().expect("an open question");
        self.handle(Event::Answered { ticket, verdict });
    }

    /// Gives out what was sent, reports it as written, and hands over what waits for a resumed connection.
    fn settle(&mut self) {
        let mut resumed = Vec::new();
        for deed in std::mem::take(&mut self.outbox.deeds) {
            let (conn, text) = match deed {
                Deed::Told(text) => {
                    self.outcome.push(text);
                    continue;
                }
                Deed::Sent(conn, text, bytes) => {
                    self.peer_of(conn).1.unsent += bytes;
                    (conn, text)
                }
                Deed::Closed(conn) => {
                    let name = self.peer_of(conn).0.clone();
                    self.peer(&name).conn = None;
                    self.outcome.push(format!("{name}< closed"));
                    continue;
                }
                Deed::Paused(conn) => (conn, "paused".to_owned()),
                Deed::Resumed(conn) => {
                    resumed.push(conn);
                    (conn, "resumed".to_owned())
                }
            };
            let line = format!("{}< {text}", self.peer_of(conn).0);
            self.outcome.push(line);
        }
        for conn in resumed {
            if let Some(name) =
                self.peers.iter().find(|(_, peer)| peer.conn == Some(conn)).map(|(name, _)| name.clone())
            {
                self.receive(&name);
            }
        }
        self.report_written();
        let stats = self.broker.stats();
        assert!(stats.are_conserved(), "every copy is somewhere: {stats:?}");
    }

    fn peer_of(&mut self, conn: ConnId) -> (&String, &mut Peer) {
        self.peers.iter_mut().find(|(_, peer)| peer.conn == Some(conn)).expect("an open connection")
    }

    /// A client that stalls takes some of what is there for it.
    fn take(&mut self, name: &str, bytes: usize) {
        let conn = self.conn(name);
        let peer = self.peer(name);
        assert!(peer.stalls && bytes <= peer.unsent, "{} bytes are there", peer.unsent);
        peer.unsent -= bytes;
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
        self.tick_until(end);
        self.now = end;
    }

    fn tick_until(&mut self, end: Timestamp) {
        for _ in 0..TICKS {
            let Some(deadline) = self.broker.deadline().filter(|&deadline| deadline <= end) else { return };
            self.now = self.now.max(deadline);
            self.handle(Event::Tick);
        }
        panic!("the broker wants more than {TICKS} ticks");
    }
}
