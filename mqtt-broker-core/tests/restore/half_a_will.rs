//! The broker dies while it publishes a will.

use mqtt_broker_core::{AllowAll, ConnId, Decision, Event, Question, Request, Verdict};
use mqtt_codec::{Connect, QoS, ReasonCode, Will};

use crate::wills::will;
use crate::world::{Store, World, hello, messages, sent};

/// A store in which a will is retained, and not yet published to anybody: each that there is.
fn half_published() -> Vec<Store> {
    let mut world = World::new(AllowAll);
    world.hello(2, "s");
    world.subscribe(2, "t", QoS::AtLeastOnce);
    world.leave(2);
    let will = Will { retain: true, qos: QoS::AtLeastOnce, delay_interval: None, ..will("t", "gone") };
    world.connect(1, Connect { will: Some(will), ..hello("p", 1000) });
    let (before, actions) = world.call(Event::Closed { conn: ConnId(1) });
    let stores = (0..=actions.len()).map(|cut| before.after(&actions, cut));
    let is_half =
        |store: &Store| !store.keys_of("retained/").is_empty() && !store.keys_of("will/").is_empty();
    stores.filter(is_half).collect()
}

/// Fails when a copy is forgotten after it was sent, because its message is that of a will that waits for an answer.
#[test]
fn what_was_retained_of_a_will_that_waits_is_not_forgotten_once_it_was_sent() {
    let later = |question: &Question<'_>| match question.request {
        Request::Will { is_due: true, .. } => Decision::Later,
        _ => Decision::Now(Verdict::Allow),
    };
    for store in half_published() {
        let mut world = World::restore(&store, 2, later);
        world.handle(Event::Tick);
        world.hello(2, "other");
        let actions = world.subscribe(2, "t", QoS::AtLeastOnce);
        if sent(&actions).contains(&"PUBLISH 1 gone".to_owned()) {
            let mut world = World::restore(&world.store, 3, later);
            assert!(sent(&world.hello(3, "other")).contains(&"PUBLISH 1! gone".to_owned()));
        }
    }
}

/// Fails when half of a will stays, because the policy that has allowed it is asked again and says no.
#[test]
fn a_will_that_was_being_published_is_published() {
    let no = |question: &Question<'_>| match question.request {
        Request::Will { is_due: true, .. } => Decision::Now(Verdict::Deny(ReasonCode::NotAuthorized)),
        _ => Decision::Now(Verdict::Allow),
    };
    for store in half_published() {
        let mut world = World::restore(&store, 2, no);
        assert_eq!(world.store.keys_of("will/").len(), 0);
        assert_eq!(messages(&world.hello(2, "s")), ["gone"]);
        assert_eq!(messages(&world.subscribe(2, "t", QoS::AtLeastOnce)), ["gone"], "it is retained");
    }
}
