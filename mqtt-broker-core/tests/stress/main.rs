//! Clients that speak the protocol as they should, over a network that is slow and breaks at any byte, and a model of what
//! the broker promises them.
//!
//! | Module | |
//! |---|---|
//! | `steps` | what can happen, and how often |
//! | `world`, `link` | the real broker, the network and the time |
//! | `client` | a client that keeps lists of what it has sent and received |
//! | `model`, `routing` | a naive broker: which packet promises which message to whom |
//! | `ledger` | each promise, and whether it was kept: once, in order, to the right one |
//! | `wire` | identifiers, DUP, resending and Receive Maximum, packet by packet |
//! | `checks` | what is checked after each event, and at the end |
//! | `log` | everything once more: the same events give the same actions |
//!
//! The oracle knows the order in which the broker took packets, the time, and nothing else of the broker.
//! `PROPTEST_CASES=10000` looks longer.

mod checks;
mod client;
mod ledger;
mod link;
mod log;
mod message;
mod model;
mod request;
mod routing;
mod steps;
mod store;
mod wire;
mod world;

use proptest::test_runner::{Config, FileFailurePersistence};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use steps::{Plan, Step};
use world::World;

const CASES: u32 = 96;
const MOST_SHRINKING: u32 = 5_000;

struct Promises;

impl StateMachineTest for Promises {
    type SystemUnderTest = World;
    type Reference = Plan;

    fn init_test(_: &Plan) -> World {
        World::new()
    }

    fn apply(mut world: World, _: &Plan, step: Step) -> World {
        world.step(step);
        world
    }

    fn teardown(mut world: World, _: <Plan as ReferenceStateMachine>::State) {
        world.check_at_the_end();
    }
}

/// As many cases as `PROPTEST_CASES` says, or a few. Failures are kept beside this file.
fn config() -> Config {
    let config = Config::default();
    let is_given = std::env::var_os("PROPTEST_CASES").is_some();
    Config {
        cases: if is_given { config.cases } else { CASES },
        max_shrink_iters: MOST_SHRINKING,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..config
    }
}

prop_state_machine! {
    #![proptest_config(config())]

    #[test]
    fn promises_are_kept(sequential 50..500 => Promises);
}
