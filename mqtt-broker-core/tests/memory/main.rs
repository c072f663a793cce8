//! The memory that a broker has, by what an allocator counts and by what the broker charges; and that it stays within its budget.
//!
//! Clients come and go, publish, subscribe, take what they get or do not, and some of them want as much as they can have. After each
//! event what is allocated is at most 1.2 times what is charged, and what is charged is within the budget.
//!
//!     cargo test -p mqtt-broker-core --test memory
//!     PROPTEST_CASES=1000 cargo test --release -p mqtt-broker-core --test memory

mod packets;
mod steps;
mod world;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use crate::steps::Step;
use crate::world::World;

proptest! {
    #![proptest_config(ProptestConfig {
        max_shrink_iters: 2_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::with_cases(cases(32))
    })]

    /// Fails when something is allocated that is not charged, or charged when it is gone, or when something is done for which
    /// there is no room.
    #[test]
    fn what_is_allocated_is_charged(steps in vec(Step::any(), 1..400), budget in (300_usize..2_000).prop_map(|kib| kib << 10)) {
        let mut world = World::new(budget);
        for step in &steps {
            world.take(step);
        }
        world.end();
    }
}

fn cases(otherwise: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(otherwise)
}
