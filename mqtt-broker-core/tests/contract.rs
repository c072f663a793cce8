//! What a runtime sees of the broker and a transcript cannot show: exact bytes, deadlines, memory, and events that come
//! in an order in which the runner of transcripts never gives them.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use bytes::{Bytes, BytesMut};
use mqtt_broker_core::{
    Action, Actions, AllowAll, Broker, Config, ConnId, Decision, Event, ListenerId, Message, Note, Outgoing,
    Policy, Question, Request, StoreOp, Ticket, Timestamp, Verdict,
};
use mqtt_codec::*;

const A: ConnId = ConnId(1);
const B: ConnId = ConnId(2);

fn bytes_of<'a>(packet: impl Into<Packet<'a>>) -> BytesMut {
    let mut bytes = BytesMut::new();
    packet.into().encode(Version::V5, &mut bytes).unwrap();
    bytes
}

fn connect(client_id: &str, keep_alive: u16) -> BytesMut {
    bytes_of(Connect { client_id, clean_start: true, keep_alive, ..Connect::default() })
}

fn subscribe(filters: &[&str]) -> BytesMut {
    let entry = |filter| Subscription { filter, options: SubscriptionOptions::default() };
    let entries: Vec<_> = filters.iter().map(|filter| entry(TopicFilter::new(filter).unwrap())).collect();
    bytes_of(Subscribe {
        packet_id: PacketId::new(1).unwrap(),
        subscription_id: None,
        user_properties: UserProperties::default(),
        subscriptions: entries.as_slice().into(),
    })
}

fn unsubscribe(filters: &[&str]) -> BytesMut {
    let filters: Vec<_> = filters.iter().map(|filter| TopicFilter::new(filter).unwrap()).collect();
    bytes_of(Unsubscribe {
        packet_id: PacketId::new(2).unwrap(),
        user_properties: UserProperties::default(),
        filters: filters.as_slice().into(),
    })
}

