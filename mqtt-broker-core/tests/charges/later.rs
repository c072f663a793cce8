//! What comes or goes in a later event than what it belongs to.

use crate::kept::{Row, check_all};
use crate::room;
use crate::world::{LONG, World, hello, no, subscribe, text};

const CLIENTS: u64 = 300;
const FEW: usize = 700;

fn connect(world: &mut World) {
    (0..CLIENTS).for_each(|conn| world.connect(conn, hello(&format!("client-{conn}"), 0)));
}

fn send(world: &mut World, packet: &[u8]) {
    (0..CLIENTS).for_each(|conn| world.receive(conn, packet));
}

fn subscribe_all(world: &mut World) {
    for at in 0..FEW {
        world.subscribe(0, &format!("later/{at}/{}", text(LONG)), 1);
    }
}

/// Fails when answers that are given at once are not charged if they wait behind one that is missing.
#[test]
fn answers_with_texts_behind_one_that_is_missing() {
    check_all(&[Row {
        name: "answers with texts behind one that is missing",
        before: connect,
        make: |world| send(world, &subscribe(&["asked", "told/1", "told/2", "told/3"], 1)),
        end: |world| {
            world.answer_all(no);
            send(world, &subscribe(&["asked", "told/1", "told/2", "told/3"], 1));
        },
        ..Row::ANY
    }]);
}

/// Fails when they are charged with the last answer, and not before.
#[test]
fn subscriptions_that_are_lost_by_late_answers() {
    check_all(&[Row {
        name: "subscriptions that are lost by late answers",
        before: |world| {
            world.connect(0, hello("client-0", 0));
            subscribe_all(world);
            world.subscribe(0, "later/last", 1);
        },
        make: |world| {
            world.revoke("client-0");
            world.answer_some(|at| at < FEW, no);
        },
        end: |world| {
            world.answer();
            subscribe_all(world);
        },
        ..Row::ANY
    }]);
}

/// Fails when what a replay had stays charged until something else happens to the session.
#[test]
fn replays_that_have_ended() {
    check_all(&[Row {
        name: "replays that have ended",
        before: |world| {
            for conn in 0..CLIENTS {
                let id = format!("client-{conn}");
                let mut connect = hello(&id, 0);
                connect.properties.receive_maximum = std::num::NonZeroU16::new(1);
                world.connect(conn, connect);
                world.subscribe(conn, &format!("{}/+", text(LONG)), 1);
            }
            ["1", "2"].iter().for_each(|last| world.retain(&format!("{}/{last}", text(LONG)), 1));
            acknowledge(world);
        },
        make: |world| send(world, &subscribe(&[format!("{}/+", text(LONG))], 1)),
        end: acknowledge,
        stays: 30,
        ..Row::ANY
    }]);
}

fn acknowledge(world: &mut World) {
    for _ in 0..2 {
        world.last_id += 1;
        (0..CLIENTS).for_each(|conn| world.puback(conn, world.last_id));
    }
}

/// Fails when no room is asked for what answers have to tell.
#[test]
fn texts_of_late_answers_without_room() {
    room::check_all(&[room::Row {
        name: "late answers with texts",
        before: |world| {
            connect(world);
            send(world, &subscribe(&["asked/1", "asked/2"], 1));
        },
        then: |world| world.answer_some(|at| at % 2 == 0, crate::world::told),
        ..room::Row::ANY
    }]);
}
