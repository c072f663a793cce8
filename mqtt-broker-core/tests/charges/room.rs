//! Clients want what is not there: each kind of thing needs room, and is refused when there is none.
//!
//! A broker is filled with retained messages until it takes no more. What is free then is its headroom, and a row wants far more.

use crate::world::{World, config, with_aliases};
use mqtt_broker_core::{Budget, Config};

pub(crate) const CLIENTS: u64 = 300;
pub(crate) const MANY: usize = 2_000;

/// Budgets, each by so much above the one before: what is free in the end is different in each.
const STEPS: usize = 4;
const STEP: usize = 311;

/// Something for which there has to be room.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) config: fn(Config) -> Config,
    /// Before the broker is full.
    pub(crate) before: fn(&mut World),
    pub(crate) then: fn(&mut World),
}

impl Row {
    pub(crate) const ANY: Self = Self { name: "", config: |config| config, before: |_| {}, then: |_| {} };
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

pub(crate) fn check_all(rows: &[Row]) {
    let mut wrong = Vec::new();
    for row in rows {
        let found = (0..STEPS).find_map(|step| check(row, (2 << 20) + step * STEP).err());
        wrong.extend(found.map(|what| format!("{}: {what}", row.name)));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// With retained messages of this size.
pub(crate) fn fill(world: &mut World, size: usize) {
    world.calls.is_retained = true;
    for at in 0.. {
        world.retain(&format!("filler/{size}/{at}"), size);
        if !world.calls.is_retained || world.wrong.is_some() {
            return;
        }
    }
}

/// Takes so many of those away.
pub(crate) fn empty(world: &mut World, size: usize, count: usize) {
    (0..count).for_each(|at| world.retain(&format!("filler/{size}/{at}"), 0));
}

pub(crate) fn connect(world: &mut World, expiry: u32) {
    for conn in 0..CLIENTS {
        world.connect(conn, with_aliases(&format!("client-{conn}"), expiry, 0));
    }
    assert_eq!(world.calls.connected as u64, CLIENTS, "there is room for all");
}

pub(crate) fn send(world: &mut World, packet: &[u8]) {
    (0..CLIENTS).for_each(|conn| world.receive(conn, packet));
}
