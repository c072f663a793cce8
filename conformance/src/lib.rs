//! Which test shows which statement of the MQTT standards.
//!
//! The tables beside this crate's manifest have a row for each statement; [`CONFORMANCE.md`](page::write) is written out of
//! them. The tests of this crate run what the tables name.

#![forbid(unsafe_code)]

mod markers;
mod named;
pub mod page;
mod table;

pub use markers::Marker;
pub use named::Named;
pub use table::{Row, TABLES, Table};

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}
