//! Runs every target over its seeds, on stable Rust and without libFuzzer.

use std::path::Path;

use mqtt_fuzz::{TARGETS, as_stream, decode, roundtrip, stream, structured, vectors};

#[test]
fn seeds() {
    for &(name, target) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
        let files =
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        paths.sort();
        assert!(!paths.is_empty(), "{} has no seeds", folder.display());
        for path in paths {
            let input = std::fs::read(&path).unwrap();
            // Shown if the target panics.
            println!("{}", path.display());
            target(&input);
        }
    }
}

#[test]
fn vectors_of_the_codec() {
    let vectors = vectors();
    assert!(vectors.len() > 10_000, "{} inputs", vectors.len());
    for (input, versions) in vectors {
        decode(&input);
        roundtrip(&input);
        structured(&input);
        for version in versions {
            stream(&as_stream(version, &input));
        }
    }
}
