//! A broker whose allocations are counted, and clients that do as they are told.

use allocation_counter::measure;
use bytes::BytesMut;
use mqtt_broker_core::{
    Actions, AuthenticationData, Broker, Budget, Config, ConnId, Decision, Event, ListenerId, Message, Note,
    Outgoing, Policy, Question, Refusal, Request, StoreOp, Ticket, Timestamp, Verdict,
};
use mqtt_codec::{
    Connect, ConnectProperties, PubAck, PubRel, QoS, ReasonCode, Subscribe, Subscription,
    SubscriptionOptions, TopicFilter, TopicName, UserProperties, Version,
};

use crate::packets::{self, encode, packet_id};

/// Bytes of texts that are long.
pub(crate) const LONG: usize = 1_000;
/// The connection of a client that is there from the beginning.
pub(crate) const FIRST: u64 = 1_000_000;

/// Questions that may be open at once.
const QUESTIONS: usize = 1 << 16;

/// Nothing ends by itself, and there is room for everything.
pub(crate) fn config() -> Config {
    Config {
        budget: Budget { bytes: 1 << 40, ..Budget::default() },
        receive_maximum: u16::MAX,
        send_maximum: u16::MAX,
        output_window: 2 << 30,
        congestion_timeout: None,
        connect_timeout: 1 << 40,
        answer_timeout: 1 << 40,
        ..Config::default()
    }
}

/// Answers by how a name begins: `later` is asked about, and `lost` may not be kept.
#[derive(Clone, Debug)]
pub(crate) struct Rules;

impl Policy for Rules {
    fn decide(&mut self, question: &Question<'_>) -> Decision {
        let name = match question.request {
            Request::Authenticate { data: Some(AuthenticationData([b'y', ..])), .. } => {
                return Decision::Now(Verdict::Authenticated(None));
            }
            Request::Authenticate { .. } => {
                return Decision::Now(Verdict::Challenge((&b"prove it"[..]).into()));
            }
            Request::Connect { wants_response_information: true, .. } => {
                let response_information = text(LONG).into();
                return Decision::Now(Verdict::AllowWith { response_information });
            }
            Request::Connect { .. } => question.client.user_name.unwrap_or(""),
            // What is asked about when it is due is allowed before.
            Request::Will { is_due: false, .. } => "",
            Request::Will { topic, .. } | Request::Publish { topic, .. } | Request::Replay { topic, .. } => {
                topic.as_str()
            }
            Request::Subscribe { filter, is_kept, .. } => {
                let begins = |with| filter.as_str().starts_with(with);
                return match (is_kept, filter.as_str()) {
                    (true, _) if begins("lost") => Decision::Now(Verdict::Deny(ReasonCode::NotAuthorized)),
                    (false, _) if begins("told") => Decision::Now(told()),
                    (false, _) if begins("asked") => Decision::Later,
                    (true, _) if begins("later") => Decision::Later,
                    _ => Decision::Now(Verdict::Allow),
                };
            }
        };
        if name.starts_with("later") { Decision::Later } else { Decision::Now(Verdict::Allow) }
    }
}

pub(crate) fn no() -> Verdict {
    Verdict::Deny(ReasonCode::NotAuthorized)
}

/// An answer with much to tell.
pub(crate) fn told() -> Verdict {
    Verdict::DenyWith(Box::new(Refusal {
        reason: ReasonCode::QuotaExceeded,
        reason_string: Some(text(LONG).into()),
        server_reference: Some(text(LONG).into()),
    }))
}

pub(crate) fn text(length: usize) -> String {
    "x".repeat(length)
}

/// What the broker called for, as far as it matters here, kept without allocating.
pub(crate) struct Calls {
    pub(crate) asked: Vec<Ticket>,
    pub(crate) is_retained: bool,
    pub(crate) connected: usize,
}

