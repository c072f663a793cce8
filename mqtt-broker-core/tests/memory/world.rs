//! A broker whose allocations are counted, and its clients.

use std::collections::VecDeque;

use allocation_counter::measure;
use bytes::BytesMut;
use mqtt_broker_core::{
    Actions, Broker, Budget, Config, ConnId, Decision, Event, ListenerId, Note, Outgoing, Policy, Question,
    Relief, Request, StoreOp, Ticket, Timestamp, Verdict,
};
use mqtt_codec::{Limits, PubAck, PubComp, PubRec, PubRel, ReasonCode};

use crate::packets::{self, client_id, encode, packet_id};
use crate::steps::{CLIENTS, Step};

/// Asks about what has `deep` in it.
#[derive(Clone, Debug)]
struct Rules;

impl Policy for Rules {
    fn decide(&mut self, question: &Question<'_>) -> Decision {
        let topic = match question.request {
            Request::Connect { .. } | Request::Authenticate { .. } => "",
            Request::Will { topic, .. } | Request::Publish { topic, .. } | Request::Replay { topic, .. } => {
                topic.as_str()
            }
            Request::Subscribe { filter, .. } => filter.as_str(),
        };
        if topic.contains("deep") { Decision::Later } else { Decision::Now(Verdict::Allow) }
    }
}

/// What the broker called for, kept without allocating.
struct Outbox {
    /// Packets that have to be answered, and on which connection.
    acks: Vec<(ConnId, u8, u16)>,
    sent: Vec<(ConnId, usize)>,
    closed: Vec<ConnId>,
    paused: Vec<(ConnId, bool)>,
    asked: VecDeque<Ticket>,
}

/// What the broker charges for buffers that it uses again, and what these have here.
const WORKSPACE: usize = 192 << 10;
const BUFFERS: usize = 72 << 10;

const ROOM: usize = 1 << 16;

