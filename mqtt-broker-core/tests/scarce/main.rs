//! Memory is scarce, and all that is lost by it is said: every copy of a message has been delivered, or waits, or was named by a note
//! with its client, topic, QoS and reason.
//!
//! | Module | |
//! |---|---|
//! | `steps` | what can happen, and how often |
//! | `clients` | clients that read when they are told to, and others that take memory away |
//! | `world` | the broker, and what each of its actions says |
//! | `model` | who was to get how many messages, and what became of them |

mod clients;
mod model;
mod steps;
mod world;

use mqtt_broker_core::{Budget, Relief};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::FileFailurePersistence;

use crate::steps::Step;
use crate::world::World;

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        max_shrink_iters: 5_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::with_cases(cases.unwrap_or(96))
    }
}

fn budget() -> impl Strategy<Value = Budget> {
    use Relief::{DropNewest, DropOldest, RefuseClients, RefuseRetained};
    let relief = select(vec![
        [RefuseRetained, DropOldest, RefuseClients],
        [DropOldest, RefuseClients, RefuseRetained],
        [DropNewest, RefuseClients, RefuseRetained],
        [RefuseClients, RefuseRetained, DropNewest],
        [RefuseRetained, RefuseRetained, RefuseRetained],
        [DropOldest, DropNewest, RefuseClients],
    ]);
    (245_usize..330, relief).prop_map(|(kib, relief)| Budget { bytes: kib << 10, relief })
}

proptest! {
    #![proptest_config(config())]

    /// Fails when a message is lost and nobody is told, or the note names another client, topic or QoS, or a count says something
    /// else than the notes; when a copy comes twice or to one who was not to get it; when more is charged than there is; and when
    /// clients cannot come back once there is room.
    #[test]
    fn what_is_lost_is_named(budget in budget(), steps in vec(Step::any(), 1..400)) {
        let mut world = World::new(budget);
        for step in &steps {
            world.take(step);
        }
        world.end();
    }
}