impl Actions for Calls {
    fn send(&mut self, _: ConnId, _: &Outgoing<'_>) {}

    fn close(&mut self, _: ConnId) {}

    fn pause_reading(&mut self, _: ConnId) {}

    fn resume_reading(&mut self, _: ConnId) {}

    fn ask(&mut self, ticket: Ticket, _: &Question<'_>) {
        assert!(self.asked.len() < self.asked.capacity());
        self.asked.push(ticket);
    }

    fn store(&mut self, _: StoreOp<'_>) {}

    fn note(&mut self, note: &Note<'_>) {
        self.is_retained &= !matches!(note, Note::NotRetained { .. });
        self.connected += usize::from(matches!(note, Note::Connected { .. }));
    }
}

pub(crate) struct World {
    pub(crate) broker: Broker<Rules>,
    pub(crate) calls: Calls,
    pub(crate) now: u64,
    budget: usize,
    pub(crate) allocated: i64,
    /// By how much one event may allocate more than it charges, if that is checked.
    pub(crate) slack: Option<i64>,
    /// What was wrong first.
    pub(crate) wrong: Option<String>,
    /// How often the things of a row were made.
    pub(crate) round: usize,
    /// The identifier of the last message that clients have acknowledged.
    pub(crate) last_id: usize,
}

impl World {
    pub(crate) fn new(config: Config) -> Self {
        let mut broker = None;
        let allocated = measure(|| broker = Some(Broker::new(config, Rules))).bytes_current;
        let calls = Calls { asked: Vec::with_capacity(QUESTIONS), is_retained: true, connected: 0 };
        Self {
            broker: broker.unwrap(),
            calls,
            now: 1_000,
            budget: config.budget.bytes,
            allocated,
            slack: None,
            wrong: None,
            round: 0,
            last_id: 0,
        }
    }

    pub(crate) fn charged(&self) -> i64 {
        self.broker.stats().bytes_charged.try_into().unwrap()
    }

    /// An event that is made here, and of which the broker gets all.
    pub(crate) fn handle<'a>(&mut self, make: impl FnOnce() -> Event<'a>) {
        let before = self.charged();
        let Self { broker, calls, now, .. } = self;
        let now = Timestamp::from_millis(*now);
        let grown = measure(|| broker.handle(now, make(), calls)).bytes_current;
        self.count(grown, before);
    }

    pub(crate) fn receive(&mut self, conn: u64, packet: &[u8]) {
        let before = self.charged();
        let Self { broker, calls, now, .. } = self;
        let now = Timestamp::from_millis(*now);
        // What is left of the buffer goes in the end, and what the broker keeps of it is the broker's.
        let received = measure(|| {
            let mut bytes = BytesMut::from(packet);
            broker.handle(now, Event::Received { conn: ConnId(conn), bytes: &mut bytes }, calls);
        });
        self.count(received.bytes_current, before);
    }

    fn count(&mut self, grown: i64, before: i64) {
        self.allocated += grown;
        let charged = self.charged();
        let beyond = grown - (charged - before);
        // What is given back was charged with more than it had, perhaps.
        if grown > 0 && charged >= before && self.slack.is_some_and(|slack| beyond > slack) {
            self.fail(format!("one event allocates {grown} bytes and charges {}", charged - before));
        }
        if usize::try_from(charged).unwrap() > self.budget {
            self.fail(format!("{charged} bytes are charged, of {}", self.budget));
        }
    }

    pub(crate) fn fail(&mut self, what: String) {
        self.wrong.get_or_insert(what);
    }

    pub(crate) fn open(&mut self, conn: u64, identity: Option<&str>) {
        self.handle(|| Event::Opened { conn: ConnId(conn), listener: ListenerId(0), identity });
    }

    pub(crate) fn connect(&mut self, conn: u64, connect: Connect<'_>) {
        self.open(conn, None);
        self.receive(conn, &encode(connect));
    }

    pub(crate) fn connect_3(&mut self, conn: u64, client_id: &str) {
        self.open(conn, None);
        let connect = Connect { client_id, clean_start: true, ..Connect::default() };
        let mut bytes = Vec::new();
        mqtt_codec::Packet::from(connect).encode(Version::V3_1_1, &mut bytes).unwrap();
        self.receive(conn, &bytes);
    }

    pub(crate) fn close(&mut self, conn: u64) {
        self.handle(|| Event::Closed { conn: ConnId(conn) });
    }

    /// All that was sent is written.
    pub(crate) fn written(&mut self, conn: u64) {
        self.handle(|| Event::Written { conn: ConnId(conn), bytes: 1 << 30 });
    }

    pub(crate) fn publish(&mut self, conn: u64, name: &str, qos: u8, id: usize) {
        self.receive(conn, &packets::publish(name, qos, u16(id), false, 1, 0, 0));
    }

    pub(crate) fn subscribe(&mut self, conn: u64, filter: &str, qos: u8) {
        self.receive(conn, &subscribe(&[filter], qos));
    }

    pub(crate) fn unsubscribe(&mut self, conn: u64, filter: &str) {
        self.receive(conn, &packets::unsubscribe(1, filter));
    }

    pub(crate) fn puback(&mut self, conn: u64, id: usize) {
        self.receive(conn, &encode(PubAck::new(packet_id(u16(id)), ReasonCode::Success)));
    }

    pub(crate) fn pubrel(&mut self, conn: u64, id: usize) {
        self.receive(conn, &encode(PubRel::new(packet_id(u16(id)), ReasonCode::Success)));
    }

    /// A message of the embedding program.
    pub(crate) fn publish_within(&mut self, name: &str, qos: QoS, retain: bool, size: usize) {
        let name = TopicName::new(name).unwrap();
        self.handle(|| {
            Event::Publish(Message::new(name, vec![b'p'; size]).with_qos(qos).with_retain(retain))
        });
    }

    pub(crate) fn retain(&mut self, name: &str, size: usize) {
        self.publish_within(name, QoS::AtLeastOnce, true, size);
    }

    /// Answers those of the questions that are chosen by their place.
    pub(crate) fn answer_some(&mut self, is_it: impl Fn(usize) -> bool, verdict: impl Fn() -> Verdict) {
        let asked = std::mem::replace(&mut self.calls.asked, Vec::with_capacity(QUESTIONS));
        for (at, ticket) in asked.into_iter().enumerate() {
            if is_it(at) {
                self.handle(|| Event::Answered { ticket, verdict: verdict() });
            } else {
                self.calls.asked.push(ticket);
            }
        }
    }

    pub(crate) fn answer_all(&mut self, verdict: impl Fn() -> Verdict) {
        self.answer_some(|_| true, verdict);
    }

    pub(crate) fn answer(&mut self) {
        self.answer_all(|| Verdict::Allow);
    }

    pub(crate) fn revoke(&mut self, client_id: &str) {
        self.handle(|| Event::Revoke { client_id });
    }

    pub(crate) fn tick(&mut self, seconds: u64) {
        self.now += seconds * 1_000;
        self.handle(|| Event::Tick);
        while self.broker.deadline().is_some_and(|at| at <= Timestamp::from_millis(self.now)) {
            self.handle(|| Event::Tick);
        }
    }
}

pub(crate) fn u16(number: usize) -> u16 {
    number.try_into().unwrap()
}

/// A client that wants little. Its session ends this many seconds after its connection.
pub(crate) fn hello(client_id: &str, expiry: u32) -> Connect<'_> {
    let properties =
        ConnectProperties { session_expiry_interval: Some(expiry), ..ConnectProperties::default() };
    Connect { client_id, properties, ..Connect::default() }
}

/// A client that may be given so many Topic Aliases.
pub(crate) fn with_aliases(client_id: &str, expiry: u32, aliases: u16) -> Connect<'_> {
    let connect = hello(client_id, expiry);
    let properties = ConnectProperties { topic_alias_maximum: Some(aliases), ..connect.properties };
    Connect { properties, ..connect }
}

/// A client that has to prove who it is.
pub(crate) fn with_method<'a>(client_id: &'a str, method: &'a str) -> Connect<'a> {
    let connect = hello(client_id, 0);
    let properties = ConnectProperties { authentication_method: Some(method), ..connect.properties };
    Connect { properties, ..connect }
}

/// Without Subscription Identifier.
pub(crate) fn subscribe(filters: &[impl AsRef<str>], level: u8) -> Vec<u8> {
    let options = SubscriptionOptions { qos: packets::qos(level), ..SubscriptionOptions::default() };
    let entry = |filter| Subscription { filter: TopicFilter::new(filter).unwrap(), options };
    let entries: Vec<_> = filters.iter().map(|filter| entry(filter.as_ref())).collect();
    encode(Subscribe {
        packet_id: packet_id(1),
        subscription_id: None,
        user_properties: UserProperties::default(),
        subscriptions: entries.as_slice().into(),
    })
}
