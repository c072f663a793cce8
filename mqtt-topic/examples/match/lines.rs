//! Lines of names in, lines of matches out.

use std::io::{self, BufRead, Write};

use mqtt_topic::{FilterSet, TopicError, TopicFilter, TopicName};

/// Reads names until the end and answers each at once. Gives the exit code: 2, and nothing is read, if a filter is bad.
pub(crate) fn run(
    filters: &[Vec<u8>],
    mut names: impl BufRead,
    mut output: impl Write,
    mut errors: impl Write,
) -> io::Result<u8> {
    let mut good = Vec::new();
    for bytes in filters {
        match checked(bytes, TopicFilter::new) {
            Ok(filter) => good.push(filter),
            Err(wrong) => show(&mut errors, bytes, wrong)?,
        }
    }
    if good.len() < filters.len() {
        return Ok(2);
    }
    let filters: FilterSet = good.into_iter().collect();
    let mut line = Vec::new();
    while names.read_until(b'\n', &mut line)? > 0 {
        let bytes = line.strip_suffix(b"\n").unwrap_or(&line);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        match checked(bytes, TopicName::new) {
            Ok(name) => {
                write!(output, "{name}")?;
                for filter in filters.matches(name).filter_map(|place| filters.get(place)) {
                    write!(output, "\t{filter}")?;
                }
                writeln!(output)?;
                output.flush()?;
            }
            Err(wrong) => show(&mut errors, bytes, wrong)?,
        }
        line.clear();
    }
    Ok(0)
}

/// At which byte something is wrong, and what.
type Wrong = (usize, String);

fn checked<'a, T: ?Sized>(
    bytes: &'a [u8],
    check: impl FnOnce(&'a str) -> Result<&'a T, TopicError>,
) -> Result<&'a T, Wrong> {
    let text = str::from_utf8(bytes);
    let text = text.map_err(|error| (error.valid_up_to(), "expected UTF-8 (MQTT-1.5.4-1)".to_owned()))?;
    check(text).map_err(|error| (error.position(), format!("{error} ({})", error.statement())))
}

/// The text, a caret below the character that is wrong, and what is wrong with it.
fn show(errors: &mut impl Write, bytes: &[u8], (position, what): Wrong) -> io::Result<()> {
    // What a terminal would not show as one column counts as one all the same.
    let text = String::from_utf8_lossy(bytes);
    let shown: String = text.chars().map(|char| if char.is_control() { '.' } else { char }).collect();
    let column = text.char_indices().take_while(|&(at, _)| at < position).count();
    writeln!(errors, "{shown}\n{:column$}^ {what}", "")
}
