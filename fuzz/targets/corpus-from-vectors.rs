//! Writes the inputs of `mqtt-codec/vectors/` as a corpus for the targets of the codec, into `fuzz/corpus/`.

use std::io;
use std::path::Path;

use mqtt_fuzz::{as_stream, vectors};

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for target in ["decode", "differential", "roundtrip", "stream"] {
        std::fs::create_dir_all(corpus.join(target))?;
    }
    for (number, (input, versions)) in vectors().into_iter().enumerate() {
        for target in ["decode", "differential", "roundtrip"] {
            std::fs::write(corpus.join(target).join(format!("vector-{number}")), &input)?;
        }
        for version in versions {
            let stream = corpus.join("stream").join(format!("vector-{number}-{version}"));
            std::fs::write(stream, as_stream(version, &input))?;
        }
    }
    Ok(())
}
