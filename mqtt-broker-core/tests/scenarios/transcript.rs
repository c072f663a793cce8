//! A transcript, run and compared: each line that does something, with the lines below it that say what comes of it.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mqtt_broker_core::{Config, Stats};

use crate::config::{configure, counts};
use crate::world::World;

/// Lines of the file around a difference that are shown with it.
const CONTEXT: usize = 3;

/// Between a line and why it cannot be done.
const REMARK: &str = "    <-- ";

/// A line of the file or of what came, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) fate: Fate,
    /// Number of the line in the file; for a line that is not there, of the one before.
    pub(crate) line: usize,
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// In the file, and no more than it should be.
    Same,
    /// The file expects it and it did not come.
    Missing,
    /// It came and the file does not expect it.
    Unexpected,
    /// The line cannot be done; what follows was not run.
    Impossible,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A remark, an empty line, or a setting, which counts for the whole file.
    Remark,
    /// Something happens.
    Stimulus,
    /// What comes of it.
    Outcome,
}

/// Runs a transcript against a new broker.
pub(crate) fn run(text: &str) -> Vec<Row> {
    let lines = expand(text);
    let mut config = Config { seed: 1, ..Config::default() };
    for settings in lines.iter().filter_map(|(_, line)| line.strip_prefix("config ")) {
        configure(&mut config, settings);
    }
    let mut world = World::new(config);
    let mut rows = Vec::new();
    let mut at = 0;
    let mut outcome = (Vec::new(), Stats::default());
    while at < lines.len() {
        // What a file begins with has nothing to follow from.
        let following = if kind(&lines[at].1) == Kind::Stimulus {
            let (line, text) = &lines[at];
            let row = |fate, text: &str| Row { fate, line: *line, text: text.to_owned() };
            match catch_unwind(AssertUnwindSafe(|| world.line(text))) {
                Ok(found) => outcome = found,
                Err(panic) => {
                    rows.push(row(Fate::Impossible, &format!("{text}{REMARK}{}", message(&*panic))));
                    rows.extend(lines[at + 1..].iter().map(|(line, text)| Row {
                        fate: Fate::Same,
                        line: *line,
                        text: text.clone(),
                    }));
                    return rows;
                }
            }
            rows.push(row(Fate::Same, text));
            &lines[at + 1..]
        } else {
            &lines[at..]
        };
        let len = following.iter().take_while(|(_, text)| kind(text) != Kind::Stimulus).count();
        let (found, stats) = std::mem::take(&mut outcome);
        reconcile(&following[..len], found, &stats, &mut rows);
        at = lines.len() - following.len() + len;
    }
    rows
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic")
}

/// The lines with their numbers. `{1..3}` in a line stands for 1, 2 and 3, with as many digits; neighbouring lines with the
/// same range take turns.
fn expand(text: &str) -> Vec<(usize, String)> {
    let lines: Vec<(usize, &str)> = text.lines().map(str::trim_end).enumerate().collect();
    let mut expanded = Vec::new();
    for block in lines.chunk_by(|(_, a), (_, b)| range(a).is_some() && range(a) == range(b)) {
        let line = |&(index, line): &(usize, &str)| (index + 1, line.to_owned());
        let Some(range) = block.first().and_then(|(_, first)| range(first)) else {
            expanded.extend(block.iter().map(line));
            continue;
        };
        let (first, last) = range.split_once("..").unwrap_or_default();
        let bound = |text: &str| text.parse::<usize>().expect("a number");
        for n in bound(first)..=bound(last) {
            let n = format!("{n:0width$}", width = first.len());
            let with_n =
                |(number, line): (usize, String)| (number, line.replace(&format!("{{{range}}}"), &n));
            expanded.extend(block.iter().map(line).map(with_n));
        }
    }
    expanded
}

fn range(line: &str) -> Option<&str> {
    let (range, _) = line.split_once('{')?.1.split_once('}')?;
    range.contains("..").then_some(range)
}

fn kind(line: &str) -> Kind {
    if line.is_empty() || line.starts_with('#') || line.starts_with("config ") {
        Kind::Remark
    } else if channel(line).is_some() {
        Kind::Outcome
    } else {
        Kind::Stimulus
    }
}

/// Within which lines of what came the order counts: those of one client, and of each other kind.
fn channel(line: &str) -> Option<&str> {
    const KINDS: [&str; 9] = [
        "dropped",
        "asked",
        "damped",
        "not retained",
        "not answered",
        "revoked",
        "will refused",
        "note",
        "stats",
    ];
    let client = line.split_once("< ").map(|(name, _)| name).filter(|name| !name.contains(' '));
    client.or_else(|| {
        KINDS.into_iter().find(|kind| line.strip_prefix(kind).is_some_and(|rest| rest.starts_with(' ')))
    })
}

