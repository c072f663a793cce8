//! The properties of 5.0 (MQTT 5.0 §2.2.2): one table, and what is made from it.

use core::fmt;
use core::num::{NonZeroU16, NonZeroU32};

use mqtt_topic::TopicName;

use crate::reader::Reader;
use crate::varint::{self, Varint};
use crate::writer::{Sink, binary_len, str_len, with_varint};
use crate::{
    DecodeError, DecodeErrorKind, EncodeError, QoS, SubscriptionId, TopicAlias, UserProperties, Version,
};

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
    /// Whether it may occur more than once in this place.
    repeatable_in: u16,
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
    let mut count = 0;
    while let [first, tail @ ..] = rest {
        count += first.is_allowed_in(section) as usize;
        rest = tail;
    }
    count
}

/// The encoded length of the value at the front of validated bytes.
pub(crate) fn value_len(id: PropertyId, bytes: &[u8]) -> Option<usize> {
    let field = |bytes: &[u8]| bytes.first_chunk().map(|&len| 2 + usize::from(u16::from_be_bytes(len)));
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
            field(bytes.get(name..)?).map(|value| name + value)
        }
    }
}

/// The Rust type of a property's value. Reading one checks the legal range, so that a value that exists is legal.
pub(crate) trait Value<'a>: Copy {
    const TYPE: ValueType;
    fn read(reader: &mut Reader<'a>, id: PropertyId) -> Result<Self, DecodeError>;
    fn encoded_len(self) -> Result<usize, EncodeError>;
    fn write(self, sink: &mut impl Sink);
}

macro_rules! value {
    ($type:ty, $value_type:ident, read |$reader:ident, $id:ident| $read:expr, len |$value:ident| $len:expr, write |$sink:ident| $write:expr) => {
        impl<'a> Value<'a> for $type {
            const TYPE: ValueType = ValueType::$value_type;

            fn read($reader: &mut Reader<'a>, $id: PropertyId) -> Result<Self, DecodeError> {
                $read
            }

            fn encoded_len(self) -> Result<usize, EncodeError> {
                let $value = self;
                let _ = $value;
                $len
            }

            fn write(self, $sink: &mut impl Sink) {
                let $value = self;
                $write
            }
        }
    };
}

fn illegal(reader: &Reader<'_>, width: usize, property: PropertyId, value: u32) -> DecodeError {
    reader.error_at(reader.offset() - width, DecodeErrorKind::PropertyValue { property, value })
}

value!(
    bool,
    Bool,
    read | reader,
    id | match reader.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(illegal(reader, 1, id, other.into())),
    },
    len | value | Ok(1),
    write | sink | sink.u8(value.into())
);
value!(
    QoS,
    MaximumQoS,
    read | reader,
    id | match reader.u8()? {
        0 => Ok(Self::AtMostOnce),
        1 => Ok(Self::AtLeastOnce),
        other => Err(illegal(reader, 1, id, other.into())),
    },
    len | value | if value == Self::ExactlyOnce { Err(EncodeError::MaximumQoS) } else { Ok(1) },
    write | sink | sink.u8(value as u8)
);
value!(u16, U16, read | reader, _id | reader.u16(), len | value | Ok(2), write | sink | sink.u16(value));
value!(
    NonZeroU16,
    NonZeroU16,
    read | reader,
    id | Self::new(reader.u16()?).ok_or_else(|| illegal(reader, 2, id, 0)),
    len | value | Ok(2),
    write | sink | sink.u16(value.get())
);
value!(
    TopicAlias,
    NonZeroU16,
    read | reader,
    id | Self::new(reader.u16()?).map_err(|_| illegal(reader, 2, id, 0)),
    len | value | Ok(2),
    write | sink | sink.u16(value.get())
);
value!(u32, U32, read | reader, _id | reader.u32(), len | value | Ok(4), write | sink | sink.u32(value));
value!(
    NonZeroU32,
    NonZeroU32,
    read | reader,
    id | Self::new(reader.u32()?).ok_or_else(|| illegal(reader, 4, id, 0)),
    len | value | Ok(4),
    write | sink | sink.u32(value.get())
);
value!(
    SubscriptionId,
    NonZeroVarint,
    read | reader,
    id | Self::new(reader.varint()?).map_err(|_| illegal(reader, 1, id, 0)),
    len | value | Ok(varint::len(value.get()).into()),
    write | sink | sink.varint(value.get() as usize)
);
value!(
    &'a str,
    String,
    read | reader,
    _id | reader.str(),
    len | value | str_len(value),
    write | sink | sink.field(value.as_bytes())
);
value!(
    &'a TopicName,
    TopicName,
    read | reader,
    _id | {
        let start = reader.offset();
        let text = reader.str()?;
        TopicName::new(text).map_err(|error| reader.error_at(start, DecodeErrorKind::ResponseTopic(error)))
    },
    len | value | Ok(2 + value.as_str().len()),
    write | sink | sink.field(value.as_str().as_bytes())
);
value!(
    &'a [u8],
    Binary,
    read | reader,
    _id | reader.binary(),
    len | value | binary_len(value),
    write | sink | sink.field(value)
);

