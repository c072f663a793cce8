//! The deadline is exact: a broker that is called at its deadlines does what one does that is called every millisecond, at the same
//! moments.

#[path = "memory/names.rs"]
#[expect(dead_code, reason = "not all names are needed here")]
mod names;
#[path = "memory/packets.rs"]
#[expect(dead_code, reason = "not all packets are needed here")]
mod packets;

use std::collections::BTreeMap;

use bytes::BytesMut;
use mqtt_broker_core::{
    Action, AllowAll, Broker, Config, ConnId, Damping, Decision, Event, ListenerId, Question, RateLimit,
    Request, Ticket, Timestamp, Verdict,
};
use mqtt_codec::{Connect, ConnectProperties, MessageProperties, QoS, TopicName, Will};
use proptest::collection::vec;
use proptest::prelude::*;

const CLIENTS: u64 = 4;

#[derive(Clone, Debug)]
enum Step {
    Connect {
        client: u64,
        keep_alive: u16,
        expiry: u32,
        delay: u32,
    },
    Drop {
        client: u64,
    },
    Publish {
        client: u64,
        topic: usize,
        qos: u8,
        retain: bool,
        size: usize,
        expires: bool,
    },
    Subscribe {
        client: u64,
        filter: usize,
        qos: u8,
    },
    /// Takes all that was sent.
    Read {
        client: u64,
    },
    Answer,
}

fn step() -> impl Strategy<Value = Step> {
    let client = || 0..CLIENTS;
    prop_oneof![
        8 => (client(), 0..4_u16, 0..6_u32, 0..4_u32)
            .prop_map(|(client, keep_alive, expiry, delay)| Step::Connect { client, keep_alive, expiry, delay }),
        3 => client().prop_map(|client| Step::Drop { client }),
        10 => (client(), 0..12_usize, 0..3_u8, any::<bool>(), 0..300_usize, any::<bool>()).prop_map(
            |(client, topic, qos, retain, size, expires)| Step::Publish { client, topic, qos, retain, size, expires }
        ),
        5 => (client(), 0..12_usize, 0..3_u8).prop_map(|(client, filter, qos)| Step::Subscribe { client, filter, qos }),
        4 => client().prop_map(|client| Step::Read { client }),
        2 => Just(Step::Answer),
    ]
}

fn config() -> Config {
    Config {
        connect_timeout: 2_000,
        answer_timeout: 1_500,
        congestion_timeout: Some(2_500),
        output_window: 400,
        rate_limit: Some(RateLimit { messages: 2, bytes: 400 }),
        damping: Some(Damping { connects: 2, period: 1_000, pause: 700 }),
        sys_interval: Some(1_700),
        ..Config::default()
    }
}

/// Asks about some topics.
fn rules(question: &Question<'_>) -> Decision {
    let topic = match question.request {
        Request::Connect { .. } | Request::Authenticate { .. } => "",
        Request::Will { topic, .. } | Request::Publish { topic, .. } | Request::Replay { topic, .. } => {
            topic.as_str()
        }
        Request::Subscribe { filter, .. } => filter.as_str(),
    };
    if topic.contains('7') { Decision::Later } else { Decision::Now(Verdict::Allow) }
}

