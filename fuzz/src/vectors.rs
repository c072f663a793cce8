use std::collections::BTreeMap;
use std::path::Path;

use mqtt_codec::Version;
use serde_json::Value;

/// Inputs that are longer make a fuzzer slow and are left out.
const MAX_LEN: usize = 4096;

/// The inputs of `mqtt-codec/vectors/`, each with the versions that it is for.
///
/// # Panics
/// If the files are not as their README.md says.
pub fn vectors() -> BTreeMap<Vec<u8>, Vec<Version>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mqtt-codec/vectors");
    let mut found = BTreeMap::<_, Vec<_>>::new();
    for file in std::fs::read_dir(folder).expect("the folder is there") {
        let path = file.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read(&path).expect("a file");
        let cases: Vec<Value> = serde_json::from_slice(&text).expect("a list of cases");
        for case in &cases {
            let version = match case["version"].as_str().expect("a version") {
                "3.1" => Version::V3_1,
                "3.1.1" => Version::V3_1_1,
                _ => Version::V5,
            };
            for input in inputs(case) {
                let versions = found.entry(input).or_default();
                if !versions.contains(&version) {
                    versions.push(version);
                }
            }
        }
    }
    found
}

/// A stream of one packet as input of [`stream`](crate::stream()): a decoder of this version, which takes PUBLISH in parts,
/// and reads of five and three bytes in turn.
pub fn as_stream(version: Version, packet: &[u8]) -> Vec<u8> {
    let version = match version {
        Version::V3_1 => 1,
        Version::V3_1_1 => 2,
        Version::V5 => 3,
    };
    [&[version, 2, 5, 3], packet].concat()
}

/// The bytes of a case, and those with each other byte that it stands for.
fn inputs(case: &Value) -> Vec<Vec<u8>> {
    let mut bytes = unhex(&case["hex"]);
    if let Some(repeat) = case.get("repeat") {
        let times = usize::try_from(repeat["times"].as_u64().expect("a number")).expect("it fits");
        if bytes.len() + times > MAX_LEN {
            return Vec::new();
        }
        bytes.extend(unhex(&repeat["byte"]).repeat(times));
        bytes.extend(repeat.get("then").map(unhex).unwrap_or_default());
    }
    let mut inputs = vec![bytes];
    if let Some(any_of) = case.get("any_of") {
        let offset = usize::try_from(any_of["offset"].as_u64().expect("a number")).expect("it fits");
        for byte in unhex(&any_of["bytes"]) {
            let mut other = inputs[0].clone();
            other[offset] = byte;
            inputs.push(other);
        }
    }
    inputs.retain(|input| input.len() <= MAX_LEN);
    inputs
}

fn unhex(text: &Value) -> Vec<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).expect("a hexadecimal digit") as u8;
    let digits = text.as_str().expect("a text").as_bytes().as_chunks().0;
    digits.iter().map(|&[high, low]| digit(high) << 4 | digit(low)).collect()
}
