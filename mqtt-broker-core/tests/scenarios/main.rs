//! Runs the transcripts in `mqtt-broker-core/scenarios`: text files, one behaviour each, that a person can read without
//! Rust. The README there explains the lines. Each file is a test, named after it.
//!
//! A transcript fails at the first thing that is not as written, that is missing, or that is there and not written.

mod config;
mod outbox;
mod packet;
mod print;
mod runner;
mod transcript;
mod words;
mod world;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::transcript::Row;

/// Scenarios that say what the standard says and fail. Each has to go on failing, so that it leaves this list with the
/// mend.
const KNOWN_FAILURES: &[&str] = &[];

/// If set, what comes is written into the files, to be read before it is believed.
const REWRITE: &str = "REWRITE_SCENARIOS";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // A transcript shows the message of a panic; this says where it was, if it was not in the runner itself.
    std::panic::set_hook(Box::new(|info| {
        if let Some(location) =
            info.location().filter(|location| !location.file().contains("tests/scenarios"))
        {
            eprintln!("panic at {location}");
        }
    }));
    let scenarios = scenarios();
    let mut trials = runner::trials();
    for name in KNOWN_FAILURES {
        let path = scenarios.iter().find(|(found, _)| found == name).map(|(_, path)| path.clone());
        trials.push(Trial::test(format!("runner/still_fails/{name}"), move || still_fails(path.as_deref())));
    }
    for (name, path) in scenarios {
        let is_known = KNOWN_FAILURES.contains(&&*name);
        trials.push(Trial::test(name, move || check(&path)).with_ignored_flag(is_known));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Each file, with its name as `topic/behaviour`.
fn scenarios() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for topic in entries(&folder()).into_iter().filter(|path| path.is_dir()) {
        for path in entries(&topic) {
            let name = path.strip_prefix(folder()).unwrap().with_extension("");
            found.push((name.to_str().unwrap().replace('\\', "/"), path));
        }
    }
    found
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn check(path: &Path) -> Result<(), Failed> {
    let (rows, difference) = compare(path)?;
    let Some(difference) = difference else { return Ok(()) };
    if std::env::var_os(REWRITE).is_some() {
        std::fs::write(path, transcript::as_it_came(&rows))?;
    }
    Err(difference.into())
}

fn still_fails(path: Option<&Path>) -> Result<(), Failed> {
    match compare(path.ok_or("there is no such scenario")?)? {
        (_, Some(_)) => Ok(()),
        (_, None) => Err("it passes: it is no known failure any more".into()),
    }
}

fn compare(path: &Path) -> Result<(Vec<Row>, Option<String>), Failed> {
    let text = std::fs::read_to_string(path)?;
    check_form(path, &text)?;
    let rows = transcript::run(&text);
    let shown = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).display().to_string();
    let difference = transcript::difference(&shown, &rows);
    Ok((rows, difference))
}

/// Whoever opens a file reads first what it shows.
fn check_form(path: &Path, text: &str) -> Result<(), Failed> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let words = name.strip_suffix(".txt").ok_or_else(|| format!("{name} is no .txt file"))?;
    if !words.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c)) {
        return Err(format!("{name} has other characters than a-z, 0-9, - and .").into());
    }
    if !text.starts_with("# ") {
        return Err(format!("{name} does not begin with `# ` and a sentence that says what it shows").into());
    }
    Ok(())
}
