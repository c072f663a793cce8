//! Subscriptions of all kinds.

use crate::clients::connect;
use crate::kept::{Row, check_all};
use crate::world::{World, subscribe, text};

/// Fails when something of a subscription is not charged, or stays charged when it is gone.
#[test]
fn subscriptions() {
    fn row(name: &'static str, make: fn(&mut World), end: fn(&mut World)) -> Row {
        Row { name, before: |world| connect(world, 500), make, end, stays: 60, ..Row::ANY }
    }
    fn each(world: &mut World, filter: fn(u64) -> String, is_made: bool) {
        for at in 0..1_500 {
            if is_made {
                world.subscribe(0, &filter(at), 1);
            } else {
                world.unsubscribe(0, &filter(at));
            }
        }
    }
    fn plain(at: u64) -> String {
        format!("some/where/{at}")
    }
    fn wild(at: u64) -> String {
        format!("+/where/{at}/#")
    }
    fn long(at: u64) -> String {
        format!("{at}/{}", text(300))
    }
    fn shared(at: u64) -> String {
        format!("$share/group-{at}/{}/{at}", text(100))
    }
    check_all(&[
        row("subscriptions", |world| each(world, plain, true), |world| each(world, plain, false)),
        row(
            "subscriptions with wildcards",
            |world| each(world, wild, true),
            |world| each(world, wild, false),
        ),
        row("long subscriptions", |world| each(world, long, true), |world| each(world, long, false)),
        row("shared subscriptions", |world| each(world, shared, true), |world| each(world, shared, false)),
        row(
            "subscriptions of many to the same",
            |world| (0..500).for_each(|conn| world.receive(conn, &subscribe(&["a/+", "a/b", "#"], 1))),
            |world| {
                (0..500).for_each(|conn| {
                    ["a/+", "a/b", "#"]
                        .map(|filter| world.unsubscribe(conn, filter))
                        .into_iter()
                        .for_each(drop)
                })
            },
        ),
        row(
            "members of few groups",
            |world| {
                for (conn, group) in (0..500).flat_map(|conn| (0..10).map(move |group| (conn, group))) {
                    world.subscribe(conn, &format!("$share/{group}/t"), 1);
                }
            },
            |world| {
                for (conn, group) in (0..500).flat_map(|conn| (0..10).map(move |group| (conn, group))) {
                    world.unsubscribe(conn, &format!("$share/{group}/t"));
                }
            },
        ),
    ]);
}
