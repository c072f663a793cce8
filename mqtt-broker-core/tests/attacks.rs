//! Who wants more memory than there is does not get it, in whatever way: after each event what is charged is within the budget.

#[path = "memory/packets.rs"]
#[expect(dead_code, reason = "not all packets are needed here")]
mod packets;

use std::collections::BTreeMap;

use allocation_counter::measure;
use bytes::BytesMut;
use mqtt_broker_core::{
    Action, Actions, AllowAll, Broker, Budget, Config, ConnId, Decision, DropReason, Event, ListenerId,
    Message, Note, Outgoing, Policy, Question, RateLimit, Request, StoreOp, Ticket, Timestamp, Verdict,
};
use mqtt_codec::{
    Connect, ConnectProperties, Delivery, Packet, PubAck, Publish, PublishTopic, QoS, ReasonCode, Subscribe,
    Subscription, SubscriptionOptions, TopicFilter, TopicName, UserProperties, Version,
};

const NOW: Timestamp = Timestamp::from_millis(1_000);

struct World<P: Policy = AllowAll> {
    broker: Broker<P>,
    budget: usize,
    actions: Vec<Action>,
}

impl World {
    fn new(config: Config, budget: usize) -> Self {
        Self::with_policy(config, budget, AllowAll)
    }
}

impl<P: Policy> World<P> {
    fn with_policy(config: Config, budget: usize, policy: P) -> Self {
        let budget_and_relief = Budget { bytes: budget, ..Budget::default() };
        let broker = Broker::new(Config { budget: budget_and_relief, ..config }, policy);
        Self { broker, budget, actions: Vec::new() }
    }

    fn handle(&mut self, event: Event<'_>) {
        self.actions.clear();
        self.broker.handle(NOW, event, &mut self.actions);
        let stats = self.broker.stats();
        let (charged, budget) = (stats.bytes_charged, self.budget);
        assert!(charged <= budget, "{charged} bytes are charged, of {budget}");
        assert!(stats.are_conserved(), "{stats:?}");
    }

    fn receive(&mut self, conn: u64, bytes: &[u8]) {
        let mut bytes = BytesMut::from(bytes);
        self.handle(Event::Received { conn: ConnId(conn), bytes: &mut bytes });
    }

    /// Whether the client is connected.
    fn connect(&mut self, conn: u64, version: Version, expiry: u32, receive_maximum: u16) -> bool {
        let opened = Event::Opened { conn: ConnId(conn), listener: ListenerId(0), identity: None };
        self.handle(opened);
        let client_id = format!("client-{conn}");
        let properties = ConnectProperties {
            session_expiry_interval: Some(expiry).filter(|_| version.is_v5()),
            topic_alias_maximum: Some(10).filter(|_| version.is_v5()),
            receive_maximum: std::num::NonZeroU16::new(receive_maximum).filter(|_| version.is_v5()),
            ..ConnectProperties::default()
        };
        let connect = Connect { client_id: &client_id, clean_start: true, properties, ..Connect::default() };
        self.receive(conn, &encode(version, connect));
        !self.actions.contains(&Action::Close(ConnId(conn))) && !self.actions.is_empty()
    }

    /// As many clients as there is room for.
    fn fill(&mut self, version: Version, expiry: u32) -> u64 {
        (0..).find(|&conn| !self.connect(conn, version, expiry, 10)).expect("not for ever")
    }
}

fn encode<'a>(version: Version, packet: impl Into<Packet<'a>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.into().encode(version, &mut bytes).unwrap();
    bytes
}

#[test]
fn all_clients_at_once_lose_their_connection() {
    let config = Config { outbound_topic_aliases: 0, ..Config::default() };
    let mut world = World::new(config, 20 << 20);
    let clients = world.fill(Version::V5, 1_000);
    assert!(clients > 10_000, "{clients}");
    (0..clients).for_each(|conn| world.handle(Event::Closed { conn: ConnId(conn) }));
}

#[test]
fn all_clients_send_something_that_counts_for_a_rate() {
    let rate_limit = Some(RateLimit { messages: 1_000, bytes: 1_000_000 });
    let mut world =
        World::new(Config { rate_limit, outbound_topic_aliases: 0, ..Config::default() }, 2 << 20);
    let clients = world.fill(Version::V5, 0);
    (0..clients).for_each(|conn| world.receive(conn, &encode(Version::V5, Packet::PingReq)));
}

