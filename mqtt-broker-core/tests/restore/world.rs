use std::collections::BTreeMap;

use bytes::BytesMut;
use mqtt_broker_core::{
    Action, Actions, AllowAll, Broker, Config, ConnId, Event, ListenerId, Message, Note, Outgoing, Policy,
    Question, RestoreError, StoreOp, Ticket, Timestamp,
};
use mqtt_codec::*;

/// What a store has.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Store(pub(crate) BTreeMap<Vec<u8>, Vec<u8>>);

impl Store {
    pub(crate) fn apply(&mut self, actions: &[Action]) {
        for action in actions {
            match action {
                Action::Put { key, value } => _ = self.0.insert(key.clone(), value.clone()),
                Action::Delete { key } => _ = self.0.remove(key),
                _ => {}
            }
        }
    }

    /// The same, without what came behind the first so many actions.
    pub(crate) fn after(&self, actions: &[Action], count: usize) -> Self {
        let mut store = self.clone();
        store.apply(&actions[..count]);
        store
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.0.keys().map(|key| String::from_utf8(key.clone()).unwrap()).collect()
    }

    /// The keys that begin so.
    pub(crate) fn keys_of(&self, kind: &str) -> Vec<String> {
        self.keys().into_iter().filter(|key| key.starts_with(kind)).collect()
    }

    pub(crate) fn value(&mut self, key: &str) -> &mut Vec<u8> {
        self.0.get_mut(key.as_bytes()).unwrap_or_else(|| panic!("{key} is not there"))
    }

    pub(crate) fn put_number(&mut self, key: &str, at: usize, number: u64) {
        self.value(key)[at..at + 8].copy_from_slice(&number.to_be_bytes());
    }

    /// Puts a value into a format that is to come.
    pub(crate) fn spoil(&mut self, key: &str) {
        self.value(key)[0] = 2;
    }
}

/// What a broker called for.
#[derive(Debug, Default)]
pub(crate) struct Out {
    pub(crate) actions: Vec<Action>,
    pub(crate) left_out: Vec<(String, RestoreError)>,
}

impl Actions for Out {
    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>) {
        self.actions.send(conn, packet);
    }

    fn close(&mut self, conn: ConnId) {
        Actions::close(&mut self.actions, conn);
    }

    fn pause_reading(&mut self, conn: ConnId) {
        self.actions.pause_reading(conn);
    }

    fn resume_reading(&mut self, conn: ConnId) {
        self.actions.resume_reading(conn);
    }

    fn ask(&mut self, ticket: Ticket, question: &Question<'_>) {
        self.actions.ask(ticket, question);
    }

    fn store(&mut self, op: StoreOp<'_>) {
        self.actions.store(op);
    }

    fn note(&mut self, note: &Note<'_>) {
        if let Note::NotRestored { key, error } = note {
            self.left_out.push((String::from_utf8_lossy(key).into_owned(), *error));
        }
    }
}

/// A broker whose store has all that it called for.
#[derive(Clone)]
pub(crate) struct World<P = AllowAll> {
    pub(crate) broker: Broker<P>,
    pub(crate) store: Store,
    /// In seconds.
    pub(crate) now: u64,
}

pub(crate) fn config() -> Config {
    Config { durable: true, ..Config::default() }
}

impl<P: Policy> World<P> {
    pub(crate) fn new(policy: P) -> Self {
        Self { broker: Broker::new(config(), policy), store: Store::default(), now: 1 }
    }

    /// From a store of which nothing may be left out.
    pub(crate) fn restore(store: &Store, now: u64, policy: P) -> Self {
        let (world, out) = Self::restore_noting(store, now, policy);
        assert_eq!(out.left_out, []);
        world
    }

    pub(crate) fn restore_noting(store: &Store, now: u64, policy: P) -> (Self, Out) {
        let mut out = Out::default();
        let time = Timestamp::from_millis(now * 1000);
        let broker = Broker::restore(config(), policy, time, &store.0, &mut out);
        assert!(broker.stats().are_conserved(), "{:?}", broker.stats());
        let store = store.after(&out.actions, out.actions.len());
        (Self { broker, store, now }, out)
    }

    /// What is called for, with the store as it was before.
    pub(crate) fn call(&mut self, event: Event<'_>) -> (Store, Vec<Action>) {
        let before = self.store.clone();
        let mut out = Out::default();
        self.broker.handle(Timestamp::from_millis(self.now * 1000), event, &mut out);
        assert!(self.broker.stats().are_conserved(), "{:?}", self.broker.stats());
        self.store.apply(&out.actions);
        (before, out.actions)
    }

    pub(crate) fn handle(&mut self, event: Event<'_>) -> Vec<Action> {
        self.call(event).1
    }