fn retained(topic: &str, expiry: Option<u32>) -> Message {
    let properties = MessageProperties { message_expiry_interval: expiry, ..MessageProperties::default() };
    let message = Message::new(TopicName::new(topic).unwrap(), "kept").with_retain(true);
    message.with_properties(&properties).unwrap()
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// What the broker calls for at one event.
fn actions<P: Policy>(broker: &mut Broker<P>, now: Timestamp, event: Event<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    broker.handle(now, event, &mut actions);
    actions
}

fn open<P: Policy>(broker: &mut Broker<P>, now: Timestamp, conn: ConnId) -> Vec<Action> {
    actions(broker, now, Event::Opened { conn, listener: ListenerId(0), identity: None })
}

fn receive<P: Policy>(
    broker: &mut Broker<P>,
    now: Timestamp,
    conn: ConnId,
    mut bytes: BytesMut,
) -> Vec<Action> {
    actions(broker, now, Event::Received { conn, bytes: &mut bytes })
}

fn publishes(actions: &[Action]) -> usize {
    let is_publish = |action: &&Action| matches!(action, Action::Send { bytes, .. } if bytes[0] >> 4 == 3);
    actions.iter().filter(is_publish).count()
}

fn closes(actions: &[Action]) -> usize {
    actions.iter().filter(|action| matches!(action, Action::Close(_))).count()
}

fn ticket(actions: &[Action]) -> Ticket {
    let ticket = actions.iter().find_map(|action| match action {
        Action::Ask { ticket, .. } => Some(*ticket),
        _ => None,
    });
    ticket.expect("a question")
}

fn broker() -> Broker {
    Broker::new(Config::default(), AllowAll)
}

#[test]
fn nothing_is_left_of_a_session_that_ended_without_unsubscribing() {
    let filters = ["a/+", "b", "$share/g/a/+", "$share/h/b"];
    let mut tidy = broker();
    open(&mut tidy, at(0), A);
    receive(&mut tidy, at(0), A, connect("a", 0));
    receive(&mut tidy, at(0), A, subscribe(&filters));
    let mut untidy = tidy.clone();
    receive(&mut tidy, at(0), A, unsubscribe(&filters));
    for broker in [&mut tidy, &mut untidy] {
        actions(broker, at(0), Event::Closed { conn: A });
        let stats = broker.stats();
        assert_eq!((stats.connections, stats.sessions, stats.subscriptions), (0, 0, 0));
        assert_eq!((stats.clients_connected, stats.shared_subscriptions), (0, 0));
    }
    assert_eq!(tidy, untidy);
    let hash = |broker: &Broker| BuildHasherDefault::<DefaultHasher>::default().hash_one(broker);
    assert_eq!(hash(&tidy), hash(&untidy), "a model checker knows the state again");
    open(&mut tidy, at(0), B);
    assert_ne!(tidy, untidy);
    assert_ne!(hash(&tidy), hash(&untidy));
}

#[test]
fn an_unknown_protocol_level_is_refused_in_the_form_of_its_protocol() {
    let refusal = |hello: &[u8]| {
        let mut broker = Broker::new(Config { reason_strings: false, ..Config::default() }, AllowAll);
        open(&mut broker, at(0), A);
        receive(&mut broker, at(0), A, BytesMut::from(hello))
    };
    let old = Action::Send { conn: A, bytes: vec![0x20, 2, 0, 1] };
    let new = Action::Send { conn: A, bytes: vec![0x20, 3, 0, 0x84, 0] };
    assert_eq!(refusal(b"\x10\x09\0\x06MQIsdp\x06"), [old.clone(), Action::Close(A)]);
    assert_eq!(refusal(b"\x10\x07\0\x04MQTT\x02"), [old, Action::Close(A)]);
    assert_eq!(refusal(b"\x10\x07\0\x04MQTT\x06"), [new, Action::Close(A)]);
}

#[test]
fn a_retained_message_has_a_deadline_as_long_as_it_is_there() {
    let mut broker = broker();
    let mut publish = |now, expiry| {
        actions(&mut broker, now, Event::Publish(retained("x", expiry)));
        (broker.deadline(), broker.stats().retained_messages)
    };
    assert_eq!(publish(at(0), Some(10)), (Some(at(10)), 1));
    assert_eq!(publish(at(1), Some(20)), (Some(at(21)), 1), "the old one's deadline is gone");
    assert_eq!(publish(at(2), Some(0)), (None, 0), "expired at once");
    assert_eq!(publish(at(3), Some(10)), (Some(at(13)), 1));
    assert_eq!(publish(at(4), None), (None, 1));
    actions(&mut broker, at(100), Event::Tick);
    assert_eq!(broker.stats().retained_messages, 1);
}

#[test]
fn many_retained_messages_come_with_ticks_even_if_nothing_is_reported_as_written() {
    let mut broker = broker();
    for number in 0..200 {
        actions(&mut broker, at(0), Event::Publish(retained(&format!("r/{number:03}"), None)));
    }
    open(&mut broker, at(1), A);
    receive(&mut broker, at(1), A, connect("a", 0));
    let mut steps = vec![publishes(&receive(&mut broker, at(1), A, subscribe(&["r/+"])))];
    while let Some(deadline) = broker.deadline() {
        assert_eq!(deadline, at(1), "due at once");
        steps.push(publishes(&actions(&mut broker, at(1), Event::Tick)));
    }
    assert_eq!(steps, [64, 64, 64, 8], "the others have their turn in between");
}

#[test]
fn a_session_that_ends_takes_the_deadline_of_its_retained_messages_along() {
    let mut broker = broker();
    for number in 0..200 {
        actions(&mut broker, at(0), Event::Publish(retained(&format!("r/{number:03}"), None)));
    }
    open(&mut broker, at(1), A);
    receive(&mut broker, at(1), A, connect("a", 0));
    receive(&mut broker, at(1), A, subscribe(&["r/+"]));
    assert_eq!(broker.deadline(), Some(at(1)));
    actions(&mut broker, at(1), Event::Closed { conn: A });
    assert_eq!(broker.deadline(), None);
}

#[test]
fn time_does_not_go_backwards() {
    let mut broker = broker();
    open(&mut broker, at(10), A);
    open(&mut broker, at(5), B);
    assert_eq!(broker.deadline(), Some(at(20)));
    actions(&mut broker, at(0), Event::Closed { conn: A });
    assert_eq!(broker.deadline(), Some(at(20)), "B too was opened at 10");
}

#[test]
fn a_name_that_is_used_again_belonged_to_a_connection_that_is_gone() {
    let mut broker = broker();
    open(&mut broker, at(0), A);
    receive(&mut broker, at(0), A, connect("a", 1));
    assert_eq!(open(&mut broker, at(1), A), []);
    let stats = broker.stats();
    assert_eq!((stats.connections, stats.sessions), (1, 0));
    assert_eq!(broker.deadline(), Some(at(11)), "the time to connect, and no Keep Alive");
}

#[test]
fn an_answer_for_a_connection_that_is_gone_is_none_for_the_next_of_that_name() {
    let mut broker = Broker::new(Config::default(), |_: &Question<'_>| Decision::Later);
    open(&mut broker, at(0), A);
    let asked = receive(&mut broker, at(0), A, connect("a", 0));
    actions(&mut broker, at(0), Event::Closed { conn: A });
    open(&mut broker, at(0), A);
    let mut hello = connect("b", 0);
    let asked_again = actions(&mut broker, at(0), Event::Received { conn: A, bytes: &mut hello });
    let [first, second] = [ticket(&asked), ticket(&asked_again)];
    assert_ne!(first, second);
    let answer = |ticket| Event::Answered { ticket, verdict: Verdict::Allow };
    assert_eq!(actions(&mut broker, at(0), answer(first)), []);
    assert_eq!(actions(&mut broker, at(0), answer(second)), [Action::ResumeReading(A)]);
    assert_eq!(actions(&mut broker, at(0), answer(second)), [], "only once");
}

#[test]
fn a_session_that_is_replaced_takes_its_deadline_along() {
    let mut broker = broker();
    let properties = ConnectProperties { session_expiry_interval: Some(100), ..Default::default() };
    open(&mut broker, at(0), A);
    receive(&mut broker, at(0), A, bytes_of(Connect { client_id: "a", properties, ..Connect::default() }));
    actions(&mut broker, at(0), Event::Closed { conn: A });
    assert_eq!(broker.deadline(), Some(at(100)));
    open(&mut broker, at(1), B);
    receive(&mut broker, at(1), B, connect("a", 0));
    assert_eq!((broker.deadline(), broker.stats().sessions), (None, 1));
}

#[test]
fn the_one_connected_member_of_a_large_group_is_found() {
    let mut broker = broker();
    let properties = ConnectProperties { session_expiry_interval: Some(100), ..Default::default() };
    let hello = |id: &str| bytes_of(Connect { client_id: id, properties, ..Connect::default() });
    for number in 0..100 {
        let conn = ConnId(number);
        open(&mut broker, at(0), conn);
        receive(&mut broker, at(0), conn, hello(&format!("c{number}")));
        receive(&mut broker, at(0), conn, subscribe(&["$share/g/x"]));
        actions(&mut broker, at(0), Event::Closed { conn });
    }
    open(&mut broker, at(1), ConnId(100));
    receive(&mut broker, at(1), ConnId(100), hello("c70"));
    let message = Message::new(TopicName::new("x").unwrap(), "1");
    assert_eq!(publishes(&actions(&mut broker, at(1), Event::Publish(message))), 1);
}

#[test]
fn one_tick_does_not_do_the_work_of_thousands_of_timers() {
    let mut broker = broker();
    for number in 0..2000 {
        open(&mut broker, at(0), ConnId(number));
    }
    let first = closes(&actions(&mut broker, at(10), Event::Tick));
    assert!((1..2000).contains(&first), "{first} were closed");
    assert_eq!(broker.deadline(), Some(at(10)), "another is wanted");
    let second = closes(&actions(&mut broker, at(10), Event::Tick));
    assert_eq!((first + second, broker.deadline()), (2000, None));
}

#[test]
fn keep_alive_begins_anew_when_reading_is_resumed_before_the_packet_that_waited_is_taken() {
    let ask_about_messages = |question: &Question<'_>| match question.request {
        Request::Publish { .. } => Decision::Later,
        Request::Connect { .. }
        | Request::Authenticate { .. }
        | Request::Will { .. }
        | Request::Replay { .. }
        | Request::Subscribe { .. } => Decision::Now(Verdict::Allow),
    };
    let mut broker = Broker::new(Config::default(), ask_about_messages);
    open(&mut broker, at(0), A);
    receive(&mut broker, at(0), A, connect("a", 2));
    let mut buffer = bytes_of(Publish::new(PublishTopic::Name(TopicName::new("x").unwrap()), b"1"));
    let asked = actions(&mut broker, at(1), Event::Received { conn: A, bytes: &mut buffer });
    let answer = Event::Answered { ticket: ticket(&asked), verdict: Verdict::Allow };
    assert_eq!(actions(&mut broker, at(100), answer), [Action::ResumeReading(A)]);
    assert_eq!(actions(&mut broker, at(100), Event::Tick), []);
    assert_eq!(broker.deadline(), Some(at(103)));
    assert_eq!(actions(&mut broker, at(100), Event::Received { conn: A, bytes: &mut buffer }), []);
    assert!(buffer.is_empty());
}

/// What cannot be said in CONNACK refuses the client before it takes over anything (MQTT-3.14.0-1).
#[test]
fn an_answer_that_connack_cannot_carry_is_a_refusal() {
    let zero = |question: &Question<'_>| match (question.request, question.client.user_name) {
        (Request::Connect { .. }, Some(_)) => {
            Decision::Now(Verdict::AllowWith { response_information: "a\0b".into() })
        }
        (Request::Authenticate { .. }, _) => {
            Decision::Now(Verdict::Authenticated(Some(vec![0; 65_536].into())))
        }
        _ => Decision::Now(Verdict::Allow),
    };
    let request_response_information = Some(true);
    let information = ConnectProperties { request_response_information, ..Default::default() };
    let method = ConnectProperties { authentication_method: Some("M"), ..Default::default() };
    for (user_name, properties) in [(Some("u"), information), (None, method)] {
        let config = Config { reason_strings: false, ..Config::default() };
        let mut broker = Broker::new(config, zero);
        open(&mut broker, at(0), A);
        receive(&mut broker, at(0), A, connect("a", 0));
        open(&mut broker, at(0), B);
        let again = bytes_of(Connect { client_id: "a", user_name, properties, ..Connect::default() });
        let refused = Action::Send { conn: B, bytes: vec![0x20, 3, 0, 0x80, 0] };
        assert_eq!(receive(&mut broker, at(0), B, again), [refused, Action::Close(B)]);
        assert_eq!(broker.stats().clients_connected, 1, "nobody was taken over");
    }
}

