//! Texts, names, filters and lengths at which something changes, which no fuzzer would find soon.

/// Bytes of the longest text or binary field.
const MAX: usize = u16::MAX as usize;

const fn text_of(bytes: &'static [u8]) -> &'static str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("the constants of this file are UTF-8"),
    }
}

const LONG: &str = text_of(&[b'x'; MAX]);
const SLASHES: &str = text_of(&[b'/'; MAX]);
/// 21,845 characters of three bytes.
const WIDE: &str = text_of({
    static BYTES: [u8; MAX] = *[*b"\xE6\xBC\xA2"; MAX / 3].as_flattened().first_chunk().unwrap();
    &BYTES
});

/// How many of the texts and payloads, the first ones, are long.
pub(super) const LONG_SHAPES: usize = 8;

/// Text number 0 to 31.
pub(super) fn text(number: usize) -> &'static str {
    TEXTS.get(number).copied().unwrap_or_default()
}

const TEXTS: [&str; 32] = [
    LONG.split_at(16_383).0,
    LONG.split_at(16_384).0,
    LONG.split_at(MAX - 1).0,
    LONG,
    WIDE,
    LONG.split_at(2048).0,
    LONG.split_at(2047).0,
    "a/b/c",
    "",
    "a",
    "text/plain",
    "\u{7F}",
    "\u{80}",
    "\u{7FF}",
    "\u{800}",
    "\u{D7FF}",
    "\u{E000}",
    "\u{FEFF}",
    "\u{FFFF}",
    "\u{10000}",
    "\u{10FFFF}",
    "\u{1}\u{1F}",
    "a\u{300}",
    "+",
    "#",
    "/",
    "$share/g/t",
    "0123456\u{E9}",
    LONG.split_at(23).0,
    LONG.split_at(24).0,
    LONG.split_at(127).0,
    LONG.split_at(128).0,
];

/// Topic names.
pub(super) const NAMES: &[&str] = &[
    "a",
    "/",
    "a/b",
    "/a",
    "a/",
    "a//b",
    "//",
    " ",
    "$SYS/uptime",
    "$share/g/t",
    "$",
    "sport/tennis/player1",
    "\u{E9}/\u{6F22}/\u{1F980}",
    "\u{FEFF}",
    SLASHES,
    WIDE,
];

/// Topic filters.
pub(super) const FILTERS: &[&str] = &[
    "a",
    "#",
    "+",
    "/",
    "+/+",
    "a/#",
    "/#",
    "a/+/b",
    "a//b",
    "//",
    "+/a/#",
    "$SYS/#",
    "$share/g/#",
    "$share/g/+/a",
    "$share/g//",
    "$share/\u{E9}/a",
    "$share",
    "$SHARE/g",
    "\u{6F22}/+",
    "\u{FEFF}",
    LONG,
    SLASHES,
    WIDE,
];

/// How often an item is repeated in a long list. 16 times the longest User Property is 2 MiB.
pub(super) const REPEATS: [usize; 8] = [7, 16, 41, 42, 127, 128, 255, 4096];

/// Payload number 0 to 31.
pub(super) fn payload(number: usize) -> &'static [u8] {
    static ZEROS: [u8; 0x20_0010] = [0; 0x20_0010];
    let len = PAYLOADS.get(number).copied().unwrap_or(number);
    ZEROS.get(..len).unwrap_or_default()
}

/// Around the steps of the remaining length of a PUBLISH with the topic `a` and nothing else, and of a text's length.
const PAYLOADS: [usize; 16] = [
    16_380, 16_381, 16_382, 65_535, 65_536, 2_097_147, 2_097_148, 2_097_149, 122, 123, 124, 125, 63, 64, 128,
    1024,
];
