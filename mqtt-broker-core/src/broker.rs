//! The broker: which event and which packet leads where.

mod accept;
mod acknowledge;
mod authenticate;
mod budget;
mod close;
mod congestion;
mod connect;
mod connections;
mod damping;
mod deliver;
mod forget;
mod held_back;
mod keep_alive;
mod publish;
mod pump;
mod questions;
mod rate;
mod rebuild;
mod rebuild_copies;
mod restore;
mod retain;
mod review;
mod route;
mod save;
mod send;
mod session;
mod shared;
mod store_all;
mod subscribe;
mod sys;
mod will;

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::{Buf, BytesMut};
use mqtt_codec::{
    Auth, DecodeError, Disconnect, Frame, Packet, PacketType, PubAck, PubComp, PubRec, PubRel, Publish,
    Subscribe, SubscriptionId, Unsubscribe, Version, frame,
};
use mqtt_session::Timestamp;
use mqtt_topic::RetainedTrie;

use self::budget::Spare;
use self::damping::Damper;
use self::questions::Questions;
use self::retain::Lengths;
use self::sys::Sys;
use crate::apart::Apart;
use crate::connection::Connection;
use crate::encoder::Encoder;
use crate::index::Index;
use crate::messages::Messages;
use crate::router::{Granted, PackedTarget, Router};
use crate::session::Session;
use crate::slab::{Key, Slab};
use crate::stats::Tally;
use crate::store::{Journal, MessageOrigin};
use crate::timers::{Timer, Timers};
use crate::{Actions, AllowAll, Config, Event, Fault, Faults, Message, Policy, Stats};

/// Due timers that one [`Event::Tick`] looks at; if there are more, the deadline stays in the past.
const TIMERS_PER_TICK: usize = 1024;

/// How many of them may be replays, each of which looks at many retained messages.
const REPLAYS_PER_TICK: usize = 8;

/// Bytes of an output window at most, so that what is beyond it can still be counted with 32 bits.
const MAXIMUM_WINDOW: usize = 2 << 30;

