//! The broker: which event leads where.

mod close;
mod connect;
mod deliver;
mod publish;
mod retain;
mod send;
mod subscribe;

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::{Buf, BytesMut};
use mqtt_codec::{
    DecodeError, Disconnect, Frame, Packet, PacketType, PubAck, PubComp, PubRec, PubRel, Publish, ReasonCode,
    Subscribe, Unsubscribe, frame,
};
use mqtt_session::Timestamp;
use mqtt_topic::RetainedTrie;

use crate::connection::Connection;
use crate::router::{Granted, Router, Target};
use crate::session::{Retained, Session};
use crate::slab::{Key, Slab};
use crate::timers::{Timer, Timers};
use crate::{
    Actions, AllowAll, Client, Config, ConnId, Decision, Event, Note, Policy, Question, Request, Stats,
    Ticket, Verdict,
};

/// Due timers that one [`Event::Tick`] looks at; if there are more, the deadline stays in the past.
const TIMERS_PER_TICK: usize = 1024;

/// An MQTT broker. See the [crate] for the contract.
///
/// It holds all sessions, subscriptions and retained messages, and no transport. A clone is an independent broker in the
/// same state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker<P = AllowAll> {
    policy: P,
    core: Core,
}

impl<P: Policy> Broker<P> {
    /// A broker with no connections and no sessions.
    pub fn new(config: Config, policy: P) -> Self {
        Self { policy, core: Core::new(config) }
    }

    /// Takes in what happened at `now` and calls `actions` for what is to be done.
    ///
    /// A `now` earlier than one before counts as that one.
    pub fn handle(&mut self, now: Timestamp, event: Event<'_>, actions: &mut dyn Actions) {
        let cx = &mut Cx { policy: &mut self.policy, out: actions };
        self.core.now = self.core.now.max(now);
        self.core.handle(event, cx);
    }

    /// When the broker wants an [`Event::Tick`], if it does. One tick does a bounded amount of work, so the deadline may still
    /// lie in the past after it; then another is wanted, and others can have their turn in between.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.core.timers.next()
    }

    /// Counts.
    pub fn stats(&self) -> Stats {
        Stats {
            connections: self.core.connections.len(),
            sessions: self.core.sessions.len(),
            retained_messages: self.core.retained.len(),
            ..self.core.stats
        }
    }

    /// The policy, to change it.
    pub const fn policy_mut(&mut self) -> &mut P {
        &mut self.policy
    }
}

/// What a call of `handle` lends to everything below it.
struct Cx<'a> {
    policy: &'a mut dyn Policy,
    out: &'a mut dyn Actions,
}

/// The broker without its policy.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Core {
    config: Config,
    now: Timestamp,
    connections: BTreeMap<ConnId, Connection>,
    sessions: Slab<Session>,
    clients: BTreeMap<Arc<str>, Key>,
    router: Router,
    retained: RetainedTrie<Retained>,
    /// Messages that were ever retained.
    retained_ever: u64,
    timers: Timers,
    /// Open questions: whose, and which of its packet's.
    tickets: BTreeMap<Ticket, (ConnId, usize)>,
    next_ticket: u64,
    assigned_ids: u64,
    shutting_down: bool,
    stats: Stats,
    /// Where a message goes; kept to save allocations.
    targets: Vec<(Target, Granted)>,
}

/// What became of the packet at the front of the buffer.
enum Taken {
    /// It is done with.
    Done,
    /// It waits for an answer of the policy.
    Waits,
    /// It is a message, whose payload is still to be taken.
    Message(publish::Draft),
}

/// The reason as this packet can give it: itself if it is a failure that the packet may carry.
fn failure(reason: ReasonCode, packet: PacketType, otherwise: ReasonCode) -> ReasonCode {
    if reason.is_error() && reason.is_allowed_in(packet) { reason } else { otherwise }
}

impl Core {
    fn new(config: Config) -> Self {
        Self {
            now: Timestamp::ZERO,
            connections: BTreeMap::new(),
            sessions: Slab::new(),
            clients: BTreeMap::new(),
            router: Router::new(config.seed),
            retained: RetainedTrie::new(),
            retained_ever: 0,
            timers: Timers::default(),
            tickets: BTreeMap::new(),
            next_ticket: 0,
            assigned_ids: 0,
            shutting_down: false,
            stats: Stats::default(),
            targets: Vec::new(),
            config,
        }
    }

