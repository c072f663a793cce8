use alloc::collections::BTreeSet;

use mqtt_session::Timestamp;
use mqtt_topic::TopicNameBuf;

use crate::ConnId;
use crate::slab::Key;

/// What shall be looked at when its time has come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    /// CONNECT did not come, or Keep Alive.
    Connection(ConnId),
    /// A will is due, or the session expires.
    Session(Key),
    /// There is more to replay.
    Replay(Key),
    /// A retained message expires.
    Retained(TopicNameBuf),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timers(BTreeSet<(Timestamp, Timer)>);

impl Timers {
    /// Moves the one timer of its kind, whose place is in `slot`.
    pub(crate) fn set(&mut self, slot: &mut Option<Timestamp>, at: Option<Timestamp>, timer: Timer) {
        if *slot == at {
            return;
        }
        let timer = match slot.take() {
            Some(old) => self.0.take(&(old, timer.clone())).map_or(timer, |(_, timer)| timer),
            None => timer,
        };
        *slot = at;
        if let Some(at) = at {
            self.0.insert((at, timer));
        }
    }

    pub(crate) fn add(&mut self, at: Timestamp, timer: Timer) {
        self.0.insert((at, timer));
    }

    pub(crate) fn cancel(&mut self, at: Timestamp, timer: Timer) {
        self.0.remove(&(at, timer));
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.0.first().map(|&(at, _)| at)
    }

    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        self.0.pop_first().map(|(_, timer)| timer)
    }
}