/// A 3.x client is not told that its message is refused, so its identifier is remembered.
#[test]
fn identifiers_of_refused_messages_pile_up() {
    let publish = |id| {
        let delivery = Delivery::ExactlyOnce { id: packets::packet_id(id), dup: false };
        let topic = PublishTopic::Name(TopicName::new("$SYS/x").unwrap());
        encode(Version::V3_1_1, Publish { delivery, ..Publish::new(topic, b"") })
    };
    let mut world = World::new(Config::default(), 1 << 20);
    world.connect(0, Version::V3_1_1, 0, 0);
    (1..=u16::MAX).for_each(|id| world.receive(0, &publish(id)));

    let mut world = World::new(Config::default(), 2 << 20);
    let clients = world.fill(Version::V3_1_1, 0);
    for conn in 0..clients {
        (1..10).for_each(|id| world.receive(conn, &publish(id)));
    }
}

#[test]
fn replays_stop_at_topics_that_are_long() {
    let mut world = World::new(Config::default(), 8 << 20);
    world.connect(0, Version::V5, 0, 10);
    for at in 0..3 {
        let name = format!("{}{at}", "x".repeat(60_000));
        world.receive(0, &packets::publish(&name, 1, 1, true, 1, 0, 0));
    }
    for conn in 1..500 {
        if world.connect(conn, Version::V5, 0, 1) {
            world.receive(conn, &packets::subscribe(1, &["#".to_owned()], 1));
        }
    }
}

#[test]
fn members_of_a_group_are_away() {
    let mut world = World::new(Config::default(), 8 << 20);
    for conn in 1..5 {
        world.connect(conn, Version::V5, 1_000, 10);
        world.receive(conn, &packets::subscribe(1, &["$share/g/t".to_owned()], 1));
        world.handle(Event::Closed { conn: ConnId(conn) });
    }
    world.connect(0, Version::V5, 0, 10);
    (0..5_000).for_each(|_| world.receive(0, &packets::publish("t", 1, 1, false, 4_000, 0, 0)));
}

/// A window that nobody notices at the first moment of the clock would stay full for ever.
#[test]
fn a_window_that_is_full_from_the_beginning_of_time() {
    let config = Config { output_window: 100, congestion_timeout: Some(1_000), ..Config::default() };
    let mut broker = Broker::new(config, AllowAll);
    let conn = ConnId(0);
    let mut handle = |at, event: Event<'_>| {
        broker.handle(Timestamp::from_millis(at), event, &mut Vec::new());
        broker.deadline()
    };
    handle(0, Event::Opened { conn, listener: ListenerId(0), identity: None });
    let connect = encode(Version::V5, Connect { client_id: "a", ..Connect::default() });
    handle(0, Event::Received { conn, bytes: &mut BytesMut::from(&connect[..]) });
    let subscribe = packets::subscribe(1, &["#".to_owned()], QoS::AtLeastOnce as u8);
    handle(0, Event::Received { conn, bytes: &mut BytesMut::from(&subscribe[..]) });
    let publish = packets::publish("t", 1, 1, false, 200, 0, 0);
    handle(0, Event::Received { conn, bytes: &mut BytesMut::from(&publish[..]) });
    let again = packets::publish("t", 1, 2, false, 200, 0, 0);
    let deadline = handle(0, Event::Received { conn, bytes: &mut BytesMut::from(&again[..]) });
    assert_eq!(deadline, Some(Timestamp::from_millis(1_000)));
}

/// What is split off a read buffer keeps all of it.
#[test]
fn payloads_lie_in_buffers_that_are_much_larger() {
    let mut world = World::new(Config::default(), 100 << 20);
    world.connect(0, Version::V5, 0, 10);
    let before = world.broker.stats().bytes_charged;
    let mut allocated = 0;
    for at in 0..20 {
        let large = packets::publish(&format!("r/{at}"), 0, 1, true, 33_000, 0, 0);
        let small = packets::publish("nobody", 0, 1, false, 3_000, 0, 0).repeat(64);
        for bytes in [[&large[..], &small].concat(), [&small[..], &large].concat()] {
            allocated += measure(|| world.receive(0, &bytes)).bytes_current;
        }
    }
    let charged = i64::try_from(world.broker.stats().bytes_charged - before).unwrap();
    assert!(allocated * 10 <= charged * 12, "{allocated} bytes are allocated, {charged} charged");
}

