//! Clients want what is not there: each kind of thing needs room, and is refused when there is none.
//!
//! A broker is filled with retained messages until it takes no more. What is free then is its headroom, and a row wants far more.

use std::num::NonZeroU16;

use mqtt_broker_core::{Budget, Config};
use mqtt_codec::{Connect, MessageProperties, QoS, TopicName, Will};

use crate::packets::{METHOD, auth, encode, publish};
use crate::world::{LONG, World, config, hello, no, subscribe, text, with_aliases, with_method};

const CLIENTS: u64 = 300;
const MANY: usize = 2_000;

/// Budgets, each by so much above the one before: what is free in the end is different in each.
const STEPS: usize = 4;
const STEP: usize = 311;

/// Something for which there has to be room.
struct Row {
    name: &'static str,
    config: fn(Config) -> Config,
    /// Before the broker is full.
    before: fn(&mut World),
    then: fn(&mut World),
}

impl Row {
    const ANY: Self = Self { name: "", config: |config| config, before: |_| {}, then: |_| {} };
}

fn check(row: &Row, bytes: usize) -> Result<(), String> {
    let config = Config { budget: Budget { bytes, ..Budget::default() }, ..config() };
    let mut world = World::new((row.config)(config));
    (row.before)(&mut world);
    for size in [20_000, 2_000, 200, 1] {
        fill(&mut world, size);
    }
    (row.then)(&mut world);
    world.wrong.map_or(Ok(()), Err)
}

/// With retained messages of this size.
fn fill(world: &mut World, size: usize) {
    world.calls.is_retained = true;
    for at in 0.. {
        world.retain(&format!("filler/{size}/{at}"), size);
        if !world.calls.is_retained {
            return;
        }
    }
}

fn connect(world: &mut World, expiry: u32) {
    for conn in 0..CLIENTS {
        world.connect(conn, with_aliases(&format!("client-{conn}"), expiry, 0));
    }
    assert_eq!(world.calls.connected as u64, CLIENTS, "there is room for all");
}

fn send(world: &mut World, packet: &[u8]) {
    (0..CLIENTS).for_each(|conn| world.receive(conn, packet));
}

/// A client with a large will, or with one that is due at once.
fn with_will<'a>(connect: Connect<'a>, topic: &'a str, payload: &'a [u8]) -> Connect<'a> {
    let will = Will {
        topic: TopicName::new(topic).unwrap(),
        payload,
        qos: QoS::AtLeastOnce,
        retain: false,
        delay_interval: None,
        properties: MessageProperties::default(),
    };
    Connect { will: Some(will), ..connect }
}

fn long_topics(world: &mut World, conn: u64, count: usize) {
    world.connect(conn, hello("long-topics", 1_000));
    world.subscribe(conn, "long/#", 1);
    for at in 0..count {
        world.publish_within(&format!("long/{at}/{}", text(5 * LONG)), QoS::AtLeastOnce, false, 1);
    }
}

