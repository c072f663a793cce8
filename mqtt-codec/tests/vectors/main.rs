//! The cases of `vectors/`, in both directions, and the example `inspect`, which shows the same fields.

mod cases;
#[path = "../../examples/inspect/cursor.rs"]
mod cursor;
#[path = "../../examples/inspect/dump.rs"]
mod dump;
#[path = "../../examples/inspect/fields.rs"]
mod fields;
mod inspect;
#[path = "../../examples/inspect/layout.rs"]
mod layout;
#[path = "../../examples/inspect/lines.rs"]
mod lines;

use std::process::Command;

use cases::{bytes_of, cases, directory, expand, inputs, number, text, version_of};
use fields::{code, fields as fields_of, hex};
use mqtt_codec::{DecodeError, Decoder, Limits, Packet, Version, connect_version, frame};
use serde_json::{Value, json};

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
    if let Some(end) = (0..used).find(|&end| decode(version, &bytes[..end]) != Ok(None)) {
        return Some(format!("{end} bytes are not the beginning of a packet"));
    }
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

/// A server that does not know the version yet finds the one that the case has.
#[test]
fn the_version_of_a_connection() {
    for (file, case) in cases().into_iter().filter(|(_, case)| case["type"] == "CONNECT") {
        for bytes in inputs(&case) {
            let at = format!("{file}, {}", case["name"]);
            assert_eq!(connect_version(&bytes), Ok(Some(version_of(&case))), "{at}");
            let mut decoder = Decoder::new(Limits::default());
            for end in 0..bytes.len() {
                assert_eq!(decoder.decode(&bytes[..end]), Ok(None), "{end} bytes, {at}");
            }
            assert!(decoder.decode(&bytes).is_ok_and(|found| found.is_some()), "{at}");
            assert_eq!(decoder.version(), Some(version_of(&case)), "{at}");
        }
    }
    for (file, case) in cases() {
        let version_is_bad =
            ["ProtocolName", "ProtocolLevel"].map(Value::from).contains(&case["error"]["kind"]);
        for bytes in inputs(&case).into_iter().filter(|_| version_is_bad) {
            let expected = decode(version_of(&case), &bytes).map(|_| None);
            assert_eq!(connect_version(&bytes), expected, "{file}, {}", case["name"]);
        }
    }
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
