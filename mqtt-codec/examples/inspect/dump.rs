//! The annotated dump: a line for each field, with its offset, bytes, name, value and statement.

use std::io::{self, Write};

use mqtt_codec::Version;
use serde_json::Value;

use crate::cursor::Row;
use crate::fields::fields;
use crate::layout::walk;
use crate::lines::{Found, NOT_HEX};

/// What was found in `bytes`, and an empty line behind it.
///
/// A packet is shown as the walk over its layout sees it, which must be what the codec has decoded.
pub(crate) fn write(
    output: &mut impl Write,
    bytes: &[u8],
    found: &Found<'_>,
    version: Version,
) -> io::Result<()> {
    match found {
        Found::NotHex => writeln!(output, "{NOT_HEX}")?,
        Found::Incomplete => {
            writeln!(output, "incomplete: a packet begins, and more bytes are needed")?;
            let (rows, _) = walk(bytes, version);
            let end = write_rows(output, bytes, &rows)?;
            write_from(output, bytes, end, "the rest is not here")?;
        }
        Found::Refused(error, left_over) => {
            writeln!(output, "{error}")?;
            let reason = error.reason_code();
            let statement = error.statement(version).unwrap_or("no statement");
            writeln!(
                output,
                "{}, reason code 0x{:02X} {}, {statement}",
                error.kind().name(),
                reason.as_u8(),
                reason.name()
            )?;
            let bytes = &bytes[..bytes.len() - left_over];
            let at = usize::try_from(error.offset()).expect("offsets are within the line");
            let (mut rows, _) = walk(bytes, version);
            rows.retain(|row| row.offset + row.len <= at && row.offset < at);
            let end = write_rows(output, bytes, &rows)?;
            if end < at {
                write_from(output, &bytes[..at], end, "of the field with the error")?;
            }
            write_from(output, bytes, at, "<-- here")?;
            write_left_over(output, *left_over)?;
        }
        Found::Packet(packet, left_over) => {
            let bytes = &bytes[..bytes.len() - left_over];
            writeln!(output, "{} of {version}, {} bytes", packet.packet_type(), bytes.len())?;
            let (rows, walked) = walk(bytes, version);
            assert_same(&rows, walked.as_ref(), &fields(packet, version), bytes);
            write_rows(output, bytes, &rows)?;
            write_left_over(output, *left_over)?;
        }
    }
    writeln!(output)
}

fn assert_same(rows: &[Row], walked: Option<&Value>, decoded: &Value, bytes: &[u8]) {
    assert_eq!(walked, Some(decoded), "the dump must show what was decoded");
    let end = rows.iter().fold(0, |end, row| {
        assert_eq!(row.offset, end, "no byte is left out: {}", row.name);
        end + row.len
    });
    assert_eq!(end, bytes.len(), "no byte is left out");
}

/// Returns where the last row ends.
fn write_rows(output: &mut impl Write, bytes: &[u8], rows: &[Row]) -> io::Result<usize> {
    let width = |text: fn(&Row) -> &str| rows.iter().map(|row| text(row).chars().count()).max().unwrap_or(0);
    let (names, values) = (width(|row| &row.name), width(|row| &row.value));
    let mut end = 0;
    for row in rows {
        end = row.offset + row.len;
        let shown = front(&bytes[row.offset..end]);
        let mut line = format!("{:6}  {shown:23}  {:names$}  {:values$}", row.offset, row.name, row.value);
        if !row.statement.is_empty() {
            line += &format!("  MQTT-{}", row.statement);
        }
        writeln!(output, "{}", line.trim_end())?;
    }
    Ok(end)
}

fn write_left_over(output: &mut impl Write, left_over: usize) -> io::Result<()> {
    match left_over {
        0 => Ok(()),
        1 => writeln!(output, "1 byte is left over behind the packet"),
        _ => writeln!(output, "{left_over} bytes are left over behind the packet"),
    }
}

/// A line for bytes that have no row.
fn write_from(output: &mut impl Write, bytes: &[u8], at: usize, what: &str) -> io::Result<()> {
    let shown = front(bytes.get(at..).unwrap_or_default());
    writeln!(output, "{at:6}  {shown:23}  {what}")
}

/// Eight bytes, or seven and a sign that there are more.
fn front(bytes: &[u8]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ");
    if bytes.len() > 8 { hex(&bytes[..7]) + " .." } else { hex(bytes) }
}
