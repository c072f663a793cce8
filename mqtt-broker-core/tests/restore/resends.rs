//! What is sent again comes in the order of first sending (MQTT-4.6.0-1).

use mqtt_broker_core::AllowAll;
use mqtt_codec::{PubRec, QoS, ReasonCode};

use crate::world::{Store, World, id, sent};

#[test]
fn messages_and_releases_keep_their_order() {
    let mut world = World::new(AllowAll);
    world.hello(1, "s");
    world.subscribe(1, "t", QoS::ExactlyOnce);
    for payload in ["1", "2", "3", "4"] {
        world.publish("t", payload, QoS::ExactlyOnce);
    }
    for number in [3, 2] {
        world.send(1, PubRec::new(id(number), ReasonCode::Success));
    }
    let expected = ["ConnAck", "PUBLISH 1! 1", "PUBREL 2", "PUBREL 3", "PUBLISH 4! 4"];
    let mut all = Vec::new();
    world.broker.store_all(&mut all);
    let mut copied = Store::default().after(&all, all.len());
    for store in [&world.store, &copied] {
        assert_eq!(sent(&World::restore(store, 2, AllowAll).hello(2, "s")), expected);
    }
    let mut live = world.clone();
    live.leave(1);
    assert_eq!(sent(&live.hello(2, "s")), expected);
    // What was copied goes on with the changes that come later.
    copied.apply(&world.send(1, PubRec::new(id(1), ReasonCode::Success)));
    let expected = ["ConnAck", "PUBREL 1", "PUBREL 2", "PUBREL 3", "PUBLISH 4! 4"];
    assert_eq!(sent(&World::restore(&copied, 2, AllowAll).hello(2, "s")), expected);
}
