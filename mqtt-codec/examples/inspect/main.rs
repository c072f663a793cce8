//! Reads packets as hexadecimal, one a line, and prints what they say:
//!
//! ```sh
//! echo '30 08 00 03 61 2F 62 00 68 69' | cargo run -p mqtt-codec --example inspect -- --version 5
//! ```
//!
//! Spaces in a line are skipped, and so are blank lines and those that begin with `#`. With `--json` there is one JSON object
//! a line, with the fields that `vectors/README.md` defines. Passwords are shown.

mod fields;

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use clap::Parser;
use mqtt_codec::{DecodeError, Limits, Packet, Version, frame};
use serde_json::{Value, json};

/// Shows what MQTT packets say: hexadecimal on standard input, one packet a line.
#[derive(Parser)]
struct Arguments {
    /// The version of the connection: 3.1, 3.1.1 or 5.
    #[arg(long, value_parser = version)]
    version: Version,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

fn version(text: &str) -> Result<Version, String> {
    match text {
        "3.1" => Ok(Version::V3_1),
        "3.1.1" => Ok(Version::V3_1_1),
        "5" => Ok(Version::V5),
        other => Err(format!("expected 3.1, 3.1.1 or 5, found {other}")),
    }
}

fn main() -> io::Result<ExitCode> {
    let Arguments { version, json } = Arguments::parse();
    let mut out = io::stdout().lock();
    let mut exit = ExitCode::SUCCESS;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let text: String = line.split_whitespace().collect();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let found = match fields::unhex(&text) {
            Some(bytes) => inspect(&bytes, version),
            None => {
                exit = ExitCode::FAILURE;
                json!({"ok": false, "kind": "NotHex", "message": "the line is not pairs of hexadecimal digits"})
            }
        };
        if json {
            writeln!(out, "{found}")?;
        } else {
            writeln!(out, "{found:#}")?;
        }
        out.flush()?;
    }
    Ok(exit)
}

fn inspect(bytes: &[u8], version: Version) -> Value {
    match decode(bytes, version) {
        Ok(Some(found)) => found,
        Ok(None) => json!({"ok": false, "incomplete": true}),
        Err(error) => json!({
            "ok": false,
            "kind": error.kind().name(),
            "message": error.to_string(),
            "offset": error.offset(),
            "reason_code": fields::code(error.reason_code()),
            "statement": error.statement(version),
        }),
    }
}

fn decode(bytes: &[u8], version: Version) -> Result<Option<Value>, DecodeError> {
    let Some(frame) = frame(bytes, &Limits::default())? else { return Ok(None) };
    let packet = Packet::decode(version, frame)?;
    let mut encoded = Vec::new();
    packet.encode(version, &mut encoded).expect("what was decoded can be encoded");
    let name = if version == Version::V5 { "5".to_owned() } else { version.to_string() };
    let mut found = json!({
        "ok": true,
        "type": packet.packet_type().name(),
        "version": name,
        "fields": fields::fields(&packet, version),
        "encoded": fields::hex(&encoded),
    });
    let left_over = bytes.len() - frame.bytes().len();
    if left_over > 0 {
        found["left_over"] = left_over.into();
    }
    Ok(Some(found))
}
