//! Repeated things: iterated from validated wire bytes or from a caller's slice, without allocation.

use core::fmt;

use mqtt_topic::TopicFilter;

use crate::property::{self, PropertyId};
use crate::text;
use crate::varint::{self, Varint};
use crate::{ReasonCode, Subscription, SubscriptionId, Version};

/// A list of things of one kind in a packet, in order.
///
/// A decoded one borrows the packet's bytes, which were checked when the packet was decoded. To build one, give it a
/// slice: `List::new(&[..])` or `(&[..]).into()`. Two lists are equal if their items are.
#[derive(Clone, Copy)]
pub struct List<'a, T>(Source<'a, T>);

#[derive(Clone, Copy)]
enum Source<'a, T> {
    Slice(&'a [T]),
    /// `count` items, perhaps among others, which iteration skips.
    Wire {
        bytes: &'a [u8],
        count: u32,
        version: Version,
        /// Whether a packet of this version can have the bytes as they are.
        as_is: bool,
    },
}

/// User Properties: names and values. Names may repeat and the order counts (MQTT 5.0 §3.1.2.11.8).
pub type UserProperties<'a> = List<'a, (&'a str, &'a str)>;
/// The Subscription Identifiers in a PUBLISH from a server (MQTT 5.0 §3.3.2.3.8).
pub type SubscriptionIds<'a> = List<'a, SubscriptionId>;
/// The entries of a SUBSCRIBE.
pub type Subscriptions<'a> = List<'a, Subscription<'a>>;
/// The entries of an UNSUBSCRIBE.
pub type Filters<'a> = List<'a, &'a TopicFilter>;
/// The codes of a SUBACK or UNSUBACK, one per entry of the request.
pub type ReasonCodes<'a> = List<'a, ReasonCode>;

/// Something that a [`List`] can hold. This trait is sealed.
pub trait ListItem<'a>: Copy + sealed::Sealed<'a> {}

pub(crate) mod sealed {
    use crate::Version;

    pub trait Sealed<'a>: Sized {
        /// Takes the next item off validated bytes, skipping what is not one; `None` at the end.
        #[doc(hidden)]
        fn next_on_wire(bytes: &mut &'a [u8], version: Version) -> Option<Self>;
    }
}

impl<'a, T: ListItem<'a>> List<'a, T> {
    /// A list of the caller's items.
    pub const fn new(items: &'a [T]) -> Self {
        Self(Source::Slice(items))
    }

    /// Of bytes that hold `count` items and nothing else, and that every packet that can have such a list can have.
    pub(crate) const fn on_wire(bytes: &'a [u8], count: u32, version: Version) -> Self {
        Self(Source::Wire { bytes, count, version, as_is: true })
    }

    /// Of bytes that hold `count` items but are not to be copied: they hold others too, or what not every packet can have.
    pub(crate) const fn to_iterate(bytes: &'a [u8], count: u32, version: Version) -> Self {
        Self(Source::Wire { bytes, count, version, as_is: false })
    }

    /// The bytes of a list that was decoded as `version`, if encoding it as that version is copying them.
    #[inline(always)]
    pub(crate) fn wire(&self, version: Version) -> Option<&'a [u8]> {
        match &self.0 {
            // 3.1 ignores bits that an encoder must not write.
            Source::Wire { bytes, version: decoded_as, as_is: true, .. }
                if *decoded_as == version && version != Version::V3_1 =>
            {
                Some(bytes)
            }
            Source::Wire { .. } | Source::Slice(_) => None,
        }
    }

    /// How many items there are.
    pub const fn len(&self) -> usize {
        match self.0 {
            Source::Slice(items) => items.len(),
            Source::Wire { count, .. } => count as usize,
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The items in order.
    pub const fn iter(&self) -> Iter<'a, T> {
        Iter(self.0)
    }
}

impl<'a> UserProperties<'a> {
    /// The bytes of each pair of a decoded list.
    pub(crate) fn on_wire_pairs(&self) -> Option<impl Iterator<Item = &'a [u8]>> {
        let Source::Wire { mut bytes, count, .. } = self.0 else {
            return None;
        };
        Some((0..count).map_while(move |_| {
            seek_property(&mut bytes, PropertyId::UserProperty)?;
            let len = property::value_len(PropertyId::UserProperty, bytes)?;
            take(&mut bytes, len)
        }))
    }
}

impl<'a, T: ListItem<'a>> Default for List<'a, T> {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl<'a, T: ListItem<'a>> From<&'a [T]> for List<'a, T> {
    fn from(items: &'a [T]) -> Self {
        Self::new(items)
    }
}

impl<'a, T: ListItem<'a>, const N: usize> From<&'a [T; N]> for List<'a, T> {
    fn from(items: &'a [T; N]) -> Self {
        Self::new(items)
    }
}

impl<'a, T: ListItem<'a> + PartialEq> PartialEq for List<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: ListItem<'a> + Eq> Eq for List<'a, T> {}

