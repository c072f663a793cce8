//! The broker, and a runtime that does what it asks.

use std::collections::{BTreeMap, VecDeque};

use bytes::BytesMut;
use mqtt_broker_core::{
    Action, AuthenticationData, Broker, Config, ConnId, Damping, Decision, Event, ListenerId, Overlapping,
    Policy, Question, Request, SharedStrategy, Ticket, Timestamp, Verdict,
};
use mqtt_codec::{Limits, ReasonCode, Version};

use crate::honest::Honest;

/// Where the clients that behave come in.
pub(crate) const TRUSTED: ListenerId = ListenerId(0);
/// Where anybody comes in.
pub(crate) const PUBLIC: ListenerId = ListenerId(1);
/// The first connection of a client that behaves. So it has the same name whoever else is there.
const FIRST_TRUSTED: u64 = 1 << 32;
/// Bytes that the runtime holds for a connection that is not read.
const READ_BUFFER: usize = 2048;
/// The first byte of CONNACK; the fourth is its reason code.
const CONNACK: u8 = 0x20;
/// More ticks than there can be timers at one moment.
const MOST_TICKS: usize = 1000;

/// Limits that are reached soon.
pub(crate) fn config() -> Config {
    Config {
        limits: Limits {
            packet_size: 200,
            user_properties: 2,
            filters: 4,
            subscription_ids: 2,
            ..Limits::default()
        },
        connect_packet_size: 200,
        receive_maximum: 3,
        send_maximum: 3,
        topic_alias_maximum: 2,
        outbound_topic_aliases: 2,
        session_expiry_maximum: 60,
        queued_messages: 4,
        queued_bytes: 1500,
        output_window: 150,
        // Those that behave may stall for as long as they like.
        congestion_timeout: None,
        subscriptions: 3,
        filter_bytes: 120,
        filter_levels: 5,
        retained_messages: 6,
        connections: 150,
        sessions: 8,
        shared_strategy: SharedStrategy::LeastInFlight,
        overlapping: Overlapping::CopyEach,
        damping: Some(Damping { connects: 20, period: 10_000, pause: 500 }),
        ..Config::default()
    }
}

/// What begins with `honest` is for those who come in where they are trusted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rules;

impl Policy for Rules {
    fn decide(&mut self, question: &Question<'_>) -> Decision {
        let name = match &question.request {
            Request::Connect { .. } | Request::Authenticate { .. } => question.client.client_id,
            Request::Will { topic, .. } | Request::Publish { topic, .. } | Request::Replay { topic, .. } => {
                topic.as_str()
            }
            Request::Subscribe { filter, .. } => filter.as_str(),
        };
        if let Request::Authenticate { data, .. } = question.request
            && !name.contains("slow")
        {
            // Whoever answers is believed, or asked once more.
            return Decision::Now(match data {
                Some(AuthenticationData(data)) if data.len() % 2 == 0 => Verdict::Authenticated(None),
                _ => Verdict::Challenge(b"who?".to_vec().into()),
            });
        }
        let is_trusted = question.client.listener == TRUSTED;
        if is_trusted || !name.contains("honest") && !name.contains("slow") {
            Decision::Now(Verdict::Allow)
        } else if name.contains("slow") {
            Decision::Later
        } else {
            Decision::Now(Verdict::Deny(ReasonCode::NotAuthorized))
        }
    }
}

/// What a runtime keeps of a connection.
pub(crate) struct Connection {
    /// The place of the client that behaves, if it is one.
    pub(crate) honest: Option<usize>,
    /// Of its CONNECT, for the packets after it.
    pub(crate) version: Version,
    /// CONNACK said yes.
    pub(crate) is_accepted: bool,
    pub(crate) buffer: BytesMut,
    pub(crate) is_paused: bool,
    pub(crate) unwritten: usize,
}

pub(crate) struct World {
    pub(crate) broker: Broker<Rules>,
    pub(crate) config: Config,
    pub(crate) connections: BTreeMap<ConnId, Connection>,
    pub(crate) honest: Vec<Honest>,
    /// Connections of hostile clients, as far as they are open.
    pub(crate) hostile: Vec<ConnId>,
    /// Questions that wait for an answer.
    pub(crate) asked: VecDeque<Ticket>,
    /// Everything that the broker called for.
    pub(crate) log: Vec<Action>,
    pub(crate) dropped: u64,
    now: u64,
    opened: [u64; 2],
}

impl World {
    pub(crate) fn new() -> Self {
        let mut world = Self::without_honest(config());
        world.let_honest_in();
        world
    }

