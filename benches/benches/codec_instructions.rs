//! Instructions to decode and encode one packet, counted under valgrind: the same in every run.
//!
//! `nothing` is what the measuring itself costs, and part of all other numbers.
#![expect(missing_docs, unused_qualifications, reason = "the macros make undocumented items and long paths")]

use std::hint::black_box;

use gungraun::{library_benchmark, library_benchmark_group, main};
use mqtt_benches::{Sample, samples};
use mqtt_codec::{DecodeError, Limits, Packet, Version, frame};

fn sample(name: &str) -> Sample {
    samples().into_iter().find(|sample| sample.name == name).expect("it is one of them")
}

/// The sample, the packet that its bytes decode to, and a buffer to encode into. They live as long as the process.
fn decoded(name: &str) -> (Version, &'static Packet<'static>, &'static mut [u8]) {
    let Sample { version, bytes, .. } = sample(name);
    let buffer = vec![0; bytes.len()].leak();
    let packet = decode_one(version, bytes.leak()).expect("a good packet");
    (version, Box::leak(Box::new(packet)), buffer)
}

#[inline(always)]
fn decode_one(version: Version, bytes: &[u8]) -> Result<Packet<'_>, DecodeError> {
    let frame = frame(bytes, &Limits::default())?.expect("a whole packet");
    Packet::decode(version, frame)
}

#[library_benchmark(setup = sample)]
#[bench::nothing("pingreq")]
fn nothing(sample: Sample) -> Sample {
    black_box(black_box(&sample.bytes[..]).len());
    black_box(black_box(sample.version));
    sample
}

#[library_benchmark(setup = sample)]
#[bench::publish_qos0_3_1_1("publish-qos0-3.1.1")]
#[bench::publish_3_1_1("publish-3.1.1")]
#[bench::publish_5_0("publish-5.0")]
#[bench::publish_5_0_properties("publish-5.0-properties")]
#[bench::publish_64k_3_1_1("publish-64k-3.1.1")]
#[bench::connect_3_1_1("connect-3.1.1")]
#[bench::connect_5_0("connect-5.0")]
#[bench::subscribe_3_1_1("subscribe-3.1.1")]
#[bench::subscribe_5_0("subscribe-5.0")]
#[bench::suback_3_1_1("suback-3.1.1")]
#[bench::suback_5_0("suback-5.0")]
#[bench::puback_3_1_1("puback-3.1.1")]
#[bench::puback_5_0("puback-5.0")]
#[bench::pingreq("pingreq")]
fn decode(sample: Sample) -> Sample {
    // Matched in its place, as a caller does who looks at it: moving it would be another 272 bytes.
    match &decode_one(black_box(sample.version), black_box(&sample.bytes)) {
        Ok(packet) => _ = black_box(packet),
        Err(error) => panic!("{error}"),
    }
    // Given back, so that dropping it does not count.
    sample
}

#[library_benchmark(setup = decoded)]
#[bench::publish_qos0_3_1_1("publish-qos0-3.1.1")]
#[bench::publish_3_1_1("publish-3.1.1")]
#[bench::publish_5_0("publish-5.0")]
#[bench::publish_5_0_properties("publish-5.0-properties")]
#[bench::publish_64k_3_1_1("publish-64k-3.1.1")]
#[bench::connect_3_1_1("connect-3.1.1")]
#[bench::connect_5_0("connect-5.0")]
#[bench::subscribe_3_1_1("subscribe-3.1.1")]
#[bench::subscribe_5_0("subscribe-5.0")]
#[bench::suback_3_1_1("suback-3.1.1")]
#[bench::suback_5_0("suback-5.0")]
#[bench::puback_3_1_1("puback-3.1.1")]
#[bench::puback_5_0("puback-5.0")]
#[bench::pingreq("pingreq")]
fn encode((version, packet, buffer): (Version, &'static Packet<'static>, &'static mut [u8])) -> usize {
    black_box(packet).encode_to_slice(black_box(version), black_box(buffer)).expect("there is room")
}

library_benchmark_group!(name = codec, benchmarks = [nothing, decode, encode]);
main!(library_benchmark_groups = codec);
