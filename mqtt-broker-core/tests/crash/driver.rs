//! Every point at which a script can be cut off.

use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::again::DOWN;
use crate::event::Happened;
use crate::random::Random;
use crate::sink::Act;
use crate::store::{Skip, Store};
use crate::world::{Checked, World};

/// Batches of a script.
const BATCHES: usize = 14;
/// Events of a batch at most.
const BATCH: usize = 4;

/// After one crash in so many there is another before all have come to rest, and so on.
const AGAIN: usize = 6;

/// What is wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    None,
    /// The store forgets a change.
    Skip {
        kind: &'static str,
        is_put: bool,
    },
    /// The store makes two changes of one event in the wrong order.
    Swap,
    /// Packets whose first byte has these upper four bits go out before the batch is durable.
    Early {
        packet: u8,
    },
}

/// A script, and what is done with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) fault: Fault,
    /// Whether the store is compared with what the broker knows too, and not only what clients see with what was promised.
    pub(crate) compares_store: bool,
    /// The point of which is told what happens.
    pub(crate) traced: Option<u64>,
}

/// A promise that was broken.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) seed: u64,
    pub(crate) point: u64,
    pub(crate) text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, point, text } = self;
        write!(f, "{text}\nCRASH_SEED={seed} CRASH_POINT={point} tells how")
    }
}

impl Plan {
    /// Cuts off the script everywhere. Gives the number of points, and of crashes after those.
    pub(crate) fn run(self) -> Result<(u64, u64), Violation> {
        let mut driver = Driver { plan: self, points: 0, again: 0 };
        let outcome = catch_unwind(AssertUnwindSafe(|| driver.script()));
        let outcome = outcome.unwrap_or_else(|_| Err("a panic".to_owned()));
        outcome.map_err(|text| Violation { seed: self.seed, point: driver.points, text })?;
        Ok((driver.points, driver.again))
    }
}

struct Driver {
    plan: Plan,
    points: u64,
    /// Crashes after those.
    again: u64,
}

impl Driver {
    fn script(&mut self) -> Checked {
        let mut choices = Random::new(!self.plan.seed);
        let skip = match self.plan.fault {
            Fault::Skip { kind, is_put } => Some(Skip { kind, is_put, after: choices.below(3) }),
            _ => None,
        };
        let mut world = World::new(self.plan.seed, skip);
        world.is_traced = self.plan.traced.is_some();
        world.compares_store = self.plan.compares_store;
        world.begin()?;
        for _ in 0..BATCHES {
            for _ in 0..choices.below(4) {
                world.act()?;
            }
            let before = world.clone();
            let batch = world.batch()?;
            self.cut_off(&before, &batch, &world)?;
            world.carry_out(&batch)?;
            // Sometimes the script itself goes on after a crash.
            if choices.one_in(12) {
                let down = choices.pick(&DOWN);
                world.die(down)?;
            }
        }
        // Without a crash everything is right too.
        world.play_on()?;
        if self.plan.compares_store { world.check_store() } else { Ok(()) }
    }

