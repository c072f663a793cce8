//! The one table of properties: type, places, whether they repeat.

use core::fmt;

use crate::varint::{self, Varint};

/// A place that has a property list: a packet type, or the will in CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "packet types, and the will")]
pub enum Section {
    Connect,
    Will,
    ConnAck,
    Publish,
    PubAck,
    PubRec,
    PubRel,
    PubComp,
    Subscribe,
    SubAck,
    Unsubscribe,
    UnsubAck,
    Disconnect,
    Auth,
}

/// How the value of a property is encoded, and which values it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// One byte, 0 or 1.
    Bool,
    /// One byte, 0 or 1: a Maximum QoS of 2 is expressed by leaving it out.
    MaximumQoS,
    /// Two bytes.
    U16,
    /// Two bytes, not 0.
    NonZeroU16,
    /// Four bytes.
    U32,
    /// Four bytes, not 0.
    NonZeroU32,
    /// A variable byte integer, not 0.
    NonZeroVarint,
    /// A UTF-8 string.
    String,
    /// A UTF-8 string that is a topic name.
    TopicName,
    /// Two bytes of length, and bytes.
    Binary,
    /// Two UTF-8 strings.
    StringPair,
}

/// One row of the table of properties.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// The identifier.
    pub id: PropertyId,
    /// The name in the standard.
    pub name: &'static str,
    /// Encoding and legal values.
    pub value_type: ValueType,
    /// A bit for each place.
    repeatable_in: u16,
    /// A bit for each place.
    allowed_in: u16,
}

impl Property {
    /// Whether the property may occur in this place.
    pub const fn is_allowed_in(&self, section: Section) -> bool {
        self.allowed_in & (1 << section as u16) != 0
    }

    /// Whether the property may occur more than once in this place.
    pub const fn is_repeatable_in(&self, section: Section) -> bool {
        self.repeatable_in & (1 << section as u16) != 0
    }
}

macro_rules! sections {
    ($($section:ident)*) => { 0 $(| 1 << Section::$section as u16)* };
}

macro_rules! property_table {
    ($($value:literal $id:ident $name:literal $type:ident [$($section:ident)*] repeats [$($repeat:ident)*],)*) => {
        /// The identifier of a property (MQTT 5.0 §2.2.2.2).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum PropertyId {
            $(#[doc = concat!($name, ".")] $id = $value,)*
        }

        impl PropertyId {
            /// The identifier with this number, if there is one.
            pub const fn from_u8(value: u8) -> Option<Self> {
                match value {
                    $($value => Some(Self::$id),)*
                    _ => None,
                }
            }

            /// The row of the table.
            pub const fn property(self) -> Property {
                match self {
                    $(Self::$id => Property {
                        id: self,
                        name: $name,
                        value_type: ValueType::$type,
                        allowed_in: sections!($($section)*),
                        repeatable_in: sections!($($repeat)*),
                    },)*
                }
            }
        }

        impl Property {
            /// The table, in the order of identifiers.
            pub const ALL: &'static [Self] = &[$(PropertyId::$id.property()),*];
        }
    };
}

