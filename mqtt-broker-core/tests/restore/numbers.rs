//! Numbers are used once, whatever can be read of a store.

use mqtt_broker_core::{AllowAll, Decision, Event, Question, RestoreError, Verdict};
use mqtt_codec::QoS;

use crate::world::{World, hello, messages, tickets};

/// Fails when a topic whose message is gone comes to have another one.
#[test]
fn what_a_pair_refers_to_is_not_replaced() {
    let mut world = World::new(AllowAll);
    world.hello(1, "s");
    world.subscribe(1, "t", QoS::AtLeastOnce);
    world.leave(1);
    world.retain("t", "kept", QoS::AtMostOnce);
    let message = world.store.keys_of("message/").remove(0);
    world.store.0.remove(message.as_bytes());
    let (mut world, out) = World::restore_noting(&world.store, 2, AllowAll);
    assert_eq!(out.left_out, [("retained/t".to_owned(), RestoreError::NoMessage)]);
    for _ in 0..4 {
        world.publish("t", "live", QoS::AtLeastOnce);
    }
    let (world, out) = World::restore_noting(&world.store, 3, AllowAll);
    assert_eq!(world.broker.stats().retained_messages, 0);
    assert_eq!(out.left_out, [("retained/t".to_owned(), RestoreError::NoMessage)]);
}

/// A broker of before is started on the store of one to come, and the other one then goes on.
#[test]
fn a_store_in_another_format_keeps_what_it_has() {
    let mut world = World::new(AllowAll);
    world.hello(1, "s");
    world.subscribe(1, "mine", QoS::AtLeastOnce);
    world.leave(1);
    world.publish("mine", "1", QoS::AtLeastOnce);
    let mut store = world.store.clone();
    for key in store.keys() {
        store.spoil(&key);
    }
    let (mut world, out) = World::restore_noting(&store, 2, AllowAll);
    assert_eq!(out.left_out.len(), store.0.len());
    world.hello(2, "q");
    world.subscribe(2, "other", QoS::AtLeastOnce);
    world.leave(2);
    world.publish("other", "2", QoS::AtLeastOnce);
    for value in world.store.0.values_mut() {
        value[0] = 1;
    }
    let mut world = World::restore(&world.store, 3, AllowAll);
    assert_eq!(messages(&world.hello(3, "s")), ["1"]);
    assert_eq!(messages(&world.hello(4, "q")), ["2"]);
}

#[test]
fn a_number_that_leaves_no_room_is_damage() {
    for number in [u64::MAX, (1 << 62) - 1, 1 << 61] {
        let mut world = World::new(AllowAll);
        world.hello(1, "s");
        world.subscribe(1, "t", QoS::AtLeastOnce);
        world.leave(1);
        let mut store = world.store.clone();
        store.0.insert(b"complete".into(), [&[1][..], &number.to_be_bytes()].concat());
        store.0.insert(format!("copy/{number}/s").into_bytes(), vec![1]);
        let (mut world, out) = World::restore_noting(&store, 2, AllowAll);
        assert_eq!(out.left_out.len(), 2);
        world.publish("t", "1", QoS::AtLeastOnce);
        world.store.0.remove(format!("copy/{number}/s").as_bytes());
        assert_eq!(messages(&World::restore(&world.store, 3, AllowAll).hello(2, "s")), ["1"]);
    }
}

#[test]
fn an_answer_of_before_is_none_for_a_question_of_now() {
    let later = |_: &Question<'_>| Decision::Later;
    let mut world = World::new(later);
    let mut all = Vec::new();
    for _ in 0..3 {
        let asked = tickets(&world.connect(1, hello("s", 1000)));
        assert_eq!(asked.len(), 1);
        all.extend(asked);
        // Nothing was kept of it.
        world = World::restore(&world.store, world.now + 1, later);
        let asked = tickets(&world.connect(1, hello("s", 1000)));
        for &ticket in &all {
            let answer = Event::Answered { ticket, verdict: Verdict::Allow };
            assert_eq!(world.handle(answer), []);
        }
        all.extend(asked);
        world = World::restore(&world.store, world.now + 1, later);
    }
}
