use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mqtt_broker_core::Timestamp;

/// Unix time made monotone: read once at the start, and counted on from there.
///
/// Setting the system's clock while the broker runs changes nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
    started_at: u64,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the runtime reads the time")]
    pub(crate) fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started: Instant::now(), started_at: millis(since_epoch) }
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where the runtime reads the time")]
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.started_at).plus_millis(millis(self.started.elapsed()))
    }

    /// When `timestamp` will be the time; `None` if that is too far away to say.
    pub(crate) fn instant(&self, timestamp: Timestamp) -> Option<Instant> {
        let millis = timestamp.as_millis().saturating_sub(self.started_at);
        self.started.checked_add(Duration::from_millis(millis))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instant_of_a_timestamp_is_when_now_reaches_it() {
        let clock = Clock::start();
        let now = clock.now();
        let instant = clock.instant(now.plus_millis(1500)).unwrap();
        let ahead = instant.duration_since(clock.instant(now).unwrap());
        assert_eq!(ahead, Duration::from_millis(1500));
        assert!(clock.now() >= now);
        assert_eq!(clock.instant(Timestamp::ZERO), Some(clock.started), "the past is now");
    }
}
