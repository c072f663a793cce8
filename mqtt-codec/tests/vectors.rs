//! The cases of `vectors/`, in both directions.

#[path = "../examples/inspect/fields.rs"]
mod fields;

use std::path::{Path, PathBuf};
use std::process::Command;

use fields::{code, fields as fields_of, hex, unhex};
use mqtt_codec::{DecodeError, Limits, Packet, Version, frame};
use serde_json::{Value, json};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// All cases, with the file that each is in.
fn cases() -> Vec<(String, Value)> {
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

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_else(|| panic!("{key} of {case}"))
}

fn bytes_of(value: &Value, key: &str) -> Vec<u8> {
    unhex(text(value, key)).unwrap_or_else(|| panic!("{key} of {value}"))
}

fn number(value: &Value, key: &str) -> usize {
    value[key].as_u64().unwrap_or_else(|| panic!("{key} of {value}")).try_into().unwrap()
}

/// The inputs that a case stands for: most often one.
fn inputs(case: &Value) -> Vec<Vec<u8>> {
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
fn expand(value: &Value) -> Value {
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

fn version_of(case: &Value) -> Version {
    match text(case, "version") {
        "3.1" => Version::V3_1,
        "3.1.1" => Version::V3_1_1,
        "5" => Version::V5,
        other => panic!("version {other}"),
    }
}

fn decode(version: Version, bytes: &[u8]) -> Result<Option<(Packet<'_>, usize)>, DecodeError> {
    let Some(frame) = frame(bytes, &Limits::default())? else { return Ok(None) };
    Packet::decode(version, frame).map(|packet| Some((packet, frame.bytes().len())))
}

fn encode(version: Version, packet: &Packet<'_>) -> Vec<u8> {
    let mut bytes = vec![0; packet.encoded_len(version).unwrap()];
    assert_eq!(packet.encode_to_slice(version, &mut bytes), Ok(bytes.len()));
    bytes
}

/// What differs between the case and what the codec says.
fn disagreement(case: &Value, bytes: &[u8]) -> Option<String> {
    let version = version_of(case);
    let found = decode(version, bytes);
    let [verdict, details] = match &found {
        Ok(None) => [json!("incomplete"), Value::Null],
        Ok(Some((packet, _))) => [
            json!("accept"),
            json!({"type": packet.packet_type().name(), "fields": fields_of(packet, version)}),
        ],
        Err(error) => [
            json!("reject"),
            json!({
                "kind": error.kind().name(),
                "reason_code": code(error.reason_code()),
                "statement": error.statement(version),
                "offset": error.offset(),
            }),
        ],
    };
    let expected = match text(case, "verdict") {
        "accept" => json!({"type": case["type"], "fields": expand(&case["fields"])}),
        "reject" => case["error"].clone(),
        _ => Value::Null,
    };
    if (&verdict, &details) != (&case["verdict"], &expected) {
        return Some(format!("expected {} {expected}\n   found {verdict} {details}", case["verdict"]));
    }
    let Ok(Some((packet, used))) = found else { return None };
    let left_over = bytes.len() - used;
    let encoded = encode(version, &packet);
    let canonical = case.get("encoded").map_or_else(|| bytes[..used].to_vec(), |_| bytes_of(case, "encoded"));
    if encoded != canonical || left_over != case.get("left_over").map_or(0, |_| number(case, "left_over")) {
        return Some(format!("encoded {} with {left_over} bytes left over", hex(&encoded)));
    }
    let again = decode(version, &encoded);
    (again != Ok(Some((packet, encoded.len())))).then(|| format!("decoded again: {again:?}"))
}

#[test]
fn the_codec_agrees_with_every_case() {
    let mut wrong = Vec::new();
    let (mut count, mut input_count) = (0, 0);
    for (file, case) in cases() {
        count += 1;
        for bytes in inputs(&case) {
            input_count += 1;
            if let Some(what) = disagreement(&case, &bytes) {
                let hex: String = hex(&bytes).chars().take(80).collect();
                wrong.push(format!("{file}, {}, {} {hex}\n{what}", case["name"], case["version"]));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {input_count} inputs\n{}",
        wrong.len(),
        wrong[..wrong.len().min(25)].join("\n")
    );
    let readme = std::fs::read_to_string(directory().join("README.md")).unwrap();
    let stated = format!("{count} cases, {input_count} inputs");
    assert!(readme.contains(&stated), "README.md should say: {stated}");
}

/// An error is one sentence that begins with where it is, and its name is that of the variant.
#[test]
fn errors_read_well() {
    for (_, case) in cases() {
        let bytes = inputs(&case).remove(0);
        let Err(error) = decode(version_of(&case), &bytes) else { continue };
        let message = error.to_string();
        let place = format!("byte {}: ", error.offset());
        let (packet, sentence) = message.split_once(&place).unwrap_or_else(|| panic!("{message}"));
        assert_eq!(packet, error.packet_type().map(|packet| format!("{packet}, ")).unwrap_or_default());
        assert!(sentence.len() > 20 && !sentence.contains('\n') && !sentence.ends_with('.'), "{message}");
        let debug = format!("{:?}", error.kind());
        assert!(debug.split([' ', '(']).next() == Some(error.kind().name()), "{debug}");
        assert_eq!(size_of_val(&error), 20, "errors are cheap to return");
    }
}

#[test]
fn the_files_are_what_the_generator_writes() {
    let script = directory().join("generate.py");
    match Command::new("python3").arg(script).arg("--check").output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => assert!(std::env::var_os("CI").is_none(), "python3: {error}"),
    }
}
