//! What a policy says holds for what it was asked about, and no longer than the rights of a client stay as they are.

use bytes::BytesMut;
use mqtt_broker_core::{
    Action, Actions, Broker, Budget, Config, ConnId, Decision, Event, ListenerId, Message, Note, Outgoing,
    Policy, Question, Request, StoreOp, Ticket, Timestamp, Verdict,
};
use mqtt_codec::{
    Connect, ConnectProperties, Packet, PacketId, QoS, ReasonCode, Subscribe, Subscription,
    SubscriptionOptions, TopicFilter, TopicName, UserProperties, Version,
};

pub(crate) fn bytes_of<'a>(packet: impl Into<Packet<'a>>) -> BytesMut {
    let mut bytes = BytesMut::new();
    packet.into().encode(Version::V5, &mut bytes).unwrap();
    bytes
}

pub(crate) fn subscribe(id: u16, filters: &[&str], qos: QoS) -> BytesMut {
    let entry = |filter| Subscription { filter, options: SubscriptionOptions { qos, ..Default::default() } };
    let entries: Vec<_> = filters.iter().map(|filter| entry(TopicFilter::new(filter).unwrap())).collect();
    bytes_of(Subscribe {
        packet_id: PacketId::new(id).unwrap(),
        subscription_id: None,
        user_properties: UserProperties::default(),
        subscriptions: entries.as_slice().into(),
    })
}

fn connect(client_id: &str, user: Option<&str>, clean_start: bool) -> BytesMut {
    bytes_of(Connect {
        client_id,
        clean_start,
        user_name: user,
        properties: ConnectProperties { session_expiry_interval: Some(u32::MAX), ..Default::default() },
        ..Connect::default()
    })
}

fn ts(ms: u64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn act<P: Policy>(broker: &mut Broker<P>, now: u64, event: Event<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    broker.handle(ts(now), event, &mut actions);
    actions
}

fn open<P: Policy>(b: &mut Broker<P>, conn: u64) -> Vec<Action> {
    act(b, 0, Event::Opened { conn: ConnId(conn), listener: ListenerId(0), identity: None })
}

fn recv<P: Policy>(b: &mut Broker<P>, now: u64, conn: u64, bytes: &mut BytesMut) -> Vec<Action> {
    act(b, now, Event::Received { conn: ConnId(conn), bytes })
}

fn tickets(actions: &[Action], what: &str) -> Vec<Ticket> {
    actions
        .iter()
        .filter_map(|a| match a {
            Action::Ask { ticket, question } if question.contains(what) => Some(*ticket),
            _ => None,
        })
        .collect()
}

fn suback(actions: &[Action]) -> Option<Vec<u8>> {
    actions.iter().find_map(|a| match a {
        Action::Send { bytes, .. } if bytes[0] == 0x90 => Some(bytes.clone()),
        _ => None,
    })
}

fn publishes(actions: &[Action]) -> usize {
    actions.iter().filter(|a| matches!(a, Action::Send { bytes, .. } if bytes[0] >> 4 == 3)).count()
}

/// The policy answers later for `later/..`, and that answer is always no; `now/..` is allowed at once. No entry of `later/..` may be
/// granted, however little memory there is: fails when an answer takes the place of another that was not asked for.
#[test]
fn an_entry_never_gets_the_answer_to_another() {
    let policy = |q: &Question<'_>| match q.request {
        Request::Subscribe { filter, .. } if filter.as_str().starts_with("later") => Decision::Later,
        _ => Decision::Now(Verdict::Allow),
    };
    let mut bad = Vec::new();
    for fill in (130_000..170_000).step_by(128) {
        let config = Config { budget: Budget { bytes: 400_000, ..Budget::default() }, ..Config::default() };
        let mut b = Broker::new(config, policy);
        open(&mut b, 1);
        recv(&mut b, 0, 1, &mut connect("c", None, true));
        let filler =
            |bytes: Vec<u8>| Message::new(TopicName::new("filler").unwrap(), bytes).with_retain(true);
        act(&mut b, 0, Event::Publish(filler(vec![1; fill])));
        let names: Vec<String> =
            (0..40).map(|i| if i % 2 == 0 { format!("later/{i}") } else { format!("now/{i}") }).collect();
        let filters: Vec<&str> = names.iter().map(|n| &**n).collect();
        let mut packet = subscribe(1, &filters, QoS::AtMostOnce);
        let mut asked = recv(&mut b, 0, 1, &mut packet);
        // There is room again.
        act(&mut b, 1, Event::Publish(filler(Vec::new())));
        let mut code = None;
        for _ in 0..100 {
            code = suback(&asked);
            if code.is_some() {
                break;
            }
            for ticket in tickets(&asked, "Subscribe") {
                act(&mut b, 1, Event::Answered { ticket, verdict: Verdict::Deny(ReasonCode::NotAuthorized) });
            }
            asked = recv(&mut b, 1, 1, &mut packet);
        }
        let Some(code) = code else { continue };
        let codes = &code[code.len() - 40..];
        for (name, code) in names.iter().zip(codes) {
            if name.starts_with("later") && *code < 0x80 {
                bad.push((fill, name.clone(), *code));
            }
        }
    }
    assert!(bad.is_empty(), "{} granted, such as {:?}", bad.len(), &bad[..bad.len().min(5)]);
}

