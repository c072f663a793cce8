//! The memory that a broker has, by what an allocator counts and by what the broker charges; and that it stays within its budget.
//!
//! Clients come and go, publish, subscribe, take what they get or do not, and some of them want as much as they can have. After each
//! event what is allocated is at most 1.2 times what is charged, and what is charged is within the budget.
//!
//! | Module | |
//! |---|---|
//! | `steps` | what clients do, and how often; kinds of brokers |
//! | `clients` | how they do it |
//! | `names`, `packets` | topics and packets, some of them long |
//! | `outbox` | what the broker called for, and the policy |
//! | `world` | the broker, and what is checked after each event |
//!
//!     cargo test -p mqtt-broker-core --test memory
//!     PROPTEST_CASES=1000 cargo test --release -p mqtt-broker-core --test memory

mod clients;
mod names;
mod outbox;
mod packets;
mod steps;
mod world;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use crate::steps::{Setup, Step};
use crate::world::World;

fn config(otherwise: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        max_shrink_iters: 2_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::with_cases(cases.unwrap_or(otherwise))
    }
}

fn run(setup: &Setup, steps: &[Step]) {
    let mut world = World::new(setup);
    world.begin();
    for step in steps {
        world.take(step);
    }
    world.end();
}

proptest! {
    #![proptest_config(config(32))]

    /// Fails when something is allocated that is not charged, or charged when it is gone, or when something is done for which
    /// there is no room.
    #[test]
    fn what_is_allocated_is_charged(setup in Setup::any(300_usize..2_000, 1), steps in vec(Step::any(), 1..400)) {
        run(&setup, &steps);
    }
}

proptest! {
    #![proptest_config(config(3))]

    /// The same with more of everything: fails when the charge for something that grows by doubling, or that many have, is not near
    /// what is allocated.
    #[test]
    fn what_is_allocated_is_charged_if_it_is_much(
        setup in Setup::any(prop_oneof![2 => 2_000_usize..8_000, 1 => 8_000_usize..64_000], 30),
        steps in vec(Step::any(), 50..150),
    ) {
        run(&setup, &steps);
    }
}
