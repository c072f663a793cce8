//! Limits of time and memory that hold however it comes about.

use bytes::BytesMut;
use mqtt_broker_core::{
    Action, AllowAll, Broker, Budget, Config, ConnId, Decision, Event, ListenerId, Message, Policy, Question,
    Relief, Request, Timestamp, Verdict,
};
use mqtt_codec::{
    Auth, AuthProperties, Connect, ConnectProperties, PacketId, QoS, ReasonCode, Subscribe, Subscription,
    SubscriptionOptions, TopicFilter, TopicName, UserProperties,
};

use crate::packets::bytes_of;

fn connect(client_id: &str) -> BytesMut {
    bytes_of(Connect { client_id, clean_start: true, ..Connect::default() })
}

fn subscribe(filters: &[&str], qos: QoS) -> BytesMut {
    let entry = |filter| Subscription { filter, options: SubscriptionOptions { qos, ..Default::default() } };
    let entries: Vec<_> = filters.iter().map(|filter| entry(TopicFilter::new(filter).unwrap())).collect();
    bytes_of(Subscribe {
        packet_id: PacketId::new(1).unwrap(),
        subscription_id: None,
        user_properties: UserProperties::default(),
        subscriptions: entries.as_slice().into(),
    })
}

fn ts(ms: u64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn act<P: Policy>(b: &mut Broker<P>, now: u64, event: Event<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    b.handle(ts(now), event, &mut actions);
    actions
}

fn open(b: &mut Broker, conn: u64, mut bytes: BytesMut) {
    act(b, 0, Event::Opened { conn: ConnId(conn), listener: ListenerId(0), identity: None });
    act(b, 0, Event::Received { conn: ConnId(conn), bytes: &mut bytes });
    act(b, 0, Event::Written { conn: ConnId(conn), bytes: 100_000 });
}

/// `Config::congestion_timeout`: "Milliseconds that a connection may stay with its output window full. Then it ends".
#[test]
fn a_window_that_stays_full_ends_the_connection() {
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let config = Config { output_window: 64, congestion_timeout: Some(1_000), ..Config::default() };
        let mut b = Broker::new(config, AllowAll);
        open(&mut b, 1, connect("c"));
        act(&mut b, 0, Event::Received { conn: ConnId(1), bytes: &mut subscribe(&["live"], qos) });
        act(&mut b, 0, Event::Written { conn: ConnId(1), bytes: 1000 });
        let message = Message::new(TopicName::new("live").unwrap(), vec![0; 200]).with_qos(qos);
        act(&mut b, 0, Event::Publish(message));
        for now in (0..1_000_000).step_by(1000) {
            act(&mut b, now, Event::Tick);
        }
        assert_eq!(
            b.stats().connections,
            0,
            "{qos:?}: its window is full since 1000 seconds; deadline {:?}",
            b.deadline()
        );
    }
}

/// One long topic, retained for a moment and gone for years: each SUBSCRIBE asks for 131,070 bytes more, and is refused where there is a
/// budget of 450,000 of which 140,000 are free.
#[test]
fn a_long_topic_of_long_ago_refuses_no_subscription() {
    let run = |with_long: bool| {
        let config = Config { budget: Budget { bytes: 450_000, ..Budget::default() }, ..Config::default() };
        let mut b = Broker::new(config, AllowAll);
        let retained = |topic: &str, payload: Vec<u8>| {
            Message::new(TopicName::new(topic).unwrap(), payload).with_retain(true)
        };
        let long = "x".repeat(65_535);
        if with_long {
            act(&mut b, 0, Event::Publish(retained(&long, vec![1])));
            assert_eq!(b.stats().retained_messages, 1);
            act(&mut b, 0, Event::Publish(retained(&long, vec![])));
        }
        act(&mut b, 0, Event::Publish(retained("a", vec![1; 100_000])));
        assert_eq!(b.stats().retained_messages, 1);
        open(&mut b, 1, connect("c"));
        let sent = act(
            &mut b,
            0,
            Event::Received { conn: ConnId(1), bytes: &mut subscribe(&["b"], QoS::AtMostOnce) },
        );
        sent.iter().find_map(|a| match a {
            Action::Send { bytes, .. } if bytes[0] == 0x90 => bytes.last().copied(),
            _ => None,
        })
    };
    assert_eq!((run(false), run(true)), (Some(0), Some(0)));
}

