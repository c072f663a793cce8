//! A broker that may die between any two changes of its store, and between a change and what is sent after it, with clients that
//! know nothing of that.
//!
//! A script is what three clients do: QoS 0, 1 and 2, retained messages, wills, expiry, shared subscriptions, takeover, Topic Aliases; in
//! half of the scripts one of them speaks 3.1.1 now and then, and in half the policy answers late, or refuses. The embedding
//! program publishes, disconnects, ends sessions and revokes rights. Packets reach the broker in batches; the changes of a batch become
//! durable, and then what it called for is sent. The script is cut off at each point: after any of the changes, and after any of the
//! packets. What was durable is restored, sometimes twice; the clients come back, answers come late, and after some crashes the broker
//! dies again before all have come to rest. In the end every promise was kept: nothing is lost but what was noted or refused, which
//! does not come either, nothing of QoS 2 comes twice, order holds, what was denied is over, and what is retained is right.
//!
//! | Module | |
//! |---|---|
//! | `driver` | every point at which a script can be cut off; what is wrong on purpose |
//! | `script` | what clients do, and how they go on after a crash |
//! | `world`, `event`, `link` | the real broker, what happens to it, the network and the time |
//! | `guard` | a policy that says yes, no or later |
//! | `again` | a second crash, before the first is over |
//! | `store`, `sink` | what is durable, and what the broker calls for |
//! | `client` | a client that keeps what the standard has it keep |
//! | `model` | what the broker promises, and what may be left of it after half an event |
//!
//! A seed decides all choices of a script. `CRASH_SCRIPTS` says how many scripts are cut off, and `CRASH_SEED` which is the first; a
//! long run is
//!
//!     CRASH_SCRIPTS=50000 cargo test --release -p mqtt-broker-core --test crash -- --nocapture
//!
//! With `CRASH_POINT`, one script tells what happens at that point.

mod again;
mod client;
mod driver;
mod event;
mod guard;
mod link;
mod message;
mod model;
mod random;
mod request;
mod script;
mod sink;
mod store;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use driver::{Fault, Plan, Violation};

/// Scripts of a short run, and points that they have at least.
const SCRIPTS: u64 = 300;
const POINTS: u64 = 20_000;

/// Scripts in which a fault has to show.
const MOST_SCRIPTS: u64 = 400;

#[test]
fn promises_are_kept_whenever_the_broker_dies() {
    let first = number("CRASH_SEED").unwrap_or(0);
    let traced = number("CRASH_POINT");
    let count = traced.map_or_else(|| number("CRASH_SCRIPTS").unwrap_or(SCRIPTS), |_| 1);
    let (next, points, again) = (AtomicU64::new(first), AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count {
                return;
            }
            match (Plan { seed, fault: Fault::None, compares_store: true, traced }).run() {
                Ok((cut, more)) => {
                    points.fetch_add(cut, Ordering::Relaxed);
                    again.fetch_add(more, Ordering::Relaxed);
                }
                Err(violation) => panic!("{violation}"),
            };
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let points = points.into_inner();
    println!("{points} points in {count} scripts, and {} crashes after those", again.into_inner());
    assert!(count < SCRIPTS || points >= POINTS, "{points} points");
}

/// Each kind of pair has to be put, and to be deleted again.
#[test]
fn a_change_that_the_store_forgets_shows() {
    for (kind, may_be_left) in [
        ("session", false),
        ("subscription", false),
        ("copy", false),
        ("received", false),
        ("replay", false),
        ("retained", false),
        ("will", false),
        // What is left of these is in nobody's way: a message that nobody needs; a PUBREL that is sent once more.
        ("message", true),
        ("released", true),
        // Never deleted.
        ("complete", true),
    ] {
        shows(Fault::Skip { kind, is_put: true }, false);
        if !may_be_left {
            shows(Fault::Skip { kind, is_put: false }, false);
        }
    }
}

/// What nobody misses is found in the store.
#[test]
fn what_is_left_in_the_store_shows() {
    for kind in ["message", "released"] {
        shows(Fault::Skip { kind, is_put: false }, true);
    }
}

#[test]
fn changes_in_the_wrong_order_show() {
    shows(Fault::Swap, false);
}

#[test]
fn a_packet_that_is_sent_before_the_batch_is_durable_shows() {
    let [connack, publish, puback, pubrec, pubrel, pubcomp, suback, unsuback] = [2, 3, 4, 5, 6, 7, 9, 11];
    for packet in [connack, publish, puback, pubrec, pubrel, pubcomp, suback, unsuback] {
        shows(Fault::Early { packet }, false);
    }
}

fn shows(fault: Fault, compares_store: bool) {
    let mut points = 0;
    for seed in 0..MOST_SCRIPTS {
        match (Plan { seed, fault, compares_store, traced: None }).run() {
            Ok((cut, _)) => points += cut,
            Err(Violation { point, text, .. }) => {
                let text: String = text.chars().take(100).collect();
                return println!("{fault:?} shows after {} points: {text}", points + point);
            }
        }
    }
    panic!("{fault:?} does not show in {points} points");
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
