//! The page for readers.

use std::fmt::Write as _;

use crate::{Marker, Named, Row, TABLES, Table, root};

/// Its name, at the root of the repository.
pub const FILE: &str = "CONFORMANCE.md";

const HEAD: &str = "# Conformance

Which test shows which statement of the MQTT standards, in our words. A [test](conformance/tests) runs everything that is named
here, so nothing is listed that does not exist or does not pass. The page is written out of the [tables](conformance) by
`cargo run -p conformance`.

Most tests are [transcripts](mqtt-broker-core/scenarios/README.md): a short story of clients, packets and time, readable without
Rust. A vector is a case of the [codec's vectors](mqtt-codec/vectors/README.md): an input, and what it is or what is wrong with it.

What binds server and client counts as shown if the broker's side is; the remark *client* says that the other side is to come.
";

/// Writes it.
///
/// # Errors
/// If a table cannot be read.
pub fn write() -> Result<String, String> {
    let tables: Vec<(&Table, Vec<Row>)> =
        TABLES.iter().map(|table| Ok((table, table.rows()?))).collect::<Result<_, String>>()?;
    let mut text = HEAD.to_owned();
    counts(&mut text, &tables);
    for (table, rows) in &tables {
        write!(text, "\n## {}\n\n{}\n", table.title, table.about).unwrap_or_default();
        statements(&mut text, table, rows);
    }
    Ok(text)
}

/// What has become of a row, in the words of the table of counts.
fn standing(row: &Row) -> usize {
    let has = |marker| row.markers.contains(&marker);
    if !row.tests.is_empty() {
        0
    } else if has(Marker::Runtime) {
        2
    } else if has(Marker::Client) {
        1
    } else {
        3
    }
}

fn counts(text: &mut String, tables: &[(&Table, Vec<Row>)]) {
    *text += "
| | level | rows | shown by tests | a client's alone | a transport's | nothing to show |
|---|---|--:|--:|--:|--:|--:|
";
    for (table, rows) in tables {
        let mut levels: Vec<(&str, [usize; 4])> = Vec::new();
        for row in rows {
            let level = match row.level.as_str() {
                "must" | "must-not" => "must",
                "should" | "should not" => "should",
                _ => "other",
            };
            let at = levels.iter().position(|(found, _)| *found == level);
            let at = at.unwrap_or_else(|| {
                levels.push((level, [0; 4]));
                levels.len() - 1
            });
            if let Some(count) = levels.get_mut(at).and_then(|(_, counts)| counts.get_mut(standing(row))) {
                *count += 1;
            }
        }
        for (level, counts) in &levels {
            let all: usize = counts.iter().sum();
            let cells = counts.map(|count| count.to_string()).join(" | ");
            writeln!(text, "| {} | {level} | {all} | {cells} |", table.title).unwrap_or_default();
        }
    }
}

fn statements(text: &mut String, table: &Table, rows: &[Row]) {
    let mut chapter = String::new();
    for row in rows {
        let found = chapter_of(table, row);
        if found != chapter {
            chapter = found;
            write!(text, "\n### {chapter}\n\n| | | | shown by |\n|---|---|---|---|\n").unwrap_or_default();
        }
        let id = row.id.trim_start_matches("MQTT-");
        let summary = escaped(&row.summary);
        writeln!(text, "| {id} | {} | {summary} | {} |", row.level, shown_by(row)).unwrap_or_default();
    }
}

/// The packet or the subject: the first two numbers of the section.
fn chapter_of(table: &Table, row: &Row) -> String {
    if !row.id.starts_with("MQTT-") {
        return if row.version(table) == "5" { "Of MQTT 5.0" } else { "Of MQTT 3.1.1" }.to_owned();
    }
    let number = row.section.split(' ').next().unwrap_or_default();
    let end = number.match_indices('.').nth(1).map_or(number.len(), |(at, _)| at);
    let chapter = number.get(..end).unwrap_or(number);
    let name = match (chapter, row.version(table)) {
        ("1.5", _) => "Data representation",
        ("2.1", _) | ("2.2", "3.1.1") => "Fixed header",
        ("2.2" | "2.3", _) => "Variable header",
        ("3.1", _) => "CONNECT",
        ("3.2", _) => "CONNACK",
        ("3.3", _) => "PUBLISH",
        ("3.4", _) => "PUBACK",
        ("3.5", _) => "PUBREC",
        ("3.6", _) => "PUBREL",
        ("3.7", _) => "PUBCOMP",
        ("3.8", _) => "SUBSCRIBE",
        ("3.9", _) => "SUBACK",
        ("3.10", _) => "UNSUBSCRIBE",
        ("3.11", _) => "UNSUBACK",
        ("3.12", _) => "PINGREQ",
        ("3.14", _) => "DISCONNECT",
        ("3.15", _) => "AUTH",
        ("4.1", _) => "Session state",
        ("4.2", _) => "Network connections",
        ("4.3", _) => "Quality of Service",
        ("4.4", _) => "Message delivery retry",
        ("4.5", _) => "Message receipt",
        ("4.6", _) => "Message ordering",
        ("4.7", _) => "Topic names and filters",
        ("4.8", "5") => "Shared subscriptions",
        ("4.8", _) | ("4.13", _) => "Handling errors",
        ("4.9", _) => "Flow control",
        ("4.12", _) => "Enhanced authentication",
        ("6", _) => "WebSocket",
        _ => "Conformance",
    };
    format!("{chapter} {name}")
}

fn shown_by(row: &Row) -> String {
    let root = root();
    let mut entries: Vec<String> = Vec::new();
    let mut last_file = "";
    for named in &row.tests {
        let (name, path) = named.link(&root);
        match named {
            // The cases of one file are one entry.
            Named::Vector { file, .. } if file == last_file => {
                if let Some(entry) = entries.last_mut() {
                    write!(entry, ", `{}`", escaped(&name)).unwrap_or_default();
                }
            }
            Named::Vector { file, .. } => {
                last_file = file;
                entries.push(format!("[vectors]({path}) `{}`", escaped(&name)));
            }
            Named::Test { .. } => {
                last_file = "";
                entries.push(format!("[{}]({path})", escaped(&name)));
            }
        }
    }
    entries.extend(row.markers.iter().map(|marker| format!("*{}*", marker.text())));
    entries.join("<br>")
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
