use alloc::collections::BTreeSet;

use mqtt_session::Timestamp;
use mqtt_topic::memory::of_map;
use mqtt_topic::{TopicName, TopicNameBuf};

/// What shall be looked at when its time has come. Numbers are places; a timer goes before what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    /// CONNECT did not come, or Keep Alive, or a pause is over.
    Connection(u32),
    /// A will is due, or the session expires.
    Session(u32),
    /// There is more to replay.
    Replay(u32),
    /// A question is open for too long.
    Answers,
    /// The broker's own state is published.
    Sys,
}

/// A time, or none, in 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Moment(Timestamp);

impl Moment {
    pub(crate) const NONE: Self = Self(Timestamp::from_millis(u64::MAX));

    pub(crate) const fn at(at: Timestamp) -> Self {
        Self(at)
    }

    pub(crate) fn get(self) -> Option<Timestamp> {
        (self != Self::NONE).then_some(self.0)
    }
}

/// Where the one timer of its kind stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Alarm(Moment);

impl Alarm {
    pub(crate) const OFF: Self = Self(Moment::NONE);
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Timers {
    timers: BTreeSet<(Timestamp, Timer)>,
    /// When retained messages expire.
    retained: BTreeSet<(Timestamp, TopicNameBuf)>,
    /// Bytes of their topics.
    text: usize,
}

impl Timers {
    /// Moves the one timer of its kind, whose place is in `alarm`.
    pub(crate) fn set(&mut self, alarm: &mut Alarm, at: Option<Timestamp>, timer: Timer) {
        let next = at.map_or(Moment::NONE, Moment::at);
        if alarm.0 == next {
            return;
        }
        if let Some(before) = alarm.0.get() {
            self.timers.remove(&(before, timer));
        }
        alarm.0 = next;
        if let Some(at) = next.get() {
            self.timers.insert((at, timer));
        }
    }

    pub(crate) fn retained_expires(&mut self, at: Timestamp, topic: &TopicName) {
        if self.retained.insert((at, topic.into())) {
            self.text += topic.as_str().len();
        }
    }

    pub(crate) fn retained_goes(&mut self, at: Timestamp, topic: &TopicName) {
        if self.retained.remove(&(at, topic.into())) {
            self.text -= topic.as_str().len();
        }
    }

    /// Bytes that they have allocated, at most, when so many may have one.
    pub(crate) fn heap(&self, owners: usize) -> usize {
        of_map::<(Timestamp, Timer), ()>(self.timers.len().max(owners))
            + of_map::<(Timestamp, TopicNameBuf), ()>(self.retained.len())
            + self.text
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        let timer = self.timers.first().map(|&(at, _)| at);
        let retained = self.retained.first().map(|&(at, _)| at);
        timer.into_iter().chain(retained).min()
    }

    /// A timer that is due. Its alarm is off from now on, which the caller has to note.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<Timer> {
        if self.timers.first()?.0 > now {
            return None;
        }
        self.timers.pop_first().map(|(_, timer)| timer)
    }

    /// A retained message that has expired.
    pub(crate) fn next_retained(&self, now: Timestamp) -> Option<TopicNameBuf> {
        self.retained.first().filter(|(at, _)| *at <= now).map(|(_, topic)| topic.clone())
    }
}
