//! What waits for answers of the policy, and what answers have to tell; and retained messages on their way.

use std::num::NonZeroU16;

use mqtt_broker_core::Verdict;
use mqtt_codec::{Connect, QoS};

use crate::kept::{Row, check_all};
use crate::packets;
use crate::world::{LONG, World, hello, no, subscribe, text, told};

const CLIENTS: u64 = 300;
const MANY: usize = 4_000;
const FEW: usize = 700;

fn connect(world: &mut World) {
    (0..CLIENTS).for_each(|conn| world.connect(conn, hello(&format!("client-{conn}"), 0)));
}

fn send(world: &mut World, packet: &[u8]) {
    (0..CLIENTS).for_each(|conn| world.receive(conn, packet));
}

fn subscribe_all(world: &mut World, count: usize, begin: &str, length: usize) {
    for at in 0..count {
        world.subscribe(0, &format!("{begin}/{at}/{}", text(length)), 1);
    }
}

/// Fails when something of a packet that waits is not charged, or stays charged when it is gone.
#[test]
fn packets_that_wait() {
    check_all(&[
        Row {
            name: "packets that wait for one answer",
            before: connect,
            make: |world| send(world, &packets::publish("later", 1, 1, false, 1, 0, 0)),
            end: |world| {
                world.answer();
                send(world, &packets::publish("later", 1, 1, false, 1, 0, 0));
            },
            stays: 20,
            ..Row::ANY
        },
        Row {
            name: "CONNECT that waits, with an identifier that was assigned",
            before: |world| {
                connect(world);
                (0..CLIENTS).for_each(|conn| world.close(conn));
            },
            make: |world| {
                for conn in 0..CLIENTS {
                    world.connect(conn, Connect { user_name: Some("later"), ..hello("", 0) });
                }
            },
            end: |world| (0..CLIENTS).for_each(|conn| world.close(conn)),
            ..Row::ANY
        },
        Row {
            name: "packets with many questions of which one is open",
            before: connect,
            make: |world| {
                send(world, &subscribe(&["asked"; 50], 1));
                world.answer_some(|at| at % 50 != 49, || Verdict::Allow);
            },
            end: |world| {
                world.answer();
                send(world, &subscribe(&["asked"; 50], 1));
                (0..CLIENTS).for_each(|conn| world.unsubscribe(conn, "asked"));
            },
            ..Row::ANY
        },
        Row {
            name: "answers with texts before one that is missing",
            before: connect,
            make: |world| send(world, &subscribe(&["told/1", "told/2", "told/3", "asked"], 1)),
            end: |world| {
                world.answer_all(no);
                send(world, &subscribe(&["told/1", "told/2", "told/3", "asked"], 1));
            },
            ..Row::ANY
        },
        Row {
            name: "late answers with texts before one that is missing",
            before: connect,
            make: |world| {
                send(world, &subscribe(&["asked/1", "asked/2"], 1));
                world.answer_some(|at| at % 2 == 0, told);
            },
            end: |world| {
                world.answer_all(no);
                send(world, &subscribe(&["asked/1", "asked/2"], 1));
            },
            ..Row::ANY
        },
    ]);
}

/// Fails when something of a client whose rights are looked at again is not charged, or stays charged when it is gone.
#[test]
fn reviews() {
    fn connect_with(world: &mut World, count: usize, begin: &str, length: usize) {
        world.connect(0, hello("client-0", 0));
        subscribe_all(world, count, begin, length);
        world.subscribe(0, "later/last", 1);
    }
    check_all(&[
        Row {
            name: "subscriptions that are asked about again",
            before: |world| connect_with(world, FEW, "later", 100),
            make: |world| world.revoke("client-0"),
            end: World::answer,
            ..Row::ANY
        },
        Row {
            name: "tickets of a review of which one is open",
            before: |world| connect_with(world, MANY, "later", 1),
            make: |world| {
                world.revoke("client-0");
                world.answer_some(|at| at < MANY, || Verdict::Allow);
            },
            end: World::answer,
            ..Row::ANY
        },
        Row {
            name: "subscriptions that are lost at once",
            before: |world| connect_with(world, FEW, "lost", LONG),
            make: |world| world.revoke("client-0"),
            end: |world| {
                world.answer();
                subscribe_all(world, FEW, "lost", LONG);
            },
            ..Row::ANY
        },
    ]);
}

/// Fails when something of a replay is not charged, or stays charged when it has ended.
#[test]
fn replays() {
    /// Each client has a subscription, to which it subscribes once more.
    fn before(world: &mut World, begin: &str) {
        for conn in 0..CLIENTS {
            let id = format!("client-{conn}");
            let mut connect = hello(&id, 0);
            connect.properties.receive_maximum = NonZeroU16::new(1);
            world.connect(conn, connect);
            world.subscribe(conn, &name(begin, "+"), 1);
        }
        ["1", "2"].iter().for_each(|last| world.retain(&name(begin, last), 1));
        acknowledge(world, 2);
    }
    /// What a replay had is given back with the next message of its client.
    fn end(world: &mut World, begin: &str, messages: usize) {
        acknowledge(world, messages);
        world.publish_within(&name(begin, "1"), QoS::AtLeastOnce, false, 1);
        acknowledge(world, 1);
    }
    fn name(begin: &str, last: &str) -> String {
        format!("{begin}/{}/{last}", text(300))
    }
    fn acknowledge(world: &mut World, messages: usize) {
        for _ in 0..messages {
            world.last_id += 1;
            (0..CLIENTS).for_each(|conn| world.puback(conn, world.last_id));
        }
    }
    check_all(&[
        Row {
            name: "replays that wait behind their first message",
            before: |world| before(world, "some"),
            make: |world| send(world, &subscribe(&[name("some", "+")], 1)),
            end: |world| end(world, "some", 2),
            stays: 30,
            ..Row::ANY
        },
        Row {
            name: "replays that are asked about",
            before: |world| before(world, "later"),
            make: |world| send(world, &subscribe(&[name("later", "+")], 1)),
            end: |world| {
                world.answer();
                acknowledge(world, 1);
                world.answer();
                end(world, "later", 1);
            },
            stays: 30,
            ..Row::ANY
        },
        Row {
            name: "many replays of each client",
            // Of those that have not begun only the filter is there, and the rest is kept free for them.
            most: 350,
            before: |world| before(world, "some"),
            make: |world| send(world, &subscribe(&vec![name("some", "+"); 4], 1)),
            end: |world| end(world, "some", 8),
            ..Row::ANY
        },
    ]);
}
