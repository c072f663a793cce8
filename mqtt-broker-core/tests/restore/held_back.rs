//! Nothing goes to a client before the change of the store by which it counts.

use mqtt_broker_core::{AllowAll, ConnId, Event};
use mqtt_codec::{PubAck, PubComp, PubRec, PubRel, QoS, ReasonCode, Will};

use crate::wills::will;
use crate::world::{World, exactly_once, first_publish, hello, id, messages, sent};

fn subscriber(qos: QoS) -> World {
    let mut world = World::new(AllowAll);
    world.hello(1, "s");
    world.subscribe(1, "t", qos);
    world
}

#[test]
fn a_copy_of_qos_2_that_was_sent_is_known() {
    let mut world = subscriber(QoS::ExactlyOnce);
    world.hello(2, "p");
    let (before, actions) = {
        let mut bytes = crate::world::bytes_of(exactly_once("t", "1", 1));
        world.call(Event::Received { conn: ConnId(2), bytes: &mut bytes })
    };
    let cut = first_publish(&actions, 1);
    let mut world = World::restore(&before.after(&actions, cut), 2, AllowAll);
    assert_eq!(sent(&world.hello(3, "s")), ["ConnAck", "PUBLISH 1! 1"]);
    world.hello(4, "p");
    assert_eq!(sent(&world.send(4, exactly_once("t", "1", 1))), ["PubRec"], "it was taken");
    // The identifier is not given to another one, which the client would take for the first.
    assert_eq!(sent(&world.publish("t", "2", QoS::ExactlyOnce)), ["PUBLISH 2 2"]);
}

#[test]
fn at_qos_0_a_message_of_qos_2_comes_once() {
    let mut world = subscriber(QoS::AtMostOnce);
    world.hello(2, "p");
    let mut bytes = crate::world::bytes_of(exactly_once("t", "1", 1));
    let (before, actions) = world.call(Event::Received { conn: ConnId(2), bytes: &mut bytes });
    let cut = first_publish(&actions, 1);
    let mut world = World::restore(&before.after(&actions, cut), 2, AllowAll);
    world.hello(3, "s");
    world.hello(4, "p");
    assert_eq!(sent(&world.send(4, exactly_once("t", "1", 1))), ["PubRec"]);
    assert_eq!(sent(&world.send(4, PubRel::new(id(1), ReasonCode::Success))), ["PubComp"]);
}

#[test]
fn a_will_comes_once() {
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let mut world = subscriber(qos);
        let last = Will { qos, delay_interval: None, ..will("t", "gone") };
        world.connect(2, mqtt_codec::Connect { will: Some(last), ..hello("p", 1000) });
        let (before, actions) = world.call(Event::Closed { conn: ConnId(2) });
        let cut = first_publish(&actions, 1);
        let mut world = World::restore(&before.after(&actions, cut), 2, AllowAll);
        let again = usize::from(qos > QoS::AtMostOnce);
        assert_eq!(messages(&world.hello(3, "s")).len(), again, "what has an identifier is sent again");
        assert_eq!(messages(&world.handle(Event::Tick)).len(), 0);
        assert_eq!(world.store.keys_of("will/").len(), 0);
    }
}

#[test]
fn what_was_handed_on_is_of_the_one_who_has_it() {
    let mut world = World::new(AllowAll);
    world.connect(1, hello("a", 10));
    world.subscribe(1, "$share/g/t", QoS::ExactlyOnce);
    world.leave(1);
    world.publish("t", "1", QoS::ExactlyOnce);
    world.hello(2, "b");
    world.subscribe(2, "$share/g/t", QoS::ExactlyOnce);
    world.now += 11;
    let (before, actions) = world.call(Event::Tick);
    let cut = first_publish(&actions, 2);
    let mut world = World::restore(&before.after(&actions, cut), world.now, AllowAll);
    assert_eq!(sent(&world.hello(3, "b")), ["ConnAck", "PUBLISH 1! 1"]);
    world.send(3, PubRec::new(id(1), ReasonCode::Success));
    world.send(3, PubComp::new(id(1), ReasonCode::Success));
    assert_eq!(world.store.keys_of("copy/").len(), 0);
}

#[test]
fn what_is_handed_on_for_want_of_a_right_is_of_the_one_who_has_it() {
    use mqtt_broker_core::{Decision, Question, Request, Verdict};
    let deny_a = |question: &Question<'_>| {
        let is_kept = matches!(question.request, Request::Subscribe { is_kept: true, .. });
        let is_denied = is_kept && question.client.client_id == "a";
        Decision::Now(if is_denied { Verdict::Deny(ReasonCode::NotAuthorized) } else { Verdict::Allow })
    };
    let mut world = World::new(deny_a);
    world.hello(1, "a");
    world.subscribe(1, "$share/g/t", QoS::AtLeastOnce);
    world.leave(1);
    world.publish("t", "1", QoS::AtLeastOnce);
    world.hello(2, "b");
    world.subscribe(2, "$share/g/t", QoS::AtLeastOnce);
    let before = world.store.clone();
    let actions = world.hello(3, "a");
    let cut = first_publish(&actions, 2);
    let mut world = World::restore(&before.after(&actions, cut), 2, deny_a);
    assert_eq!(sent(&world.hello(4, "b")), ["ConnAck", "PUBLISH 1! 1"]);
    world.send(4, PubAck::new(id(1), ReasonCode::Success));
    assert_eq!(world.store.keys_of("copy/").len(), 0);
}
