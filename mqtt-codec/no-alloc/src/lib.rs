//! A library for C without the standard library and without a global allocator, such as firmware is.
//!
//! That it builds and links is the point; `check.c` calls it and looks at what came out.
#![no_std]

use mqtt_codec::{
    DecodeError, Delivery, Limits, MessageProperties, Packet, PacketId, Publish, TopicName, Version, frame,
};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

const BUFFER: usize = 128;

/// Byte number `index` of an encoded PUBLISH of 5.0, or -1 behind its end and if anything fails.
#[expect(unsafe_code, reason = "C finds it by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn mqtt_published_byte(index: usize) -> i32 {
    let mut buffer = [0; BUFFER];
    let len = publish(&mut buffer).unwrap_or(0);
    buffer.get(..len).and_then(|bytes| bytes.get(index)).map_or(-1, |&byte| byte.into())
}

fn publish(buffer: &mut [u8]) -> Option<usize> {
    let properties = MessageProperties {
        content_type: Some("text/plain"),
        user_properties: (&[("unit", "C")]).into(),
        ..MessageProperties::default()
    };
    let delivery = Delivery::AtLeastOnce { id: PacketId::new(10).ok()?, dup: false };
    let publish = Publish { properties, delivery, ..Publish::new(TopicName::new("a/b").ok()?, b"21.5") };
    publish.encode_to_slice(Version::V5, buffer).ok()
}

/// A packet of each kind that a client of 5.0 gets or sends, with properties and lists; the last is malformed.
const PACKETS: &[&[u8]] = &[
    b"\x10\x23\0\x04MQTT\x05\xEE\0\x3C\0\0\x02c1\x05\x18\0\0\0\x05\0\x03w/p\0\x01x\0\x01u\0\x01p",
    b"\x20\x0C\0\0\x09\x12\0\x03abc\x21\0\x01",
    b"\x3B\x19\0\x03a/b\0\x0A\x0F\x0B\x07\x0B\x80\x01\x26\0\x01a\0\x01b\x23\0\x01hi",
    b"\x40\x0F\0\x0A\x87\x0B\x1F\0\x01x\x26\0\x01a\0\x01b",
    b"\x50\x03\0\x0B\x80",
    b"\x62\x03\0\x0B\x92",
    b"\x70\x02\0\x0B",
    b"\x82\x0F\0\x0A\x02\x0B\x07\0\x01#\x2E\0\x03a/b\x01",
    b"\x90\x05\0\x0A\0\x01\x80",
    b"\xA2\x0D\0\x0B\0\0\x03a/b\0\x03c/+",
    b"\xB0\x05\0\x0B\0\0\x11",
    b"\xC0\0",
    b"\xD0\0",
    b"\xE0\x07\0\x05\x11\0\0\0\0",
    b"\xF0\x0A\x18\x08\x15\0\x01M\x16\0\x01\x01",
    b"\x36\x04\0\x01a\0",
];

/// How many of the packets decode and encode to themselves, times a thousand, plus the reason code of the error
/// that comes last.
#[expect(unsafe_code, reason = "C finds it by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn mqtt_round_trips() -> i32 {
    let mut buffer = [0; BUFFER];
    let mut good = 0;
    for bytes in PACKETS {
        match round_trip(bytes, &mut buffer) {
            Ok(true) => good += 1,
            Ok(false) => {}
            Err(error) => return good * 1000 + i32::from(error.reason_code().as_u8()),
        }
    }
    good * 1000
}

fn round_trip(bytes: &[u8], buffer: &mut [u8]) -> Result<bool, DecodeError> {
    let Some(found) = frame(bytes, &Limits::default())? else { return Ok(false) };
    let packet = Packet::decode(Version::V5, found)?;
    let len = packet.encode_to_slice(Version::V5, buffer).unwrap_or(0);
    let Some(again) = buffer.get(..len) else { return Ok(false) };
    let Some(found) = frame(again, &Limits::default())? else { return Ok(false) };
    Ok(len == bytes.len() && Packet::decode(Version::V5, found)? == packet)
}
