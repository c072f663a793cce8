//! Pairs that are damaged, or in a format that is to come, or contradict each other. No other message is lost by them.

use mqtt_broker_core::{AllowAll, Broker, Config, ConnId, Event, RestoreError, Timestamp};
use mqtt_codec::{PubAck, PubRel, QoS, ReasonCode};

use crate::world::{Out, Store, World, bytes_of, exactly_once, hello, id, messages, sent};

/// Two messages of QoS 2 wait for `s`; the publisher has released the first.
fn two_wait() -> Store {
    let mut world = World::new(AllowAll);
    world.hello(1, "s");
    world.subscribe(1, "t", QoS::ExactlyOnce);
    world.leave(1);
    world.hello(2, "p");
    world.send(2, exactly_once("t", "1", 1));
    world.send(2, PubRel::new(id(1), ReasonCode::Success));
    world.send(2, exactly_once("t", "2", 2));
    world.store
}

#[test]
fn when_in_doubt_messages_are_complete() {
    for key in ["complete", "session/p", "received/2/p"] {
        let mut store = two_wait();
        store.spoil(key);
        let (mut world, out) = World::restore_noting(&store, 2, AllowAll);
        assert_eq!(out.left_out[0], (key.into(), RestoreError::UnknownFormat { found: 2 }));
        assert_eq!(messages(&world.hello(3, "s")), ["1", "2"], "{key}");
    }
}

/// Fails when what was left of a session joins one that begins later.
#[test]
fn what_is_left_of_a_damaged_session_is_of_no_other() {
    let mut world = World::new(AllowAll);
    world.hello(1, "s");
    world.subscribe(1, "t", QoS::AtLeastOnce);
    world.subscribe(1, "r", QoS::AtLeastOnce);
    world.send(1, exactly_once("x", "1", 7));
    world.leave(1);
    world.publish("t", "old", QoS::AtLeastOnce);
    let mut damaged = world.store.clone();
    damaged.spoil("session/s");
    let (mut world, out) = World::restore_noting(&damaged, 2, AllowAll);
    let left_out = [
        ("session/s", RestoreError::UnknownFormat { found: 2 }),
        ("subscription/1/s/r", RestoreError::NoSession),
        ("subscription/1/s/t", RestoreError::NoSession),
        ("received/7/s", RestoreError::NoSession),
        ("copy/6/s", RestoreError::NoSession),
    ];
    assert_eq!(out.left_out, left_out.map(|(key, error)| (key.to_owned(), error)));
    // All of it is still there, so that it can be mended.
    let mut mended = world.store.clone();
    mended.value("session/s")[0] = 1;
    assert_eq!(messages(&World::restore(&mended, 2, AllowAll).hello(2, "s")), ["old"]);
    world.hello(2, "s");
    let mut world = World::restore(&world.store, 3, AllowAll);
    assert_eq!(world.broker.stats().subscriptions, 0);
    assert_eq!(sent(&world.hello(3, "s")), ["ConnAck"]);
    assert_eq!(world.store.keys(), ["complete", "session/s"]);
    world.hello(4, "watch");
    world.subscribe(4, "x", QoS::AtMostOnce);
    assert_eq!(messages(&world.send(3, exactly_once("x", "new", 7))), ["new"]);
}

#[test]
fn what_is_left_out_keeps_its_message() {
    let mut store = two_wait();
    let copy = store.keys_of("copy/").remove(0);
    store.spoil(&copy);
    let (mut world, _) = World::restore_noting(&store, 2, AllowAll);
    assert_eq!(messages(&world.hello(3, "s")), ["2"]);
    world.store.value(&copy)[0] = 1;
    let (mut world, out) = World::restore_noting(&world.store, 3, AllowAll);
    assert_eq!(out.left_out, []);
    assert!(messages(&world.hello(3, "s")).contains(&"1".to_owned()));
}

