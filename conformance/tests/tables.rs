//! The tables by themselves: every statement is shown by a test or says why not, and a transcript that cites a statement is
//! in its row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use conformance::{Named, Row, TABLES, Table, root};

fn rows() -> Vec<(&'static Table, Row)> {
    let rows = |table: &'static Table| table.rows().unwrap().into_iter().map(move |row| (table, row));
    TABLES.iter().flat_map(rows).collect()
}

#[test]
fn every_statement_is_shown_or_says_why_not() {
    let errors: Vec<String> = rows().iter().filter_map(|(_, row)| row.error()).collect();
    assert!(errors.is_empty(), "\n{}", errors.join("\n"));
}

/// 251 and 141 numbered statements, and the rules that have none: none is lost, and none is there twice.
#[test]
fn no_statement_is_missing() {
    let mut counts = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for (table, row) in rows() {
        *counts.entry(table.file).or_insert(0) += 1;
        assert!(ids.insert((table.file, row.id.clone())), "{} is there twice", row.id);
    }
    let expected = [("mqtt-3.1.1.tsv", 141), ("mqtt-5.0.tsv", 251), ("unnumbered.tsv", 64)];
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn transcripts_cite_what_they_show() {
    let mut listed = BTreeSet::new();
    for (table, row) in rows() {
        for named in &row.tests {
            if let Named::Test { target, name, .. } = named
                && target == "scenarios"
            {
                listed.insert((name.clone(), label(table, &row.id)));
            }
        }
    }
    let cited = cited();
    let only = |a: &BTreeSet<(String, String)>, b: &BTreeSet<(String, String)>| {
        a.difference(b).map(|(name, id)| format!("{name}: {id}\n")).collect::<String>()
    };
    let (not_cited, not_listed) = (only(&listed, &cited), only(&cited, &listed));
    assert!(not_cited.is_empty(), "listed in a table and not cited by the transcript:\n{not_cited}");
    assert!(not_listed.is_empty(), "cited by a transcript and not listed in a table:\n{not_listed}");
}

/// The statements of 3.1.1 count differently from those of 5.0.
fn label(table: &Table, id: &str) -> String {
    if table.file == "mqtt-3.1.1.tsv" { format!("3.1.1: {id}") } else { id.to_owned() }
}

/// Each transcript with each statement in the remark at its head.
fn cited() -> BTreeSet<(String, String)> {
    let folder = root().join("mqtt-broker-core/scenarios");
    let mut cited = BTreeSet::new();
    for topic in entries(&folder).iter().filter(|path| path.is_dir()) {
        for path in entries(topic) {
            let name = path.strip_prefix(&folder).unwrap().with_extension("");
            let text = std::fs::read_to_string(&path).unwrap();
            let head: Vec<&str> = text
                .lines()
                .take_while(|line| line.starts_with('#'))
                .map(|line| line.trim_start_matches("# "))
                .collect();
            for id in citations(&head.join(" ")) {
                cited.insert((name.to_str().unwrap().replace('\\', "/"), id));
            }
        }
    }
    cited
}

fn entries(folder: &Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// `(MQTT-3.1.4-3, N5-07; 3.1.1: MQTT-3.1.4-2, MQTT-3.1.4-3)`
fn citations(head: &str) -> Vec<String> {
    let mut found = Vec::new();
    for group in head.split('(').skip(1).filter_map(|rest| rest.split(')').next()) {
        for part in group.split("; ") {
            let (prefix, part) = part.strip_prefix("3.1.1: ").map_or(("", part), |part| ("3.1.1: ", part));
            for id in part.split(", ") {
                if id.starts_with("MQTT-") {
                    found.push(format!("{prefix}{id}"));
                } else if id.starts_with("N5-") || id.starts_with("N3-") {
                    found.push(id.to_owned());
                }
            }
        }
    }
    found
}