/// Reads the value of a property that may occur once.
pub(crate) fn once<'a, T: Value<'a>>(
    slot: &mut Option<T>,
    reader: &mut Reader<'a>,
    id: PropertyId,
) -> Result<bool, DecodeError> {
    if slot.is_some() {
        return Err(reader.error_at(reader.offset() - 1, DecodeErrorKind::DuplicateProperty { property: id }));
    }
    *slot = Some(T::read(reader, id)?);
    Ok(true)
}

/// Encoded length of an optional property, identifier included.
pub(crate) fn optional_len<'a, T: Value<'a>>(value: Option<T>) -> Result<usize, EncodeError> {
    value.map_or(Ok(0), |value| value.encoded_len().map(|len| 1 + len))
}

pub(crate) fn write_optional<'a, T: Value<'a>>(value: Option<T>, id: PropertyId, sink: &mut impl Sink) {
    if let Some(value) = value {
        sink.u8(id as u8);
        value.write(sink);
    }
}

/// A struct of properties, made by [`properties`].
pub(crate) trait Properties<'a>: Default {
    /// Reads the value of `id` into its field; `false` if there is no such field.
    fn read(&mut self, reader: &mut Reader<'a>, id: PropertyId) -> Result<bool, DecodeError>;
    fn set_user_properties(&mut self, list: UserProperties<'a>);
    /// Bytes of the properties without the length in front.
    fn fields_len(&self) -> Result<usize, EncodeError>;
    fn write_fields(&self, sink: &mut impl Sink);

    /// Reads a whole property list. `extra` reads the properties that are not fields of the struct.
    fn read_list(
        reader: &mut Reader<'a>,
        mut extra: impl FnMut(&mut Reader<'a>, PropertyId) -> Result<bool, DecodeError>,
    ) -> Result<Self, DecodeError> {
        let len = reader.varint()?;
        // A property list of 4 GiB does not fit any packet, whatever the width of usize.
        let mut list = reader.sub(usize::try_from(len).unwrap_or(usize::MAX))?;
        let bytes = list.rest();
        let mut properties = Self::default();
        let mut user_properties = 0u32;
        while !list.is_empty() {
            let start = list.offset();
            let byte = list.u8()?;
            let Some(id) = PropertyId::from_u8(byte) else {
                return Err(list.error_at(start, DecodeErrorKind::UnknownProperty { id: byte }));
            };
            if id == PropertyId::UserProperty {
                if user_properties >= list.limits.user_properties {
                    let limit = list.limits.user_properties;
                    return Err(list.error_at(start, DecodeErrorKind::TooMany { limit }));
                }
                list.str()?;
                list.str()?;
                user_properties += 1;
            } else if !properties.read(&mut list, id)? && !extra(&mut list, id)? {
                return Err(list.error_at(start, DecodeErrorKind::PropertyNotAllowed { property: id }));
            }
        }
        if user_properties > 0 {
            properties.set_user_properties(UserProperties::on_wire(bytes, user_properties, Version::V5));
        }
        Ok(properties)
    }

    /// Reads a whole property list of 5.0; 3.x has none.
    fn read_list_of(version: Version, reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        if version.is_v5() { Self::read_list(reader, no_extra) } else { Ok(Self::default()) }
    }

    /// Writes the list with its length in front.
    fn write_list(&self, sink: &mut impl Sink) {
        self.write_list_with(0, sink, |_| ());
    }

    /// Writes the list with its length in front, and `extra_len` bytes of properties that are not fields.
    fn write_list_with<S: Sink>(&self, extra_len: usize, sink: &mut S, extra: impl FnOnce(&mut S)) {
        // The length was computed without an error before anything was written.
        sink.varint(self.fields_len().unwrap_or(0).saturating_add(extra_len));
        extra(sink);
        self.write_fields(sink);
    }

    /// Bytes of the list with its length in front; `extra` is the length of properties that are not fields.
    fn list_len(&self, extra: usize) -> Result<usize, EncodeError> {
        self.fields_len().map(|len| with_varint(len.saturating_add(extra)))
    }
}

pub(crate) fn no_extra(_: &mut Reader<'_>, _: PropertyId) -> Result<bool, DecodeError> {
    Ok(false)
}

pub(crate) fn user_properties_len(list: UserProperties<'_>) -> Result<usize, EncodeError> {
    list.iter().try_fold(0usize, |sum, (name, value)| {
        Ok(sum.saturating_add(1).saturating_add(str_len(name)?).saturating_add(str_len(value)?))
    })
}

pub(crate) fn write_user_properties(list: UserProperties<'_>, sink: &mut impl Sink) {
    for (name, value) in list {
        sink.u8(PropertyId::UserProperty as u8);
        sink.field(name.as_bytes());
        sink.field(value.as_bytes());
    }
}

/// Makes a struct of optional properties. The compiler checks it against the table: each field's type is the
/// table's type, each field is allowed in each section, and no property that a section allows is missing (those that
/// live outside the struct are named behind `beside`).
macro_rules! properties {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident in $($section:ident beside [$($extra:ident)*]),+ {
            $($(#[$field_meta:meta])* $field:ident: $type:ty = $id:ident,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        $vis struct $name<'a> {
            $($(#[$field_meta])* pub $field: Option<$type>,)*
            /// User Property, any number of them, in order.
            pub user_properties: $crate::UserProperties<'a>,
        }

        #[allow(unused_imports, reason = "a list of nothing but User Properties has no use for them")]
        impl<'a> $name<'a> {
            const AGREES_WITH_TABLE: () = {
                use $crate::property::{PropertyId, Section, Value, count_in};
                $(assert!(
                    PropertyId::$id.property().value_type as u8 == <$type as Value<'a>>::TYPE as u8
                );)*
                const FIELDS: &[PropertyId] = &[PropertyId::UserProperty $(, PropertyId::$id)*];
                $(
                    const _: () = {
                        let mut fields = FIELDS;
                        while let [first, rest @ ..] = fields {
                            assert!(first.property().is_allowed_in(Section::$section));
                            fields = rest;
                        }
                        const BESIDE: &[PropertyId] = &[$(PropertyId::$extra),*];
                        assert!(FIELDS.len() + BESIDE.len() == count_in(Section::$section));
                    };
                )+
            };
        }

        impl<'a> $crate::property::Properties<'a> for $name<'a> {
            fn read(
                &mut self,
                reader: &mut $crate::reader::Reader<'a>,
                id: $crate::PropertyId,
            ) -> Result<bool, $crate::DecodeError> {
                let () = Self::AGREES_WITH_TABLE;
                let _ = &reader;
                #[allow(clippy::wildcard_enum_match_arm, reason = "one arm a field")]
                match id {
                    $($crate::PropertyId::$id => $crate::property::once(&mut self.$field, reader, id),)*
                    _ => Ok(false),
                }
            }

            fn set_user_properties(&mut self, list: $crate::UserProperties<'a>) {
                self.user_properties = list;
            }

            fn fields_len(&self) -> Result<usize, $crate::EncodeError> {
                let len = $crate::property::user_properties_len(self.user_properties)?;
                $(let len = len.saturating_add($crate::property::optional_len(self.$field)?);)*
                Ok(len)
            }

            fn write_fields(&self, sink: &mut impl $crate::writer::Sink) {
                $($crate::property::write_optional(self.$field, $crate::PropertyId::$id, sink);)*
                $crate::property::write_user_properties(self.user_properties, sink);
            }
        }
    };
}
pub(crate) use properties;

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
