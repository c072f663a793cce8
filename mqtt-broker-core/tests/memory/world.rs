//! A broker whose allocations are counted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use allocation_counter::measure;
use bytes::BytesMut;
use mqtt_broker_core::{Broker, Config, ConnId, Event, Timestamp};
use mqtt_codec::Version;

use crate::names::{LONG, filter, topic};
use crate::outbox::{Outbox, Rules};
use crate::steps::{CLIENTS, Setup};

/// What the broker charges for buffers that it uses again, and what these have here.
const WORKSPACE: usize = 192 << 10;
const BUFFERS: usize = 72 << 10;

#[derive(Default)]
pub(crate) struct Client {
    pub(crate) conn: Option<ConnId>,
    pub(crate) version: Option<Version>,
    pub(crate) client_id: String,
    pub(crate) is_paused: bool,
    /// Packets that wait until the broker reads, in order; they are in the runtime's memory.
    pub(crate) waiting: VecDeque<Vec<u8>>,
    pub(crate) next_id: u16,
}

/// Packets that a client has waiting at most.
const MOST_WAITING: usize = 20;

pub(crate) struct World {
    broker: Broker<Rules>,
    config: Config,
    allocated: i64,
    /// What may be charged: the budget, or what was there from the beginning.
    limit: usize,
    pub(crate) now: u64,
    pub(crate) scale: usize,
    has_long_topics: bool,
    /// Bytes of the longest topic, and entries of all SUBSCRIBE packets, for each of which a place among the retained messages may
    /// be kept free.
    pub(crate) longest: usize,
    pub(crate) entries: usize,
    pub(crate) clients: [Client; CLIENTS],
    /// Connections of those who do not answer.
    pub(crate) crowd: BTreeSet<ConnId>,
    /// All who ever came.
    pub(crate) names: BTreeSet<String>,
    pub(crate) next_conn: u64,
    pub(crate) outbox: Outbox,
    store: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl World {
    pub(crate) fn new(setup: &Setup) -> Self {
        let config = setup.config();
        let mut broker = None;
        let allocated = measure(|| broker = Some(Broker::new(config, Rules))).bytes_current;
        Self {
            broker: broker.unwrap(),
            config,
            allocated,
            limit: config.budget.bytes,
            now: 1_000,
            scale: setup.scale,
            has_long_topics: setup.has_long_topics,
            longest: 0,
            entries: 0,
            clients: std::array::from_fn(|_| Client::default()),
            crowd: BTreeSet::new(),
            names: BTreeSet::new(),
            next_conn: 0,
            outbox: Outbox::new(),
            store: BTreeMap::new(),
        }
    }

    /// For a message.
    pub(crate) fn topic(&mut self, number: usize) -> String {
        let topic = topic(self.existing(number));
        self.longest = self.longest.max(topic.len());
        topic
    }

    /// For a subscription.
    pub(crate) fn filter(&mut self, number: usize) -> String {
        self.entries += 1;
        filter(self.existing(number))
    }

    /// Another topic for a long one, if there are none.
    fn existing(&self, number: usize) -> usize {
        if LONG.contains(&number) && !self.has_long_topics { number % 40 } else { number }
    }

    /// An event that may own something, of which the broker gets all.
    pub(crate) fn handle_made<'a>(&mut self, make: impl FnOnce() -> Event<'a>) {
        let mut event = None;
        self.allocated += measure(|| event = Some(make())).bytes_current;
        self.handle(event.unwrap());
    }

    pub(crate) fn handle(&mut self, event: Event<'_>) {
        self.tell(event);
        self.check();
    }

    fn tell(&mut self, event: Event<'_>) {
        let Self { broker, outbox, now, .. } = self;
        let now = Timestamp::from_millis(*now);
        self.allocated += measure(|| broker.handle(now, event, outbox)).bytes_current;
        self.outbox.change(&mut self.store);
        for at in 0..self.outbox.closed.len() {
            let conn = self.outbox.closed[at];
            self.crowd.remove(&conn);
            for client in self.clients.iter_mut().filter(|client| client.conn == Some(conn)) {
                client.conn = None;
                client.waiting.clear();
            }
        }
        self.outbox.closed.clear();
        for at in 0..self.outbox.paused.len() {
            let (conn, is_paused) = self.outbox.paused[at];
            self.clients
                .iter_mut()
                .filter(|client| client.conn == Some(conn))
                .for_each(|client| client.is_paused = is_paused);
        }
        self.outbox.paused.clear();
    }

