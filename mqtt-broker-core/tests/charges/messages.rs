//! Messages: retained, waiting, under way, and the identifiers of those that came.

use mqtt_broker_core::{Event, Message};
use mqtt_codec::{MessageProperties, QoS, TopicName};

use crate::kept::{Row, check_all};
use crate::names::overlapping;
use crate::packets;
use crate::world::{FIRST, LONG, World, hello, text};

const MANY: usize = 2_000;
const SESSIONS: u64 = 1_000;

fn topics(length: usize) -> impl Iterator<Item = String> {
    (0..MANY).map(move |at| format!("{at}/{}", text(length)))
}

/// Sessions with one subscription each, to `t` and to one of their own, whose clients go.
fn sessions(world: &mut World, count: u64) {
    for conn in 0..count {
        world.connect(conn, hello(&format!("client-{conn}"), 1_000_000));
        world.subscribe(conn, "t", 1);
    }
    (0..count).for_each(|conn| world.close(conn));
}

fn come_back(world: &mut World, count: u64) {
    for conn in 0..count {
        world.connect(conn, hello(&format!("client-{conn}"), 1_000_000));
    }
}

/// The identifier of the `at`th copy for a session, if each round has `MANY`.
fn id(world: &World, at: usize) -> usize {
    (world.round - 1) * MANY + at + 1
}

/// Fails when something of a retained message is not charged, or stays charged when it is gone.
#[test]
fn retained() {
    check_all(&[
        Row {
            name: "retained messages",
            make: |world| (0..MANY).for_each(|at| world.retain(&at.to_string(), 1)),
            end: |world| (0..MANY).for_each(|at| world.retain(&at.to_string(), 0)),
            stays: 30,
            ..Row::ANY
        },
        Row {
            name: "retained messages with long topics",
            make: |world| topics(LONG).for_each(|topic| world.retain(&topic, 1)),
            end: |world| topics(LONG).for_each(|topic| world.retain(&topic, 0)),
            ..Row::ANY
        },
        Row {
            name: "retained messages that expire",
            make: |world| {
                let properties =
                    MessageProperties { message_expiry_interval: Some(100), ..MessageProperties::default() };
                for topic in topics(LONG) {
                    let topic = TopicName::new(&topic).unwrap();
                    world.handle(|| {
                        let message = Message::new(topic, &b"1"[..]).with_retain(true);
                        Event::Publish(message.with_properties(&properties).unwrap())
                    });
                }
            },
            end: |world| world.tick(200),
            ..Row::ANY
        },
    ]);
}

/// Fails when something of a message that waits or is under way is not charged, or stays charged when it is gone.
#[test]
fn copies() {
    check_all(&[
        Row {
            name: "messages that wait",
            before: |world| sessions(world, 1),
            make: |world| {
                (0..MANY).for_each(|at| world.publish_within("t", QoS::AtLeastOnce, false, at % 100))
            },
            end: |world| {
                come_back(world, 1);
                (0..MANY).for_each(|at| world.puback(0, id(world, at)));
                world.close(0);
            },
            stays: 50,
            ..Row::ANY
        },
        Row {
            name: "one message that waits for many",
            before: |world| {
                sessions(world, SESSIONS);
                come_back(world, SESSIONS);
                (0..SESSIONS).for_each(|conn| world.close(conn));
            },
            make: |world| world.publish_within("t", QoS::AtLeastOnce, false, 1),
            end: |world| {
                come_back(world, SESSIONS);
                (0..SESSIONS).for_each(|conn| world.puback(conn, world.round));
                (0..SESSIONS).for_each(|conn| world.close(conn));
            },
            ..Row::ANY
        },
        Row {
            name: "messages under way",
            before: |world| {
                sessions(world, 1);
                come_back(world, 1);
            },
            make: |world| {
                (0..MANY).for_each(|at| world.publish_within("t", QoS::AtLeastOnce, false, at % 100))
            },
            end: |world| (0..MANY).for_each(|at| world.puback(0, id(world, at))),
            stays: 50,
            ..Row::ANY
        },
        Row {
            name: "Subscription Identifiers of copies",
            before: |world| {
                world.connect(0, hello("client-0", 0));
                for at in 0..64 {
                    world.receive(0, &packets::subscribe(at + 1, &[overlapping(at.into())], 1));
                }
            },
            make: |world| {
                for at in 0..MANY {
                    world.publish_within("o/1/2/3/4/5", QoS::AtLeastOnce, false, at % 10);
                }
            },
            end: |world| (0..MANY).for_each(|at| world.puback(0, id(world, at))),
            stays: 30,
            ..Row::ANY
        },
        Row {
            name: "identifiers of QoS 2 messages",
            make: |world| (1..=5_000).for_each(|id| world.publish(FIRST, "nobody", 2, id)),
            end: |world| (1..=5_000).for_each(|id| world.pubrel(FIRST, id)),
            ..Row::ANY
        },
    ]);
}
