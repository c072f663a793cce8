//! The properties of 5.0 (MQTT 5.0 §2.2.2): reading and writing lists of them.

mod table;
mod value;

use core::fmt;

pub use table::{Property, PropertyId, Section, ValueType};
pub(crate) use table::{count_in, value_len};
pub(crate) use value::Value;

use crate::display::SECRET;
use crate::reader::Reader;
use crate::writer::{Sink, str_len, total};
use crate::{DecodeError, DecodeErrorKind, EncodeError, UserProperties, Version};

/// Reads the value of a property that may occur once.
#[inline(always)]
pub(crate) fn once<'a, T: Value<'a>>(
    slot: &mut Option<T>,
    reader: &mut Reader<'a>,
    id: PropertyId,
) -> Result<(), DecodeError> {
    if slot.is_some() {
        return Err(reader.error_before(DecodeErrorKind::DuplicateProperty { property: id }));
    }
    *slot = Some(T::read(reader, id)?);
    Ok(())
}

/// Encoded length of an optional property, identifier included.
#[inline(always)]
pub(crate) fn optional_len<'a, T: Value<'a>>(value: Option<T>) -> Result<usize, EncodeError> {
    match value {
        Some(value) => Ok(value.encoded_len()?.wrapping_add(1)),
        None => Ok(0),
    }
}

#[inline(always)]
pub(crate) fn write_optional<'a, T: Value<'a>>(value: Option<T>, id: PropertyId, sink: &mut impl Sink) {
    if let Some(value) = value {
        value.write(id, sink);
    }
}

/// A property's value for people, unless it is a secret.
pub(crate) struct Shown<T>(pub(crate) T, pub(crate) PropertyId);

impl<'a, T: Value<'a>> fmt::Debug for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1 == PropertyId::AuthenticationData {
            return f.write_str(SECRET);
        }
        self.0.show(f)
    }
}