    fn handle(&mut self, event: Event<'_>, cx: &mut Cx<'_>) {
        match event {
            Event::Opened { conn, listener } => {
                // A name that is used again was closed before.
                self.transport_closed(conn, cx);
                let is_full = self.connections.len() >= self.config.connections;
                if self.shutting_down || is_full {
                    let reason =
                        if is_full { ReasonCode::ServerBusy } else { ReasonCode::ServerShuttingDown };
                    cx.out.note(&Note::Refused { conn, reason });
                    return cx.out.close(conn);
                }
                self.connections.insert(conn, Connection::new(listener, self.now));
                self.set_connection_timer(conn);
            }
            Event::Received { conn, bytes } => while self.take_packet(conn, bytes, cx) {},
            Event::Written { conn, bytes } => self.written(conn, bytes, cx),
            Event::Closed { conn } => self.transport_closed(conn, cx),
            Event::Tick => self.tick(cx),
            Event::Answered { ticket, verdict } => self.answered(ticket, verdict, cx),
            Event::Publish(message) => self.route(Arc::new(message.received_at(self.now)), cx),
            Event::Kick { client_id, reason } => {
                let session = self.clients.get(client_id).and_then(|&key| self.sessions.get(key));
                if let Some(conn) = session.and_then(|session| session.conn) {
                    self.end(
                        conn,
                        failure(reason, PacketType::Disconnect, ReasonCode::AdministrativeAction),
                        cx,
                    );
                }
            }
            Event::Shutdown => {
                self.shutting_down = true;
                while let Some((&conn, _)) = self.connections.first_key_value() {
                    self.end(conn, ReasonCode::ServerShuttingDown, cx);
                }
            }
        }
    }

    /// Takes the packet at the front, if it is whole and nothing holds the connection.
    fn take_packet(&mut self, conn: ConnId, bytes: &mut BytesMut, cx: &mut Cx<'_>) -> bool {
        let Some(connection) = self.connections.get_mut(&conn).filter(|connection| !connection.paused) else {
            return false;
        };
        let Some(connected) = &mut connection.connected else {
            return self.take_connect(conn, bytes, cx);
        };
        let (session, version) = (connected.session, connected.version);
        let found = match frame(bytes, &self.config.limits) {
            Ok(Some(found)) => found,
            Ok(None) => return false,
            Err(error) => return self.malformed(conn, error, cx),
        };
        connected.keep_alive.packet(self.now);
        let len = found.bytes().len();
        match self.packet(conn, session, version, found, cx) {
            Err(error) => return self.malformed(conn, error, cx),
            Ok(Taken::Waits) => return false,
            Ok(Taken::Done) => bytes.advance(len),
            Ok(Taken::Message(draft)) => {
                let (message, delivery) = draft.take(bytes, len);
                self.take_message(conn, session, message, delivery, cx);
            }
        }
        self.packet_done(conn, cx);
        true
    }