    pub(crate) fn send<'a>(&mut self, conn: u64, packet: impl Into<Packet<'a>>) -> Vec<Action> {
        self.handle(Event::Received { conn: ConnId(conn), bytes: &mut bytes_of(packet) })
    }

    pub(crate) fn connect(&mut self, conn: u64, connect: Connect<'_>) -> Vec<Action> {
        self.handle(Event::Opened { conn: ConnId(conn), listener: ListenerId(0), identity: None });
        self.send(conn, connect)
    }

    /// With a session that stays.
    pub(crate) fn hello(&mut self, conn: u64, client_id: &str) -> Vec<Action> {
        self.connect(conn, hello(client_id, 1000))
    }

    pub(crate) fn leave(&mut self, conn: u64) -> Vec<Action> {
        self.handle(Event::Closed { conn: ConnId(conn) })
    }

    pub(crate) fn subscribe(&mut self, conn: u64, filter: &str, qos: QoS) -> Vec<Action> {
        let filter = TopicFilter::new(filter).unwrap();
        let entries = [Subscription { filter, options: SubscriptionOptions::new(qos) }];
        self.send(
            conn,
            Subscribe {
                packet_id: PacketId::MAX,
                subscription_id: None,
                user_properties: UserProperties::default(),
                subscriptions: (&entries).into(),
            },
        )
    }

    pub(crate) fn publish(&mut self, topic: &str, payload: &'static str, qos: QoS) -> Vec<Action> {
        self.handle(Event::Publish(Message::new(name(topic), payload).with_qos(qos)))
    }

    pub(crate) fn retain(&mut self, topic: &str, payload: &'static str, qos: QoS) {
        self.handle(Event::Publish(Message::new(name(topic), payload).with_qos(qos).with_retain(true)));
    }
}

pub(crate) fn hello(client_id: &str, expiry: u32) -> Connect<'_> {
    let properties = ConnectProperties { session_expiry_interval: Some(expiry), ..Default::default() };
    Connect { client_id, keep_alive: 0, properties, ..Connect::default() }
}

pub(crate) fn name(topic: &str) -> &TopicName {
    TopicName::new(topic).unwrap()
}

pub(crate) fn id(value: u16) -> PacketId {
    PacketId::new(value).unwrap()
}

pub(crate) fn exactly_once<'a>(topic: &'a str, payload: &'a str, packet_id: u16) -> Publish<'a> {
    let delivery = Delivery::ExactlyOnce { id: id(packet_id), dup: false };
    Publish { delivery, ..Publish::new(name(topic), payload.as_bytes()) }
}

pub(crate) fn bytes_of<'a>(packet: impl Into<Packet<'a>>) -> BytesMut {
    let mut bytes = BytesMut::new();
    packet.into().encode(Version::V5, &mut bytes).unwrap();
    bytes
}

/// What is sent, as `PUBLISH 1 payload`, with DUP as a `!`, and `PUBREL 1`; the rest by its type.
pub(crate) fn sent(actions: &[Action]) -> Vec<String> {
    let sends = actions.iter().filter_map(|action| match action {
        Action::Send { bytes, .. } => Some(bytes),
        _ => None,
    });
    sends.map(|bytes| text(bytes)).collect()
}

fn text(bytes: &[u8]) -> String {
    let found = frame(bytes, &Limits::default()).unwrap().unwrap();
    match Packet::decode(Version::V5, found).unwrap() {
        Packet::Publish(publish) => {
            let id = publish.delivery.packet_id().map_or(0, PacketId::get);
            let dup = if publish.delivery.dup() { "!" } else { "" };
            format!("PUBLISH {id}{dup} {}", String::from_utf8_lossy(publish.payload))
        }
        Packet::PubRel(ack) => format!("PUBREL {}", ack.packet_id.get()),
        other => format!("{:?}", other.packet_type()),
    }
}

/// Messages that are sent, without their identifiers.
pub(crate) fn messages(actions: &[Action]) -> Vec<String> {
    let publishes = sent(actions).into_iter().filter(|text| text.starts_with("PUBLISH"));
    publishes.filter_map(|text| text.split(' ').nth(2).map(String::from)).collect()
}

/// The tickets of questions.
pub(crate) fn tickets(actions: &[Action]) -> Vec<Ticket> {
    let ask = |action: &Action| match action {
        Action::Ask { ticket, .. } => Some(*ticket),
        _ => None,
    };
    actions.iter().filter_map(ask).collect()
}

/// How many actions come before the first PUBLISH on a connection, and that.
pub(crate) fn first_publish(actions: &[Action], to: u64) -> usize {
    let is_it = |action: &Action| matches!(action, Action::Send { conn, bytes } if *conn == ConnId(to) && bytes[0] >> 4 == 3);
    actions.iter().position(is_it).expect("a PUBLISH") + 1
}
