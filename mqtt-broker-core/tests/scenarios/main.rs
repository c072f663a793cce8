//! Runs the transcripts in this folder: text files, one behaviour each, that a person can read without Rust.
//! `README.md` beside them explains the lines.
//!
//! A transcript fails at the first packet that is not as written, that is missing, or that is there and not written.

mod packet;
mod print;
mod world;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn transcripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    files
}

#[test]
fn transcripts_hold() {
    let mut failures = String::new();
    let mut count = 0;
    for path in transcripts() {
        let text = std::fs::read_to_string(&path).unwrap();
        for (first_line, scenario) in scenarios(&text) {
            count += 1;
            if let Err(failure) = world::run(&scenario) {
                let file = path.file_name().unwrap().display();
                let line = first_line + failure.line;
                writeln!(failures, "{file}:{line}: {}", failure.what).unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert!(count > 50, "only {count} scenarios were found");
}

/// A file holds several scenarios, each under a line that begins with `== `. Gives each with the number of its first line.
fn scenarios(text: &str) -> Vec<(usize, Vec<&str>)> {
    let mut found: Vec<(usize, Vec<&str>)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("== ") {
            found.push((index + 2, Vec::new()));
        } else if let Some((_, lines)) = found.last_mut() {
            lines.push(line);
        }
    }
    found
}

#[test]
fn a_wrong_transcript_fails() {
    let run = |lines: &[&str]| world::run(lines).map_err(|failure| (failure.line, failure.what));
    assert_eq!(run(&["c> CONNECT v5 id=c clean", "c< CONNACK 00"]), Ok(()));
    let (line, what) = run(&["c> CONNECT v5 id=c clean", "c< CONNACK 87"]).unwrap_err();
    assert_eq!((line, &*what), (1, "expected CONNACK 87, got CONNACK 00"));
    let (line, what) = run(&["c> CONNECT v5 id=c clean"]).unwrap_err();
    assert_eq!((line, &*what), (1, "c got CONNACK 00, which is not in the transcript"));
    let (line, what) = run(&["c> CONNECT v5 id=c clean", "c< CONNACK 00", "c< PINGRESP"]).unwrap_err();
    assert_eq!((line, &*what), (2, "expected PINGRESP, got nothing"));
}