/// Fails when the first place of a window is taken without asking for room.
#[test]
fn charged_stays_within_the_budget_when_all_windows_open() {
    let bytes = 4 << 20;
    let config = Config {
        output_window: 64,
        congestion_timeout: None,
        budget: Budget { bytes, relief: [Relief::RefuseRetained, Relief::RefuseClients, Relief::DropOldest] },
        ..Config::default()
    };
    let mut b = Broker::new(config, AllowAll);
    let message = |topic: &str, payload: Vec<u8>| Message::new(TopicName::new(topic).unwrap(), payload);
    let clients = 1500;
    for c in 0..clients {
        let conn = ConnId(c);
        act(&mut b, 1, Event::Opened { conn, listener: ListenerId(0), identity: None });
        let id = format!("c{c}");
        act(
            &mut b,
            1,
            Event::Received {
                conn,
                bytes: &mut bytes_of(Connect { client_id: &id, clean_start: true, ..Connect::default() }),
            },
        );
        act(&mut b, 1, Event::Written { conn, bytes: 1000 });
        let entries = [("q0", QoS::AtMostOnce), ("q1", QoS::AtLeastOnce)].map(|(f, qos)| Subscription {
            filter: TopicFilter::new(f).unwrap(),
            options: SubscriptionOptions { qos, ..Default::default() },
        });
        let mut bytes = bytes_of(Subscribe {
            packet_id: PacketId::new(1).unwrap(),
            subscription_id: None,
            user_properties: UserProperties::default(),
            subscriptions: entries.as_slice().into(),
        });
        act(&mut b, 1, Event::Received { conn, bytes: &mut bytes });
        act(&mut b, 1, Event::Written { conn, bytes: 1000 });
    }
    act(&mut b, 1, Event::Publish(message("q0", vec![0; 200])));
    act(&mut b, 1, Event::Publish(message("q1", vec![0; 20]).with_qos(QoS::AtLeastOnce)));
    for n in 0..40_000 {
        act(&mut b, 1, Event::Publish(message(&format!("r/{n}"), vec![0; 200]).with_retain(true)));
    }
    let mut worst = 0;
    for c in 0..clients {
        act(&mut b, 1, Event::Written { conn: ConnId(c), bytes: 1000 });
        worst = worst.max(b.stats().bytes_charged);
    }
    assert!(worst <= bytes, "{worst} bytes are charged, of {bytes}; {:?}", b.stats().at_least_once);
}

fn closed_at(later: bool) -> u64 {
    let policy = move |q: &Question<'_>| match q.request {
        Request::Authenticate { .. } if later => Decision::Later,
        Request::Authenticate { .. } => Decision::Now(Verdict::Challenge("x".into())),
        _ => Decision::Now(Verdict::Allow),
    };
    let mut b = Broker::new(Config { connect_timeout: 5_000, ..Config::default() }, policy);
    let conn = ConnId(1);
    let mut out = Vec::new();
    b.handle(Timestamp::ZERO, Event::Opened { conn, listener: ListenerId(0), identity: None }, &mut out);
    let connect = Connect {
        client_id: "c",
        clean_start: true,
        properties: ConnectProperties { authentication_method: Some("M"), ..Default::default() },
        ..Connect::default()
    };
    let auth = Auth {
        reason: ReasonCode::ContinueAuthentication,
        authentication_method: "M",
        properties: AuthProperties::default(),
    };
    let mut buffer = bytes_of(connect);
    for now in (0..20_000).step_by(500) {
        let ts = Timestamp::from_millis(now);
        if now == 3_000 {
            buffer.extend_from_slice(&bytes_of(auth));
        }
        let mut out = Vec::new();
        b.handle(ts, Event::Tick, &mut out);
        b.handle(ts, Event::Received { conn, bytes: &mut buffer }, &mut out);
        let ticket =
            out.iter().find_map(|a| if let Action::Ask { ticket, .. } = a { Some(*ticket) } else { None });
        if let Some(ticket) = ticket {
            b.handle(ts, Event::Answered { ticket, verdict: Verdict::Challenge("x".into()) }, &mut out);
            b.handle(ts, Event::Received { conn, bytes: &mut buffer }, &mut out);
        }
        if out.contains(&Action::Close(conn)) {
            return now;
        }
    }
    u64::MAX
}
/// Fails when each answer that comes later gives a client its time again, so that it can stay as long as it is challenged.
#[test]
fn a_challenged_client_has_the_same_time_however_the_policy_answers() {
    assert_eq!(closed_at(false), closed_at(true), "at once, later");
}
