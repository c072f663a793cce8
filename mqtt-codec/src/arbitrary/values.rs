//! One way for each type of value, and for lists.

use alloc::vec::Vec;
use core::num::{NonZeroU16, NonZeroU32};

use ::arbitrary::{Error, Result, Unstructured};

use super::shapes;
use crate::{PacketId, PayloadFormat, QoS, SubscriptionId, TopicAlias, TopicFilter, TopicName};

/// Makes a value out of the input; every legal one can come out.
pub(crate) trait Generate<'a>: Sized {
    fn generate(input: &mut Unstructured<'a>) -> Result<Self>;
}

impl<'a, T: Generate<'a>> Generate<'a> for Option<T> {
    fn generate(input: &mut Unstructured<'a>) -> Result<Self> {
        if bool::generate(input)? { T::generate(input).map(Some) } else { Ok(None) }
    }
}

macro_rules! generate {
    ($($type:ty: |$input:ident| $value:expr;)*) => {$(
        impl<'a> Generate<'a> for $type {
            fn generate($input: &mut Unstructured<'a>) -> Result<Self> {
                $value
            }
        }
    )*};
}

generate! {
    bool: |input| input.arbitrary();
    u16: |input| input.arbitrary();
    u32: |input| input.arbitrary();
    NonZeroU16: |input| Ok(Self::new(input.arbitrary()?).unwrap_or(Self::MIN));
    NonZeroU32: |input| Ok(Self::new(input.arbitrary()?).unwrap_or(Self::MIN));
    PacketId: |input| Ok(Self::new(input.arbitrary()?).unwrap_or(Self::MIN));
    TopicAlias: |input| Ok(Self::new(input.arbitrary()?).unwrap_or(Self::MIN));
    SubscriptionId: |input| subscription_id(input);
    // As a property, which cannot say 2.
    QoS: |input| input.choose(&[Self::AtMostOnce, Self::AtLeastOnce]).copied();
    PayloadFormat: |input| input.choose(&[Self::Bytes, Self::Utf8]).copied();
    &'a [u8]: |input| binary(input);
    &'a str: |input| text(input);
    &'a TopicName: |input| topic_name(input);
    &'a TopicFilter: |input| topic_filter(input);
}

/// All four encoded lengths are equally likely.
fn subscription_id(input: &mut Unstructured<'_>) -> Result<SubscriptionId> {
    let bits: u32 = *input.choose(&[7, 14, 21, 28])?;
    let value = input.arbitrary::<u32>()? & !(u32::MAX << bits);
    Ok(SubscriptionId::new(value).unwrap_or(SubscriptionId::MIN))
}

/// What the first byte of a text, binary field or payload asks for.
enum Piece<'a> {
    /// These bytes of the input.
    Input(&'a [u8]),
    /// A constant, chosen by this number from 0 to 31.
    Shape(usize),
}

/// Mostly some bytes of the input, as far as there are any, and a constant otherwise.
fn piece<'a>(input: &mut Unstructured<'a>) -> Result<Piece<'a>> {
    let first: u8 = input.arbitrary()?;
    if first >= 0xE0 {
        let number = usize::from(first & 0x1F);
        // A second byte keeps the long ones rare, for they make a fuzzer slow.
        let is_long = number < shapes::LONG_SHAPES && input.arbitrary::<u8>()? >= 0xE0;
        return Ok(Piece::Shape(if is_long { number } else { number.max(shapes::LONG_SHAPES) }));
    }
    let len = usize::from(first & 0x1F).min(input.len());
    input.bytes(len).map(Piece::Input)
}

fn binary<'a>(input: &mut Unstructured<'a>) -> Result<&'a [u8]> {
    Ok(match piece(input)? {
        Piece::Input(bytes) => bytes,
        Piece::Shape(number) => shapes::text(number).as_bytes(),
    })
}

/// A payload, which unlike a field may have more than 65,535 bytes.
pub(super) fn payload<'a>(input: &mut Unstructured<'a>) -> Result<&'a [u8]> {
    Ok(match piece(input)? {
        Piece::Input(bytes) => bytes,
        Piece::Shape(number) => shapes::payload(number),
    })
}

/// The input as far as it is UTF-8 without U+0000.
fn text<'a>(input: &mut Unstructured<'a>) -> Result<&'a str> {
    let bytes = match piece(input)? {
        Piece::Input(bytes) => bytes,
        Piece::Shape(number) => return Ok(shapes::text(number)),
    };
    let text = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    Ok(text.split('\0').next().unwrap_or_default())
}

fn topic_name<'a>(input: &mut Unstructured<'a>) -> Result<&'a TopicName> {
    let text = text(input)?.split(['+', '#']).next().unwrap_or_default();
    let text = if text.is_empty() { input.choose(shapes::NAMES)? } else { text };
    TopicName::new(text).map_err(|_| Error::IncorrectFormat)
}

fn topic_filter<'a>(input: &mut Unstructured<'a>) -> Result<&'a TopicFilter> {
    if let Ok(filter) = TopicFilter::new(text(input)?) {
        return Ok(filter);
    }
    TopicFilter::new(input.choose(shapes::FILTERS)?).map_err(|_| Error::IncorrectFormat)
}

/// Bytes that the repeated item of a list has at most. Above 2 MiB, so that a property list can need four bytes
/// for its length.
const REPEATED_BYTES: usize = 0x28_0000;

/// Mostly a few items, sometimes one item many times; `least` is 0 or 1.
pub(super) fn list<'a, T: Copy>(
    input: &mut Unstructured<'a>,
    least: usize,
    size: impl Fn(&T) -> usize,
    mut item: impl FnMut(&mut Unstructured<'a>) -> Result<T>,
) -> Result<Vec<T>> {
    let (count, repeats) = match input.arbitrary::<u8>()? {
        0x00..=0x5F => (least, 0),
        0x60..=0x9F => (1, 0),
        0xA0..=0xCF => (2, 0),
        byte @ 0xD0..=0xF7 => (usize::from(byte & 0x07), 0),
        byte @ 0xF8..=0xFF => (1, *shapes::REPEATS.get(usize::from(byte & 0x07)).unwrap_or(&0)),
    };
    let mut items = (0..count.max(least)).map(|_| item(input)).collect::<Result<Vec<_>>>()?;
    if let Some(&last) = items.last() {
        let most = REPEATED_BYTES.checked_div(size(&last)).unwrap_or(usize::MAX);
        items.extend(core::iter::repeat_n(last, repeats.min(most)));
    }
    Ok(items)
}
