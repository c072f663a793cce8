//! What is durable.

use std::collections::BTreeMap;

use mqtt_broker_core::{Broker, Config, Timestamp};

use crate::guard::{Guard, Mood};
use crate::random::Random;
use crate::sink::{Act, Sink};

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Put(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
}

impl Op {
    fn key(&self) -> &[u8] {
        match self {
            Self::Put(key, _) | Self::Delete(key) => key,
        }
    }

    /// The first part of its key.
    fn kind(&self) -> &[u8] {
        self.key().split(|&byte| byte == b'/').next().unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        let verb = if matches!(self, Self::Put(..)) { "put" } else { "delete" };
        format!("{verb} {}", self.key().escape_ascii())
    }
}

/// A change that a broken store forgets: one of a kind, after so many others of that kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Skip {
    pub(crate) kind: &'static str,
    pub(crate) is_put: bool,
    pub(crate) after: usize,
}

/// The durable pairs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    pairs: BTreeMap<Vec<u8>, Vec<u8>>,
    skip: Option<Skip>,
}

impl Store {
    pub(crate) fn new(skip: Option<Skip>) -> Self {
        Self { skip, ..Self::default() }
    }

    /// Whether it has forgotten what it forgets.
    pub(crate) const fn has_skipped(&self) -> bool {
        self.skip.is_none()
    }

    pub(crate) fn apply(&mut self, op: &Op) {
        if let Some(skip) = &mut self.skip
            && skip.kind.as_bytes() == op.kind()
            && skip.is_put == matches!(op, Op::Put(..))
        {
            if skip.after == 0 {
                self.skip = None;
                return;
            }
            skip.after -= 1;
        }
        match op {
            Op::Put(key, value) => _ = self.pairs.insert(key.clone(), value.clone()),
            Op::Delete(key) => _ = self.pairs.remove(key),
        }
    }

    /// The broker whose store this is, and what it calls for.
    pub(crate) fn restore(&self, config: Config, guard: Guard, now: u64) -> (Broker<Guard>, Sink) {
        let mut sink = Sink::default();
        let broker = Broker::restore(config, guard, Timestamp::from_millis(now), &self.pairs, &mut sink);
        (broker, sink)
    }

    /// What is restored from here is what is restored from all that the broker would put into another store, and nothing is here
    /// that would not be there.
    pub(crate) fn check(&self, config: Config, broker: &Broker<Guard>, now: u64) -> Result<(), String> {
        let mut sink = Sink::default();
        broker.clone().store_all(&mut sink);
        let mut all = Self::default();
        sink.acts.iter().for_each(|act| all.apply_act(act));
        // Numbers go on from the last that was used, and some may have been used that are not here any more.
        let mut own = self.clone();
        own.pairs.extend(
            all.pairs.get_key_value(&b"complete"[..]).map(|(key, value)| (key.clone(), value.clone())),
        );
        if !own.pairs.keys().eq(all.pairs.keys()) {
            return Err(format!("the store has\n{}and the broker\n{}", own.text(), all.text()));
        }
        let restored = |store: &Self| store.restore(config, Guard::new(Random::new(0), Mood::Easy), now).0;
        if restored(&own) != restored(&all) {
            return Err(format!(
                "what is restored differs: the store has\n{}and the broker\n{}",
                own.text(),
                all.text()
            ));
        }
        Ok(())
    }

    pub(crate) fn apply_act(&mut self, act: &Act) {
        if let Act::Store(op) = act {
            self.apply(op);
        }
    }

    pub(crate) fn text(&self) -> String {
        let line = |(key, value): (&Vec<u8>, &Vec<u8>)| format!("{} {value:?}\n", key.escape_ascii());
        self.pairs.iter().map(line).collect()
    }
}
