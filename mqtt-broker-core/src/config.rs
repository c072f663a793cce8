use mqtt_codec::{Limits, QoS};
use siphasher::sip::SipHasher13;

/// Limits and choices of a broker. All fields are public; start from [`Config::default`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// What a connected client may send. `packet_size` is announced as Maximum Packet Size; going beyond it ends the
    /// connection with reason code 0x95.
    pub limits: Limits,
    /// Bytes of the largest CONNECT. Smaller than `limits.packet_size`, since whoever sends it is not authenticated.
    pub connect_packet_size: u32,
    /// Milliseconds that a new connection has to send its whole CONNECT (MQTT 5.0 §3.1.4).
    pub connect_timeout: u64,
    /// Milliseconds that a question may stay without an [answer](crate::Event::Answered). Then the answer is no, with 0x88 Server
    /// unavailable where the packet can say it. At least 1.
    pub answer_timeout: u64,
    /// Receive Maximum announced to 5.0 clients: QoS 1 and 2 messages that one may have open. 0 counts as 1.
    pub receive_maximum: u16,
    /// QoS 1 and 2 messages that the broker has under way to one client at once; a smaller Receive Maximum of the client
    /// wins. 0 counts as 1.
    pub send_maximum: u16,
    /// Topic Alias Maximum announced to 5.0 clients.
    pub topic_alias_maximum: u16,
    /// Topic Aliases that the broker gives out on one connection; a smaller Topic Alias Maximum of the client wins.
    pub outbound_topic_aliases: u16,
    /// Longest Session Expiry Interval in seconds; 0xFFFF_FFFF is for ever. Sessions of 3.x clients with Clean Session 0
    /// live that long too.
    pub session_expiry_maximum: u32,
    /// Server Keep Alive in seconds that replaces the client's, if any (MQTT 5.0 §3.2.2.3.14). 3.x clients keep their own.
    pub server_keep_alive: Option<u16>,
    /// Longest Keep Alive in seconds, if there is one and it is not 0: 5.0 clients that want a longer one, or none, are given this as Server
    /// Keep Alive. 3.x clients keep their own.
    pub maximum_keep_alive: Option<u16>,
    /// Maximum QoS (MQTT 5.0 §3.2.2.3.4). It is the highest that is granted; a PUBLISH above it ends a 5.0 connection with 0x9B,
    /// and is delivered at this QoS if it comes from a 3.x client, which was not told.
    pub maximum_qos: QoS,
    /// Retain Available (MQTT 5.0 §3.2.2.3.5). Without, a PUBLISH with RETAIN ends a 5.0 connection with 0x9A, and is delivered
    /// without being retained if it comes from a 3.x client.
    pub retain_available: bool,
    /// Wildcard Subscription Available (MQTT 5.0 §3.2.2.3.11). Without, a wildcard in a filter ends a 5.0 connection with 0xA2;
    /// 3.x clients get a failure code.
    pub wildcard_subscription_available: bool,
    /// Subscription Identifier Available (MQTT 5.0 §3.2.2.3.12). Without, one ends the connection with 0xA1.
    pub subscription_identifier_available: bool,
    /// Shared Subscription Available (MQTT 5.0 §3.2.2.3.13). Without, a `$share` filter ends a 5.0 connection with 0x9E; 3.x
    /// clients get a failure code.
    pub shared_subscription_available: bool,
    /// Which member of a shared subscription gets a message.
    pub shared_strategy: SharedStrategy,
    /// What a client gets whose subscriptions match a message more than once.
    pub overlapping: Overlapping,
    /// Whether a payload is checked that its Payload Format Indicator calls UTF-8; if it is not, 0x99 answers it
    /// (MQTT 5.0 §3.3.2.3.2).
    pub check_payload_format: bool,
    /// Whether an acknowledgement tells a 5.0 client, by 0x10, that nobody has a subscription for its message.
    pub report_no_subscribers: bool,
    /// Whether Reason Strings tell 5.0 clients what was wrong.
    pub reason_strings: bool,
    /// Milliseconds between publications of the broker's own state under `$SYS/broker/`, if it is published. At least 1.
    pub sys_interval: Option<u32>,
    /// What slows clients that connect again and again, if anything.
    pub damping: Option<Damping>,
    /// Bytes of memory, and who loses when they are used up.
    pub budget: Budget,
    /// Messages that wait for one client, whether it is away or slow. More are dropped, the newest first.
    pub queued_messages: usize,
    /// Bytes of messages that wait for one client, or for its acknowledgement; of the latter, one message may go beyond. A
    /// message that many clients share counts for each. More are dropped, the newest first. Not 0.
    pub queued_bytes: usize,
    /// Bytes handed to a connection and not yet [written](crate::Event::Written), from which on the broker sends it no
    /// more messages and reads nothing from it: those of QoS 0 are dropped, the others wait. One message, and the answer to one
    /// packet, may go beyond. Not 0, and 2 GiB at most.
    pub output_window: usize,
    /// Milliseconds that a connection may stay with its output window full. Then it ends, with reason code 0x97. Taking so much that
    /// the window has room, for however short a time, begins them anew.
    pub congestion_timeout: Option<u64>,
    /// How fast one connection may send, if there is a limit.
    pub rate_limit: Option<RateLimit>,
    /// Subscriptions of one session, and SUBSCRIBE entries whose retained messages are not all sent. More get reason code
    /// 0x97.
    pub subscriptions: usize,
    /// Bytes of the Topic Filters of one session; those whose retained messages are not all sent count once more. More get
    /// reason code 0x97.
    pub filter_bytes: usize,
    /// Levels of a Topic Filter, or of the filter within a shared one. Deeper ones get reason code 0x8F.
    pub filter_levels: usize,
    /// Retained messages, but for the broker's own. When there are so many, no new topic can have one; those that have one can
    /// change it.
    pub retained_messages: usize,
    /// Bytes of retained messages, but for the broker's own. A message that would go beyond is not retained; the one that it
    /// would have replaced is gone all the same.
    pub retained_bytes: usize,
    /// Whether clients may publish to topics that begin with `$`, those of `$SYS` excepted (MQTT 5.0 §4.7.2).
    pub clients_publish_to_dollar_topics: bool,
    /// Connections, those included that have not sent CONNECT. More are closed at once.
    pub connections: usize,
    /// Sessions, those of clients that are away included. A CONNECT that would make another gets reason code 0x97.
    pub sessions: usize,
    /// Whether state that is to survive goes to a store ([`Actions::store`](crate::Actions::store)), from which
    /// [`Broker::restore`](crate::Broker::restore) makes the broker again.
    pub durable: bool,
    /// The key from which assigned Client Identifiers are made, and of the hashes by which filters are found. With a random one
    /// identifiers cannot be guessed and do not repeat after a restart, and clients cannot choose filters whose hashes collide.
    pub seed: u128,
}

