//! Runs the tests that the tables name. A row is shown if each of them exists, was run and passed; one that is ignored was
//! not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use conformance::{Named, TABLES, root};
use serde_json::Value;

/// A package and the name of a target in it, `lib` for its unit tests.
type Target = (String, String);

/// An executable with tests, and where it has to be started.
struct Executable {
    path: PathBuf,
    folder: PathBuf,
    /// Whether it can be told to run several tests by their names. The transcripts take one name, or are all run.
    takes_names: bool,
}

#[test]
fn every_test_that_is_named_passes() {
    let mut wanted: BTreeMap<Target, BTreeSet<String>> = BTreeMap::new();
    for named in TABLES.iter().flat_map(|table| table.rows().unwrap()).flat_map(|row| row.tests) {
        let (package, target, name) = named.test();
        wanted.entry((package.to_owned(), target.to_owned())).or_default().insert(name.to_owned());
    }
    let packages: BTreeSet<&str> = wanted.keys().map(|(package, _)| package.as_str()).collect();
    let executables = build(&packages);
    let mut errors = Vec::new();
    for ((package, target), names) in &wanted {
        match executables.get(&(package.clone(), target.clone())) {
            Some(executable) => {
                errors.extend(
                    run(executable, names).into_iter().map(|error| format!("{package}/{target}::{error}")),
                );
            }
            None => errors.push(format!("{package}/{target}: there is no such test target")),
        }
    }
    assert!(errors.is_empty(), "\n{}", errors.join("\n"));
}

#[test]
fn every_vector_that_is_named_exists() {
    let mut files: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    let mut errors = Vec::new();
    for table in TABLES {
        for row in table.rows().unwrap() {
            for named in &row.tests {
                let Named::Vector { file, case } = named else { continue };
                let cases = files.entry(file.clone()).or_insert_with(|| cases(file));
                if !cases.contains(&(row.version(table).to_owned(), case.clone())) {
                    errors.push(format!("{}: {file} has no case `{case}` of {}", row.id, row.version(table)));
                }
            }
        }
    }
    assert!(errors.is_empty(), "\n{}", errors.join("\n"));
}

/// Version and name of each case.
fn cases(file: &str) -> BTreeSet<(String, String)> {
    let Ok(text) = std::fs::read_to_string(root().join("mqtt-codec/vectors").join(file)) else {
        return BTreeSet::new();
    };
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let text = |case: &Value, key: &str| case[key].as_str().unwrap().to_owned();
    cases.iter().map(|case| (text(case, "version"), text(case, "name"))).collect()
}

/// Builds the tests of the packages as this test was built, and says where they are.
fn build(packages: &BTreeSet<&str>) -> BTreeMap<Target, Executable> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--no-run", "--message-format=json", "--locked", "--quiet"]);
    cargo.args(["--profile", &profile()]).args(packages.iter().flat_map(|package| ["--package", package]));
    let output = cargo.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8(output.stdout).unwrap();
    messages.lines().filter_map(|line| executable(&serde_json::from_str(line).ok()?)).collect()
}

/// The folder that cargo named after the profile; `dev` is in `debug`, and so is `test`.
fn profile() -> String {
    let path = std::env::current_exe().unwrap();
    let folder = path.ancestors().nth(2).and_then(Path::file_name).unwrap().to_str().unwrap();
    if folder == "debug" { "test".to_owned() } else { folder.to_owned() }
}

fn executable(message: &Value) -> Option<(Target, Executable)> {
    let path = PathBuf::from(message["executable"].as_str()?);
    if message["profile"]["test"] != true {
        return None;
    }
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?.to_owned();
    let package = folder.file_name()?.to_str()?.to_owned();
    let is_library = message["target"]["kind"][0] == "lib";
    let target = if is_library { "lib" } else { message["target"]["name"].as_str()? };
    Some(((package, target.to_owned()), Executable { path, folder, takes_names: target != "scenarios" }))
}

/// Runs tests by name, and says which of them did not pass.
fn run(executable: &Executable, names: &BTreeSet<String>) -> Vec<String> {
    let ignored = listed(executable, &["--ignored"]);
    let existing = listed(executable, &[]);
    let (there, missing): (Vec<&String>, Vec<&String>) =
        names.iter().partition(|name| existing.contains(*name));
    let mut arguments = vec!["--exact"];
    arguments.extend(there.iter().map(|name| name.as_str()));
    if !executable.takes_names {
        arguments.clear();
    }
    let output = start(executable, &arguments);
    let passed: BTreeSet<&str> = output
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.strip_suffix("... ok"))
        .map(|name| name.trim_end().trim_end_matches(" - should panic"))
        .collect();
    let missing = missing.into_iter().map(|name| format!("{name}: there is no such test"));
    let failed = there.into_iter().filter(|name| !passed.contains(name.as_str()));
    let failed = failed.map(|name| {
        let why = if ignored.contains(name) { "it is ignored" } else { "it did not pass" };
        format!("{name}: {why}{}", report(&output, name))
    });
    missing.chain(failed).collect()
}

/// What a test that failed says of itself.
fn report(output: &str, name: &str) -> String {
    let begins =
        |line: &str| line.strip_prefix("---- ").is_some_and(|rest| rest.split(' ').next() == Some(name));
    let lines = output.lines().skip_while(|line| !begins(line)).skip(1);
    let lines = lines.take_while(|line| !line.starts_with("---- ") && *line != "failures:");
    lines.filter(|line| !line.is_empty()).map(|line| format!("\n    {line}")).collect()
}

fn listed(executable: &Executable, arguments: &[&str]) -> BTreeSet<String> {
    let output = start(executable, &[&["--list", "--format", "terse"], arguments].concat());
    output.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

fn start(executable: &Executable, arguments: &[&str]) -> String {
    let output = Command::new(&executable.path)
        .args(arguments)
        .current_dir(&executable.folder)
        .env("CARGO_MANIFEST_DIR", &executable.folder)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