#[test]
fn of_two_copies_with_a_number_one_stays() {
    let mut store = two_wait();
    let copy = store.keys_of("copy/").remove(0);
    let value = store.value(&copy).clone();
    let other = format!("{copy}x");
    store.0.insert(other.clone().into_bytes(), value);
    let (mut world, out) = World::restore_noting(&store, 2, AllowAll);
    assert_eq!(out.left_out, [(other, RestoreError::Contradiction)]);
    assert_eq!(messages(&world.hello(3, "s")), ["1", "2"]);
}

#[test]
fn of_two_copies_with_an_identifier_the_later_counts() {
    let mut world = World::new(AllowAll);
    world.hello(1, "s");
    world.subscribe(1, "t", QoS::AtLeastOnce);
    world.publish("t", "1", QoS::AtLeastOnce);
    world.publish("t", "2", QoS::AtLeastOnce);
    let copies = world.store.keys_of("copy/");
    world.store.value(&copies[1])[19..21].copy_from_slice(&[0, 1]);
    let (mut world, out) = World::restore_noting(&world.store, 2, AllowAll);
    assert_eq!(out.left_out.len(), 1);
    assert_eq!(sent(&world.hello(2, "s")), ["ConnAck", "PUBLISH 1! 2"]);
}

#[test]
fn more_copies_than_identifiers_do_no_harm() {
    let mut world = World::new(AllowAll);
    world.hello(1, "s");
    world.subscribe(1, "t", QoS::AtLeastOnce);
    world.publish("t", "1", QoS::AtLeastOnce);
    let mut store = world.store.clone();
    let key = store.keys_of("copy/").remove(0);
    let copy = store.value(&key).clone();
    store.0.remove(key.as_bytes());
    for number in 0..66_000_u64 {
        let mut value = copy.clone();
        let id = u16::try_from(number % 65_535 + 1).unwrap();
        value[19..21].copy_from_slice(&id.to_be_bytes());
        store.0.insert(format!("copy/{}/s", 1000 + number).into_bytes(), value);
    }
    let (mut world, out) = World::restore_noting(&store, 2, AllowAll);
    assert_eq!(out.left_out.len(), 66_000 - 65_535);
    world.hello(2, "s");
    let broker = &mut world.broker;
    for number in 1..=65_535 {
        let (now, conn) = (Timestamp::ZERO, ConnId(2));
        broker.handle(now, Event::Written { conn, bytes: 1 << 20 }, &mut Out::default());
        let mut bytes = bytes_of(PubAck::new(id(number), ReasonCode::Success));
        broker.handle(now, Event::Received { conn, bytes: &mut bytes }, &mut Out::default());
    }
    assert_eq!(world.broker.stats().all_copies().in_flight, 0);
}

#[test]
fn a_group_has_a_number_of_its_own() {
    let mut world = World::new(AllowAll);
    world.connect(1, hello("a", 10));
    world.subscribe(1, "plain", QoS::AtLeastOnce);
    world.leave(1);
    world.hello(2, "b");
    world.subscribe(2, "$share/g/x", QoS::AtLeastOnce);
    world.subscribe(2, "$share/g/y", QoS::AtLeastOnce);
    world.publish("plain", "for a", QoS::AtLeastOnce);
    let [x, y] = ["subscription/1/b/$share/g/x", "subscription/1/b/$share/g/y"];
    let mut without = world.store.clone();
    without.put_number(x, 20, 0);
    let (mut without, out) = World::restore_noting(&without, 2, AllowAll);
    assert_eq!(out.left_out, [(x.to_owned(), RestoreError::Malformed)]);
    without.hello(3, "b");
    without.now += 20;
    assert_eq!(messages(&without.handle(Event::Tick)).len(), 0, "a copy that is no group's");

    let mut same = world.store.clone();
    let number = same.value(x)[20..28].to_vec();
    same.value(y)[20..28].copy_from_slice(&number);
    assert_eq!(
        World::restore_noting(&same, 2, AllowAll).1.left_out,
        [(y.to_owned(), RestoreError::Contradiction)]
    );
}