    /// All points of a batch.
    fn cut_off(&mut self, before: &World, batch: &[Happened], after: &World) -> Checked {
        let mut world = before.clone();
        world.seq = after.seq;
        let mut store = mem::take(&mut world.store);
        let mut models = mem::take(&mut world.models);
        world.broker = world.new_broker();
        for (at, happened) in batch.iter().enumerate() {
            let ops: Vec<_> = happened.ops().collect();
            for (done, op) in ops.iter().enumerate() {
                world.models = if done == 0 { models.clone() } else { happened.models_within(&models) };
                match self.plan.fault {
                    Fault::Swap => {
                        if let Some(next) = ops.get(done + 1) {
                            let mut swapped = store.clone();
                            swapped.apply(next);
                            world.models = happened.models_within(&models);
                            self.point(&world, &swapped, &[])?;
                        }
                    }
                    Fault::Early { packet } => {
                        let is_early =
                            |act: &Act| matches!(act, Act::Send(_, bytes) if bytes[0] >> 4 == packet);
                        let early = acts(batch, is_early);
                        if !early.is_empty() {
                            self.point(&world, &store, &early)?;
                        }
                    }
                    Fault::None | Fault::Skip { .. } => {
                        self.point(&world, &store, &[])?;
                        // Had the batch ended with the event before, what that called for could be on its way.
                        let released = acts(&batch[..at], is_output);
                        if done == 0 && !released.is_empty() {
                            self.point(&world, &store, &released)?;
                        }
                    }
                }
                store.apply(op);
            }
            models = happened.models_after(&models);
        }
        world.models = models;
        let released = acts(batch, is_output);
        for count in 0..=released.len() {
            self.point(&world, &store, &released[..count])?;
        }
        Ok(())
    }

    /// The broker dies with this in its store, and when these actions were carried out.
    fn point(&mut self, before: &World, store: &Store, released: &[(&Happened, &Act)]) -> Checked {
        if matches!(self.plan.fault, Fault::Skip { .. }) && !store.has_skipped() {
            return Ok(());
        }
        self.points += 1;
        let mut world = before.clone();
        world.store = store.clone();
        world.is_traced = self.plan.traced == Some(self.points);
        world.random = Random::new(self.plan.seed ^ self.points << 32);
        for (happened, act) in released {
            world.release_act(act, happened)?;
        }
        let down = world.random.pick(&DOWN);
        world.die(down)?;
        while world.random.one_in(AGAIN) {
            self.again += 1;
            world.die_again()?;
        }
        world.play_on()
    }
}

fn is_output(act: &Act) -> bool {
    !matches!(act, Act::Store(_))
}

/// Actions of a batch, each with what it belongs to.
fn acts(batch: &[Happened], is_one: impl Fn(&Act) -> bool) -> Vec<(&Happened, &Act)> {
    let is_one = &is_one;
    batch
        .iter()
        .flat_map(|happened| {
            happened.acts.iter().filter(move |act| is_one(act)).map(move |act| (happened, act))
        })
        .collect()
}

impl World {
    /// Some events, whose actions are held back.
    pub(crate) fn batch(&mut self) -> Checked<Vec<Happened>> {
        let mut batch = Vec::new();
        for _ in 0..=self.random.below(BATCH) {
            let Some(happened) = self.next(|random, count| random.below(count))? else { break };
            batch.push(happened);
        }
        Ok(batch)
    }

    /// The broker dies. Clients get some of what is on its way to them. Then it is restored, and sometimes dies while that is written.
    pub(crate) fn die(&mut self, down: u64) -> Checked {
        for client in 0..self.clients.len() {
            let count = self.random.pick(&[0, 1, 2, usize::MAX, usize::MAX]);
            self.read(client, count)?;
        }
        self.trace(|| format!("crash, down for {down}, with\n{}", self.store.text()));
        self.crash(down);
        let mut happened = self.restore()?;
        let ops: Vec<_> = happened.ops().collect();
        if !ops.is_empty() && self.random.one_in(3) {
            let durable = self.random.below(ops.len() + 1);
            ops[..durable].iter().for_each(|op| self.store.apply(op));
            if durable > 0 {
                self.models = happened.models_within(&self.models);
            }
            self.trace(|| format!("crash in restore after {durable} of {}", happened.text()));
            self.crash(0);
            happened = self.restore()?;
        }
        self.trace(|| format!("restored: {}", happened.text()));
        self.judge(|model| model.apply(&happened))?;
        self.carry_out(std::slice::from_ref(&happened))?;
        let is_sent = |act: &Act| matches!(act, Act::Send(..) | Act::Close(_));
        if happened.acts.iter().any(is_sent) {
            return Err(format!("sent while restoring: {}", happened.text()));
        }
        Ok(())
    }
}