/// A struct of properties, made by [`properties`].
pub(crate) trait Properties<'a>: Default {
    /// Reads the value of `id` into its field, or calls `extra` if there is no such field.
    fn read(
        &mut self,
        reader: &mut Reader<'a>,
        id: PropertyId,
        extra: impl FnOnce(&mut Reader<'a>, PropertyId) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError>;
    fn set_user_properties(&mut self, list: UserProperties<'a>);
    /// Whether there are none.
    fn is_empty(&self) -> bool;
    /// Bytes of the properties without the length in front.
    fn fields_len(&self) -> Result<usize, EncodeError>;
    fn write_fields(&self, sink: &mut impl Sink);
    /// Shows the fields that are there as ` name=value`, without secrets.
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// Reads a whole property list into the fields. `extra` reads the properties that are not fields of the struct.
    #[inline(always)]
    fn read_list(
        &mut self,
        reader: &mut Reader<'a>,
        mut extra: impl FnMut(&mut Reader<'a>, PropertyId) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        if reader.skip_empty_list() {
            return Ok(());
        }
        let start = reader.offset();
        let len = reader.varint()?;
        if len > reader.limits.properties_size {
            let limit = reader.limits.properties_size;
            return Err(reader.error_at(start, DecodeErrorKind::PropertiesTooLarge { size: len, limit }));
        }
        // A property list of 4 GiB does not fit any packet, whatever the width of usize.
        let bytes = reader.bytes(usize::try_from(len).unwrap_or(usize::MAX))?;
        let mut list = reader.within(bytes);
        let mut user_properties = 0u32;
        let mut run = Run::default();
        while !list.is_empty() {
            let left = list.rest().len();
            let byte = list.u8()?;
            let Some(id) = PropertyId::from_u8(byte) else {
                return Err(list.error_before(DecodeErrorKind::UnknownProperty { id: byte }));
            };
            if id == PropertyId::UserProperty {
                user_properties = list.skip_user_properties(user_properties)?;
                run.add(left, list.rest().len());
            } else {
                self.read(&mut list, id, &mut extra)?;
            }
        }
        if user_properties > 0 {
            self.set_user_properties(match run.of(bytes) {
                Some(run) => UserProperties::on_wire(run, user_properties, Version::V5),
                None => UserProperties::to_iterate(bytes, user_properties, Version::V5),
            });
        }
        Ok(())
    }

    /// Reads a whole property list of 5.0; 3.x has none.
    #[inline]
    fn read_list_of(&mut self, version: Version, reader: &mut Reader<'a>) -> Result<(), DecodeError> {
        if version.is_v5() { self.read_list(reader, no_extra) } else { Ok(()) }
    }

    /// Writes the list with its length `len` in front.
    fn write_list(&self, len: usize, sink: &mut impl Sink) {
        self.write_list_with(len, sink, |_| ());
    }

    /// Writes the list with its length in front; `len` includes the properties that `extra` writes.
    #[inline]
    fn write_list_with<S: Sink>(&self, len: usize, sink: &mut S, extra: impl FnOnce(&mut S)) {
        sink.varint(len);
        if len > 0 {
            extra(sink);
            self.write_fields(sink);
        }
    }
}

/// Where things stand that follow each other directly, in bytes from the end of what holds them.
#[derive(Clone, Copy, Default)]
struct Run {
    start: usize,
    end: usize,
    is_broken: bool,
}

impl Run {
    #[inline(always)]
    const fn add(&mut self, start: usize, end: usize) {
        // What is added follows the run directly only if there was none.
        *self = Self { start, end, is_broken: self.start != 0 };
    }

    #[inline(always)]
    fn of<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        if self.is_broken {
            return None;
        }
        let len = bytes.len();
        bytes.get(len.checked_sub(self.start)?..len.checked_sub(self.end)?)
    }
}

/// Refuses a property that its place may not have.
#[cold]
pub(crate) fn no_extra(reader: &mut Reader<'_>, id: PropertyId) -> Result<(), DecodeError> {
    Err(reader.error_before(DecodeErrorKind::PropertyNotAllowed { property: id }))
}

#[inline(always)]
pub(crate) fn user_properties_len(list: &UserProperties<'_>) -> Result<usize, EncodeError> {
    match list.wire(Version::V5) {
        Some(run) => Ok(run.len()),
        None => scattered_len(*list),
    }
}

/// The same for a caller's list, and for one that has other properties among its own.
#[inline(never)]
fn scattered_len(list: UserProperties<'_>) -> Result<usize, EncodeError> {
    if let Some(on_wire) = list.on_wire_pairs() {
        return total(on_wire.map(|pair| Ok(pair.len().wrapping_add(1))));
    }
    total(list.iter().map(|(name, value)| Ok(str_len(name)?.wrapping_add(str_len(value)?).wrapping_add(1))))
}

#[inline(always)]
pub(crate) fn write_user_properties(list: &UserProperties<'_>, sink: &mut impl Sink) {
    match list.wire(Version::V5) {
        Some(run) => sink.put(run),
        None => sink.apart(|sink| write_scattered(*list, sink)),
    }
}

#[inline(never)]
fn write_scattered(list: UserProperties<'_>, sink: &mut impl Sink) {
    if let Some(on_wire) = list.on_wire_pairs() {
        for pair in on_wire {
            sink.u8(PropertyId::UserProperty as u8);
            sink.put(pair);
        }
        return;
    }
    for (name, value) in list {
        sink.tagged_field(PropertyId::UserProperty as u8, name.as_bytes());
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
        #[derive(Clone, Copy, Default, PartialEq, Eq)]
        $vis struct $name<'a> {
            $($(#[$field_meta])* pub $field: Option<$type>,)*
            /// User Property, any number of them, in order.
            pub user_properties: $crate::UserProperties<'a>,
        }

        /// Fields that are there, without secrets.
        impl core::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let mut fields = f.debug_struct(stringify!($name));
                $(if let Some(value) = self.$field {
                    fields.field(
                        stringify!($field),
                        &$crate::property::Shown(value, $crate::PropertyId::$id),
                    );
                })*
                if !self.user_properties.is_empty() {
                    fields.field("user_properties", &self.user_properties);
                }
                fields.finish()
            }
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
                    {
                        let mut fields = FIELDS;
                        while let [first, rest @ ..] = fields {
                            assert!(first.property().is_allowed_in(Section::$section));
                            fields = rest;
                        }
                        const BESIDE: &[PropertyId] = &[$(PropertyId::$extra),*];
                        assert!(FIELDS.len() + BESIDE.len() == count_in(Section::$section));
                    }
                )+
            };
        }

        #[cfg(feature = "arbitrary")]
        impl<'a> $crate::arbitrary::Generate<'a> for $name<'a> {
            fn generate(input: &mut ::arbitrary::Unstructured<'a>) -> ::arbitrary::Result<Self> {
                let _ = &input;
                Ok(Self {
                    $($field: $crate::arbitrary::Generate::generate(input)?,)*
                    user_properties: $crate::UserProperties::default(),
                })
            }
        }

        impl<'a> $crate::property::Properties<'a> for $name<'a> {
            #[inline(always)]
            fn read(
                &mut self,
                reader: &mut $crate::reader::Reader<'a>,
                id: $crate::PropertyId,
                extra: impl FnOnce(
                    &mut $crate::reader::Reader<'a>,
                    $crate::PropertyId,
                ) -> Result<(), $crate::DecodeError>,
            ) -> Result<(), $crate::DecodeError> {
                let () = Self::AGREES_WITH_TABLE;
                #[allow(clippy::wildcard_enum_match_arm, reason = "one arm a field")]
                match id {
                    $($crate::PropertyId::$id => $crate::property::once(&mut self.$field, reader, id),)*
                    _ => extra(reader, id),
                }
            }

            fn set_user_properties(&mut self, list: $crate::UserProperties<'a>) {
                self.user_properties = list;
            }

            #[inline(always)]
            fn is_empty(&self) -> bool {
                $(self.$field.is_none() &&)* self.user_properties.is_empty()
            }

            #[inline(always)]
            fn fields_len(&self) -> Result<usize, $crate::EncodeError> {
                let mut len = 0usize;
                $(len = len.wrapping_add($crate::property::optional_len(self.$field)?);)*
                if !self.user_properties.is_empty() {
                    len = len.wrapping_add($crate::property::user_properties_len(&self.user_properties)?);
                }
                Ok(len)
            }

            #[inline(always)]
            fn write_fields(&self, sink: &mut impl $crate::writer::Sink) {
                $($crate::property::write_optional(self.$field, $crate::PropertyId::$id, sink);)*
                if !self.user_properties.is_empty() {
                    $crate::property::write_user_properties(&self.user_properties, sink);
                }
            }

            fn show(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                $(if let Some(value) = self.$field {
                    write!(
                        f,
                        concat!(" ", stringify!($field), "={:?}"),
                        $crate::property::Shown(value, $crate::PropertyId::$id),
                    )?;
                })*
                $crate::display::user_properties(f, self.user_properties)
            }
        }
    };
}
pub(crate) use properties;
