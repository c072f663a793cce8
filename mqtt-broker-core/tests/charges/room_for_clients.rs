//! A broker that is full: connections, CONNECT packets, wills and sessions.

use mqtt_codec::{Connect, MessageProperties, QoS, TopicName, Will};

use crate::packets::{METHOD, auth, encode};
use crate::room::{CLIENTS, Row, check_all, empty};
use crate::world::{LONG, hello, text, with_method};

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

/// Fails when something is done for which no room is asked, or for which more is needed than is asked.
#[test]
fn nothing_is_done_without_room() {
    check_all(&[
        Row {
            name: "connections",
            then: |world| (0..2_000).for_each(|conn| world.open(conn, None)),
            ..Row::ANY
        },
        Row {
            name: "identities",
            then: |world| (0..20).for_each(|conn| world.open(conn, Some(&text(100 * LONG)))),
            ..Row::ANY
        },
        Row {
            name: "clients",
            before: |world| (0..1_000).for_each(|conn| world.open(conn, None)),
            then: |world| {
                for conn in 0..1_000 {
                    world.receive(conn, &encode(hello(&format!("client-{conn}"), 1_000)));
                }
            },
            ..Row::ANY
        },
        Row {
            name: "places of sessions, which double",
            before: |world| {
                (0..1_025).for_each(|conn| world.open(conn, None));
                (0..1_024).for_each(|conn| world.receive(conn, &encode(hello(&format!("client-{conn}"), 0))));
            },
            then: |world| world.receive(1_024, &encode(hello("client", 0))),
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
                let connect = with_will(with_method("client", METHOD), "will", b"1");
                // It is charged for the connection, and once more for the will, which may stay longer.
                world.open(0, Some(&text(100 * LONG)));
                world.receive(0, &encode(connect));
            },
            then: |world| world.receive(0, &auth(false, b"y")),
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
            before: |world| world.open(0, None),
            then: |world| {
                let (name, password) = (text(60 * LONG), text(60 * LONG));
                let connect = with_method("client", METHOD);
                let password = Some(password.as_bytes());
                world.receive(0, &encode(Connect { user_name: Some(&name), password, ..connect }));
            },
            ..Row::ANY
        },
        Row {
            name: "parts of a CONNECT beside the whole",
            before: |world| world.open(0, None),
            then: |world| {
                // There is room for the packet, but not for what is kept of it besides.
                empty(world, 20_000, 8);
                let (name, id) = (text(60 * LONG), text(60 * LONG));
                let connect = with_method(&id, METHOD);
                world.receive(0, &encode(Connect { user_name: Some(&name), ..connect }));
            },
            ..Row::ANY
        },
    ]);
}
