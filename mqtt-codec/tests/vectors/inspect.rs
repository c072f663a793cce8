//! The example `inspect`: what it writes for every case, and for lines that are no cases.

use std::io::{BufReader, Cursor, PipeWriter, Read, Write, pipe};

use mqtt_codec::Version;
use serde_json::{Value, json};

use crate::cases::{cases, expand, inputs, version_of};
use crate::fields::hex;
use crate::lines::run;

fn inspect(input: &[u8], version: Version, json: bool) -> (String, bool) {
    let mut output = Vec::new();
    let all_hex = run(Cursor::new(input), &mut output, version, json).unwrap();
    (String::from_utf8(output).unwrap(), all_hex)
}

fn dump(line: &str, version: Version) -> String {
    inspect(line.as_bytes(), version, false).0
}

fn objects(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The dump asserts that its walk over the layout has seen every byte and the values that were decoded.
#[test]
fn a_dump_of_every_case() {
    for (file, case) in cases() {
        for bytes in inputs(&case).into_iter().filter(|bytes| !bytes.is_empty()) {
            let dump = dump(&hex(&bytes), version_of(&case));
            let at = format!("{file}, {}: {}\n{dump}", case["name"], hex(&bytes[..bytes.len().min(40)]));
            assert!(dump.ends_with("\n\n") && !dump.contains("\n\n\n"), "{at}");
            let row_at = |line: &str| line.trim_start().split(' ').next().unwrap_or_default().parse().ok();
            let rows: Vec<usize> =
                dump.lines().filter(|line| line.starts_with(' ')).filter_map(row_at).collect();
            assert!(rows.is_sorted(), "{at}");
            match case["verdict"].as_str() {
                Some("accept") => {
                    assert!(dump.starts_with(&format!("{} of ", case["type"].as_str().unwrap())), "{at}");
                }
                Some("reject") => {
                    let error = &case["error"];
                    let pointer = dump.lines().last().unwrap_or_default();
                    let pointer =
                        dump.lines().rev().find(|line| line.ends_with("<-- here")).unwrap_or(pointer);
                    assert_eq!(
                        row_at(pointer),
                        error["offset"].as_u64().map(|offset| offset as usize),
                        "{at}"
                    );
                    assert!(rows[..rows.len() - 1].iter().all(|&row| row < rows[rows.len() - 1]), "{at}");
                    for key in ["kind", "reason_code"] {
                        assert!(dump.contains(error[key].as_str().unwrap()), "{at}");
                    }
                    assert!(dump.contains(error["statement"].as_str().unwrap_or("no statement")), "{at}");
                }
                _ => assert!(dump.starts_with("incomplete: "), "{at}"),
            }
        }
    }
}

#[test]
fn json_of_every_case() {
    for (file, case) in cases() {
        for bytes in inputs(&case).into_iter().filter(|bytes| !bytes.is_empty()) {
            let version = version_of(&case);
            let (output, all_hex) = inspect(hex(&bytes).as_bytes(), version, true);
            let found = objects(&output).remove(0);
            let left_over = case.get("left_over").and_then(Value::as_u64).unwrap_or(0) as usize;
            let expected = match case["verdict"].as_str() {
                Some("accept") => {
                    let input = hex(&bytes[..bytes.len() - left_over]);
                    let mut expected = json!({
                        "ok": true,
                        "type": case["type"],
                        "version": case["version"],
                        "fields": expand(&case["fields"]),
                        "encoded": case.get("encoded").cloned().unwrap_or_else(|| input.into()),
                    });
                    if left_over > 0 {
                        expected["left_over"] = left_over.into();
                    }
                    expected
                }
                Some("reject") => {
                    let mut expected = case["error"].clone();
                    expected["ok"] = false.into();
                    assert!(!found["message"].as_str().unwrap().is_empty());
                    expected["message"] = found["message"].clone();
                    let whole = mqtt_codec::frame(&bytes, &mqtt_codec::Limits::default());
                    if let Ok(Some(frame)) = whole
                        && frame.bytes().len() < bytes.len()
                    {
                        expected["left_over"] = (bytes.len() - frame.bytes().len()).into();
                    }
                    expected
                }
                _ => json!({"ok": false, "incomplete": true}),
            };
            assert_eq!(found, expected, "{file}, {}", case["name"]);
            assert!(all_hex);
        }
    }
}

#[test]
fn a_dump() {
    let expected = r##"
SUBSCRIBE of 5.0, 17 bytes
     0  82                       Packet Type and flags      SUBSCRIBE, flags 0010                                        MQTT-3.8.1-1
     1  0F                       Remaining Length           15                                                           MQTT-1.5.5-1
     2  00 0A                    Packet Identifier          10                                                           MQTT-2.2.1-3
     4  08                       Property Length            8                                                            MQTT-2.2.2-1
     5  0B 07                      Subscription Identifier  7                                                            MQTT-1.5.5-1
     7  26 00 01 6E 00 00          User Property            "n" = ""                                                     MQTT-1.5.7-1
    13  00 01 23                 Topic Filter               "#"                                                          MQTT-3.8.3-1
    16  2E                       Subscription Options       QoS 2, No Local 1, Retain As Published 1, Retain Handling 2  MQTT-3.8.3-5
2 bytes are left over behind the packet

"##;
    let line = "82 0F 00 0A 08 0B 07 26 00 01 6E 00 00 00 01 23 2E C0 00";
    assert_eq!(dump(line, Version::V5), expected.trim_start());

    let expected = r#"
CONNECT, byte 9: reserved connect flag (bit 0) must be 0, found 1
ReservedConnectFlag, reason code 0x81 Malformed Packet, MQTT-3.1.2-3
     0  10                       Packet Type and flags  CONNECT, flags 0000  MQTT-2.2.2-1
     1  0E                       Remaining Length       14
     2  00 04 4D 51 54 54        Protocol Name          "MQTT"               MQTT-3.1.2-1
     8  04                       Protocol Level         4                    MQTT-3.1.2-2
     9  03 00 3C 00 02 63 31     <-- here

"#;
    assert_eq!(dump("100E00044D5154540403003C00026331", Version::V3_1_1), expected.trim_start());

    let expected = r#"
PUBLISH, byte 5: a string must be well-formed UTF-8, found an ill-formed sequence that begins with 0x80
Utf8, reason code 0x81 Malformed Packet, MQTT-1.5.3-1
     0  30                       Packet Type and flags  PUBLISH, DUP 0, QoS 0, RETAIN 0  MQTT-3.3.1-4
     1  0C                       Remaining Length       12
     2  00 04 61                 of the field with the error
     5  80 62 63 31 32 33 34 ..  <-- here

"#;
    assert_eq!(dump("30 0C 00 04 61 80 62 63 31 32 33 34 35 36", Version::V3_1_1), expected.trim_start());
}

#[test]
fn lines_that_are_skipped_and_lines_that_are_not_hexadecimal() {
    let input = b"c0 00\r\n\n   \n# a comment\n\tC 000\nC0 0\nC0 0g\n\xFF\n+1\nD000 d000\n30 05 00\nC0";
    let (output, all_hex) = inspect(input, Version::V5, true);
    assert!(!all_hex);
    let ping = |kind: &str, encoded: &str| json!({"ok": true, "type": kind, "version": "5", "fields": {}, "encoded": encoded});
    let not_hex = json!({"ok": false, "kind": "NotHex", "message": "the line is not pairs of hexadecimal digits", "offset": null, "reason_code": null, "statement": null});
    let mut with_more = ping("PINGRESP", "d000");
    with_more["left_over"] = 2.into();
    let incomplete = json!({"ok": false, "incomplete": true});
    let [request, none] = [&ping("PINGREQ", "c000"), &not_hex];
    let expected =
        [request, request, none, none, none, none, &with_more, &incomplete, &incomplete].map(Clone::clone);
    assert_eq!(objects(&output), expected);

    let (output, all_hex) = inspect(b"zz\nc000\n", Version::V5, false);
    assert!(output.starts_with("the line is not pairs of hexadecimal digits\n\nPINGREQ of 5.0, 2 bytes\n"));
    assert!(!all_hex);
    assert_eq!(inspect(b"", Version::V5, true), (String::new(), true));
}

/// Each line is answered before the next one is read: who drives it through a pipe waits for the answer.
#[test]
fn every_line_is_answered_at_once() {
    fn ask(questions: &mut PipeWriter, answers: &mut impl Read, line: &[u8]) -> Value {
        questions.write_all(line).unwrap();
        let mut answer = Vec::new();
        while answer.last() != Some(&b'\n') {
            let mut byte = [0];
            answers.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
        serde_json::from_slice(&answer).unwrap()
    }
    let (input, mut questions) = pipe().unwrap();
    let (mut answers, output) = pipe().unwrap();
    let program = std::thread::spawn(move || {
        // Only a flush gets through this, as on the standard output.
        let output = std::io::BufWriter::with_capacity(1 << 20, output);
        run(BufReader::new(input), output, Version::V3_1_1, true).unwrap()
    });
    assert_eq!(ask(&mut questions, &mut answers, b"c000\n")["type"], "PINGREQ");
    assert_eq!(ask(&mut questions, &mut answers, b"4002 0000\n")["kind"], "PacketIdZero");
    assert_eq!(ask(&mut questions, &mut answers, b"\n# skipped\nE0 00\n")["type"], "DISCONNECT");
    drop(questions);
    assert!(program.join().unwrap());
}