/// It would be refused after others have lost what waits for them.
#[test]
fn a_message_that_cannot_fit_costs_others_nothing() {
    let mut world = World::new(Config::default(), 1 << 20);
    for (conn, filter) in [(1, "small"), (2, "large")] {
        world.connect(conn, Version::V5, 1_000, 10);
        world.receive(conn, &packets::subscribe(1, &[filter.to_owned()], 1));
        world.handle(Event::Closed { conn: ConnId(conn) });
    }
    world.connect(0, Version::V5, 0, 10);
    let dropped = |world: &World| world.broker.stats().at_least_once.dropped(DropReason::NoMemory);
    for _ in 0..500 {
        world.receive(0, &packets::publish("small", 1, 1, false, 10, 0, 0));
    }
    assert_eq!(dropped(&world), 0);
    // More than is free and than what waits has, but less than the budget.
    for _ in 0..5 {
        world.receive(0, &packets::publish("large", 1, 1, false, 900_000, 0, 0));
    }
    assert_eq!(dropped(&world), 5);
}

/// Counts what is sent, and keeps nothing.
struct Count(usize);

impl Actions for Count {
    fn send(&mut self, _: ConnId, packet: &Outgoing<'_>) {
        self.0 += packet.encoded_len();
    }
    fn close(&mut self, _: ConnId) {}
    fn pause_reading(&mut self, _: ConnId) {}
    fn resume_reading(&mut self, _: ConnId) {}
    fn ask(&mut self, _: Ticket, _: &Question<'_>) {}
    fn store(&mut self, _: StoreOp<'_>) {}
    fn note(&mut self, _: &Note<'_>) {}
}

/// What goes to many waits until the store has what it depends on. Packets that were kept one by one would be 40 MB.
#[test]
fn a_message_that_is_held_back_goes_to_thousands() {
    let config = Config { durable: true, ..Config::default() };
    let subscribe = |version, qos| {
        let filter = TopicFilter::new("t").unwrap();
        let options = SubscriptionOptions { qos, ..SubscriptionOptions::default() };
        let entries = [Subscription { filter, options }];
        let subscribe = Subscribe {
            packet_id: packets::packet_id(1),
            subscription_id: None,
            user_properties: UserProperties::default(),
            subscriptions: entries[..].into(),
        };
        encode(version, subscribe)
    };
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let mut world = World::new(config, 64 << 20);
        for conn in 1..=10_000 {
            let version = if conn % 2 == 0 { Version::V5 } else { Version::V3_1_1 };
            assert!(world.connect(conn, version, 0, 10));
            world.receive(conn, &subscribe(version, qos));
        }
        world.connect(0, Version::V5, 0, 10);
        let (mut publish, mut sent) =
            (BytesMut::from(&packets::publish("t", 2, 1, false, 4_000, 0, 0)[..]), Count(0));
        let received = Event::Received { conn: ConnId(0), bytes: &mut publish };
        let before = world.broker.stats().bytes_charged;
        let peak = measure(|| world.broker.handle(NOW, received, &mut sent)).bytes_max;
        let charged = world.broker.stats().bytes_charged - before;
        assert!(sent.0 > 40_000_000, "{} bytes were sent", sent.0);
        let beyond = usize::try_from(peak).unwrap().saturating_sub(charged);
        assert!(beyond < 4 << 20, "{qos:?}: {peak} bytes at once, {charged} charged in the end");
    }
}

/// Lets nobody keep anything, and says so later of some.
#[derive(Clone, Debug)]
struct Revokes;

impl Policy for Revokes {
    fn decide(&mut self, question: &Question<'_>) -> Decision {
        match question.request {
            Request::Subscribe { is_kept: true, filter, .. } if filter.as_str().starts_with("later") => {
                Decision::Later
            }
            Request::Subscribe { is_kept: true, .. } => {
                Decision::Now(Verdict::Deny(ReasonCode::NotAuthorized))
            }
            _ => Decision::Now(Verdict::Allow),
        }
    }
}

#[test]
fn subscriptions_are_taken_away_while_answers_are_missing() {
    let mut world = World::with_policy(Config::default(), 10 << 20, Revokes);
    world.connect(0, Version::V5, 0, 10);
    for at in 0..200 {
        let filter = if at % 2 == 0 { format!("later/{at}") } else { format!("{at}/{}", "y".repeat(40_000)) };
        world.receive(0, &packets::subscribe(1, &[filter], 1));
    }
    for at in 0.. {
        if world.broker.stats().bytes_charged > 9 << 20 {
            break;
        }
        world.receive(0, &packets::publish(&format!("retained/{at}"), 0, 1, true, 100_000, 0, 0));
    }
    world.handle(Event::Revoke { client_id: "client-0" });
    let asked = world.actions.iter().filter_map(|action| match action {
        Action::Ask { ticket, .. } => Some(*ticket),
        _ => None,
    });
    let tickets: Vec<_> = asked.collect();
    assert_eq!((tickets.len(), world.broker.stats().subscriptions), (100, 100));
    for ticket in tickets {
        world.handle(Event::Answered { ticket, verdict: Verdict::Deny(ReasonCode::NotAuthorized) });
    }
    assert_eq!(world.broker.stats().subscriptions, 0);
}

/// The topic that an alias stands for is kept before its message, which may be retained too.
#[test]
fn an_alias_and_a_retained_message_want_the_last_room() {
    let topic = "x".repeat(60_000);
    for kib in (300..700).step_by(8) {
        let mut world = World::new(Config::default(), kib << 10);
        if world.connect(0, Version::V5, 0, 10) {
            world.receive(0, &packets::publish(&topic, 0, 1, true, 1, 1, 1));
        }
    }
}

fn retained(topic: &str) -> Message {
    Message::new(TopicName::new(topic).unwrap(), &b"1"[..]).with_qos(QoS::AtLeastOnce).with_retain(true)
}

#[test]
fn keys_of_the_store_are_long() {
    let topic = "x".repeat(65_000);
    let config = Config { durable: true, ..Config::default() };
    let mut broker = Broker::new(config, AllowAll);
    let before = broker.stats().bytes_charged;
    let put = measure(|| broker.handle(NOW, Event::Publish(retained(&topic)), &mut Count(0)));
    let charged = i64::try_from(broker.stats().bytes_charged - before).unwrap();
    assert!(put.bytes_current < charged + 10_000, "{} bytes, and {charged} charged", put.bytes_current);
}

/// A replay has to have room for where it is, also after a restart.
#[test]
fn replays_go_on_at_topics_that_are_long() {
    let mut world = World::new(Config { durable: true, ..Config::default() }, 1 << 30);
    let mut store = BTreeMap::new();
    let mut keep = |actions: &[Action]| {
        for action in actions {
            match action {
                Action::Put { key, value } => _ = store.insert(key.clone(), value.clone()),
                Action::Delete { key } => _ = store.remove(key),
                _ => {}
            }
        }
    };
    for topic in ["a".to_owned(), "x".repeat(60_000), "y".repeat(60_000)] {
        world.handle(Event::Publish(retained(&topic)));
        keep(&world.actions);
    }
    world.connect(0, Version::V5, 1_000, 1);
    keep(&world.actions);
    world.receive(0, &packets::subscribe(1, &["#".to_owned()], 1));
    keep(&world.actions);
    for kib in (300..1_000).step_by(8) {
        let config = Config { durable: true, ..Config::default() };
        let config = Config { budget: Budget { bytes: kib << 10, ..Budget::default() }, ..config };
        let broker = Broker::restore(config, AllowAll, NOW, &store, &mut Count(0));
        // What is restored may be beyond the budget, but does not grow then.
        let budget = broker.stats().bytes_charged.max(kib << 10);
        let mut world = World { broker, budget, actions: Vec::new() };
        world.handle(Event::Opened { conn: ConnId(0), listener: ListenerId(0), identity: None });
        let properties = ConnectProperties { session_expiry_interval: Some(1_000), ..Default::default() };
        let connect = Connect { client_id: "client-0", properties, ..Connect::default() };
        world.receive(0, &encode(Version::V5, connect));
        for id in 1..4 {
            let puback = PubAck::new(packets::packet_id(id), ReasonCode::Success);
            world.receive(0, &encode(Version::V5, puback));
        }
    }
}

/// What an answer says is kept until its packet is handed over again.
#[test]
fn answers_with_long_texts_come_for_all_clients() {
    let later = |_: &Question<'_>| Decision::Later;
    let mut world = World::with_policy(Config::default(), 2 << 20, later);
    let mut tickets = Vec::new();
    let mut conn = 0;
    while world.connect(conn, Version::V5, 0, 10) {
        conn += 1;
        tickets.extend(world.actions.iter().filter_map(|action| match action {
            Action::Ask { ticket, .. } => Some(*ticket),
            _ => None,
        }));
    }
    assert!(tickets.len() > 100, "{}", tickets.len());
    for ticket in tickets {
        let verdict = Verdict::AllowWith { response_information: "x".repeat(5_000).into() };
        world.handle(Event::Answered { ticket, verdict });
    }
}
