//! A broker that is full: messages, subscriptions, aliases and questions.

use std::num::NonZeroU16;

use mqtt_broker_core::{Config, RateLimit};
use mqtt_codec::{Packet, QoS, Version};

use crate::packets::{encode, in_version, publish};
use crate::room::{CLIENTS, MANY, Row, check_all, connect, empty, send};
use crate::world::{LONG, World, hello, no, subscribe, text, with_aliases};

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
    check_all(&[
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
                packet = in_version(Version::V3_1_1, &packet);
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
            // Nothing more is sent until what was sent is written.
            config: |config| Config { output_window: 1, ..config },
            before: |world| {
                world.retain("later", 1);
                for conn in 0..1_000 {
                    world.connect(conn, hello(&format!("client-{conn}"), 0));
                    world.written(conn);
                    world.subscribe(conn, "later", 1);
                }
            },
            then: |world| (0..1_000).for_each(|conn| world.written(conn)),
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
                // They leave their queue faster than that gives back its places.
                (0..3_900).for_each(|_| world.publish_within("t", QoS::AtLeastOnce, false, 1));
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
                world.written(0);
                world.subscribe(0, "r/+", 1);
            },
            then: |world| (0..MANY).for_each(|_| world.written(0)),
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
            name: "a replay with a long filter and topic",
            // It does not begin before the answer to SUBSCRIBE is written.
            config: |config| Config { output_window: 1, ..config },
            before: |world| {
                world.connect(0, hello("client", 0));
                world.written(0);
                world.subscribe(0, &text(60 * LONG), 1);
                world.written(0);
                world.retain(&format!("{}/1", text(60 * LONG)), 1);
            },
            then: |world| {
                // There is room for a subscription, but not for where a replay is.
                empty(world, 2_000, 2);
                world.subscribe(0, &text(60 * LONG), 1);
            },
        },
        Row {
            name: "a long subscription that is shared",
            before: |world| world.connect(0, hello("client", 0)),
            then: |world| world.subscribe(0, &format!("$share/group/{}", text(60 * LONG)), 1),
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
            then: |world| {
                // There is room for a question, but not for all that is lost until it is answered.
                empty(world, 2_000, 5);
                world.revoke("client");
            },
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
                let rate_limit = RateLimit { messages: 1_000_000, bytes: 0 };
                Config { rate_limit: Some(rate_limit), ..config }
            },
            before: |world| connect(world, 0),
            then: |world| send(world, &encode(Packet::PingReq)),
        },
    ]);
}