/// A broker that was busy and is empty again is as one that never was, but for what it counted and the keys that it gave.
#[test]
fn connections_and_questions_leave_nothing_behind() {
    let later = |_: &Question<'_>| Decision::Later;
    let mut broker = Broker::new(Config::default(), later);
    for conn in (0..100).map(ConnId) {
        open(&mut broker, at(0), conn);
        assert_eq!(closes(&receive(&mut broker, at(0), conn, connect("a", 10))), 0);
        assert_eq!(broker.stats().connections, 1);
        actions(&mut broker, at(0), Event::Closed { conn });
        assert_eq!((broker.stats().connections, broker.deadline()), (0, None));
        // Neither the connection nor the question is known any more.
        assert_eq!(receive(&mut broker, at(0), conn, connect("a", 10)), []);
        let ticket = Ticket(conn.0);
        assert_eq!(actions(&mut broker, at(0), Event::Answered { ticket, verdict: Verdict::Allow }), []);
    }
}

/// Keeps the payloads, and checks that a head and its payload are a packet.
#[derive(Default)]
struct Payloads(Vec<Bytes>);

impl Actions for Payloads {
    fn send(&mut self, _: ConnId, packet: &Outgoing<'_>) {
        let mut whole = Vec::new();
        packet.append_to(&mut whole);
        assert_eq!(whole.len(), packet.encoded_len());
        let found = frame(&whole, &Limits::default()).unwrap().unwrap();
        assert_eq!(found.bytes().len(), whole.len());
        Packet::decode(packet.version(), found).unwrap();
        self.0.extend(packet.payload().cloned());
    }

