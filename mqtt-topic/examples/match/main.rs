//! Reads topic names from the standard input, one a line, and prints each followed by those of the filters in the arguments
//! that match it, in the order given, separated by tabs:
//!
//! ```sh
//! printf 'home/kitchen\nhome/+\n' | cargo run -p mqtt-topic --example match -- 'home/#' '+' 'home/+'
//! ```
//!
//! A bad name is shown on the standard error with a caret at the byte, and skipped. A bad filter is shown the same way
//! and ends the program with 2.

mod lines;

use std::ffi::OsString;
use std::io::{self, BufWriter};
use std::process::ExitCode;

fn main() -> io::Result<ExitCode> {
    let filters: Vec<Vec<u8>> = std::env::args_os().skip(1).map(OsString::into_encoded_bytes).collect();
    let output = BufWriter::new(io::stdout().lock());
    lines::run(&filters, io::stdin().lock(), output, io::stderr().lock()).map(ExitCode::from)
}
