use mqtt_broker_core::{AllowAll, ConnId, Decision, Event, Question, Request, Verdict};
use mqtt_codec::{Connect, MessageProperties, QoS, Will};

use crate::world::{World, bytes_of, hello, messages, name, tickets};

pub(crate) fn will<'a>(topic: &'a str, payload: &'a str) -> Will<'a> {
    Will {
        topic: name(topic),
        payload: payload.as_bytes(),
        qos: QoS::AtMostOnce,
        retain: false,
        properties: MessageProperties::default(),
        delay_interval: Some(10),
    }
}

fn with_will<'a>(client_id: &'a str, payload: &'a str) -> Connect<'a> {
    Connect { will: Some(will("t", payload)), ..hello(client_id, 1000) }
}

/// Fails when, at some moment of a reconnect, none of both wills is there, or both are.
#[test]
fn one_will_takes_the_place_of_another_at_once() {
    let mut world = World::new(AllowAll);
    world.connect(1, with_will("p", "old"));
    world.leave(1);
    world.handle(Event::Opened { conn: ConnId(2), listener: Default::default(), identity: None });
    let mut bytes = bytes_of(with_will("p", "new"));
    let (before, actions) = world.call(Event::Received { conn: ConnId(2), bytes: &mut bytes });
    let mut published = Vec::new();
    for cut in 0..=actions.len() {
        let mut world = World::restore(&before.after(&actions, cut), 2, AllowAll);
        world.hello(3, "s");
        world.subscribe(3, "t", QoS::AtMostOnce);
        world.now += 20;
        published.push(messages(&world.handle(Event::Tick)).join(" "));
        assert_eq!(world.store.keys_of("will/").len(), 0);
    }
    published.dedup();
    assert_eq!(published, ["old", "new"]);
}

/// Fails when the first will of a session counts before there is the session.
#[test]
fn a_new_session_and_its_will_come_together() {
    let mut world = World::new(AllowAll);
    world.handle(Event::Opened { conn: ConnId(2), listener: Default::default(), identity: None });
    let mut bytes = bytes_of(with_will("p", "new"));
    let (before, actions) = world.call(Event::Received { conn: ConnId(2), bytes: &mut bytes });
    for cut in 0..=actions.len() {
        let (world, out) = World::restore_noting(&before.after(&actions, cut), 2, AllowAll);
        assert_eq!(out.left_out, []);
        assert_eq!(messages(&out.actions).len(), 0);
        assert!(world.store.keys_of("will/").is_empty() || world.broker.stats().sessions == 1);
    }
}

#[test]
fn a_will_that_is_due_is_not_called_back() {
    let later = |question: &Question<'_>| match question.request {
        Request::Will { is_due: true, .. } => Decision::Later,
        _ => Decision::Now(Verdict::Allow),
    };
    let mut world = World::new(later);
    world.connect(1, with_will("p", "gone"));
    world.leave(1);
    world.now += 11;
    assert_eq!(tickets(&world.handle(Event::Tick)).len(), 1);
    world.hello(2, "p");
    world.hello(3, "s");
    world.subscribe(3, "t", QoS::AtMostOnce);
    let mut all = Vec::new();
    world.broker.store_all(&mut all);
    for store in [world.store.clone(), crate::world::Store::default().after(&all, all.len())] {
        let (mut world, out) = World::restore_noting(&store, world.now, later);
        let [ticket] = tickets(&out.actions)[..] else { panic!("{out:?}") };
        world.hello(4, "p");
        world.hello(5, "s");
        let answer = Event::Answered { ticket, verdict: Verdict::Allow };
        assert_eq!(messages(&world.handle(answer)), ["gone"]);
        assert_eq!(world.store.keys_of("will/").len(), 0);
    }
}
