//! The cases of `vectors/`, as its README.md defines them.

use std::path::{Path, PathBuf};

use mqtt_codec::Version;
use serde_json::Value;

use crate::fields::unhex;

pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// All cases, with the file that each is in.
pub(crate) fn cases() -> Vec<(String, Value)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let list: Vec<Value> = serde_json::from_str(&text).unwrap();
        let file = file.file_name().unwrap().to_string_lossy().into_owned();
        cases.extend(list.into_iter().map(|case| (file.clone(), case)));
    }
    cases
}

pub(crate) fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_else(|| panic!("{key} of {case}"))
}

pub(crate) fn bytes_of(value: &Value, key: &str) -> Vec<u8> {
    unhex(text(value, key)).unwrap_or_else(|| panic!("{key} of {value}"))
}

pub(crate) fn number(value: &Value, key: &str) -> usize {
    value[key].as_u64().unwrap_or_else(|| panic!("{key} of {value}")).try_into().unwrap()
}

/// The inputs that a case stands for: most often one.
pub(crate) fn inputs(case: &Value) -> Vec<Vec<u8>> {
    let mut bytes = bytes_of(case, "hex");
    if let Some(repeat) = case.get("repeat") {
        let [byte] = bytes_of(repeat, "byte")[..] else { panic!("{case}") };
        bytes.extend(std::iter::repeat_n(byte, number(repeat, "times")));
        bytes.extend(bytes_of(repeat, "then"));
    }
    let Some(any_of) = case.get("any_of") else { return vec![bytes] };
    let offset = number(any_of, "offset");
    let with = |byte| {
        let mut bytes = bytes.clone();
        bytes[offset] = byte;
        bytes
    };
    bytes_of(any_of, "bytes").into_iter().map(with).collect()
}

/// `{"byte":..,"times":..}` in place of a long text.
pub(crate) fn expand(value: &Value) -> Value {
    match value {
        Value::Object(object) if object.len() == 2 && object.contains_key("times") => {
            text(value, "byte").repeat(number(value, "times")).into()
        }
        Value::Object(object) => {
            Value::Object(object.iter().map(|(key, value)| (key.clone(), expand(value))).collect())
        }
        Value::Array(items) => items.iter().map(expand).collect(),
        other => other.clone(),
    }
}

pub(crate) fn version_of(case: &Value) -> Version {
    match text(case, "version") {
        "3.1" => Version::V3_1,
        "3.1.1" => Version::V3_1_1,
        "5" => Version::V5,
        other => panic!("version {other}"),
    }
}
