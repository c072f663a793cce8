//! Retained messages on their way to a new subscription.

use std::num::NonZeroU16;

use mqtt_broker_core::{AllowAll, Decision, Question, Request, Verdict};
use mqtt_codec::{Connect, ConnectProperties, PubAck, QoS, ReasonCode};

use crate::world::{Store, World, first_publish, hello, id, messages};

fn later(question: &Question<'_>) -> Decision {
    match question.request {
        Request::Replay { .. } => Decision::Later,
        _ => Decision::Now(Verdict::Allow),
    }
}

/// Fails when a message that is asked about counts as sent.
#[test]
fn what_waits_for_an_answer_is_asked_about_again() {
    for filter in ["r/+", "r/1"] {
        let mut world = World::new(later);
        world.retain("r/1", "1", QoS::AtLeastOnce);
        world.retain("r/2", "2", QoS::AtLeastOnce);
        world.hello(1, "s");
        world.subscribe(1, filter, QoS::AtLeastOnce);
        let mut all = Vec::new();
        world.broker.store_all(&mut all);
        for store in [world.store.clone(), Store::default().after(&all, all.len())] {
            let mut world = World::restore(&store, 2, AllowAll);
            let expected = if filter == "r/1" { &["1"][..] } else { &["1", "2"] };
            assert_eq!(messages(&world.hello(2, "s")), expected);
        }
    }
}

#[test]
fn what_is_retained_later_belongs_to_no_replay_of_before() {
    let mut world = World::new(AllowAll);
    world.retain("r/1", "1", QoS::AtLeastOnce);
    world.retain("r/2", "2", QoS::AtLeastOnce);
    let receive_maximum = NonZeroU16::new(1);
    let slow = hello("s", 1000);
    let properties = ConnectProperties { receive_maximum, ..slow.properties };
    world.connect(1, Connect { properties, ..slow });
    world.subscribe(1, "r/+", QoS::AtLeastOnce);
    world.retain("r/2", "", QoS::AtLeastOnce);
    let mut world = World::restore(&world.store, 2, AllowAll);
    world.retain("r/3", "3", QoS::AtLeastOnce);
    let mut received = messages(&world.hello(2, "s"));
    for number in 1..=4 {
        received.extend(messages(&world.send(2, PubAck::new(id(number), ReasonCode::Success))));
    }
    assert_eq!(received.iter().filter(|text| *text == "3").count(), 1, "{received:?}");
}

#[test]
fn what_was_sent_at_qos_0_is_not_sent_again() {
    let mut world = World::new(AllowAll);
    world.retain("r/1", "1", QoS::AtMostOnce);
    world.retain("r/2", "2", QoS::AtMostOnce);
    world.hello(1, "s");
    let before = world.store.clone();
    let actions = world.subscribe(1, "r/+", QoS::AtMostOnce);
    let cut = first_publish(&actions, 1);
    let mut world = World::restore(&before.after(&actions, cut), 2, AllowAll);
    assert_eq!(messages(&world.hello(2, "s")).len(), 0);
}