/// Lays what came beside what the file expects of it.
fn reconcile(lines: &[(usize, String)], mut found: Vec<String>, stats: &Stats, rows: &mut Vec<Row>) {
    found.extend(
        lines.iter().filter_map(|(_, line)| line.strip_prefix("stats ")).map(|names| counts(stats, names)),
    );
    // Behind the last line of what comes there is nothing but remarks.
    let end = lines.iter().rposition(|(_, line)| kind(line) == Kind::Outcome).map_or(0, |at| at + 1);
    let matches = matches(&lines[..end], &found);
    let mut taken = vec![false; found.len()];
    let mut last_line = rows.last().map_or(0, |row| row.line);
    for ((line, text), matched) in lines[..end].iter().zip(matches) {
        let row = |fate, text: &String| Row { fate, line: *line, text: text.clone() };
        last_line = *line;
        if kind(text) == Kind::Remark {
            rows.push(row(Fate::Same, text));
            continue;
        }
        let Some(matched) = matched else {
            rows.push(row(Fate::Missing, text));
            continue;
        };
        for index in 0..matched {
            if channel(&found[index]) == channel(text) && !taken[index] {
                taken[index] = true;
                rows.push(row(Fate::Unexpected, &found[index]));
            }
        }
        taken[matched] = true;
        rows.push(row(Fate::Same, text));
    }
    let rest = found.iter().zip(taken).filter(|(_, taken)| !taken);
    rows.extend(rest.map(|(text, _)| Row { fate: Fate::Unexpected, line: last_line, text: text.clone() }));
    let remarks = lines[end..].iter();
    rows.extend(remarks.map(|(line, text)| Row { fate: Fate::Same, line: *line, text: text.clone() }));
}

/// For each line which of what came it is, so that as many as possible are one, in order within a channel.
fn matches(lines: &[(usize, String)], found: &[String]) -> Vec<Option<usize>> {
    let mut matches = vec![None; lines.len()];
    let mut channels: Vec<_> = lines.iter().filter_map(|(_, line)| channel(line)).collect();
    channels.sort_unstable();
    channels.dedup();
    for name in channels {
        let of_channel = |line: &str| channel(line) == Some(name);
        let expected: Vec<usize> = (0..lines.len()).filter(|&index| of_channel(&lines[index].1)).collect();
        let found_here: Vec<usize> = (0..found.len()).filter(|&index| of_channel(&found[index])).collect();
        let same = |e: usize, f: usize| lines[expected[e]].1 == found[found_here[f]];
        // The longest common subsequence of what is left from each pair of places on.
        let mut longest = vec![vec![0; found_here.len() + 1]; expected.len() + 1];
        for e in (0..expected.len()).rev() {
            for f in (0..found_here.len()).rev() {
                longest[e][f] = if same(e, f) {
                    longest[e + 1][f + 1] + 1
                } else {
                    longest[e + 1][f].max(longest[e][f + 1])
                };
            }
        }
        let (mut e, mut f) = (0, 0);
        while e < expected.len() && f < found_here.len() {
            if same(e, f) {
                matches[expected[e]] = Some(found_here[f]);
                (e, f) = (e + 1, f + 1);
            } else if longest[e + 1][f] >= longest[e][f + 1] {
                e += 1;
            } else {
                f += 1;
            }
        }
    }
    matches
}

/// The first difference with the lines around it, or `None` if there is none.
pub(crate) fn difference(path: &str, rows: &[Row]) -> Option<String> {
    let first = rows.iter().position(|row| row.fate != Fate::Same)?;
    let differing = rows[first..].iter().take_while(|row| row.fate != Fate::Same).count();
    let around = first.saturating_sub(CONTEXT)..rows.len().min(first + differing + CONTEXT);
    let mut text = format!("{path}:{}\n", rows[first].line);
    for row in &rows[around.clone()] {
        let mark = match row.fate {
            Fate::Same => ' ',
            Fate::Missing => '-',
            Fate::Unexpected => '+',
            Fate::Impossible => '!',
        };
        writeln!(text, "{}", format!("{mark} {}", row.text).trim_end()).unwrap();
    }
    let more = rows[around.end..].iter().filter(|row| row.fate != Fate::Same).count();
    if more > 0 {
        writeln!(text, "({more} more lines differ further down)").unwrap();
    }
    Some(text)
}

/// The file as it would have to be.
pub(crate) fn as_it_came(rows: &[Row]) -> String {
    let rows = rows.iter().filter(|row| row.fate != Fate::Missing);
    rows.map(|row| row.text.split(REMARK).next().unwrap_or_default().to_owned() + "\n").collect()
}
