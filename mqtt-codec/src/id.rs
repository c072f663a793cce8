//! Small numbers whose range the type guarantees.

use core::fmt;
use core::num::{NonZeroU16, NonZeroU32};

use crate::varint;

/// Quality of Service: how often a message arrives (MQTT 5.0 §4.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum QoS {
    /// QoS 0: sent once, not acknowledged.
    #[default]
    AtMostOnce = 0,
    /// QoS 1: acknowledged with PUBACK, may arrive more than once.
    AtLeastOnce = 1,
    /// QoS 2: acknowledged in two steps, arrives exactly once.
    ExactlyOnce = 2,
}

impl QoS {
    /// The QoS with this number, if there is one.
    pub const fn from_u8(value: u8) -> Option<Self> {
        match value {
            0 => Some(Self::AtMostOnce),
            1 => Some(Self::AtLeastOnce),
            2 => Some(Self::ExactlyOnce),
            _ => None,
        }
    }
}

/// Packet Identifier, 1 to 65,535 (MQTT 5.0 §2.2.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketId(NonZeroU16);

/// Topic Alias, 1 to 65,535 (MQTT 5.0 §3.3.2.3.4). Whether it is within the receiver's Topic Alias Maximum is
/// for the connection to check.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicAlias(NonZeroU16);

/// Subscription Identifier, 1 to 268,435,455 (MQTT 5.0 §3.8.2.1.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionId(NonZeroU32);

/// A number outside the range of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{value} is not a {name}: it is from 1 to {max}")]
pub struct IdError {
    value: u32,
    name: &'static str,
    max: u32,
}

macro_rules! id {
    ($type:ident, $int:ident, $nonzero:ident, $name:literal, $max:expr) => {
        impl $type {
            /// The smallest value.
            pub const MIN: Self = Self($nonzero::MIN);
            /// The largest value.
            pub const MAX: Self = match $nonzero::new($max) {
                Some(max) => Self(max),
                None => Self::MIN,
            };

            /// Checks the range.
            ///
            /// # Errors
            /// If `value` is 0 or above [`Self::MAX`].
            pub const fn new(value: $int) -> Result<Self, IdError> {
                match $nonzero::new(value) {
                    Some(nonzero) if value <= $max => Ok(Self(nonzero)),
                    _ => Err(IdError { value: value as u32, name: $name, max: $max as u32 }),
                }
            }

            /// The number.
            pub const fn get(self) -> $int {
                self.0.get()
            }
        }

        impl TryFrom<$int> for $type {
            type Error = IdError;

            fn try_from(value: $int) -> Result<Self, IdError> {
                Self::new(value)
            }
        }

        impl From<$type> for $int {
            fn from(id: $type) -> Self {
                id.get()
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(PacketId, u16, NonZeroU16, "Packet Identifier", u16::MAX);
id!(TopicAlias, u16, NonZeroU16, "Topic Alias", u16::MAX);
id!(SubscriptionId, u32, NonZeroU32, "Subscription Identifier", varint::MAX);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_closed() {
        assert!(PacketId::new(0).is_err());
        assert_eq!(PacketId::new(65_535), Ok(PacketId::MAX));
        assert!(SubscriptionId::new(0).is_err());
        assert_eq!(SubscriptionId::new(268_435_455), Ok(SubscriptionId::MAX));
        let error = SubscriptionId::new(268_435_456).unwrap_err();
        assert_eq!(
            error.to_string(),
            "268435456 is not a Subscription Identifier: it is from 1 to 268435455"
        );
    }
}