impl Config {
    /// As much of the seed as tables take.
    #[expect(clippy::cast_possible_truncation, reason = "64 bits of it are enough")]
    pub(crate) const fn seed_of_tables(&self) -> u64 {
        self.seed as u64
    }

    /// A hash that nobody can foresee who does not know the seed.
    pub(crate) fn hash(&self, text: &str) -> u64 {
        SipHasher13::new_with_key(&self.seed.to_le_bytes()).hash(text.as_bytes())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits {
                packet_size: 16 << 20,
                user_properties: 1024,
                filters: 4096,
                ..Limits::default()
            },
            connect_packet_size: 512 << 10,
            connect_timeout: 10_000,
            answer_timeout: 10_000,
            receive_maximum: 1024,
            send_maximum: 1024,
            topic_alias_maximum: 32,
            outbound_topic_aliases: 32,
            session_expiry_maximum: u32::MAX,
            server_keep_alive: None,
            maximum_keep_alive: None,
            maximum_qos: QoS::ExactlyOnce,
            retain_available: true,
            wildcard_subscription_available: true,
            subscription_identifier_available: true,
            shared_subscription_available: true,
            shared_strategy: SharedStrategy::RoundRobin,
            overlapping: Overlapping::OneCopy,
            check_payload_format: false,
            report_no_subscribers: false,
            reason_strings: true,
            sys_interval: None,
            damping: None,
            budget: Budget::default(),
            queued_messages: 10_000,
            queued_bytes: 32 << 20,
            output_window: 256 << 10,
            congestion_timeout: Some(60_000),
            rate_limit: None,
            subscriptions: 10_000,
            filter_bytes: 4 << 20,
            filter_levels: 128,
            retained_messages: 1_000_000,
            retained_bytes: 1 << 30,
            clients_publish_to_dollar_topics: false,
            connections: 1_000_000,
            sessions: 1_000_000,
            durable: false,
            seed: 0,
        }
    }
}

