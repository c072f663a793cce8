//! What clients of a broker notice of the rules.

use std::fmt::Debug;
use std::hash::Hash;

use bytes::BytesMut;
use mqtt_broker_core::{
    Access, AclPolicy, Action, AllowAll, Broker, Config, ConnId, Decision, Event, ListenerId, Policy,
    Question, Request, Rule, Timestamp, Verdict,
};
use mqtt_codec::*;

use crate::{allow, client, filter, name};

const A: ConnId = ConnId(1);

/// What the broker does with a packet on this connection.
fn receive<'a, P: Policy>(
    broker: &mut Broker<P>,
    conn: ConnId,
    packet: impl Into<Packet<'a>>,
) -> Vec<Action> {
    let mut bytes = BytesMut::new();
    packet.into().encode(Version::V5, &mut bytes).unwrap();
    let mut actions = Vec::new();
    broker.handle(Timestamp::ZERO, Event::Received { conn, bytes: &mut bytes }, &mut actions);
    actions
}

/// A broker with these rules, and what CONNECT leads to.
fn connect<P: Policy>(policy: P, connect: Connect<'_>) -> (Broker<P>, Vec<Action>) {
    let mut broker = Broker::new(Config { reason_strings: false, ..Config::default() }, policy);
    broker.handle(
        Timestamp::ZERO,
        Event::Opened { conn: A, listener: ListenerId(0), identity: None },
        &mut Vec::new(),
    );
    let actions = receive(&mut broker, A, connect);
    (broker, actions)
}

fn sent(bytes: &[u8]) -> Action {
    Action::Send { conn: A, bytes: bytes.to_vec() }
}

#[test]
fn clients_are_told_what_they_may_not() {
    let policy = AclPolicy::new(AllowAll).with(allow("own/%c/#"));
    let (mut broker, _) = connect(policy, Connect { client_id: "c", ..Connect::default() });

    let entry = |text| Subscription { filter: filter(text), options: SubscriptionOptions::default() };
    let entries = ["own/c/+", "own/+/x", "$share/g/own/c/#", "#"].map(entry);
    let subscribe = Subscribe {
        packet_id: PacketId::new(1).unwrap(),
        subscription_id: None,
        user_properties: UserProperties::default(),
        subscriptions: entries[..].into(),
    };
    assert_eq!(receive(&mut broker, A, subscribe), [sent(&[0x90, 7, 0, 1, 0, 0, 0x87, 0, 0x87])]);

    let publish = |topic| Publish {
        delivery: Delivery::AtLeastOnce { id: PacketId::new(2).unwrap(), dup: false },
        ..Publish::new(PublishTopic::Name(name(topic)), b"")
    };
    assert_eq!(receive(&mut broker, A, publish("own/d/x")), [sent(&[0x40, 3, 0, 2, 0x87])]);
    assert_eq!(broker.stats().all_copies().routed, 0);
    assert_eq!(receive(&mut broker, A, publish("own/c/x")).len(), 3, "both subscriptions and PUBACK");

    // What was granted stays, and what is asked for now is judged by the rules of now.
    broker.policy_mut().clear_rules();
    assert_eq!(receive(&mut broker, A, publish("own/c/x")), [sent(&[0x40, 3, 0, 2, 0x87])]);
}

#[test]
fn a_will_is_published_too() {
    let connack = |topic| {
        let policy = AclPolicy::new(AllowAll).with(Rule::allow(Access::Publish, "own/%u").unwrap());
        let qos = QoS::AtMostOnce;
        let properties = MessageProperties::default();
        let will =
            Will { topic: name(topic), payload: b"", qos, retain: false, delay_interval: None, properties };
        connect(
            policy,
            Connect { client_id: "c", user_name: Some("ann"), will: Some(will), ..Connect::default() },
        )
        .1
    };
    assert_eq!(connack("own/bob"), [sent(&[0x20, 3, 0, 0x87, 0]), Action::Close(A)]);
    assert_eq!(connack("own/ann").len(), 1);
}

#[test]
fn the_policy_within_is_asked_who_may_connect_and_nothing_else() {
    let mut asked = 0;
    let within = |question: &Question<'_>| match question.request {
        Request::Connect { .. } | Request::Authenticate { .. } => {
            asked += 1;
            Decision::Later
        }
        _ => panic!("{question:?}"),
    };
    let mut policy = AclPolicy::new(within).with(allow("a"));
    let mut decide = |request| policy.decide(&Question { client: client("c", None), request });
    let [yes, no] = [Verdict::Allow, Verdict::Deny(ReasonCode::NotAuthorized)].map(Decision::Now);
    let connect =
        Request::Connect { password: None, authentication_method: None, wants_response_information: false };
    assert_eq!(decide(connect), Decision::Later);
    let authenticate = Request::Authenticate { method: "m", data: None, is_connected: true };
    assert_eq!(decide(authenticate), Decision::Later);
    let qos = QoS::AtMostOnce;
    for (topic, expected) in [("a", yes), ("b", no)] {
        assert_eq!(decide(Request::Publish { topic: name(topic), qos, retain: false }), expected);
        let (topic, filter) = (name(topic), filter(topic));
        for again in [false, true] {
            assert_eq!(decide(Request::Will { topic, qos, retain: false, is_due: again }), expected);
            assert_eq!(decide(Request::Subscribe { filter, qos, is_kept: again }), expected);
        }
        assert_eq!(decide(Request::Replay { topic, publisher: None }), expected);
    }
    assert_eq!(asked, 2);
}

/// Fails to compile when a broker with rules is no value any more.
#[test]
fn a_broker_with_rules_is_a_value() {
    fn is_value<T: Clone + Debug + Eq + Hash>(value: &T) -> T {
        value.clone()
    }
    let (broker, _) = connect(AclPolicy::new(AllowAll).with(allow("a")), Connect::default());
    let mut copy = is_value(&broker);
    assert_eq!(copy, broker);
    copy.policy_mut().clear_rules();
    assert_ne!(copy, broker);
}
