//! What two filters have to do with each other, whatever names there are.

use crate::filter::TopicFilter;
use crate::levels::Levels;

impl TopicFilter {
    /// Whether this filter matches every name that `other` matches.
    ///
    /// This is the question of whoever grants a subscription: may it be read whole? A shared filter counts as its inner
    /// filter, as in [`matches`](Self::matches). Names of any length count, also those beyond [`MAX_LEN`](crate::MAX_LEN).
    ///
    /// ```
    /// use mqtt_topic::TopicFilter;
    ///
    /// let floor = TopicFilter::new("home/attic/#")?;
    /// assert!(floor.covers(TopicFilter::new("home/attic")?));
    /// assert!(floor.covers(TopicFilter::new("home/attic/+/light")?));
    /// assert!(!floor.covers(TopicFilter::new("home/+/light")?));
    /// // Names that begin with `$` are for filters that name them.
    /// assert!(!TopicFilter::new("#")?.covers(TopicFilter::new("$SYS/uptime")?));
    /// # Ok::<(), mqtt_topic::TopicError>(())
    /// ```
    ///
    /// The time is at most proportional to both filters, and nothing is allocated.
    pub fn covers(&self, other: &Self) -> bool {
        let (filter, other) = (self.without_share(), other.without_share());
        if filter.hides_dollar_of(other) {
            return false;
        }
        let mut others = other.levels_of_names();
        for level in filter.levels_of_names() {
            match (level, others.next()) {
                ("#", _) => return true,
                // What `#` matches need not have another level, and may have any.
                (_, None | Some("#")) => return false,
                ("+", Some(_)) => {}
                (level, Some(other)) if level == other => {}
                (_, Some(_)) => return false,
            }
        }
        others.next().is_none()
    }

    /// Whether there is a name that both filters match.
    ///
    /// A shared filter counts as its inner filter, as in [`matches`](Self::matches). Names of any length count, also those
    /// beyond [`MAX_LEN`](crate::MAX_LEN).
    ///
    /// ```
    /// use mqtt_topic::TopicFilter;
    ///
    /// let lights = TopicFilter::new("home/+/light")?;
    /// assert!(lights.overlaps(TopicFilter::new("home/attic/#")?));
    /// assert!(!lights.overlaps(TopicFilter::new("home/+/heating")?));
    /// # Ok::<(), mqtt_topic::TopicError>(())
    /// ```
    ///
    /// The time is at most proportional to both filters, and nothing is allocated.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (one, other) = (self.without_share(), other.without_share());
        if one.hides_dollar_of(other) || other.hides_dollar_of(one) {
            return false;
        }
        let (mut ones, mut others) = (one.levels_of_names(), other.levels_of_names());
        loop {
            match (ones.next(), others.next()) {
                // Also when the other one ends here: `#` includes the parent level.
                (Some("#"), _) | (_, Some("#")) | (None, None) => return true,
                (None, Some(_)) | (Some(_), None) => return false,
                (Some("+"), Some(_)) | (Some(_), Some("+")) => {}
                (Some(level), Some(other)) if level == other => {}
                (Some(_), Some(_)) => return false,
            }
        }
    }

    /// The levels, spelled so that the parent level of a `#` is a name: no name is without a level or empty.
    fn levels_of_names(&self) -> Levels<'_> {
        Levels::new(match self.as_str() {
            "#" => "+/#",
            "/#" => "/+/#",
            text => text,
        })
    }

    /// Whether the other one matches only names that this one does not for their `$` (`MQTT-4.7.2-1`).
    fn hides_dollar_of(&self, other: &Self) -> bool {
        self.starts_with_wildcard() && other.as_str().starts_with('$')
    }
}