#[test]
fn without_a_store_none_is_changed() {
    let mut store = two_wait();
    store.0.remove(&b"session/s"[..]);
    let mut out = Out::default();
    Broker::restore(Config::default(), AllowAll, Timestamp::from_millis(5000), &store.0, &mut out);
    assert_eq!(out.actions, []);
}

/// A number in a value that no broker comes to.
fn damage(store: &mut Store, key: &str, number: u64) {
    let value = store.0.get_mut(key.as_bytes()).unwrap();
    value[1..9].copy_from_slice(&number.to_be_bytes());
}

/// Fails when a session that is damaged takes along what belongs to it.
#[test]
fn what_belongs_to_a_session_with_a_damaged_number_stays() {
    let mut world = World::new(AllowAll);
    world.hello(1, "s");
    world.subscribe(1, "t", QoS::AtLeastOnce);
    world.leave(1);
    world.publish("t", "1", QoS::AtLeastOnce);
    let before: Vec<_> = world.store.0.keys().cloned().collect();
    damage(&mut world.store, "session/s", (1 << 60) + 5);
    let (world, out) = World::restore_noting(&world.store, 2, AllowAll);
    assert_eq!(out.left_out[0], ("session/s".into(), RestoreError::Malformed));
    assert!(before.iter().all(|key| world.store.0.contains_key(key)), "so that it can be mended");
}

/// Fails when what the broker writes after such damage is taken for damage, once that is gone.
#[test]
fn what_comes_after_damage_is_no_damage() {
    for number in [(1 << 50) - 1, (1 << 60) - 1, (1 << 61) - 1] {
        let mut world = World::new(AllowAll);
        world.hello(1, "s");
        world.subscribe(1, "t", QoS::AtLeastOnce);
        world.leave(1);
        world.retain("r", "1", QoS::AtLeastOnce);
        damage(&mut world.store, "retained/r", number);
        let (mut world, out) = World::restore_noting(&world.store, 2, AllowAll);
        assert_eq!(out.left_out.len(), 1, "{:?}", out.left_out);
        world.retain("r", "2", QoS::AtLeastOnce);
        world.publish("t", "kept", QoS::AtLeastOnce);
        for now in 3..5 {
            world = World::restore(&world.store, now, AllowAll);
        }
        assert_eq!(messages(&world.hello(2, "s")), ["kept"]);
        assert_eq!(world.broker.stats().retained_messages, 1);
    }
}

#[test]
fn a_number_up_to_which_nobody_comes_is_damage() {
    let mut world = World::new(AllowAll);
    world.hello(1, "s");
    let value = [&[1][..], &((1_u64 << 61) - 1).to_be_bytes()].concat();
    world.store.0.insert(b"complete".to_vec(), value);
    let (_, out) = World::restore_noting(&world.store, 2, AllowAll);
    assert_eq!(out.left_out, [("complete".to_owned(), RestoreError::Malformed)]);
}

/// Fails when numbers go on after that of a damaged pair, up to where the broker does not read what it has written.
#[test]
fn damage_far_above_all_numbers_leads_nobody_there() {
    for key in ["message/2305843009213693950", "copy/2305843009213693950/s", "copy/1152921504606846970/s"] {
        let mut world = World::new(AllowAll);
        world.hello(1, "s");
        world.subscribe(1, "t", QoS::AtLeastOnce);
        world.store.0.insert(key.into(), b"\x01damaged".to_vec());
        let (mut world, out) = World::restore_noting(&world.store, 2, AllowAll);
        assert_eq!(out.left_out, [(key.into(), RestoreError::Malformed)]);
        world.publish("t", "1", QoS::AtLeastOnce);
        for now in 3..6 {
            let (again, out) = World::restore_noting(&world.store, now, AllowAll);
            assert_eq!(out.left_out, [(key.into(), RestoreError::Malformed)]);
            world = again;
        }
        world.publish("t", "2", QoS::AtLeastOnce);
        assert_eq!(messages(&world.hello(2, "s")), ["1", "2"]);
    }
}
