//! Lines of names in, lines of matches out.

use std::io::{self, BufRead, Write};

use mqtt_topic::{TopicError, TopicFilter, TopicName};

/// Reads names until the end and answers each at once. `false`, and nothing is read, if a filter is bad.
pub(crate) fn run(
    filters: &[String],
    mut names: impl BufRead,
    mut output: impl Write,
    mut errors: impl Write,
) -> io::Result<bool> {
    let mut good = Vec::new();
    let mut all_good = true;
    for text in filters {
        match TopicFilter::new(text) {
            Ok(filter) => good.push(filter),
            Err(error) => {
                all_good = false;
                show(&mut errors, text, error)?;
            }
        }
    }
    if !all_good {
        return Ok(false);
    }
    let mut line = Vec::new();
    while names.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line));
        let text = text.strip_suffix('\r').unwrap_or(&text);
        match TopicName::new(text) {
            Ok(name) => {
                write!(output, "{name}")?;
                for filter in good.iter().filter(|filter| filter.matches(name)) {
                    write!(output, "\t{filter}")?;
                }
                writeln!(output)?;
                output.flush()?;
            }
            Err(error) => show(&mut errors, text, error)?,
        }
        line.clear();
    }
    Ok(true)
}

/// The text, a caret below the character that is wrong, and what is wrong with it.
fn show(errors: &mut impl Write, text: &str, error: TopicError) -> io::Result<()> {
    // What a terminal would not show as one column counts as one all the same.
    let shown: String = text.chars().map(|char| if char.is_control() { '.' } else { char }).collect();
    let column = text.char_indices().take_while(|&(at, _)| at < error.position()).count();
    writeln!(errors, "{shown}\n{:column$}^ {error} ({})", "", error.statement())
}