impl<'a, T: ListItem<'a> + fmt::Debug> fmt::Debug for List<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, T: ListItem<'a>> IntoIterator for List<'a, T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// The items of a [`List`].
#[derive(Clone)]
pub struct Iter<'a, T>(Source<'a, T>);

impl<'a, T: ListItem<'a>> Iterator for Iter<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            Source::Slice(items) => {
                let (first, rest) = items.split_first()?;
                *items = rest;
                Some(*first)
            }
            Source::Wire { bytes, count, version, .. } => {
                *count = count.checked_sub(1)?;
                T::next_on_wire(bytes, *version)
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = List(self.0).len();
        (len, Some(len))
    }
}

impl<'a, T: ListItem<'a>> ExactSizeIterator for Iter<'a, T> {}

impl<'a, T: ListItem<'a> + fmt::Debug> fmt::Debug for Iter<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (front, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(front)
}

pub(crate) fn take_str<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
    if let Some((text, rest)) = text::take_ascii_with_nul(bytes) {
        *bytes = rest;
        return Some(text);
    }
    let (&len, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    core::str::from_utf8(take(bytes, u16::from_be_bytes(len).into())?).ok()
}

pub(crate) fn take_u8(bytes: &mut &[u8]) -> Option<u8> {
    let (&first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(first)
}

/// Skips properties up to and including the next identifier `wanted`.
fn seek_property(bytes: &mut &[u8], wanted: PropertyId) -> Option<()> {
    loop {
        let id = PropertyId::from_u8(take_u8(bytes)?)?;
        if id == wanted {
            return Some(());
        }
        let skipped = property::value_len(id, bytes)?;
        take(bytes, skipped)?;
    }
}

impl<'a> ListItem<'a> for (&'a str, &'a str) {}
impl<'a> sealed::Sealed<'a> for (&'a str, &'a str) {
    fn next_on_wire(bytes: &mut &'a [u8], _: Version) -> Option<Self> {
        seek_property(bytes, PropertyId::UserProperty)?;
        Some((take_str(bytes)?, take_str(bytes)?))
    }
}

impl ListItem<'_> for SubscriptionId {}
impl<'a> sealed::Sealed<'a> for SubscriptionId {
    fn next_on_wire(bytes: &mut &'a [u8], _: Version) -> Option<Self> {
        seek_property(bytes, PropertyId::SubscriptionIdentifier)?;
        let Varint::Value { value, len } = varint::read(bytes) else {
            return None;
        };
        take(bytes, len.into())?;
        Self::new(value).ok()
    }
}

impl<'a> ListItem<'a> for &'a TopicFilter {}
impl<'a> sealed::Sealed<'a> for &'a TopicFilter {
    fn next_on_wire(bytes: &mut &'a [u8], _: Version) -> Option<Self> {
        TopicFilter::new(take_str(bytes)?).ok()
    }
}

impl ListItem<'_> for ReasonCode {}
impl<'a> sealed::Sealed<'a> for ReasonCode {
    fn next_on_wire(bytes: &mut &'a [u8], _: Version) -> Option<Self> {
        Self::from_u8(take_u8(bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Limits, Packet, ReasonCode, ReasonCodes, Version, frame};

    fn codes(bytes: &[u8]) -> ReasonCodes<'_> {
        let frame = frame(bytes, &Limits::default()).unwrap().unwrap();
        let Packet::SubAck(suback) = Packet::decode(Version::V5, frame).unwrap() else { panic!() };
        suback.codes
    }

    #[test]
    fn lists_are_equal_if_their_items_are() {
        let on_wire = codes(b"\x90\x05\0\x0A\0\x01\x80");
        let items = [ReasonCode::GrantedQoS1, ReasonCode::UnspecifiedError];
        assert_eq!(on_wire, (&items).into());
        assert_eq!(on_wire, codes(b"\x90\x05\0\x0B\0\x01\x80"));
        assert_ne!(on_wire, codes(b"\x90\x05\0\x0A\0\x01\x83"));
        assert_ne!(on_wire, codes(b"\x90\x04\0\x0A\0\x01"));
        assert_ne!(on_wire, (&items[..1]).into());
        assert_ne!(on_wire, ReasonCodes::default());
    }

    #[test]
    fn the_length_is_known_at_every_step() {
        let items = [ReasonCode::GrantedQoS1, ReasonCode::UnspecifiedError];
        for list in [codes(b"\x90\x05\0\x0A\0\x01\x80"), (&items).into()] {
            assert_eq!((list.len(), list.is_empty()), (2, false));
            let mut rest = list.iter();
            for left in [2, 1, 0] {
                assert_eq!(rest.size_hint(), (left, Some(left)));
                assert_eq!(rest.next().is_some(), left > 0);
            }
            assert_eq!(format!("{list:?}"), "[GrantedQoS1, UnspecifiedError]");
            assert_eq!(format!("{:?}", list.iter()), "[GrantedQoS1, UnspecifiedError]");
        }
        assert!(ReasonCodes::default().is_empty());
    }
}
