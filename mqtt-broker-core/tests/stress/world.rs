//! The broker, its clients, the network between them, and the time.

use std::collections::BTreeMap;

use bytes::BytesMut;
use mqtt_broker_core::{Action, AllowAll, Broker, Config, ConnId, Timestamp};
use mqtt_codec::Version;

use crate::client::Client;
use crate::ledger::Owner;
use crate::link::Link;
use crate::log::{Input, Log};
use crate::model::Model;
use crate::request::{Hello, Request};
use crate::store::Store;

/// The clients of the test, and one that comes at the end to see what is retained.
pub(crate) const VERSIONS: [Version; 5] =
    [Version::V5, Version::V3_1_1, Version::V5, Version::V5, Version::V5];
const CLIENT_IDS: [&str; VERSIONS.len()] = ["c0", "c1", "c2", "c3", "last"];

/// The client with this identifier.
pub(crate) fn client_of(client_id: &str) -> usize {
    CLIENT_IDS.iter().position(|&other| other == client_id).expect("one of ours")
}

/// Events after which the store is compared with the broker, which takes as long as many events.
const EVENTS_PER_CHECK: usize = 32;

/// Connections of one client that it has given up and the broker has not.
const MOST_GIVEN_UP: usize = 2;

/// Everything is small, so that every limit is reached all the time; but no message of QoS 1 or 2 has to be dropped.
pub(crate) fn config() -> Config {
    Config {
        receive_maximum: 3,
        send_maximum: 3,
        topic_alias_maximum: 2,
        outbound_topic_aliases: 1,
        session_expiry_maximum: 60,
        queued_messages: 100_000,
        output_window: 60,
        congestion_timeout: None,
        durable: true,
        ..Config::default()
    }
}