/// Fails when something is done for which no room is asked, or for which more is needed than is asked.
#[test]
fn nothing_is_done_without_room() {
    let rows = [
        Row {
            name: "connections",
            then: |world| (0..2_000).for_each(|conn| world.open(conn, None)),
            ..Row::ANY
        },
        Row {
            name: "identities",
            then: |world| (0..20).for_each(|conn| world.open(conn, Some(&text(10 * LONG)))),
            ..Row::ANY
        },
        Row {
            name: "clients",
            then: |world| {
                (0..1_000).for_each(|conn| world.connect(conn, hello(&format!("client-{conn}"), 1_000)));
            },
            ..Row::ANY
        },
        Row {
            name: "Client Identifiers and user names",
            then: |world| {
                let name = text(4 * LONG);
                for conn in 0..20 {
                    let id = format!("{}{conn}", text(4 * LONG));
                    world.connect(conn, Connect { user_name: Some(&name), ..hello(&id, 0) });
                }
            },
            ..Row::ANY
        },
        Row {
            name: "timers of sessions that are left at once",
            before: |world| {
                for conn in 0..3_000 {
                    world.connect(conn, hello(&format!("client-{conn}"), 1_000));
                }
            },
            then: |world| (0..3_000).for_each(|conn| world.close(conn)),
            ..Row::ANY
        },
        Row {
            name: "wills",
            then: |world| {
                for conn in 0..20 {
                    let id = format!("client-{conn}");
                    world.connect(conn, with_will(hello(&id, 0), "will", text(10 * LONG).as_bytes()));
                }
            },
            ..Row::ANY
        },
        Row {
            name: "wills of clients that prove who they are",
            before: |world| {
                for conn in 0..20 {
                    let id = format!("client-{conn}");
                    let connect = with_method(&id, METHOD);
                    world.connect(conn, with_will(connect, "will", text(10 * LONG).as_bytes()));
                }
            },
            then: |world| (0..20).for_each(|conn| world.receive(conn, &auth(false, b"y"))),
            ..Row::ANY
        },
        Row {
            name: "wills that are due and are asked about",
            before: |world| {
                for conn in 0..CLIENTS {
                    let id = format!("client-{conn}");
                    world.connect(conn, with_will(hello(&id, 0), "later", text(LONG).as_bytes()));
                }
            },
            then: |world| (0..CLIENTS).for_each(|conn| world.close(conn)),
            ..Row::ANY
        },
        Row {
            name: "CONNECT packets of clients that have to prove who they are",
            then: |world| {
                let password = text(10 * LONG);
                for conn in 0..20 {
                    let id = format!("client-{conn}");
                    let password = Some(password.as_bytes());
                    world.connect(conn, Connect { password, ..with_method(&id, METHOD) });
                }
            },
            ..Row::ANY
        },
        Row {
            name: "identifiers of QoS 2 messages",
            before: |world| connect(world, 0),
            then: |world| send(world, &publish("nobody", 2, 1, false, 1, 0, 0)),
            ..Row::ANY
        },
        Row {
            name: "identifiers of QoS 2 messages that are refused",
            before: |world| (0..CLIENTS).for_each(|conn| world.connect_3(conn, &format!("client-{conn}"))),
            then: |world| {
                let mut packet = publish("$SYS/x", 2, 1, false, 1, 0, 0);
                packet = crate::packets::in_version(mqtt_codec::Version::V3_1_1, &packet);
                send(world, &packet);
            },
            ..Row::ANY
        },
        Row {
            name: "questions about packets",
            before: |world| connect(world, 0),
            then: |world| send(world, &publish("later", 1, 1, false, 1, 0, 0)),
            ..Row::ANY
        },
        Row {
            name: "questions about one packet",
            before: |world| connect(world, 0),
            then: |world| world.receive(0, &subscribe(&vec!["asked"; MANY], 1)),
            ..Row::ANY
        },
        Row {
            name: "questions about retained messages",
            before: |world| {
                connect(world, 0);
                // Each waits until there is room in its window.
                send(world, &publish("some", 0, 1, false, 1, 0, 0));
                world.retain("later", 1);
                send(world, &subscribe(&["later"], 1));
            },
            then: World::answer,
            ..Row::ANY
        },
        Row {
            name: "aliases of clients",
            before: |world| connect(world, 0),
            then: |world| {
                for alias in 1..=32 {
                    let topic = format!("{alias}/{}", text(5 * LONG));
                    world.receive(0, &publish(&topic, 0, 1, false, 1, alias, 0));
                }
            },
            ..Row::ANY
        },
        Row {
            name: "aliases for clients",
            before: |world| {
                world.connect(0, with_aliases("client", 0, 32));
                world.subscribe(0, "long/#", 0);
            },
            then: |world| {
                for at in 0..32 {
                    world.publish_within(&format!("long/{at}/{}", text(5 * LONG)), QoS::AtMostOnce, false, 1);
                }
            },
            ..Row::ANY
        },
        Row {
            name: "aliases for messages that are sent again",
            before: |world| {
                long_topics(world, 0, 32);
                world.close(0);
            },
            then: |world| world.connect(1, with_aliases("long-topics", 1_000, 32)),
            ..Row::ANY
        },
        Row {
            name: "places in the window",
            before: |world| {
                world.connect(0, hello("client", 1_000));
                world.subscribe(0, "t", 1);
                world.close(0);
                (0..MANY).for_each(|_| world.publish_within("t", QoS::AtLeastOnce, false, 1));
            },
            then: |world| world.connect(0, hello("client", 1_000)),
            ..Row::ANY
        },
        Row {
            name: "copies of retained messages",
            // One at a time goes to the client.
            config: |config| Config { output_window: 1, ..config },
            before: |world| {
                (0..MANY).for_each(|at| world.retain(&format!("r/{at}"), 1));
                world.connect(0, hello("client", 0));
                world.subscribe(0, "r/+", 1);
            },
            then: |world| {
                for _ in 0..MANY + 10 {
                    world.written(0);
                }
            },
        },
        Row {
            name: "replays",
            before: |world| {
                for conn in 0..CLIENTS {
                    let id = format!("client-{conn}");
                    let mut connect = hello(&id, 0);
                    connect.properties.receive_maximum = NonZeroU16::new(1);
                    world.connect(conn, connect);
                }
                world.retain(&format!("r/{}", text(LONG)), 1);
            },
            then: |world| send(world, &subscribe(&["+/+"; 10], 1)),
            ..Row::ANY
        },
        Row {
            name: "subscriptions",
            before: |world| connect(world, 0),
            then: |world| {
                for at in 0..1_000 {
                    world.subscribe(0, &format!("{at}/{}", text(100)), 1);
                    world.subscribe(at % CLIENTS, &format!("$share/{at}/t"), 1);
                }
            },
            ..Row::ANY
        },
        Row {
            name: "copies that wait",
            before: |world| {
                connect(world, 1_000);
                send(world, &subscribe(&["t"], 1));
                (0..CLIENTS).for_each(|conn| world.close(conn));
            },
            then: |world| (0..5).for_each(|_| world.publish_within("t", QoS::AtLeastOnce, false, 10)),
            ..Row::ANY
        },
        Row {
            name: "copies under way",
            before: |world| {
                connect(world, 0);
                send(world, &subscribe(&["t"], 1));
            },
            then: |world| (0..5).for_each(|_| world.publish_within("t", QoS::AtLeastOnce, false, 10)),
            ..Row::ANY
        },
        Row {
            name: "subscriptions that are asked about again",
            before: |world| {
                world.connect(0, hello("client", 0));
                (0..MANY).for_each(|at| world.subscribe(0, &format!("later/{at}"), 1));
            },
            then: |world| world.revoke("client"),
            ..Row::ANY
        },
        Row {
            name: "subscriptions that are lost at once",
            before: |world| {
                world.connect(0, hello("client", 0));
                (0..200).for_each(|at| world.subscribe(0, &format!("lost/{at}/{}", text(LONG)), 1));
                world.subscribe(0, "later", 1);
            },
            then: |world| world.revoke("client"),
            ..Row::ANY
        },
        Row {
            name: "subscriptions that are lost by late answers",
            before: |world| {
                world.connect(0, hello("client", 0));
                (0..200).for_each(|at| world.subscribe(0, &format!("later/{at}/{}", text(LONG)), 1));
            },
            then: |world| {
                world.revoke("client");
                world.answer_all(no);
            },
            ..Row::ANY
        },
        Row {
            name: "limits of how fast a client may send",
            config: |config| {
                let rate_limit = mqtt_broker_core::RateLimit { messages: 1_000_000, bytes: 0 };
                Config { rate_limit: Some(rate_limit), ..config }
            },
            before: |world| connect(world, 0),
            then: |world| send(world, &encode(mqtt_codec::Packet::PingReq)),
        },
    ];
    let mut wrong = Vec::new();
    for row in &rows {
        let found = (0..STEPS).find_map(|step| check(row, (3 << 20) + step * STEP).err());
        wrong.extend(found.map(|what| format!("{}: {what}", row.name)));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
