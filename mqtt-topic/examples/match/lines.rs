//! Lines of names in, lines of matches out.

use std::io::{self, BufRead, Write};

use mqtt_topic::{FilterSet, TopicError, TopicFilter, TopicName};

/// Reads names until the end and answers each at once. `false`, and nothing is read, if a filter is bad.
pub(crate) fn run(
    filters: &[String],
    mut names: impl BufRead,
    mut output: impl Write,
    mut errors: impl Write,
) -> io::Result<bool> {
    let mut good = Vec::new();
    for text in filters {
        match TopicFilter::new(text) {
            Ok(filter) => good.push(filter),
            Err(error) => show(&mut errors, text, what_is_wrong(error))?,
        }
    }
    if good.len() < filters.len() {
        return Ok(false);
    }
    let filters: FilterSet = good.into_iter().collect();
    let mut line = Vec::new();
    while names.read_until(b'\n', &mut line)? > 0 {
        let bytes = line.strip_suffix(b"\n").unwrap_or(&line);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let name = match str::from_utf8(bytes) {
            Ok(text) => TopicName::new(text).map_err(what_is_wrong),
            Err(error) => Err((error.valid_up_to(), "expected UTF-8 (MQTT-1.5.4-1)".to_owned())),
        };
        match name {
            Ok(name) => {
                write!(output, "{name}")?;
                for filter in filters.matches(name).filter_map(|place| filters.get(place)) {
                    write!(output, "\t{filter}")?;
                }
                writeln!(output)?;
                output.flush()?;
            }
            Err(wrong) => show(&mut errors, &String::from_utf8_lossy(bytes), wrong)?,
        }
        line.clear();
    }
    Ok(true)
}

/// At which byte, and what.
fn what_is_wrong(error: TopicError) -> (usize, String) {
    (error.position(), format!("{error} ({})", error.statement()))
}

/// The text, a caret below the character that is wrong, and what is wrong with it.
fn show(errors: &mut impl Write, text: &str, (position, what): (usize, String)) -> io::Result<()> {
    // What a terminal would not show as one column counts as one all the same.
    let shown: String = text.chars().map(|char| if char.is_control() { '.' } else { char }).collect();
    let column = text.char_indices().take_while(|&(at, _)| at < position).count();
    writeln!(errors, "{shown}\n{:column$}^ {what}", "")
}