property_table! {
    0x01 PayloadFormatIndicator "Payload Format Indicator" Bool [Publish Will] repeats [],
    0x02 MessageExpiryInterval "Message Expiry Interval" U32 [Publish Will] repeats [],
    0x03 ContentType "Content Type" String [Publish Will] repeats [],
    0x08 ResponseTopic "Response Topic" TopicName [Publish Will] repeats [],
    0x09 CorrelationData "Correlation Data" Binary [Publish Will] repeats [],
    0x0B SubscriptionIdentifier "Subscription Identifier" NonZeroVarint [Publish Subscribe] repeats [Publish],
    0x11 SessionExpiryInterval "Session Expiry Interval" U32 [Connect ConnAck Disconnect] repeats [],
    0x12 AssignedClientIdentifier "Assigned Client Identifier" String [ConnAck] repeats [],
    0x13 ServerKeepAlive "Server Keep Alive" U16 [ConnAck] repeats [],
    0x15 AuthenticationMethod "Authentication Method" String [Connect ConnAck Auth] repeats [],
    0x16 AuthenticationData "Authentication Data" Binary [Connect ConnAck Auth] repeats [],
    0x17 RequestProblemInformation "Request Problem Information" Bool [Connect] repeats [],
    0x18 WillDelayInterval "Will Delay Interval" U32 [Will] repeats [],
    0x19 RequestResponseInformation "Request Response Information" Bool [Connect] repeats [],
    0x1A ResponseInformation "Response Information" String [ConnAck] repeats [],
    0x1C ServerReference "Server Reference" String [ConnAck Disconnect] repeats [],
    0x1F ReasonString "Reason String" String
        [ConnAck PubAck PubRec PubRel PubComp SubAck UnsubAck Disconnect Auth] repeats [],
    0x21 ReceiveMaximum "Receive Maximum" NonZeroU16 [Connect ConnAck] repeats [],
    0x22 TopicAliasMaximum "Topic Alias Maximum" U16 [Connect ConnAck] repeats [],
    0x23 TopicAlias "Topic Alias" NonZeroU16 [Publish] repeats [],
    0x24 MaximumQoS "Maximum QoS" MaximumQoS [ConnAck] repeats [],
    0x25 RetainAvailable "Retain Available" Bool [ConnAck] repeats [],
    0x26 UserProperty "User Property" StringPair
        [Connect Will ConnAck Publish PubAck PubRec PubRel PubComp Subscribe SubAck Unsubscribe UnsubAck Disconnect Auth]
        repeats
        [Connect Will ConnAck Publish PubAck PubRec PubRel PubComp Subscribe SubAck Unsubscribe UnsubAck Disconnect Auth],
    0x27 MaximumPacketSize "Maximum Packet Size" NonZeroU32 [Connect ConnAck] repeats [],
    0x28 WildcardSubscriptionAvailable "Wildcard Subscription Available" Bool [ConnAck] repeats [],
    0x29 SubscriptionIdentifierAvailable "Subscription Identifier Available" Bool [ConnAck] repeats [],
    0x2A SharedSubscriptionAvailable "Shared Subscription Available" Bool [ConnAck] repeats [],
}

impl fmt::Display for PropertyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.property().name)
    }
}

/// How many properties of the table a place may have.
pub(crate) const fn count_in(section: Section) -> usize {
    let mut rest = Property::ALL;
    let mut count = 0usize;
    while let [first, tail @ ..] = rest {
        count = count.saturating_add(first.is_allowed_in(section) as usize);
        rest = tail;
    }
    count
}

/// The encoded length of the value at the front of validated bytes.
pub(crate) fn value_len(id: PropertyId, bytes: &[u8]) -> Option<usize> {
    let field =
        |bytes: &[u8]| bytes.first_chunk().map(|&len| usize::from(u16::from_be_bytes(len)).saturating_add(2));
    match id.property().value_type {
        ValueType::Bool | ValueType::MaximumQoS => Some(1),
        ValueType::U16 | ValueType::NonZeroU16 => Some(2),
        ValueType::U32 | ValueType::NonZeroU32 => Some(4),
        ValueType::NonZeroVarint => match varint::read(bytes) {
            Varint::Value { len, .. } => Some(len.into()),
            Varint::Incomplete | Varint::TooLong => None,
        },
        ValueType::String | ValueType::TopicName | ValueType::Binary => field(bytes),
        ValueType::StringPair => {
            let name = field(bytes)?;
            field(bytes.get(name..)?).map(|value| name.saturating_add(value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_has_27_rows_and_unknown_numbers_are_unknown() {
        assert_eq!(Property::ALL.len(), 27);
        let known: Vec<u8> = (0..=255).filter(|&id| PropertyId::from_u8(id).is_some()).collect();
        let expected: Vec<u8> = [1, 2, 3, 8, 9, 11, 17, 18, 19, 21, 22, 23, 24, 25, 26, 28, 31]
            .into_iter()
            .chain(33..=42)
            .collect();
        assert_eq!(known, expected);
    }
}
