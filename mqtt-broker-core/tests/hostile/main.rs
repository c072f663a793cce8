//! Clients that send anything at any time, beside a few that behave. Nothing panics, everything stays within its limits,
//! and those that behave get what they would get if they were alone.
//!
//! | Module | |
//! |---|---|
//! | `steps` | what can happen |
//! | `attack` | packets of hostile clients: out of place, mutated, cut, or no packets at all |
//! | `honest` | the clients that behave |
//! | `world` | the broker with its small limits and its policy, and the connections |
//! | `bounds` | what is checked after each event |

mod attack;
mod bounds;
mod honest;
mod steps;
mod world;

use mqtt_broker_core::{Action, AllowAll, Broker, Budget, Config, ConnId, Event, Message, Relief, Timestamp};
use mqtt_codec::{QoS, TopicName};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::FileFailurePersistence;

use steps::Step;
use world::World;

const CASES: u32 = 64;
const MOST_SHRINKING: u32 = 5_000;

/// Each comes first in one.
const RELIEFS: [[Relief; 3]; 4] = [
    [Relief::RefuseRetained, Relief::DropOldest, Relief::RefuseClients],
    [Relief::DropOldest, Relief::RefuseClients, Relief::RefuseRetained],
    [Relief::DropNewest, Relief::RefuseClients, Relief::RefuseRetained],
    [Relief::RefuseClients, Relief::RefuseRetained, Relief::DropNewest],
];

/// As many cases as `PROPTEST_CASES` says, or a few. Failures are kept beside this file.
fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    let is_given = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if is_given { config.cases } else { CASES },
        max_shrink_iters: MOST_SHRINKING,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..config
    }
}

/// Takes these steps, and gives the world after them.
fn run(steps: &[Step], with_hostile: bool) -> World {
    run_in(World::new(), steps, with_hostile)
}

fn run_in(mut world: World, steps: &[Step], with_hostile: bool) -> World {
    for step in steps {
        match step {
            Step::Honest(step) => world.honest_step(step),
            Step::Hostile(step) if with_hostile => world.hostile_step(step),
            Step::Hostile(_) => {}
            Step::Wait { millis } => world.wait(*millis),
        }
    }
    world.finish();
    world
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn those_that_behave_notice_nothing(steps in prop::collection::vec(steps::step(), 1..500)) {
        let together = run(&steps, true);
        let alone = run(&steps, false);
        for (noticed, expected) in together.honest.iter().zip(&alone.honest) {
            prop_assert_eq!(noticed.transcript(), expected.transcript());
        }
        let again = run(&steps, true);
        prop_assert!(together.log == again.log, "the same events give the same actions");
    }

    /// Fails when something is done for which there is no memory, or a copy is dropped for that and not counted, or has no note.
    #[test]
    fn with_little_memory_they_get_no_more(
        steps in prop::collection::vec(steps::step_without_honest(), 1..500),
        kib in 330_usize..380,
        relief in select(&RELIEFS[..]),
    ) {
        let config = Config { budget: Budget { bytes: kib << 10, relief }, ..world::config() };
        let first = run_in(World::without_honest(config), &steps, true);
        let again = run_in(World::without_honest(config), &steps, true);
        prop_assert!(first.log == again.log, "the same events give the same actions");
    }

    /// Of the messages for a client that is away, so many wait as the limits of messages and of bytes allow.
    #[test]
    fn what_waits_has_a_limit(
        payload in 1..2000_usize,
        messages in 1..100_usize,
        queued_messages in 1..100_usize,
    ) {
        let config = Config { queued_messages, queued_bytes: 20_000, ..Config::default() };
        let mut broker = Broker::new(config, AllowAll);
        let mut handle = |event: Event<'_>| broker.handle(Timestamp::ZERO, event, &mut Vec::<Action>::new());
        handle(Event::Opened { conn: ConnId(0), listener: world::PUBLIC, identity: None });
        for mut bytes in attack::subscriber_with_a_long_session() {
            handle(Event::Received { conn: ConnId(0), bytes: &mut bytes });
        }
        handle(Event::Closed { conn: ConnId(0) });
        for _ in 0..messages {
            let message = Message::new(TopicName::new("x").unwrap(), vec![b'x'; payload]);
            handle(Event::Publish(message.with_qos(QoS::AtLeastOnce)));
        }
        let waiting = usize::try_from(broker.stats().all_copies().queued).unwrap();
        prop_assert!(waiting > 0 && waiting <= queued_messages);
        prop_assert!(waiting * payload <= config.queued_bytes);
    }
}