    /// What was restored with more than the budget takes nothing more, but that a small table may double.
    fn limit_from(&self, charged: usize) -> usize {
        let budget = self.config.budget.bytes;
        if charged <= budget { budget } else { charged + 4096 }
    }

    fn check(&mut self) {
        let stats = self.broker.stats();
        let charged = stats.bytes_charged;
        let allocated = usize::try_from(self.allocated).expect("nothing is freed twice");
        assert!(allocated * 10 <= charged * 12, "{allocated} bytes are allocated, and {charged} charged");
        // The same without what is charged for buffers, and the other way round.
        let without = charged - WORKSPACE;
        let kept_free = 4 * self.longest * self.entries;
        let is_near =
            allocated <= without + without / 20 + BUFFERS && without <= 2 * allocated + BUFFERS + kept_free;
        assert!(is_near, "{allocated} bytes are allocated, and {without} charged without buffers");
        assert!(charged <= self.limit, "{charged} bytes are charged, of {}", self.limit);
        self.limit = self.limit_from(charged).min(self.limit);
        assert!(stats.are_conserved(), "{stats:?}");
    }

    /// Bytes of a connection. Whether they were taken.
    pub(crate) fn receive(&mut self, conn: ConnId, packet: &[u8]) -> bool {
        let mut bytes = None;
        self.allocated += measure(|| bytes = Some(BytesMut::from(packet))).bytes_current;
        let mut bytes = bytes.unwrap();
        self.tell(Event::Received { conn, bytes: &mut bytes });
        let is_taken = bytes.is_empty();
        // What the broker keeps of it stays, and counts as the broker's.
        self.allocated += measure(|| drop(bytes)).bytes_current;
        self.check();
        is_taken
    }

    /// One packet, behind those that wait.
    pub(crate) fn send(&mut self, client: usize, packet: Vec<u8>) {
        let Client { conn, waiting, .. } = &mut self.clients[client];
        if conn.is_some() && waiting.len() < MOST_WAITING && !packet.is_empty() {
            waiting.push_back(packet);
            self.read(client);
        }
    }

    /// Hands over what waits, as long as the broker reads.
    pub(crate) fn read(&mut self, client: usize) {
        while let Client { conn: Some(conn), is_paused: false, .. } = self.clients[client] {
            let Some(packet) = self.clients[client].waiting.pop_front() else { return };
            let is_taken = self.receive(conn, &packet);
            let Client { conn: now, is_paused, waiting, .. } = &mut self.clients[client];
            if *now == Some(conn) && !is_taken {
                assert!(*is_paused, "it is left, and nothing is waited for");
                waiting.push_front(packet);
            }
        }
    }

    pub(crate) fn drop_connection(&mut self, client: usize) {
        self.clients[client].waiting.clear();
        if let Some(conn) = self.clients[client].conn.take() {
            self.handle(Event::Closed { conn });
        }
    }

    /// Another broker takes over from what is stored, if that is what this one does.
    pub(crate) fn restore(&mut self) -> bool {
        if !self.config.durable {
            return false;
        }
        let Self { broker, outbox, store, config, now, .. } = self;
        for client in &mut self.clients {
            *client = Client { next_id: client.next_id, ..Client::default() };
        }
        self.crowd.clear();
        outbox.cut_off();
        let mut restored = None;
        let now = Timestamp::from_millis(*now);
        let allocated = measure(|| {
            restored = Some(Broker::restore(*config, Rules, now, store.iter(), outbox));
        });
        let old = std::mem::replace(broker, restored.unwrap());
        self.drop_broker(old);
        self.allocated = allocated.bytes_current;
        self.outbox.change(&mut self.store);
        // It may be more than the budget, if the store has so much, and then nothing comes to it.
        self.limit = self.limit_from(self.broker.stats().bytes_charged);
        self.check();
        true
    }

    fn drop_broker(&mut self, broker: Broker<Rules>) {
        self.allocated += measure(|| drop(broker)).bytes_current;
        assert_eq!(self.allocated, 0, "everything is counted");
    }

    /// When all sessions have ended, nothing is left but what was retained, and tables.
    pub(crate) fn end(mut self) {
        self.black_out();
        for client_id in std::mem::take(&mut self.names) {
            self.handle(Event::EndSession { client_id: &client_id });
        }
        self.now += 1_000_000;
        for _ in 0..100 {
            self.now += 1_000;
            self.handle(Event::Tick);
        }
        assert_eq!(self.broker.stats().sessions, 0);
        self.entries = 0;
        self.check();
        let broker = std::mem::replace(&mut self.broker, Broker::new(self.config, Rules));
        self.drop_broker(broker);
    }
}