/// Which member of a shared subscription gets a message (MQTT 5.0 §4.8.2).
///
/// With each, a member that is connected and has room comes before one that has not, one that is connected before one that is
/// away, and one that would have to drop the message last. Members are in the order of their sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SharedStrategy {
    /// Each in turn.
    #[default]
    RoundRobin,
    /// The one with the fewest messages sent and not acknowledged; among equals, in turn.
    LeastInFlight,
    /// The one that got the last message, as long as it can.
    Sticky,
    /// The same for all messages of a topic, as long as the members stay the same.
    HashTopic,
    /// The same for all messages of a publisher, as long as the members stay the same.
    HashPublisher,
}

/// What a client gets whose subscriptions match a message more than once (MQTT 5.0 §3.3.4). Shared subscriptions are apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Overlapping {
    /// One copy, at the highest QoS, with all Subscription Identifiers, and RETAIN if any wants it as published.
    #[default]
    OneCopy,
    /// One copy for each subscription.
    CopyEach,
}

/// How much memory a broker uses, and who loses when there is no more.
///
/// What is allocated is counted: sessions, subscriptions, messages (once, however many clients wait for them), retained messages, what
/// connections need, and the tables in which all that is found, which grow by doubling. Whatever would go beyond is not done:
/// a client is refused, a SUBSCRIBE entry gets 0x97, a message is not retained, a copy is dropped, in each case with a note or a
/// reason code. Before that the measures of `relief` are taken, in their order.
///
/// It is no promise about what an allocator takes for it, about the [policy](crate::Policy), or about a runtime's buffers. A
/// broker that is [restored](crate::Broker::restore) has what its store has, and takes nothing more until there is room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Bytes. A broker without clients needs 300 KiB.
    pub bytes: usize,
    /// What is done when something needs more than there is, in this order.
    pub relief: [Relief; 3],
}

impl Default for Budget {
    /// 2 GiB; first messages are not retained, then the oldest of the longest queues are dropped, then clients are refused.
    fn default() -> Self {
        Self { bytes: 2 << 30, relief: [Relief::RefuseRetained, Relief::DropOldest, Relief::RefuseClients] }
    }
}

/// What a broker does when its [`Budget`] is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Relief {
    /// If a message is to be retained: it is not. A message that it would have replaced is gone all the same.
    RefuseRetained,
    /// The oldest messages of the largest queue are dropped (none is twice as large), then of what is the largest then; 64 in all
    /// at most, and none if all that wait would not be enough.
    DropOldest,
    /// The same with the newest.
    DropNewest,
    /// If a client connects: it is refused, with reason code 0x97.
    RefuseClients,
}

/// How fast one connection may send. One that sends faster is not read from for a while; nothing is dropped.
///
/// What may come in a second may come at once. A new connection begins with that much. A packet is taken whole, and may be larger
/// than that: then nothing is read for as many seconds as it is worth. So `bytes` should not be much below
/// [`Limits::packet_size`](mqtt_codec::Limits::packet_size).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RateLimit {
    /// PUBLISH packets in a second; 0 is no limit.
    pub messages: u32,
    /// Bytes of all packets behind CONNECT in a second; 0 is no limit.
    pub bytes: u32,
}

/// How clients are slowed that connect again and again: two that fight for one Client Identifier, or one that
/// connects and drops in a loop.
///
/// From the CONNECT on that is one too many, each waits before it is answered, until the Client Identifier was quiet for a while.
/// Only the Client Identifiers of a bounded number of recent connections are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Damping {
    /// CONNECT packets with one Client Identifier that are answered at once within `period`.
    pub connects: u32,
    /// Milliseconds.
    pub period: u32,
    /// Milliseconds that a CONNECT waits which is one too many.
    pub pause: u32,
}