fn retained(topic: &str) -> Message {
    Message::new(TopicName::new(topic).unwrap(), "kept").with_retain(true).with_qos(QoS::AtLeastOnce)
}

/// The answer to a replay question comes, but the client's window is full. Then the rights change.
fn replay_with_stale_yes(change: impl Fn(&mut Broker<fn(&Question<'_>) -> Decision>) -> Vec<Action>) {
    fn policy(q: &Question<'_>) -> Decision {
        match q.request {
            Request::Replay { .. } => Decision::Later,
            _ => Decision::Now(Verdict::Allow),
        }
    }
    let config = Config { output_window: 64, ..Config::default() };
    let mut b: Broker<fn(&Question<'_>) -> Decision> = Broker::new(config, policy);
    act(&mut b, 0, Event::Publish(retained("secret/x")));
    open(&mut b, 1);
    recv(&mut b, 0, 1, &mut connect("c", Some("chief"), true));
    act(&mut b, 0, Event::Written { conn: ConnId(1), bytes: 1000 });
    recv(&mut b, 0, 1, &mut subscribe(1, &["live"], QoS::AtMostOnce));
    act(&mut b, 0, Event::Written { conn: ConnId(1), bytes: 1000 });
    let asked = recv(&mut b, 0, 1, &mut subscribe(2, &["secret/#"], QoS::AtLeastOnce));
    let ticket = tickets(&asked, "Replay")[0];
    // Something fills the window.
    act(&mut b, 0, Event::Publish(Message::new(TopicName::new("live").unwrap(), vec![0; 200])));
    let sent = act(&mut b, 0, Event::Answered { ticket, verdict: Verdict::Allow });
    assert_eq!(publishes(&sent), 0, "the window is full");
    let sent = change(&mut b);
    let asked = tickets(&sent, "Replay").len();
    assert_eq!(
        (publishes(&sent), asked),
        (0, 1),
        "it is asked again, and not sent because of the answer of before"
    );
}

#[test]
fn a_replay_is_asked_about_again_for_who_resumes_the_session() {
    replay_with_stale_yes(|b| {
        act(b, 5, Event::Closed { conn: ConnId(1) });
        open(b, 2);
        let mut all = recv(b, 10, 2, &mut connect("c", Some("thief"), false));
        all.extend(act(b, 10, Event::Written { conn: ConnId(2), bytes: 1000 }));
        all
    });
}

#[test]
fn a_replay_is_asked_about_again_after_revoke() {
    replay_with_stale_yes(|b| {
        let mut all = act(b, 5, Event::Revoke { client_id: "c" });
        all.extend(act(b, 10, Event::Written { conn: ConnId(1), bytes: 1000 }));
        all
    });
}

/// Fails when an answer counts that was asked for before the rights changed.
#[test]
fn an_open_replay_question_is_asked_again_after_revoke() {
    fn policy(q: &Question<'_>) -> Decision {
        match q.request {
            Request::Replay { .. } => Decision::Later,
            _ => Decision::Now(Verdict::Allow),
        }
    }
    let mut b: Broker<fn(&Question<'_>) -> Decision> = Broker::new(Config::default(), policy);
    act(&mut b, 0, Event::Publish(retained("secret/x")));
    open(&mut b, 1);
    recv(&mut b, 0, 1, &mut connect("c", None, true));
    let asked = recv(&mut b, 0, 1, &mut subscribe(2, &["secret/#"], QoS::AtLeastOnce));
    let ticket = tickets(&asked, "Replay")[0];
    act(&mut b, 1, Event::Revoke { client_id: "c" });
    let sent = act(&mut b, 2, Event::Answered { ticket, verdict: Verdict::Allow });
    assert_eq!(publishes(&sent), 0, "the answer is that of before");
}

/// Fails when a retained message is lost for which there is no room to ask, and nobody is told.
#[test]
fn a_retained_message_that_is_not_asked_about_for_want_of_memory_is_named() {
    fn policy(q: &Question<'_>) -> Decision {
        match q.request {
            Request::Replay { .. } => Decision::Later,
            _ => Decision::Now(Verdict::Allow),
        }
    }
    struct Out(Vec<String>, usize, Vec<Ticket>);
    impl Actions for Out {
        fn send(&mut self, _: ConnId, p: &Outgoing<'_>) {
            self.1 += usize::from(p.head()[0] >> 4 == 3);
        }
        fn close(&mut self, _: ConnId) {}
        fn pause_reading(&mut self, _: ConnId) {}
        fn resume_reading(&mut self, _: ConnId) {}
        fn ask(&mut self, t: Ticket, _: &Question<'_>) {
            self.2.push(t);
        }
        fn store(&mut self, _: StoreOp<'_>) {}
        fn note(&mut self, note: &Note<'_>) {
            self.0.push(format!("{note:?}"));
        }
    }
    let config = Config { budget: Budget { bytes: 400_000, ..Budget::default() }, ..Config::default() };
    let mut silent = Vec::new();
    for fill in (130_000..170_000).step_by(128) {
        let mut b: Broker<fn(&Question<'_>) -> Decision> = Broker::new(config, policy);
        let mut out = Out(Vec::new(), 0, Vec::new());
        let go = |b: &mut Broker<_>, event: Event<'_>, out: &mut Out| b.handle(ts(0), event, out);
        go(&mut b, Event::Publish(retained("x/1")), &mut out);
        go(&mut b, Event::Publish(retained("x/2")), &mut out);
        go(&mut b, Event::Opened { conn: ConnId(1), listener: ListenerId(0), identity: None }, &mut out);
        go(&mut b, Event::Received { conn: ConnId(1), bytes: &mut connect("c", None, true) }, &mut out);
        go(
            &mut b,
            Event::Received { conn: ConnId(1), bytes: &mut subscribe(1, &["x/#"], QoS::AtLeastOnce) },
            &mut out,
        );
        let filler =
            |bytes: Vec<u8>| Message::new(TopicName::new("filler").unwrap(), bytes).with_retain(true);
        go(&mut b, Event::Publish(filler(vec![1; fill])), &mut out);
        out.0.clear();
        let ticket = out.2.remove(0);
        go(&mut b, Event::Answered { ticket, verdict: Verdict::Allow }, &mut out);
        // There is room again.
        go(&mut b, Event::Publish(filler(Vec::new())), &mut out);
        for ticket in std::mem::take(&mut out.2) {
            go(&mut b, Event::Answered { ticket, verdict: Verdict::Allow }, &mut out);
        }
        let named = out.0.iter().filter(|n| n.contains("Dropped")).count();
        if out.1 + named != 2 {
            silent.push((fill, out.1, b.stats().all_copies(), out.0.clone()));
        }
    }
    assert!(silent.is_empty(), "{} silent, such as {:?}", silent.len(), silent[0]);
}