    fn packet(
        &mut self,
        conn: ConnId,
        session: Key,
        version: mqtt_codec::Version,
        found: Frame<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Taken, DecodeError> {
        match found.packet_type() {
            PacketType::Publish => {
                let publish = Publish::decode(version, found)?;
                return Ok(self.on_publish(conn, session, &publish, cx));
            }
            PacketType::PubAck => self.on_puback(conn, session, PubAck::decode(version, found)?, cx),
            PacketType::PubRec => self.on_pubrec(conn, session, PubRec::decode(version, found)?, cx),
            PacketType::PubRel => self.on_pubrel(conn, session, PubRel::decode(version, found)?, cx),
            PacketType::PubComp => self.on_pubcomp(conn, session, PubComp::decode(version, found)?, cx),
            PacketType::Subscribe => {
                let subscribe = Subscribe::decode(version, found)?;
                return Ok(self.on_subscribe(conn, session, version, &subscribe, cx));
            }
            PacketType::Unsubscribe => {
                let unsubscribe = Unsubscribe::decode(version, found)?;
                self.on_unsubscribe(conn, session, &unsubscribe, cx);
            }
            PacketType::PingReq => {
                Packet::decode(version, found)?;
                self.send(conn, Packet::PingResp, cx);
            }
            PacketType::Disconnect => {
                let disconnect = Disconnect::decode(version, found)?;
                self.on_disconnect(conn, session, version, &disconnect, cx);
            }
            // A second CONNECT (MQTT-3.1.0-2), AUTH without a method in CONNECT, and what only a server may send.
            PacketType::Connect
            | PacketType::Auth
            | PacketType::ConnAck
            | PacketType::SubAck
            | PacketType::UnsubAck
            | PacketType::PingResp => self.end(conn, ReasonCode::ProtocolError, cx),
        }
        Ok(Taken::Done)
    }

    fn malformed(&mut self, conn: ConnId, error: DecodeError, cx: &mut Cx<'_>) -> bool {
        cx.out.note(&Note::Malformed { conn, error });
        self.end(conn, error.reason_code_in(PacketType::Disconnect), cx);
        false
    }

    /// The packet has been taken: its answers are used up, and its own output may fill the window.
    fn packet_done(&mut self, conn: ConnId, cx: &mut Cx<'_>) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.tickets.clear();
        connection.verdicts.clear();
        connection.asked = None;
        connection.output_full |= connection.unsent >= self.config.output_window;
        self.set_reading(conn, cx);
    }

    fn written(&mut self, conn: ConnId, bytes: usize, cx: &mut Cx<'_>) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.unsent = connection.unsent.saturating_sub(bytes);
        connection.output_full &= connection.unsent > self.config.output_window / 2;
        if let Some(connected) = connection.connected.as_mut().filter(|_| connection.paused) {
            // Its packets are not looked at, but it takes ours, so it is alive.
            connected.keep_alive.packet(self.now);
        }
        if let Some(session) = connection.session() {
            self.pump(session, cx);
        }
        self.set_reading(conn, cx);
    }

    fn answered(&mut self, ticket: Ticket, verdict: Verdict, cx: &mut Cx<'_>) {
        let Some((conn, index)) = self.tickets.remove(&ticket) else { return };
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.open_questions -= 1;
        if let Some(answer) = connection.verdicts.get_mut(index) {
            *answer = Some(verdict);
        }
        self.set_reading(conn, cx);
    }

    /// Tells the runtime if reading has to stop or can go on.
    fn set_reading(&mut self, conn: ConnId, cx: &mut Cx<'_>) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let pause = connection.open_questions > 0 || connection.output_full;
        if pause == connection.paused {
            return;
        }
        connection.paused = pause;
        if pause {
            return cx.out.pause_reading(conn);
        }
        if let Some(connected) = &mut connection.connected {
            connected.keep_alive.packet(self.now);
        }
        cx.out.resume_reading(conn);
    }

    /// The answer to question number `index` about the packet at the front; `None` if it has to wait for it. Questions are
    /// numbered from 0, and asked once.
    fn decide(
        &mut self,
        conn: ConnId,
        index: usize,
        client: Client<'_>,
        request: Request<'_>,
        cx: &mut Cx<'_>,
    ) -> Option<Verdict> {
        let connection = self.connections.get_mut(&conn)?;
        if let Some(&answer) = connection.verdicts.get(index) {
            return answer;
        }
        let question = Question { client, request };
        let answer = match cx.policy.decide(&question) {
            Decision::Now(verdict) => Some(verdict),
            Decision::Later => {
                let ticket = Ticket(self.next_ticket);
                self.next_ticket += 1;
                self.tickets.insert(ticket, (conn, index));
                connection.tickets.push(ticket);
                connection.open_questions += 1;
                connection.asked.get_or_insert(self.now);
                cx.out.ask(ticket, &question);
                None
            }
        };
        connection.verdicts.push(answer);
        self.set_reading(conn, cx);
        answer
    }

    fn tick(&mut self, cx: &mut Cx<'_>) {
        // What is set again for this moment has its turn in the next tick.
        let due: Vec<_> =
            core::iter::from_fn(|| self.timers.pop_due(self.now)).take(TIMERS_PER_TICK).collect();
        for timer in due {
            match timer {
                Timer::Connection(conn) => self.connection_timer(conn, cx),
                Timer::Session(key) => self.session_timer(key, cx),
                Timer::Replay(key) => {
                    if let Some(session) = self.sessions.get_mut(key) {
                        session.replay_timer = None;
                    }
                    self.pump(key, cx);
                }
                Timer::Retained(topic) => self.expire_retained(&topic),
            }
        }
    }

    fn connection_timer(&mut self, conn: ConnId, cx: &mut Cx<'_>) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.timer = None;
        let waits = connection.open_questions > 0;
        match &mut connection.connected {
            // We keep it waiting, not it us.
            Some(connected) if waits => connected.keep_alive.packet(self.now),
            None if waits => connection.opened = self.now,
            Some(connected) => {
                if connected.keep_alive.deadline().is_some_and(|deadline| deadline <= self.now) {
                    return self.end(conn, ReasonCode::KeepAliveTimeout, cx);
                }
            }
            None => {
                if connection.opened.plus_millis(self.config.connect_timeout) <= self.now {
                    return self.close_silently(conn, ReasonCode::KeepAliveTimeout, cx);
                }
            }
        }
        self.set_connection_timer(conn);
    }

    /// Sets the timer for the deadline as it is now. A packet moves the deadline and not the timer, which is set again
    /// when it fires.
    fn set_connection_timer(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let at = match &connection.connected {
            Some(connected) => connected.keep_alive.deadline(),
            None => Some(connection.opened.plus_millis(self.config.connect_timeout)),
        };
        self.timers.set(&mut connection.timer, at, Timer::Connection(conn));
    }
}
