use bytes::BytesMut;
use mqtt_broker_core::{
    Action, Broker, Config, ConnId, Decision, Event, Fault, ListenerId, Message, Policy, Question, Request,
    Timestamp, Verdict,
};
use mqtt_codec::{
    Connect, ConnectProperties, Packet, PacketId, QoS, ReasonCode, Subscribe, Subscription,
    SubscriptionOptions, TopicFilter, TopicName, UserProperties, Version, Will,
};

use crate::rows::Row;

/// Denies a filter, and asks whoever has a method for a proof.
#[derive(Clone, Debug)]
struct Rules;

impl Policy for Rules {
    fn decide(&mut self, question: &Question<'_>) -> Decision {
        Decision::Now(match question.request {
            Request::Subscribe { filter, .. } if filter.as_str() == "denied" => {
                Verdict::Deny(ReasonCode::NotAuthorized)
            }
            Request::Authenticate { .. } => Verdict::Challenge((&b"?"[..]).into()),
            _ => Verdict::Allow,
        })
    }
}

const WITNESS: ConnId = ConnId(1);
const BAD: ConnId = ConnId(2);
const NOW: Timestamp = Timestamp::from_millis(1000);

/// A broker, a client that does something wrong, and one that does not and sees the other's will.
pub(crate) struct World {
    broker: Broker<Rules>,
    actions: Vec<Action>,
}

fn encode<'a>(version: Version, packet: impl Into<Packet<'a>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.into().encode(version, &mut bytes).expect("a legal packet");
    bytes
}

fn subscribe(filter: &str, version: Version) -> Vec<u8> {
    let filter = TopicFilter::new(filter).expect("a filter");
    let entries = [Subscription { filter, options: SubscriptionOptions::new(QoS::ExactlyOnce) }];
    let packet = Subscribe {
        packet_id: PacketId::new(1).expect("not 0"),
        subscription_id: None,
        user_properties: UserProperties::default(),
        subscriptions: (&entries).into(),
    };
    encode(version, packet)
}

impl World {
    pub(crate) fn new(row: &Row) -> Self {
        let mut config = Config { reason_strings: false, seed: 1, ..Config::default() };
        (row.config)(&mut config);
        let mut world = Self { broker: Broker::new(config, Rules), actions: Vec::new() };
        world.open(WITNESS);
        let connect = Connect { client_id: "witness", clean_start: true, ..Connect::default() };
        world.send(WITNESS, &encode(Version::V5, connect));
        world.send(WITNESS, &subscribe("will", Version::V5));
        world.sent(WITNESS);
        world
    }

    fn handle(&mut self, event: Event<'_>) {
        self.broker.handle(NOW, event, &mut self.actions);
        assert!(self.broker.stats().are_conserved(), "{:?}", self.broker.stats());
    }

    fn open(&mut self, conn: ConnId) {
        let event = Event::Opened { conn, listener: ListenerId(0), identity: None };
        self.handle(event);
    }

    pub(crate) fn open_bad(&mut self) -> ConnId {
        self.open(BAD);
        BAD
    }

    /// The client that will do something wrong is connected, with a will.
    pub(crate) fn connect_bad(&mut self, version: Version) -> ConnId {
        self.open(BAD);
        let will = Will {
            topic: TopicName::new("will").expect("a topic"),
            payload: b"gone",
            qos: QoS::AtMostOnce,
            retain: false,
            delay_interval: None,
            properties: Default::default(),
        };
        let connect = Connect { client_id: "bad", clean_start: true, will: Some(will), ..Connect::default() };
        self.send(BAD, &encode(version, connect));
        assert_eq!(self.sent(BAD).len(), 1, "CONNACK");
        BAD
    }

    /// The client has sent a CONNECT with a method and got AUTH.
    pub(crate) fn begin_authentication(&mut self) -> ConnId {
        self.open(BAD);
        let properties =
            ConnectProperties { authentication_method: Some("M"), ..ConnectProperties::default() };
        let connect = Connect { client_id: "bad", clean_start: true, properties, ..Connect::default() };
        self.send(BAD, &encode(Version::V5, connect));
        let sent = self.sent(BAD);
        assert_eq!((sent.len(), sent[0][0]), (1, 0xF0), "AUTH");
        BAD
    }

    pub(crate) fn send(&mut self, conn: ConnId, bytes: &[u8]) {
        let mut bytes = BytesMut::from(bytes);
        self.handle(Event::Received { conn, bytes: &mut bytes });
    }

    /// A message of QoS 2 comes for the client.
    pub(crate) fn give_message(&mut self, conn: ConnId, version: Version) {
        self.send(conn, &subscribe("for/bad", version));
        let message = Message::new(TopicName::new("for/bad").expect("a topic"), "x");
        let event = Event::Publish(message.with_qos(QoS::ExactlyOnce));
        self.handle(event);
        assert_eq!(self.sent(conn).len(), 2, "SUBACK and PUBLISH");
    }

    /// What the broker has sent to a client since this was asked last.
    pub(crate) fn sent(&mut self, client: ConnId) -> Vec<Vec<u8>> {
        let mut sent = Vec::new();
        self.actions.retain(|action| match action {
            Action::Send { conn, bytes } if *conn == client => {
                sent.push(bytes.clone());
                false
            }
            _ => true,
        });
        sent
    }

    pub(crate) fn is_closed(&self, conn: ConnId) -> bool {
        self.actions.contains(&Action::Close(conn))
    }

    pub(crate) fn will_came(&mut self) -> bool {
        let sent = self.sent(WITNESS);
        assert!(sent.len() <= 1, "at most once: {sent:X?}");
        sent.iter().any(|packet| packet[0] >> 4 == 3 && packet.ends_with(b"gone"))
    }

    /// Of all faults just this one was counted, once.
    pub(crate) fn assert_counted(&self, expected: Option<Fault>) {
        let counted: Vec<_> = self.broker.faults().iter().filter(|&(_, count)| count > 0).collect();
        assert_eq!(counted, expected.map(|fault| (fault, 1)).into_iter().collect::<Vec<_>>());
    }

    /// The other client is connected, and gets what it subscribed to.
    pub(crate) fn assert_others_are_well(&mut self) {
        assert!(!self.is_closed(WITNESS));
        self.send(WITNESS, &[0xC0, 0]);
        let message = Message::new(TopicName::new("will").expect("a topic"), "still here");
        self.handle(Event::Publish(message));
        let sent = self.sent(WITNESS);
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[0], [0xD0, 0]);
        assert!(sent[1].ends_with(b"still here"));
    }
}
