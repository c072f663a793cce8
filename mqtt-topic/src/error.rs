use core::fmt;

/// Why a text is not a topic name or not a topic filter, and at which byte.
///
/// Checks run in a fixed order: length, then NUL, then the `$share` form, then wildcards from left to
/// right. The first that fails is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{kind} at byte {position}")]
pub struct TopicError {
    kind: TopicErrorKind,
    position: u16,
}

impl TopicError {
    /// What is wrong.
    pub const fn kind(&self) -> TopicErrorKind {
        self.kind
    }

    /// The offset in bytes of the character that is wrong, or of the place where something is missing.
    ///
    /// For [`TopicErrorKind::TooLong`] it is the offset of the first byte too many.
    pub const fn position(&self) -> usize {
        self.position as usize
    }

    /// The violated statement of MQTT 5.0, such as `MQTT-4.7.1-1`.
    ///
    /// MQTT 3.1.1 has the same rules, but numbers those of §4.7.1 differently and has no shared
    /// subscriptions.
    pub const fn statement(&self) -> &'static str {
        self.kind.statement()
    }

    /// The length is checked before everything else, so no position is beyond `MAX_LEN`, which fits.
    pub(crate) fn new(kind: TopicErrorKind, position: usize) -> Self {
        Self { kind, position: u16::try_from(position).unwrap_or(u16::MAX) }
    }
}

/// A topic has more levels than somebody wants; see [`TopicFilter::limit_levels`](crate::TopicFilter::limit_levels).
///
/// The standard sets no limit but the length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("expected at most {most} levels, found more at byte {position}")]
#[non_exhaustive]
pub struct TooManyLevels {
    /// How many there may be.
    pub most: usize,
    /// The offset in bytes at which the first level begins that is too many.
    pub position: usize,
}

impl TooManyLevels {
    /// Looks for it in what a text has from `offset` on.
    pub(crate) fn check(text: &str, offset: usize, most: usize) -> Result<(), Self> {
        let levels = text.get(offset..).unwrap_or_default();
        let before = most.checked_sub(1).map(|slashes| levels.match_indices('/').nth(slashes));
        match before {
            Some(None) => Ok(()),
            Some(Some((slash, _))) => Err(Self { most, position: offset + slash + 1 }),
            None => Err(Self { most, position: offset }),
        }
    }
}

/// What is wrong with a topic name or a topic filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TopicErrorKind {
    /// The text has no character (`MQTT-4.7.3-1`).
    Empty,
    /// The text has more than [`MAX_LEN`](crate::MAX_LEN) bytes (`MQTT-4.7.3-3`).
    TooLong,
    /// The text has a U+0000 (`MQTT-4.7.3-2`).
    Nul,
    /// A topic name has a `+` or a `#` (`MQTT-4.7.0-1`).
    WildcardInName,
    /// A `#` does not stand alone in its level, or is not in the last level (`MQTT-4.7.1-1`).
    MultiLevelWildcard,
    /// A `+` does not stand alone in its level (`MQTT-4.7.1-2`).
    SingleLevelWildcard,
    /// `$share/` is followed by no share name (`MQTT-4.8.2-1`).
    ShareNameEmpty,
    /// A share name has a `+` or a `#` (`MQTT-4.8.2-2`).
    ShareNameWildcard,
    /// A share name is followed by no topic filter (`MQTT-4.8.2-2`).
    ShareFilterMissing,
    /// The filter within a shared filter is itself a shared filter (`MQTT-4.8.2-2`).
    ///
    /// The standard gives the inner filter the meaning that it has in a non-shared subscription, and a
    /// non-shared subscription cannot begin with `$share/`.
    ShareNested,
}

impl TopicErrorKind {
    const fn statement(self) -> &'static str {
        match self {
            Self::Empty => "MQTT-4.7.3-1",
            Self::TooLong => "MQTT-4.7.3-3",
            Self::Nul => "MQTT-4.7.3-2",
            Self::WildcardInName => "MQTT-4.7.0-1",
            Self::MultiLevelWildcard => "MQTT-4.7.1-1",
            Self::SingleLevelWildcard => "MQTT-4.7.1-2",
            Self::ShareNameEmpty => "MQTT-4.8.2-1",
            Self::ShareNameWildcard | Self::ShareFilterMissing | Self::ShareNested => "MQTT-4.8.2-2",
        }
    }
}

impl fmt::Display for TopicErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "a topic has at least one character, found none",
            Self::TooLong => "a topic has at most 65535 bytes, found more",
            Self::Nul => "a topic has no null character, found one",
            Self::WildcardInName => "a topic name has no wildcard, found one",
            Self::MultiLevelWildcard => "'#' must be the whole last level, found it elsewhere",
            Self::SingleLevelWildcard => "'+' must be a whole level, found it beside other characters",
            Self::ShareNameEmpty => "expected a share name after '$share/', found none",
            Self::ShareNameWildcard => "a share name has no wildcard, found one",
            Self::ShareFilterMissing => "expected a topic filter after the share name, found none",
            Self::ShareNested => "expected a non-shared filter after the share name, found '$share/'",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codec carries this error inside its own small `Copy` error.
    #[test]
    fn an_error_is_four_bytes() {
        assert_eq!(size_of::<TopicError>(), 4);
    }
}