impl Actions for Outbox {
    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>) {
        self.sent.push((conn, packet.encoded_len()));
        let kind = packet.head()[0] >> 4;
        if kind == 5 || kind == 6 {
            self.acks.push((conn, kind, u16::from_be_bytes([packet.head()[2], packet.head()[3]])));
        } else if kind == 3 && packet.head()[0] & 6 > 0 {
            let id = publish_id(packet.head());
            self.acks.push((conn, packet.head()[0] & 6, id));
        }
        assert!(self.acks.len() < ROOM && self.sent.len() < ROOM);
    }

    fn close(&mut self, conn: ConnId) {
        self.closed.push(conn);
    }

    fn pause_reading(&mut self, conn: ConnId) {
        self.paused.push((conn, true));
    }

    fn resume_reading(&mut self, conn: ConnId) {
        self.paused.push((conn, false));
    }

    fn ask(&mut self, ticket: Ticket, _: &Question<'_>) {
        self.asked.push_back(ticket);
        assert!(self.asked.len() < ROOM);
    }

    fn store(&mut self, _: StoreOp<'_>) {}

    fn note(&mut self, _: &Note<'_>) {}
}

/// The Packet Identifier of a PUBLISH with QoS 1 or 2.
fn publish_id(head: &[u8]) -> u16 {
    let length = head[1..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 2;
    let topic = usize::from(u16::from_be_bytes([head[length], head[length + 1]]));
    let at = length + 2 + topic;
    u16::from_be_bytes([head[at], head[at + 1]])
}

#[derive(Default)]
struct Client {
    conn: Option<ConnId>,
    is_paused: bool,
    next_id: u16,
}

pub(crate) struct World {
    broker: Broker<Rules>,
    budget: usize,
    allocated: i64,
    now: u64,
    clients: [Client; CLIENTS],
    next_conn: u64,
    outbox: Outbox,
}

impl World {
    pub(crate) fn new(budget: usize) -> Self {
        let relief = match budget % 3 {
            0 => [Relief::RefuseRetained, Relief::DropOldest, Relief::RefuseClients],
            1 => [Relief::DropNewest, Relief::RefuseClients, Relief::RefuseRetained],
            _ => [Relief::RefuseClients, Relief::DropOldest, Relief::RefuseRetained],
        };
        let config = Config {
            budget: Budget { bytes: budget, relief },
            output_window: 8 << 10,
            limits: Limits { packet_size: 50_000, ..Config::default().limits },
            ..Config::default()
        };
        let mut broker = None;
        let allocated = measure(|| broker = Some(Broker::new(config, Rules))).bytes_current;
        let outbox = Outbox {
            acks: Vec::with_capacity(ROOM),
            sent: Vec::with_capacity(ROOM),
            closed: Vec::with_capacity(ROOM),
            paused: Vec::with_capacity(ROOM),
            asked: VecDeque::with_capacity(ROOM),
        };
        let clients = std::array::from_fn(|_| Client::default());
        Self { broker: broker.unwrap(), budget, allocated, now: 1_000, clients, next_conn: 0, outbox }
    }

    fn handle(&mut self, event: Event<'_>) {
        let Self { broker, outbox, now, .. } = self;
        let now = Timestamp::from_millis(*now);
        self.allocated += measure(|| broker.handle(now, event, outbox)).bytes_current;
        self.check();
        for conn in std::mem::take(&mut self.outbox.closed) {
            self.clients
                .iter_mut()
                .filter(|client| client.conn == Some(conn))
                .for_each(|client| client.conn = None);
        }
        self.outbox.closed.reserve(ROOM);
        for at in 0..self.outbox.paused.len() {
            let (conn, is_paused) = self.outbox.paused[at];
            self.clients
                .iter_mut()
                .filter(|client| client.conn == Some(conn))
                .for_each(|client| client.is_paused = is_paused);
        }
        self.outbox.paused.clear();
    }

    fn check(&self) {
        let stats = self.broker.stats();
        let charged = stats.bytes_charged;
        let allocated = usize::try_from(self.allocated).expect("nothing is freed twice");
        assert!(allocated * 10 <= charged * 12, "{allocated} bytes are allocated, and {charged} charged");
        // The same without what is charged for buffers, and the other way round.
        let without = charged - WORKSPACE;
        let is_near = allocated <= without + without / 20 + BUFFERS && without <= 2 * allocated + BUFFERS;
        assert!(is_near, "{allocated} bytes are allocated, and {without} charged without buffers");
        assert!(charged <= self.budget, "{charged} bytes are charged, of {}", self.budget);
        assert!(stats.are_conserved(), "{stats:?}");
    }

    /// One packet, unless the client would have to wait.
    fn send(&mut self, client: usize, packet: &[u8]) {
        let Some(conn) = self.clients[client].conn.filter(|_| !self.clients[client].is_paused) else {
            return;
        };
        let mut bytes = None;
        self.allocated += measure(|| bytes = Some(BytesMut::from(packet))).bytes_current;
        let mut bytes = bytes.unwrap();
        self.handle(Event::Received { conn, bytes: &mut bytes });
        let is_taken = bytes.is_empty();
        self.allocated += measure(|| drop(bytes)).bytes_current;
        if !is_taken {
            // It waits for an answer, with the packet in the runtime's buffer; this runtime gives up.
            self.drop_connection(client);
        }
        self.check();
    }

    fn drop_connection(&mut self, client: usize) {
        if let Some(conn) = self.clients[client].conn.take() {
            self.handle(Event::Closed { conn });
        }
    }

    fn id(&mut self, client: usize) -> u16 {
        let id = &mut self.clients[client].next_id;
        *id = *id % 1_000 + 1;
        *id
    }

    pub(crate) fn take(&mut self, step: &Step) {
        match *step {
            Step::Connect { client, clean, expiry, will, aliases, id } => {
                self.drop_connection(client);
                let conn = ConnId(self.next_conn);
                self.next_conn += 1;
                self.clients[client] = Client { conn: Some(conn), ..Client::default() };
                let identity = (id % 2 == 0).then_some("somebody");
                self.handle(Event::Opened { conn, listener: ListenerId(0), identity });
                self.send(client, &packets::connect(client, id, clean, expiry, will, aliases));
            }
            Step::Drop { client } => self.drop_connection(client),
            Step::Publish { client, topic, qos, retain, size, alias, properties } => {
                let id = self.id(client);
                let name = packets::topic(topic);
                self.send(client, &packets::publish(&name, qos, id, retain, size, alias, properties));
            }
            Step::Subscribe { client, ref filters, qos } => {
                let filters: Vec<_> = filters.iter().map(|&filter| packets::filter(filter)).collect();
                let id = self.id(client);
                self.send(client, &packets::subscribe(id, &filters, qos));
            }
            Step::Unsubscribe { client, filter } => {
                let id = self.id(client);
                self.send(client, &packets::unsubscribe(id, &packets::filter(filter)));
            }
            Step::Exchange { client } => self.exchange(client),
            Step::Flood { client, first, count, retain } => {
                for at in first..first + count {
                    let id = self.id(client);
                    if retain {
                        self.send(
                            client,
                            &packets::publish(&packets::topic(at), 0, id, true, at % 300, 0, 0),
                        );
                    } else {
                        self.send(client, &packets::subscribe(id, &[packets::filter(at)], 1));
                    }
                }
            }
            Step::Crowd { first, count } => {
                for at in first..first + count {
                    self.visit(&format!("crowd-{at}-{}", "y".repeat(400)));
                }
            }
            Step::Tick { millis } => {
                self.now += millis;
                self.handle(Event::Tick);
            }
            Step::Answer { yes } => {
                let verdict = if yes { Verdict::Allow } else { Verdict::Deny(ReasonCode::NotAuthorized) };
                if let Some(ticket) = self.outbox.asked.pop_front() {
                    self.handle(Event::Answered { ticket, verdict });
                }
            }
            Step::EndSession { client } => {
                self.handle(Event::EndSession { client_id: &client_id(client, 0) })
            }
            Step::Revoke { client } => self.handle(Event::Revoke { client_id: &client_id(client, 0) }),
        }
    }

    /// A client comes and goes.
    fn visit(&mut self, client_id: &str) {
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        self.handle(Event::Opened { conn, listener: ListenerId(0), identity: None });
        let filters = ["$share/crowd/t/1".to_owned(), "t/2".to_owned()];
        for packet in [packets::connect_in_crowd(client_id), packets::subscribe(1, &filters, 1)] {
            let mut bytes = BytesMut::from(&packet[..]);
            self.handle(Event::Received { conn, bytes: &mut bytes });
        }
        self.handle(Event::Closed { conn });
        self.outbox.sent.retain(|(to, _)| *to != conn);
        self.outbox.acks.retain(|(to, ..)| *to != conn);
    }

    fn exchange(&mut self, client: usize) {
        let Some(conn) = self.clients[client].conn else { return };
        let bytes = self.outbox.sent.iter().filter(|(to, _)| *to == conn).map(|(_, bytes)| bytes).sum();
        self.outbox.sent.retain(|(to, _)| *to != conn);
        self.handle(Event::Written { conn, bytes });
        let acks: Vec<_> = self.outbox.acks.iter().filter(|(to, ..)| *to == conn).copied().collect();
        self.outbox.acks.retain(|(to, ..)| *to != conn);
        for (_, kind, id) in acks {
            let id = packet_id(id);
            let success = ReasonCode::Success;
            self.send(
                client,
                &match kind {
                    2 => encode(PubAck::new(id, success)),
                    4 => encode(PubRec::new(id, success)),
                    5 => encode(PubRel::new(id, success)),
                    _ => encode(PubComp::new(id, success)),
                },
            );
        }
    }

    /// When all sessions have ended, nothing is left but what was retained, and tables.
    pub(crate) fn end(mut self) {
        for client in 0..CLIENTS {
            self.drop_connection(client);
            for id in 0..3 {
                self.handle(Event::EndSession { client_id: &client_id(client, id) });
            }
        }
        self.now += 1_000_000;
        for _ in 0..100 {
            self.handle(Event::Tick);
        }
        assert_eq!(self.broker.stats().sessions, 0);
        let Self { broker, mut allocated, .. } = self;
        allocated += measure(|| drop(broker)).bytes_current;
        assert_eq!(allocated, 0, "everything is counted");
    }
}
