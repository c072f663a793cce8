//! Reads packets as hexadecimal, one a line, and prints what they say:
//!
//! ```sh
//! echo '30 08 00 03 61 2F 62 00 68 69' | cargo run -p mqtt-codec --example inspect -- --version 5
//! ```
//!
//! Spaces in a line are skipped, and so are blank lines and those that begin with `#`. For each packet there is a dump, a field
//! a line: offset, bytes, name, value, statement of the standard. An error points at its byte. With `--json` there is one
//! JSON object a line instead, with the fields that `vectors/README.md` defines. Passwords are shown.
//!
//! The exit code is 1 if a line is not hexadecimal.

mod cursor;
mod dump;
mod fields;
mod layout;
mod lines;

use std::io;
use std::process::ExitCode;

use clap::Parser;
use mqtt_codec::Version;

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
        "5" | "5.0" => Ok(Version::V5),
        other => Err(format!("expected 3.1, 3.1.1 or 5, found {other}")),
    }
}

fn main() -> io::Result<ExitCode> {
    let Arguments { version, json } = Arguments::parse();
    let all_hex = lines::run(io::stdin().lock(), io::stdout().lock(), version, json)?;
    Ok(if all_hex { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