    pub(crate) fn without_honest(config: Config) -> Self {
        Self {
            broker: Broker::new(config, Rules),
            config,
            connections: BTreeMap::new(),
            honest: Vec::new(),
            hostile: Vec::new(),
            asked: VecDeque::new(),
            log: Vec::new(),
            dropped: 0,
            now: 0,
            opened: [FIRST_TRUSTED, 0],
        }
    }

    /// Opens a connection, if the broker takes it.
    pub(crate) fn open(&mut self, listener: ListenerId, honest: Option<usize>, version: Version) -> ConnId {
        let opened = &mut self.opened[usize::from(listener == PUBLIC)];
        let conn = ConnId(*opened);
        *opened += 1;
        let buffer = BytesMut::new();
        let connection =
            Connection { honest, version, is_accepted: false, buffer, is_paused: false, unwritten: 0 };
        self.connections.insert(conn, connection);
        self.handle(Event::Opened { conn, listener, identity: None });
        conn
    }

    pub(crate) fn receive(&mut self, conn: ConnId, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        if !connection.is_paused || connection.buffer.len() < READ_BUFFER {
            connection.buffer.extend_from_slice(bytes);
        }
        self.read(conn);
    }

    fn read(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(&conn).filter(|connection| !connection.is_paused)
        else {
            return;
        };
        let mut buffer = std::mem::take(&mut connection.buffer);
        let resumed = self.handle_only(Event::Received { conn, bytes: &mut buffer });
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.buffer = buffer;
        }
        self.read_on(&resumed);
    }

    pub(crate) fn written(&mut self, conn: ConnId, bytes: usize) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let bytes = bytes.min(connection.unwritten);
        connection.unwritten -= bytes;
        self.handle(Event::Written { conn, bytes });
    }

    pub(crate) fn close(&mut self, conn: ConnId) {
        if self.connections.remove(&conn).is_some() {
            self.hostile.retain(|&other| other != conn);
            self.handle(Event::Closed { conn });
        }
    }

    /// Time passes, and the broker gets its ticks.
    pub(crate) fn wait(&mut self, millis: u64) {
        self.now += millis;
        for _ in 0..MOST_TICKS {
            if self.broker.deadline().is_none_or(|deadline| deadline.as_millis() > self.now) {
                return;
            }
            self.handle(Event::Tick);
        }
        panic!("{:?} stays the deadline at {}", self.broker.deadline(), self.now);
    }

    /// Everybody who behaves gets what waits; then all leave, and nothing is left but what is retained.
    pub(crate) fn finish(&mut self) {
        self.settle_honest();
        while let Some((&conn, _)) = self.connections.first_key_value() {
            self.close(conn);
        }
        self.wait(1000 * 1000);
        let stats = self.broker.stats();
        assert_eq!((stats.connections, stats.sessions, stats.subscriptions), (0, 0, 0));
        assert_eq!(stats.all_copies().queued, 0);
    }

    pub(crate) fn handle(&mut self, event: Event<'_>) {
        let resumed = self.handle_only(event);
        self.read_on(&resumed);
    }

    fn read_on(&mut self, resumed: &[ConnId]) {
        for &conn in resumed {
            self.read(conn);
        }
    }

    /// Gives the connections that may be read again.
    fn handle_only(&mut self, event: Event<'_>) -> Vec<ConnId> {
        let mut actions = Vec::new();
        self.broker.handle(Timestamp::from_millis(self.now), event, &mut actions);
        let mut resumed = Vec::new();
        for action in &actions {
            match action {
                Action::Send { conn, bytes } => {
                    let connection = self.connections.get_mut(conn).expect("open");
                    connection.unwritten += bytes.len();
                    connection.is_accepted |= bytes[0] == CONNACK && bytes[3] == 0;
                    if let Some(at) = connection.honest {
                        self.honest[at].sent(bytes);
                    }
                }
                Action::Close(conn) => {
                    let closed = self.connections.remove(conn).expect("open");
                    assert_eq!(closed.honest, None, "a client that behaves is disconnected");
                    self.hostile.retain(|other| other != conn);
                }
                Action::PauseReading(conn) => {
                    let connection = self.connections.get_mut(conn).expect("open");
                    assert!(!std::mem::replace(&mut connection.is_paused, true), "paused twice");
                }
                Action::ResumeReading(conn) => {
                    let connection = self.connections.get_mut(conn).expect("open");
                    assert!(std::mem::replace(&mut connection.is_paused, false), "resumed, but not paused");
                    resumed.push(*conn);
                }
                Action::Ask { ticket, .. } => self.asked.push_back(*ticket),
                Action::Dropped { .. } => self.dropped += 1,
                Action::Put { .. } | Action::Delete { .. } => {}
            }
        }
        self.check_bounds(&actions);
        self.log.extend(actions);
        resumed
    }
}
