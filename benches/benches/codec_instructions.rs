//! Instructions to decode and encode one PUBLISH, counted under valgrind: the same in every run.
#![expect(missing_docs, unused_qualifications, reason = "the macros make undocumented items and long paths")]

use std::hint::black_box;

use gungraun::{library_benchmark, library_benchmark_group, main};
use mqtt_benches::{Sample, samples};
use mqtt_codec::{Limits, Packet, Version, frame};

fn sample(name: &str) -> Sample {
    samples().into_iter().find(|sample| sample.name == name).expect("it is one of them")
}

/// The sample, the packet that its bytes decode to, and a buffer to encode into. They live as long as the process.
fn decoded(name: &str) -> (Version, Packet<'static>, &'static mut [u8]) {
    let Sample { version, bytes, .. } = sample(name);
    let buffer = vec![0; bytes.len()].leak();
    (version, decode_one(version, bytes.leak()), buffer)
}

#[inline(always)]
fn decode_one(version: Version, bytes: &[u8]) -> Packet<'_> {
    let frame = frame(bytes, &Limits::default()).expect("a good header").expect("a whole packet");
    Packet::decode(version, frame).expect("a good packet")
}

#[library_benchmark(setup = sample)]
#[benches::publish("publish-3.1.1", "publish-5.0", "publish-5.0-properties")]
fn decode(sample: Sample) -> Sample {
    black_box(&decode_one(black_box(sample.version), black_box(&sample.bytes)));
    // Given back, so that dropping it does not count.
    sample
}

#[library_benchmark(setup = decoded)]
#[benches::publish("publish-3.1.1", "publish-5.0", "publish-5.0-properties")]
fn encode((version, packet, buffer): (Version, Packet<'static>, &'static mut [u8])) -> usize {
    black_box(&packet).encode_to_slice(black_box(version), black_box(buffer)).expect("there is room")
}

library_benchmark_group!(name = publish, benchmarks = [decode, encode]);
main!(library_benchmark_groups = publish);
