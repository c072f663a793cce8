/// A moment, in milliseconds since an epoch that the caller chooses.
///
/// It comes from outside with every event, and must not go backwards. Expiries that shall survive a restart want
/// Unix time made monotone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The earliest moment.
    pub const ZERO: Self = Self(0);

    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// This moment and so many milliseconds.
    #[must_use]
    pub const fn plus_millis(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// This moment and so many seconds.
    #[must_use]
    pub const fn plus_seconds(self, seconds: u32) -> Self {
        self.plus_millis(seconds as u64 * 1000)
    }

    /// Whole seconds from `earlier` to this moment; 0 if it is not earlier.
    pub fn whole_seconds_since(self, earlier: Self) -> u32 {
        u32::try_from(self.0.saturating_sub(earlier.0) / 1000).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: Timestamp = Timestamp::from_millis(u64::MAX);

    #[test]
    fn the_last_moment_is_not_passed() {
        assert_eq!(Timestamp::from_millis(1).plus_millis(2), Timestamp::from_millis(3));
        assert_eq!(Timestamp::from_millis(1).plus_seconds(2), Timestamp::from_millis(2001));
        assert_eq!(Timestamp::from_millis(1).plus_millis(u64::MAX), LAST);
        assert_eq!(LAST.plus_seconds(1), LAST);
        let all = Timestamp::ZERO.plus_seconds(u32::MAX);
        assert_eq!(all.as_millis(), 4_294_967_295_000, "more milliseconds than 32 bits hold");
    }

    #[test]
    fn seconds_count_when_they_are_over() {
        let since =
            |earlier, now| Timestamp::from_millis(now).whole_seconds_since(Timestamp::from_millis(earlier));
        assert_eq!([since(500, 500), since(500, 1499), since(500, 1500), since(500, 2499)], [0, 0, 1, 1]);
        assert_eq!(since(5000, 1000), 0, "not later");
        assert_eq!(since(0, u64::MAX), u32::MAX);
        assert_eq!(since(0, 4_294_967_296_000), u32::MAX);
    }
}