/// An MQTT broker. See the [crate] for the contract.
///
/// It holds all sessions, subscriptions and retained messages, and no transport. A clone is an independent broker in the
/// same state. Brokers in the same state are equal and have the same hash, whatever they have counted (which only `$SYS`
/// publishes), so that a model checker can explore them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
        self.core.stats()
    }

    /// How often clients did what.
    pub fn faults(&self) -> &Faults {
        &self.core.desk.tally.faults
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Core {
    config: Config,
    now: Timestamp,
    connections: Slab<Connection>,
    by_name: Apart<Index>,
    sessions: Slab<Session>,
    by_client: Apart<Index>,
    router: Router,
    retained: RetainedTrie<Arc<Message>>,
    /// Retained messages and their bytes, but for the broker's own.
    retained_count: usize,
    retained_bytes: usize,
    timers: Timers,
    questions: Questions,
    messages: Messages,
    /// The last message that is in the store because of QoS 2, and the last up to which the store knows that all are complete.
    last_exactly_once: Apart<u64>,
    complete: Apart<u64>,
    assigned_ids: u64,
    shutting_down: bool,
    desk: Apart<Desk>,
    damper: Damper,
    sys: Sys,
    journal: Apart<Journal>,
    /// What sessions and connections have allocated, besides their places; and the bytes of the topics of retained messages.
    heap: Apart<usize>,
    spare: Apart<Spare>,
    retained_text: Apart<usize>,
    /// How long they are.
    retained_lengths: Apart<Lengths>,
    /// Sessions with messages that wait, by the logarithm of their bytes.
    by_queue: BTreeSet<(u8, Key)>,
    scratch: Apart<Scratch>,
}

/// What every packet passes on its way out.
#[derive(Clone, Debug, Default)]
struct Desk {
    encoder: Encoder,
    tally: Tally,
}

/// Empty between events; kept to save allocations.
#[derive(Clone, Debug, Default)]
struct Scratch {
    /// Where a message goes.
    targets: Vec<(PackedTarget, Granted)>,
    subscription_ids: Vec<SubscriptionId>,
}

/// What became of the packet at the front of the buffer.
enum Taken {
    /// It is done with.
    Done,
    /// It waits for an answer of the policy.
    Waits,
    /// It is a message with a large payload, which is still to be taken.
    Message(publish::Draft),
}

impl Core {
    fn new(mut config: Config) -> Self {
        config.receive_maximum = config.receive_maximum.max(1);
        config.send_maximum = config.send_maximum.max(1);
        config.output_window = config.output_window.min(MAXIMUM_WINDOW);
        Self {
            now: Timestamp::ZERO,
            connections: Slab::new(),
            by_name: Apart::default(),
            sessions: Slab::new(),
            by_client: Apart::default(),
            router: Router::new(config.seed_of_tables()),
            retained: RetainedTrie::new(),
            retained_count: 0,
            retained_bytes: 0,
            timers: Timers::default(),
            questions: Questions::after(0),
            messages: Messages::after(0),
            last_exactly_once: Apart::default(),
            complete: Apart::default(),
            assigned_ids: 0,
            shutting_down: false,
            desk: Apart::default(),
            damper: Damper::new(config.damping),
            sys: Sys::default(),
            journal: Apart(Journal::new(config.durable)),
            heap: Apart(0),
            spare: Apart::default(),
            retained_text: Apart(0),
            retained_lengths: Apart::default(),
            by_queue: BTreeSet::new(),
            scratch: Apart::default(),
            config,
        }
    }

    fn handle(&mut self, event: Event<'_>, cx: &mut Cx<'_>) {
        self.start_sys();
        match event {
            Event::Opened { conn, listener, identity } => self.opened(conn, listener, identity, cx),
            Event::Received { conn, bytes } => {
                if let Some(conn) = self.connection_named(conn) {
                    let len = bytes.len();
                    while !bytes.is_empty() && self.take_packet(conn, bytes, len - bytes.len(), cx) {}
                }
            }
            Event::Written { conn, bytes } => self.written(conn, bytes, cx),
            Event::Closed { conn } => self.transport_closed(conn, cx),
            Event::Tick => self.tick(cx),
            Event::Answered { ticket, verdict } => self.answered(ticket, verdict, cx),
            Event::Publish(message) => {
                let retain = message.retain && self.config.retain_available;
                let message = message.with_retain(retain).received_at(self.now);
                self.route_message(message, MessageOrigin::Other, cx);
            }
            Event::Disconnect { client_id, reason, server_reference } => {
                self.disconnect_client(client_id, reason, server_reference, cx);
            }
            Event::EndSession { client_id } => self.delete_session(client_id, cx),
            Event::Revoke { client_id } => self.revoke(client_id, cx),
            Event::Shutdown => self.shut_down(cx),
        }
        self.desk.encoder.rest();
    }

    /// Takes the packet at the front, if it is whole and nothing holds the connection. Whether there may be more. Before it, so
    /// many bytes were taken off this buffer.
    fn take_packet(&mut self, conn: Key, bytes: &mut BytesMut, before: usize, cx: &mut Cx<'_>) -> bool {
        let Some(connection) = self.connections.get_mut(conn).filter(|connection| !connection.paused) else {
            return false;
        };
        let (Some(session), Some(version)) = (connection.session, connection.version) else {
            return self.take_before_connected(conn, bytes, cx);
        };
        let found = match frame(bytes, &self.config.limits) {
            Ok(Some(found)) => found,
            Ok(None) => return false,
            Err(error) => return self.malformed(conn, &error, cx),
        };
        connection.keep_alive.packet(self.now);
        let (len, packet_type) = (found.bytes().len(), found.packet_type());
        match self.packet(conn, session, version, found, cx) {
            Err(error) => return self.malformed(conn, &error, cx),
            Ok(Taken::Waits) => return false,
            Ok(Taken::Done) => bytes.advance(len),
            Ok(Taken::Message(draft)) => {
                let (message, delivery) = draft.take(bytes, len, before);
                self.take_large(conn, session, message, delivery, cx);
            }
        }
        self.count_received(len);
        if self.config.rate_limit.is_some() {
            self.limit_rate(conn, packet_type, len, cx);
        }
        self.packet_done(conn, cx)
    }

    fn count_received(&mut self, len: usize) {
        self.desk.tally.stats.packets_received += 1;
        self.desk.tally.stats.bytes_received += len as u64;
    }

    fn packet(
        &mut self,
        conn: Key,
        session: Key,
        version: Version,
        found: Frame<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Taken, DecodeError> {
        match found.packet_type() {
            PacketType::Publish => {
                let publish = Publish::decode(version, found)?;
                return Ok(self.on_publish(conn, session, version, &publish, cx));
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
                self.on_disconnect(conn, session, &disconnect, cx);
            }
            PacketType::Auth if version.is_v5() => {
                let auth = Auth::decode(version, found)?;
                return Ok(self.on_auth(conn, &auth, cx));
            }
            PacketType::Auth => self.end(conn, Fault::ReservedPacketType, cx),
            PacketType::Connect => self.end(conn, Fault::SecondConnect, cx),
            PacketType::ConnAck | PacketType::SubAck | PacketType::UnsubAck | PacketType::PingResp => {
                self.end(conn, Fault::WrongDirection, cx);
            }
        }
        Ok(Taken::Done)
    }

    fn tick(&mut self, cx: &mut Cx<'_>) {
        // What is set again for this moment has its turn in the next tick.
        let mut due = Vec::new();
        let mut replays = 0;
        while due.len() < TIMERS_PER_TICK && replays < REPLAYS_PER_TICK {
            let Some(timer) = self.timers.pop_due(self.now) else { break };
            replays += usize::from(matches!(timer, Timer::Replay(_)));
            due.push(timer);
        }
        for timer in due {
            match timer {
                Timer::Connection(place) => self.connection_timer(place, cx),
                Timer::Session(place) => self.session_timer(place, cx),
                Timer::Replay(place) => self.replay_timer(place, cx),
                Timer::Answers => self.answer_timer(cx),
                Timer::Sys => self.publish_sys(cx),
            }
        }
        self.expire_retained(TIMERS_PER_TICK, cx);
    }
}
