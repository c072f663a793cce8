//! What connections and sessions have for themselves.

use mqtt_broker_core::{Config, Damping, RateLimit};
use mqtt_codec::{Connect, ConnectProperties, MessageProperties, QoS, TopicName, Will};

use crate::kept::{Row, check_all};
use crate::packets::{METHOD, auth, encode, publish};
use crate::world::{LONG, World, config, hello, text, with_aliases, with_method};

const MANY: u64 = 1_000;
const FEW: u64 = 100;

fn close(world: &mut World, conns: u64) {
    (0..conns).for_each(|conn| world.close(conn));
}

/// Clients that go in the end, with their sessions.
pub(crate) fn connect(world: &mut World, conns: u64) {
    (0..conns).for_each(|conn| world.connect(conn, hello(&format!("client-{conn}"), 0)));
}

fn with_will<'a>(connect: Connect<'a>, topic: &'a str, payload: &'a [u8], delay: u32) -> Connect<'a> {
    let will = Will {
        topic: TopicName::new(topic).unwrap(),
        payload,
        qos: QoS::AtLeastOnce,
        retain: false,
        delay_interval: Some(delay),
        properties: MessageProperties::default(),
    };
    Connect { will: Some(will), ..connect }
}

/// Fails when a text that a client brings, what it has to prove who it is, an alias, its will, its session or its
/// connection is not charged, or stays charged when it is gone.
#[test]
fn clients() {
    check_all(&[
        Row {
            name: "connections",
            make: |world| (0..3_000).for_each(|conn| world.open(conn, None)),
            end: |world| close(world, 3_000),
            stays: 100,
            ..Row::ANY
        },
        Row {
            name: "identities",
            make: |world| (0..MANY).for_each(|conn| world.open(conn, Some(&text(LONG)))),
            end: |world| close(world, MANY),
            stays: 30,
            ..Row::ANY
        },
        Row {
            name: "user names",
            make: |world| {
                let name = text(LONG);
                for conn in 0..MANY {
                    let id = format!("client-{conn}");
                    world.connect(conn, Connect { user_name: Some(&name), ..hello(&id, 0) });
                }
            },
            end: |world| close(world, MANY),
            stays: 40,
            ..Row::ANY
        },
        Row {
            name: "Client Identifiers",
            make: |world| {
                for conn in 0..MANY {
                    world.connect(conn, hello(&format!("{}{conn}", text(LONG)), 0));
                }
            },
            end: |world| close(world, MANY),
            stays: 40,
            ..Row::ANY
        },
        Row {
            name: "sessions that are away, each with a timer",
            before: |world| {
                connect(world, 1);
                close(world, 1);
            },
            make: |world| {
                for client in 0..4_000 {
                    world.connect(0, hello(&format!("client-{client}"), 100));
                    world.close(0);
                }
            },
            end: |world| world.tick(200),
            stays: 100,
            ..Row::ANY
        },
        Row {
            name: "wills of clients that are connected",
            make: |world| {
                let payload = text(LONG);
                for conn in 0..MANY {
                    let id = format!("client-{conn}");
                    world.connect(conn, with_will(hello(&id, 0), "will", payload.as_bytes(), 0));
                }
            },
            end: |world| close(world, MANY),
            stays: 30,
            ..Row::ANY
        },
        Row {
            name: "user names and identities in wills that outlive the connection",
            make: |world| {
                let (name, identity) = (text(LONG), text(2 * LONG));
                for conn in 0..MANY {
                    let id = format!("client-{conn}");
                    let connect = Connect { user_name: Some(&name), ..hello(&id, 100) };
                    world.open(conn, Some(&identity));
                    world.receive(conn, &encode(with_will(connect, "will", b"1", 50)));
                    world.close(conn);
                }
            },
            end: |world| world.tick(200),
            stays: 30,
            ..Row::ANY
        },
        Row {
            name: "wills that are due and are asked about",
            make: |world| {
                let payload = text(LONG);
                for conn in 0..MANY {
                    let id = format!("client-{conn}");
                    world.connect(conn, with_will(hello(&id, 0), "later/will", payload.as_bytes(), 0));
                    world.close(conn);
                }
            },
            end: World::answer,
            ..Row::ANY
        },
        Row {
            name: "aliases of clients",
            make: |world| {
                connect(world, FEW);
                for (conn, alias) in (0..FEW).flat_map(|conn| (1..=16).map(move |alias| (conn, alias))) {
                    let topic = format!("{}/{alias}", text(LONG));
                    world.receive(conn, &publish(&topic, 0, 1, false, 1, alias, 0));
                }
            },
            end: |world| close(world, FEW),
            ..Row::ANY
        },
        Row {
            name: "aliases for clients",
            make: |world| {
                for conn in 0..FEW {
                    world.connect(conn, with_aliases(&format!("client-{conn}"), 0, 16));
                    world.subscribe(conn, "#", 0);
                }
                for at in 0..20 {
                    world.publish_within(&format!("{}/{at}", text(LONG)), QoS::AtMostOnce, false, 1);
                }
            },
            end: |world| close(world, FEW),
            ..Row::ANY
        },
        Row {
            name: "limits of how fast a client may send",
            config: || {
                let rate_limit = Some(RateLimit { messages: 1_000_000, bytes: 1_000_000 });
                Config { rate_limit, ..config() }
            },
            before: |world| {
                // All places are there.
                (0..MANY).for_each(|conn| world.open(conn, None));
                close(world, MANY);
            },
            make: |world| {
                for conn in 0..MANY {
                    world.open(conn, None);
                }
            },
            end: |world| close(world, MANY),
            ..Row::ANY
        },
        Row {
            name: "CONNECT that is one of too many, with an identifier that was assigned",
            config: || {
                let damping = Some(Damping { connects: 0, period: 1 << 30, pause: 1 << 30 });
                Config { damping, ..config() }
            },
            before: |world| {
                (0..MANY).for_each(|conn| world.open(conn, None));
                close(world, MANY);
            },
            make: |world| (0..MANY).for_each(|conn| world.connect(conn, hello("", 0))),
            end: |world| close(world, MANY),
            ..Row::ANY
        },
        Row {
            name: "CONNECT packets of clients that have to prove who they are",
            make: |world| {
                let password = text(10 * LONG);
                for conn in 0..FEW {
                    let id = format!("client-{conn}");
                    let password = Some(password.as_bytes());
                    world.connect(conn, Connect { password, ..with_method(&id, METHOD) });
                }
            },
            end: |world| close(world, FEW),
            ..Row::ANY
        },
        Row {
            name: "Client Identifiers of clients that have to prove who they are",
            make: |world| {
                for conn in 0..MANY {
                    world.connect(conn, with_method(&format!("{}{conn}", text(LONG)), METHOD));
                }
            },
            end: |world| close(world, MANY),
            stays: 30,
            ..Row::ANY
        },
        Row {
            name: "Response Information for clients that have to prove who they are",
            make: |world| {
                for conn in 0..MANY {
                    let id = format!("client-{conn}");
                    let connect = with_method(&id, METHOD);
                    let properties =
                        ConnectProperties { request_response_information: Some(true), ..connect.properties };
                    world.connect(conn, Connect { properties, ..connect });
                }
            },
            end: |world| close(world, MANY),
            stays: 30,
            ..Row::ANY
        },
        Row {
            name: "Authentication Methods of clients that are connected",
            make: |world| {
                let method = text(LONG);
                for conn in 0..MANY {
                    let id = format!("client-{conn}");
                    let connect = with_method(&id, &method);
                    let authentication_data = Some(&b"y"[..]);
                    let properties = ConnectProperties { authentication_data, ..connect.properties };
                    world.connect(conn, Connect { properties, ..connect });
                }
            },
            end: |world| close(world, MANY),
            stays: 40,
            ..Row::ANY
        },
        Row {
            name: "what is left of a CONNECT once the client has proved who it is",
            make: |world| {
                for conn in 0..MANY {
                    let id = format!("client-{conn}");
                    world.connect(conn, Connect { password: Some(&[0; LONG]), ..with_method(&id, METHOD) });
                    world.receive(conn, &auth(false, b"y"));
                }
            },
            end: |world| close(world, MANY),
            stays: 100,
            ..Row::ANY
        },
    ]);
}

/// Fails when the table of those who connect again and again, which is as large as it gets from the beginning, is not charged.
#[test]
fn damper() {
    let new = |config| {
        let world = World::new(config);
        (world.allocated, world.charged())
    };
    let damping = Some(Damping { connects: 1, period: 1, pause: 1 });
    let (without, with) = (new(config()), new(Config { damping, ..config() }));
    let (allocated, charged) = (with.0 - without.0, with.1 - without.1);
    assert!(allocated > 50_000 && allocated <= charged && charged <= 2 * allocated, "{allocated} {charged}");
}
