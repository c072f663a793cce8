//! Everything that a client can do wrong, in every state of a connection and every version: what it is told, that the
//! connection ends or not, that its will is due or not, that nobody else loses anything, and that it is counted.

mod rows;
mod world;

use mqtt_broker_core::Fault;
use mqtt_codec::Version;

use crate::rows::{Outcome, Row, rows};
use crate::world::World;

/// Says which row it was if the test fails.
struct Context(String);

impl Drop for Context {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in: {}", self.0);
        }
    }
}

fn for_each_row(state: &str, test: impl Fn(Version, &Row)) {
    for &version in &Version::ALL {
        for row in rows(version) {
            let _context = Context(format!("{} {state}, version {version}", row.name));
            test(version, &row);
        }
    }
}

#[test]
fn connected() {
    for_each_row("while connected", |version, row| {
        let mut world = World::new(row);
        let bad = world.connect_bad(version);
        for packet in &row.before {
            world.send(bad, packet);
            world.sent(bad);
        }
        if row.gets_message {
            world.give_message(bad, version);
        }
        world.send(bad, &row.bytes);
        let sent = world.sent(bad);
        // A CONNECT is not looked at, since it is one too many.
        let outcome = if row.is_connect() { Outcome::End(0x82) } else { row.outcome.clone() };
        let is_too_large =
            row.is_connect() && row.bytes.len() > 60 && row.name != "CONNECT larger than the limit";
        assert!(!is_too_large, "the rows' packets are small");
        let ends = match outcome {
            Outcome::End(code) if version.is_v5() => {
                assert_eq!(sent, [[0xE0, 1, code]], "DISCONNECT");
                true
            }
            Outcome::End(_) | Outcome::Close(_) => {
                assert!(sent.is_empty(), "3.x servers send no DISCONNECT: {sent:X?}");
                true
            }
            Outcome::Answer(answer) => {
                assert_eq!(sent, [answer]);
                false
            }
            Outcome::Nothing => {
                assert!(sent.is_empty(), "{sent:X?}");
                false
            }
        };
        assert_eq!(world.is_closed(bad), ends);
        let fault = if row.is_connect() { Some(Fault::SecondConnect) } else { row.fault };
        world.assert_counted(fault);
        assert_eq!(world.will_came(), ends, "the will is due if the connection ended");
        world.assert_others_are_well();
    });
}

#[test]
fn before_connect() {
    for_each_row("before CONNECT", |version, row| {
        let mut world = World::new(row);
        let bad = world.open_bad();
        world.send(bad, &row.bytes);
        let sent = world.sent(bad);
        if row.name == "second CONNECT" {
            return assert!(!world.is_closed(bad), "it is the first one here");
        }
        if !row.is_connect() {
            assert!(sent.is_empty(), "no packet: {sent:X?}");
            world.assert_counted(Some(Fault::FirstPacketNotConnect));
        } else {
            let code = match row.outcome {
                Outcome::End(code) => version.is_v5().then_some(code),
                Outcome::Close(code) => code,
                _ => panic!("a CONNECT is refused"),
            };
            let connack = |code: u8| match code {
                0x80.. => vec![0x20, 3, 0, code, 0],
                _ => vec![0x20, 2, 0, code],
            };
            assert_eq!(sent, code.map(connack).into_iter().collect::<Vec<_>>());
            world.assert_counted(row.fault);
        }
        assert!(world.is_closed(bad));
        assert!(!world.will_came());
        world.assert_others_are_well();
    });
}

#[test]
fn during_authentication() {
    for_each_row("during authentication", |version, row| {
        if !version.is_v5() {
            return;
        }
        let mut world = World::new(row);
        let bad = world.begin_authentication();
        world.send(bad, &row.bytes);
        let sent = world.sent(bad);
        assert!(world.is_closed(bad));
        // DISCONNECT alone is not wrong here.
        if row.bytes[0] == 0xE0 {
            return assert!(sent.is_empty());
        }
        // A packet that is not AUTH is a Protocol Error, whatever else is wrong with it. Never DISCONNECT (MQTT-3.14.0-1).
        let is_no_packet =
            matches!(row.fault, Some(Fault::ReservedPacketType | Fault::Length | Fault::PacketSize));
        let code = match row.outcome {
            Outcome::End(code) if is_no_packet => code,
            _ => 0x82,
        };
        assert_eq!(sent, [[0x20, 3, 0, code, 0]], "CONNACK");
        world.assert_counted(match row.fault {
            fault if is_no_packet => fault,
            _ if row.is_connect() => Some(Fault::SecondConnect),
            _ => Some(Fault::Auth),
        });
        assert!(!world.will_came());
        world.assert_others_are_well();
    });
}

#[test]
fn after_disconnect() {
    for_each_row("after DISCONNECT", |version, row| {
        let mut world = World::new(row);
        let bad = world.connect_bad(version);
        let mut bytes = vec![0xE0, 0];
        bytes.extend(&row.bytes);
        world.send(bad, &bytes);
        assert!(world.sent(bad).is_empty());
        assert!(world.is_closed(bad));
        world.assert_counted(None);
        assert!(!world.will_came(), "DISCONNECT removed it");
        world.assert_others_are_well();
    });
}
