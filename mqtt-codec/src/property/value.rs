//! Values of properties: one Rust type for each type in the table.

use core::fmt;
use core::num::{NonZeroU16, NonZeroU32};

use mqtt_topic::TopicName;

use super::{PropertyId, ValueType};
use crate::display::{Bytes, Text};
use crate::reader::Reader;
use crate::varint;
use crate::writer::{Sink, binary_len, str_len, text_len};
use crate::{DecodeError, DecodeErrorKind, EncodeError, QoS, SubscriptionId, TopicAlias};

/// The Rust type of a property's value. Reading one checks the legal range, so that a value that exists is legal.
pub(crate) trait Value<'a>: Copy {
    const TYPE: ValueType;
    fn read(reader: &mut Reader<'a>, id: PropertyId) -> Result<Self, DecodeError>;
    fn encoded_len(self) -> Result<usize, EncodeError>;
    /// Writes the identifier and the value, in as few steps as can be.
    fn write(self, id: PropertyId, sink: &mut impl Sink);
    /// For people.
    fn show(self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

macro_rules! value {
    ($type:ty, $value_type:ident, read |$reader:ident, $id:ident| $read:expr, len |$value:ident| $len:expr, write |$tag:ident, $sink:ident| $write:expr, show |$shown:ident| $show:expr) => {
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

            #[inline(always)]
            fn write(self, id: PropertyId, $sink: &mut impl Sink) {
                let ($value, $tag) = (self, id as u8);
                $write
            }

            fn show(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $shown = self;
                write!(f, "{}", $show)
            }
        }
    };
}

fn illegal(reader: &Reader<'_>, width: usize, property: PropertyId, value: u32) -> DecodeError {
    reader.error_at(reader.offset().saturating_sub(width), DecodeErrorKind::PropertyValue { property, value })
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
    write | id,
    sink | sink.array([id, value.into()]),
    show | value | value
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
    write | id,
    sink | sink.array([id, value as u8]),
    show | value | value as u8
);
value!(
    u16,
    U16,
    read | reader,
    _id | reader.u16(),
    len | value | Ok(2),
    write | id,
    sink | sink.tagged_u16(id, value),
    show | value | value
);
value!(
    NonZeroU16,
    NonZeroU16,
    read | reader,
    id | Self::new(reader.u16()?).ok_or_else(|| illegal(reader, 2, id, 0)),
    len | value | Ok(2),
    write | id,
    sink | sink.tagged_u16(id, value.get()),
    show | value | value
);
value!(
    TopicAlias,
    NonZeroU16,
    read | reader,
    id | Self::new(reader.u16()?).map_err(|_| illegal(reader, 2, id, 0)),
    len | value | Ok(2),
    write | id,
    sink | sink.tagged_u16(id, value.get()),
    show | value | value
);
value!(
    u32,
    U32,
    read | reader,
    _id | reader.u32(),
    len | value | Ok(4),
    write | id,
    sink | sink.tagged_u32(id, value),
    show | value | value
);
value!(
    NonZeroU32,
    NonZeroU32,
    read | reader,
    id | Self::new(reader.u32()?).ok_or_else(|| illegal(reader, 4, id, 0)),
    len | value | Ok(4),
    write | id,
    sink | sink.tagged_u32(id, value.get()),
    show | value | value
);
value!(
    SubscriptionId,
    NonZeroVarint,
    read | reader,
    id | Self::new(reader.varint()?).map_err(|_| illegal(reader, 1, id, 0)),
    len | value | Ok(varint::len(value.get()).into()),
    write | id,
    sink | {
        sink.u8(id);
        sink.varint(value.get() as usize);
    },
    show | value | value
);
value!(
    &'a str,
    String,
    read | reader,
    _id | reader.str(),
    len | value | str_len(value),
    write | id,
    sink | sink.tagged_field(id, value.as_bytes()),
    show | value | Text(value)
);
value!(
    &'a TopicName,
    TopicName,
    read | reader,
    _id | {
        let text = reader.utf8()?;
        TopicName::new(text).map_err(|error| reader.topic_error(text, error, DecodeErrorKind::ResponseTopic))
    },
    len | value | Ok(text_len(value.as_str())),
    write | id,
    sink | sink.tagged_field(id, value.as_str().as_bytes()),
    show | value | Text(value.as_str())
);
value!(
    &'a [u8],
    Binary,
    read | reader,
    _id | reader.binary(),
    len | value | binary_len(value),
    write | id,
    sink | sink.tagged_field(id, value),
    show | value | Bytes(value)
);
