//! What is kept in a broker that has room for all of it.

use mqtt_broker_core::Config;
use mqtt_codec::QoS;

use crate::packets;
use crate::world::{FIRST, World, config, hello};

/// Bytes by which what is allocated may go beyond what is charged: buffers that are used again grow a little.
const SLACK: i64 = 4 << 10;

/// A kind of thing that is kept and charged.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) config: fn() -> Config,
    /// What has to be there before, and is not counted.
    pub(crate) before: fn(&mut World),
    pub(crate) make: fn(&mut World),
    /// All of it goes.
    pub(crate) end: fn(&mut World),
    /// How much may be charged, in percent of what is allocated.
    pub(crate) most: i64,
    /// How much may stay charged in the end, in percent of what was: tables that doubled do not shrink.
    pub(crate) stays: i64,
}

impl Row {
    pub(crate) const ANY: Self =
        Self { name: "", config, before: |_| {}, make: |_| {}, end: |_| {}, most: 200, stays: 10 };
}

pub(crate) fn check_all(rows: &[Row]) {
    let wrong: Vec<_> =
        rows.iter().filter_map(|row| Some(format!("{}: {}", row.name, check(row).err()?))).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn check(row: &Row) -> Result<(), String> {
    let mut world = World::new((row.config)());
    warm_up(&mut world);
    (row.before)(&mut world);
    let (allocated, charged) = (world.allocated, world.charged());
    let grown = |world: &World| (world.allocated - allocated, world.charged() - charged);
    world.slack = Some(SLACK);
    world.round = 1;
    (row.make)(&mut world);
    let (more, most) = grown(&world);
    if std::env::var_os("SHOW").is_some() {
        println!("{:70} {more:9} {most:9} {}", row.name, most * 100 / more.max(1));
    }
    if more < 8 * SLACK {
        world.fail(format!("{more} bytes are too few to tell"));
    }
    if more > most + most / 100 + SLACK {
        world.fail(format!("{more} bytes are allocated, and {most} charged"));
    }
    if most > more * row.most / 100 + SLACK {
        world.fail(format!("{most} bytes are charged, and {more} allocated"));
    }
    (row.end)(&mut world);
    let (left, kept) = grown(&world);
    if std::env::var_os("SHOW").is_some() {
        println!("{:70} {left:9} {kept:9} {}", "", kept * 100 / most.max(1));
    }
    // What was there before may lie in trees that are less full now.
    if kept > most * row.stays / 100 + SLACK || left > kept + most / 20 + SLACK {
        world.fail(format!("{left} bytes stay, and {kept} are charged, of {more} and {most}"));
    }
    // Once more, and now nothing has to grow that stays.
    world.round = 2;
    (row.make)(&mut world);
    (row.end)(&mut world);
    if grown(&world).1 != kept {
        world.fail(format!("{kept} bytes stay, and {} at the second time", grown(&world).1));
    }
    world.wrong.map_or(Ok(()), Err)
}

/// Buffers that are used again are as large as they get.
fn warm_up(world: &mut World) {
    world.connect(FIRST, hello("first", 0));
    world.receive(FIRST, &packets::publish("warm", 0, 1, false, 3_000, 0, 0));
    world.subscribe(FIRST, "warm", 0);
    world.publish_within("warm", QoS::AtMostOnce, false, 3_500);
    world.unsubscribe(FIRST, "warm");
}