    fn close(&mut self, _: ConnId) {}
    fn pause_reading(&mut self, _: ConnId) {}
    fn resume_reading(&mut self, _: ConnId) {}
    fn ask(&mut self, _: Ticket, _: &Question<'_>) {}
    fn store(&mut self, _: StoreOp<'_>) {}

    fn note(&mut self, _: &Note<'_>) {}
}

#[test]
fn large_payloads_stay_where_they_were_read_and_small_ones_are_copied() {
    // Whether the payload that is sent on lies in the buffer that was read.
    let is_shared = |len: usize, room: usize| {
        let mut broker = broker();
        open(&mut broker, at(0), A);
        let mut out = Payloads::default();
        for mut bytes in [connect("a", 0), subscribe(&["x"])] {
            broker.handle(at(0), Event::Received { conn: A, bytes: &mut bytes }, &mut out);
        }
        assert!(out.0.is_empty());
        let payload = vec![b'x'; len];
        let publish = bytes_of(Publish::new(PublishTopic::Name(TopicName::new("x").unwrap()), &payload));
        let mut bytes = BytesMut::with_capacity(publish.len() + room);
        bytes.extend_from_slice(&publish);
        bytes.extend_from_slice(b"\xC0");
        let read = bytes.as_ptr_range();
        broker.handle(at(0), Event::Received { conn: A, bytes: &mut bytes }, &mut out);
        assert_eq!(&bytes[..], b"\xC0", "what is behind the packet is left");
        out.0.iter().for_each(|shared| assert_eq!(*shared, payload));
        out.0.first().map(|shared| read.contains(&shared.as_ptr()))
    };
    assert_eq!(is_shared(1, 1), None);
    assert_eq!(is_shared((4 << 10) - 1, 1), None);
    assert_eq!(is_shared(4 << 10, 1), Some(false), "a copy that all receivers share");
    assert_eq!(is_shared((32 << 10) - 1, 1), Some(false));
    assert_eq!(is_shared(32 << 10, 1), Some(true), "the bytes that were read");
    assert_eq!(is_shared(32 << 10, 32 << 10), Some(false), "a copy, since the buffer is much larger");
}