pub(crate) struct World {
    pub(crate) broker: Broker,
    pub(crate) config: Config,
    pub(crate) now: u64,
    pub(crate) clients: Vec<Client>,
    /// The connection that each client holds.
    pub(crate) held: [Option<ConnId>; VERSIONS.len()],
    pub(crate) links: BTreeMap<ConnId, Link>,
    pub(crate) model: Model,
    log: Log,
    store: Store,
    next_conn: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        let config = config();
        Self {
            broker: Broker::new(config, AllowAll),
            config,
            now: 0,
            clients: VERSIONS.map(Client::new).into(),
            held: [None; VERSIONS.len()],
            links: BTreeMap::new(),
            model: Model::new(config.session_expiry_maximum),
            log: Log::default(),
            store: Store::default(),
            next_conn: 0,
        }
    }

    /// A client connects. If it has a connection it gives that up, of which the broker learns by the CONNECT.
    pub(crate) fn connect(&mut self, client: usize, hello: Hello) {
        if let Some(link) = self.held[client].and_then(|conn| self.links.get_mut(&conn)) {
            link.cut(usize::MAX);
        }
        while self.given_up(client).count() > MOST_GIVEN_UP {
            self.notice(client);
        }
        self.settle(client);
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        self.links.insert(conn, Link::new(client, VERSIONS[client], hello.aliases, self.now));
        self.held[client] = Some(conn);
        self.clients[client].connect(hello);
        let (actions, _) = self.handle(Input::Opened(conn));
        self.observe(actions);
        self.flush(client);
    }

    /// The connection of a client breaks. So many of the bytes on their way still arrive, and the broker does not see it.
    pub(crate) fn cut(&mut self, client: usize, still_arrive: usize) {
        let Some(conn) = self.held[client].take() else { return };
        self.clients[client].disconnected();
        let link = self.links.get_mut(&conn).expect("held");
        link.cut(still_arrive);
        if link.is_closed {
            self.links.remove(&conn);
        }
    }

    /// The connections that a client has given up, the oldest first.
    pub(crate) fn given_up(&self, client: usize) -> impl Iterator<Item = ConnId> {
        let is_one = move |link: &Link| link.client == client && !link.is_held;
        self.links.iter().filter(move |(_, link)| is_one(link)).map(|(&conn, _)| conn)
    }

    /// The broker learns that the oldest connection that the client has given up is gone.
    pub(crate) fn notice(&mut self, client: usize) {
        self.settle(client);
        let Some(conn) = self.given_up(client).next() else { return };
        let (actions, _) = self.handle(Input::Closed(conn));
        self.model.closed(conn);
        self.links.remove(&conn);
        self.observe(actions);
    }

    /// A client sends DISCONNECT and closes.
    pub(crate) fn disconnect(&mut self, client: usize, with_will: bool, expiry: Option<u32>) {
        if self.clients[client].is_connected() {
            self.clients[client].disconnect(with_will, expiry);
            self.flush(client);
            self.cut(client, usize::MAX);
        }
    }

    /// Bytes arrive at the broker. Whether there were any.
    pub(crate) fn arrive(&mut self, conn: ConnId, count: usize) -> bool {
        let Some(client) = self.links.get(&conn).map(|link| link.client) else { return false };
        self.settle(client);
        let Some(link) = self.links.get_mut(&conn) else { return false };
        let any = link.arrive(count);
        self.broker_reads(conn);
        any
    }

    /// The broker gets what has arrived, unless it wants none.
    pub(crate) fn broker_reads(&mut self, conn: ConnId) {
        while let Some(link) = self.links.get_mut(&conn).filter(|link| !link.is_closed && !link.is_paused) {
            let bytes = link.hand_over();
            if bytes.is_empty() {
                return;
            }
            let given = bytes.len();
            let (actions, rest) = self.handle(Input::Received(conn, bytes));
            let link = self.links.get_mut(&conn).expect("it is there until it is closed");
            let taken = link.left(given, rest);
            let is_taken = taken.is_some();
            if let Some(request) = taken {
                self.taken(conn, &request);
            }
            self.observe(actions);
            if !is_taken {
                return;
            }
        }
    }

    /// The broker has taken a packet: the model learns of it.
    fn taken(&mut self, conn: ConnId, request: &Request) {
        let link = self.links.get_mut(&conn).expect("it was read from");
        let (client, version) = (link.client, link.version);
        let outcome = self.model.take(client, conn, version, request);
        link.answers.extend(outcome.answer);
        if let (Request::Connect(_), Some(session)) = (request, self.model.sessions.get(&client)) {
            link.generation = session.owner.generation;
        }
        if let Some(ended) = outcome.ends.and_then(|conn| self.links.get_mut(&conn)) {
            ended.may_end = true;
        }
    }

    /// Bytes leave the broker's runtime. Whether there were any.
    pub(crate) fn write(&mut self, conn: ConnId, count: usize) -> bool {
        let Some(link) = self.links.get_mut(&conn) else { return false };
        let bytes = link.write(count);
        if bytes > 0 && !link.is_closed {
            let (actions, _) = self.handle(Input::Written(conn, bytes));
            self.observe(actions);
        }
        bytes > 0
    }

    /// Bytes arrive at a client, which answers them. Whether there were any.
    pub(crate) fn read(&mut self, client: usize, count: usize) -> bool {
        let Some(conn) = self.held[client] else { return false };
        let link = self.links.get_mut(&conn).expect("held");
        let (bytes, generation) = (link.read(count), link.generation);
        for delivery in self.clients[client].read(&bytes, generation) {
            self.model.ledger.arrived(Owner { client, generation }, &delivery);
        }
        if self.links[&conn].is_at_its_end() {
            self.cut(client, 0);
        }
        self.pump(client);
        !bytes.is_empty()
    }

    /// The client sends what it may.
    pub(crate) fn pump(&mut self, client: usize) {
        self.clients[client].pump();
        self.flush(client);
    }

    fn flush(&mut self, client: usize) {
        let Some(link) = self.held[client].and_then(|conn| self.links.get_mut(&conn)) else { return };
        for request in self.clients[client].requests.drain(..) {
            let bytes = request.encode(link.version, CLIENT_IDS[client]);
            link.put(request, &bytes);
        }
    }

    /// All that a client and the broker have for each other gets through. Whether there was anything.
    pub(crate) fn exchange(&mut self, client: usize) -> bool {
        let Some(conn) = self.held[client] else { return false };
        let arrived = self.arrive(conn, usize::MAX);
        let written = self.write(conn, usize::MAX);
        let read = self.read(client, usize::MAX);
        arrived || written || read
    }

    /// Time passes. The broker gets its ticks on time.
    pub(crate) fn wait(&mut self, millis: u64) {
        let target = self.now + millis;
        loop {
            let deadline = self.broker.deadline().map(Timestamp::as_millis);
            let Some(next) = deadline.into_iter().chain(self.model.next_due()).min() else { break };
            if next > target {
                break;
            }
            self.now = self.now.max(next);
            self.model.pass_time(self.now);
            let (actions, _) = self.handle(Input::Tick);
            self.observe(actions);
        }
        self.now = target;
        self.model.pass_time(target);
    }

    /// What happens to a client happens at its own milliseconds, so that no timers of two clients go off at once and it
    /// does not matter which goes first.
    fn settle(&mut self, client: usize) {
        let period = 8;
        let client = u64::try_from(client).unwrap();
        self.wait((period + client - self.now % period) % period);
    }

    fn handle(&mut self, input: Input) -> (Vec<Action>, BytesMut) {
        let (actions, rest) = input.apply(&mut self.broker, self.now);
        self.log.push(self.now, input, &actions);
        self.store.apply(&actions);
        if self.log.len().is_multiple_of(EVENTS_PER_CHECK) {
            self.store.check(self.config, &self.broker, self.now);
        }
        (actions, rest)
    }

    /// The same events give the same actions.
    pub(crate) fn check_replay(&self) {
        self.log.check_replay(self.config, &self.broker);
    }
}
