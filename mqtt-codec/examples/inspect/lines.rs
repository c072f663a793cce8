//! Lines of hexadecimal in, what they say out.

use std::io::{self, BufRead, Write};

use mqtt_codec::{DecodeError, Limits, Packet, Version, frame};
use serde_json::{Value, json};

use crate::{dump, fields};

/// Reads lines until the end and answers each, as JSON or for people. `false` if there was one that is not hexadecimal.
pub(crate) fn run(
    mut input: impl BufRead,
    mut output: impl Write,
    version: Version,
    json: bool,
) -> io::Result<bool> {
    let mut all_hex = true;
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let text: String = String::from_utf8_lossy(&line).split_whitespace().collect();
        line.clear();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let bytes = fields::unhex(&text);
        all_hex &= bytes.is_some();
        let found = bytes.as_deref().map_or(Found::NotHex, |bytes| inspect(bytes, version));
        if json {
            writeln!(output, "{}", found.to_json(version))?;
        } else {
            dump::write(&mut output, bytes.as_deref().unwrap_or_default(), &found, version)?;
        }
        output.flush()?;
    }
    Ok(all_hex)
}

/// What a line is.
pub(crate) enum Found<'a> {
    NotHex,
    /// The beginning of a packet.
    Incomplete,
    /// What is no packet, and how many bytes are left over behind it if its end is known.
    Refused(DecodeError, usize),
    /// A packet, and how many bytes are left over behind it.
    Packet(Box<Packet<'a>>, usize),
}

pub(crate) const NOT_HEX: &str = "the line is not pairs of hexadecimal digits";

pub(crate) fn inspect(bytes: &[u8], version: Version) -> Found<'_> {
    let frame = match frame(bytes, &Limits::default()) {
        Ok(Some(frame)) => frame,
        Ok(None) => return Found::Incomplete,
        Err(error) => return Found::Refused(error, 0),
    };
    let left_over = bytes.len() - frame.bytes().len();
    match Packet::decode(version, frame) {
        Ok(packet) => Found::Packet(Box::new(packet), left_over),
        Err(error) => Found::Refused(error, left_over),
    }
}

impl Found<'_> {
    pub(crate) fn to_json(&self, version: Version) -> Value {
        let (mut found, left_over) = match self {
            Self::NotHex => {
                let none = Value::Null;
                let found = json!({"ok": false, "kind": "NotHex", "message": NOT_HEX, "offset": none, "reason_code": none, "statement": none});
                (found, 0)
            }
            Self::Incomplete => (json!({"ok": false, "incomplete": true}), 0),
            Self::Refused(error, left_over) => {
                let found = json!({
                    "ok": false,
                    "kind": error.kind().name(),
                    "message": error.to_string(),
                    "offset": error.offset(),
                    "reason_code": fields::code(error.reason_code()),
                    "statement": error.statement(version),
                });
                (found, *left_over)
            }
            Self::Packet(packet, left_over) => {
                let mut encoded = Vec::new();
                packet.encode(version, &mut encoded).expect("what was decoded can be encoded");
                let name = if version == Version::V5 { "5".to_owned() } else { version.to_string() };
                let found = json!({
                    "ok": true,
                    "type": packet.packet_type().name(),
                    "version": name,
                    "fields": fields::fields(packet, version),
                    "encoded": fields::hex(&encoded),
                });
                (found, *left_over)
            }
        };
        if left_over > 0 {
            found["left_over"] = left_over.into();
        }
        found
    }
}