/// One run, and what came of it, with the moments.
struct Run {
    broker: Broker<fn(&Question<'_>) -> Decision>,
    now: u64,
    log: Vec<(u64, Action)>,
    conns: [Option<ConnId>; CLIENTS as usize],
    unread: BTreeMap<ConnId, usize>,
    buffers: BTreeMap<ConnId, BytesMut>,
    asked: Vec<Ticket>,
    next_conn: u64,
    next_id: u16,
}

impl Run {
    fn new() -> Self {
        Self {
            broker: Broker::new(config(), rules as fn(&Question<'_>) -> Decision),
            now: 10_000,
            log: Vec::new(),
            conns: [None; CLIENTS as usize],
            unread: BTreeMap::new(),
            buffers: BTreeMap::new(),
            asked: Vec::new(),
            next_conn: 0,
            next_id: 1,
        }
    }

    fn handle(&mut self, event: Event<'_>) {
        let mut actions = Vec::new();
        self.broker.handle(Timestamp::from_millis(self.now), event, &mut actions);
        self.take(actions);
    }

    fn take(&mut self, actions: Vec<Action>) {
        assert!(self.broker.stats().are_conserved(), "{:?}", self.broker.stats());
        let mut resumed = Vec::new();
        for action in &actions {
            match action {
                Action::Send { conn, bytes } => *self.unread.entry(*conn).or_default() += bytes.len(),
                Action::Close(conn) => {
                    self.conns.iter_mut().filter(|open| **open == Some(*conn)).for_each(|open| *open = None);
                    self.buffers.remove(conn);
                }
                Action::ResumeReading(conn) => resumed.push(*conn),
                Action::Ask { ticket, .. } => self.asked.push(*ticket),
                _ => {}
            }
        }
        self.log.extend(actions.into_iter().map(|action| (self.now, action)));
        resumed.into_iter().for_each(|conn| self.receive(conn, &[]));
    }

    fn receive(&mut self, conn: ConnId, packet: &[u8]) {
        let Some(mut bytes) = self.buffers.remove(&conn) else { return };
        bytes.extend_from_slice(packet);
        let mut actions = Vec::new();
        let now = Timestamp::from_millis(self.now);
        self.broker.handle(now, Event::Received { conn, bytes: &mut bytes }, &mut actions);
        self.buffers.insert(conn, bytes);
        self.take(actions);
    }

    fn send(&mut self, client: u64, packet: &[u8]) {
        if let Some(conn) = self.conns[client as usize] {
            self.receive(conn, packet);
        }
    }

    fn step(&mut self, step: &Step) {
        let id = self.next_id;
        self.next_id += 1;
        match *step {
            Step::Connect { client, keep_alive, expiry, delay } => {
                let conn = ConnId(self.next_conn);
                self.next_conn += 1;
                self.conns[client as usize] = Some(conn);
                self.buffers.insert(conn, BytesMut::new());
                self.handle(Event::Opened { conn, listener: ListenerId(0), identity: None });
                if keep_alive < 3 {
                    self.receive(conn, &connect(client, keep_alive, expiry, delay));
                }
            }
            Step::Drop { client } => {
                if let Some(conn) = self.conns[client as usize].take() {
                    self.handle(Event::Closed { conn });
                }
            }
            Step::Publish { client, topic, qos, retain, size, expires } => {
                let name = names::topic(topic);
                let properties = if expires { 1 } else { 0 };
                self.send(client, &packets::publish(&name, qos, id, retain, size, 0, properties));
            }
            Step::Subscribe { client, filter, qos } => {
                self.send(client, &packets::subscribe(id, &[names::filter(filter)], qos));
            }
            Step::Read { client } => {
                if let Some(conn) = self.conns[client as usize] {
                    let bytes = self.unread.remove(&conn).unwrap_or(0);
                    self.handle(Event::Written { conn, bytes });
                }
            }
            Step::Answer => {
                if let Some(ticket) = self.asked.pop() {
                    self.handle(Event::Answered { ticket, verdict: Verdict::Allow });
                }
            }
        }
    }

    /// Lets time pass, with a tick at each deadline; or at each millisecond too.
    fn wait(&mut self, millis: u64, each_millisecond: bool) {
        let end = self.now + millis;
        loop {
            let deadline = self.broker.deadline().map_or(u64::MAX, Timestamp::as_millis);
            if deadline <= self.now {
                self.handle(Event::Tick);
                continue;
            }
            let next = if each_millisecond { self.now + 1 } else { deadline };
            if next > end {
                break;
            }
            self.now = next;
            self.handle(Event::Tick);
        }
        self.now = end;
    }
}

fn connect(client: u64, keep_alive: u16, expiry: u32, delay: u32) -> Vec<u8> {
    let client_id = format!("c{client}");
    let will = Will {
        topic: TopicName::new("t/1").unwrap(),
        payload: b"gone",
        qos: QoS::AtLeastOnce,
        retain: false,
        delay_interval: Some(delay),
        properties: MessageProperties::default(),
    };
    let properties =
        ConnectProperties { session_expiry_interval: Some(expiry), ..ConnectProperties::default() };
    let will = (delay > 0).then_some(will);
    packets::encode(Connect { keep_alive, client_id: &client_id, will, properties, ..Connect::default() })
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 1_000, ..ProptestConfig::with_cases(32) })]

    /// Fails when the deadline is later than what it is for, or when a tick before it does something.
    #[test]
    fn a_tick_at_each_deadline_does_what_a_tick_at_each_millisecond_does(
        steps in vec((step(), 0..700_u64), 1..60),
    ) {
        let mut at_deadlines = Run::new();
        let mut at_milliseconds = Run::new();
        for (step, millis) in &steps {
            at_deadlines.step(step);
            at_milliseconds.step(step);
            at_deadlines.wait(*millis, false);
            at_milliseconds.wait(*millis, true);
            prop_assert_eq!(&at_deadlines.log, &at_milliseconds.log);
        }
        at_deadlines.wait(12_000, false);
        at_milliseconds.wait(12_000, true);
        prop_assert_eq!(&at_deadlines.log, &at_milliseconds.log);
    }
}

/// Fails when something makes the broker look at sessions that wait for nothing.
#[test]
fn idle_sessions_set_no_deadline_but_their_own() {
    let mut broker = Broker::new(Config { congestion_timeout: None, ..Config::default() }, AllowAll);
    let mut ticks = Vec::new();
    for client in 0..1_000 {
        let conn = ConnId(client);
        let at = Timestamp::from_millis(client);
        broker.handle(at, Event::Opened { conn, listener: ListenerId(0), identity: None }, &mut Vec::new());
        let mut bytes = BytesMut::from(&connect(client, 0, 1_000, 0)[..]);
        broker.handle(at, Event::Received { conn, bytes: &mut bytes }, &mut Vec::new());
        ticks.push(Timestamp::from_millis(client + 1_000_000 + 5_000));
    }
    assert_eq!(broker.deadline(), None, "those who are connected and have no Keep Alive wait for nothing");
    for client in 0..1_000 {
        let at = Timestamp::from_millis(client + 5_000);
        broker.handle(at, Event::Closed { conn: ConnId(client) }, &mut Vec::new());
    }
    for (at, left) in ticks.into_iter().zip((0..1_000).rev()) {
        assert_eq!(broker.deadline(), Some(at));
        broker.handle(at, Event::Tick, &mut Vec::new());
        assert_eq!(broker.stats().sessions, left);
    }
    assert_eq!(broker.deadline(), None);
}
