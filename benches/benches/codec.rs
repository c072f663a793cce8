//! Decoding and encoding of packets, beside a copy of the same bytes and other codecs.
//!
//! Each measurement takes a buffer of 64 equal packets, as a read brings them.

use std::hint::black_box;

use bytes::BytesMut;
use criterion::{BatchSize, Criterion, Throughput};
use mqtt_benches::{Sample, samples};
use mqtt_codec::{Limits, Packet, Publish, Version, frame};
use rumqttc::mqttbytes::v4;
use rumqttc::v5::mqttbytes::v5;

const PACKETS: usize = 64;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for sample in samples() {
        decode(&mut criterion, &sample);
        encode(&mut criterion, &sample);
    }
    criterion.final_summary();
}

fn decode(criterion: &mut Criterion, Sample { name, version, bytes }: &Sample) {
    let (version, len) = (*version, bytes.len());
    let stream = bytes.repeat(PACKETS);
    let mut group = criterion.benchmark_group(format!("decode/{name}"));
    group.throughput(Throughput::Elements(PACKETS as u64));

    let mut copy = vec![0; len];
    group.bench_function("limit-memcpy", |bencher| {
        bencher.iter(|| {
            for packet in stream.chunks_exact(len) {
                copy.copy_from_slice(black_box(packet));
                black_box(&mut copy);
            }
        });
    });
    group.bench_function("ours", |bencher| {
        bencher.iter(|| {
            let mut rest = black_box(&stream[..]);
            while let Some(frame) = frame(rest, &Limits::default()).expect("a good header") {
                rest = &rest[frame.bytes().len()..];
                black_box(&Packet::decode(version, frame)).as_ref().expect("a good packet");
            }
            assert!(rest.is_empty());
        });
    });
    if name.starts_with("publish") {
        // For a caller that looks at the packet's type first.
        group.bench_function("ours-publish", |bencher| {
            bencher.iter(|| {
                let mut rest = black_box(&stream[..]);
                while let Some(frame) = frame(rest, &Limits::default()).expect("a good header") {
                    rest = &rest[frame.bytes().len()..];
                    black_box(&Publish::decode(version, frame)).as_ref().expect("a good packet");
                }
                assert!(rest.is_empty());
            });
        });
    }
    group.bench_function("rumqttc", |bencher| {
        // Its packets are parts of the buffer that they are read from, so each round needs a new one.
        bencher.iter_batched_ref(
            || BytesMut::from(&stream[..]),
            |stream| {
                while !stream.is_empty() {
                    match version {
                        Version::V5 => {
                            black_box(v5::Packet::read(stream, None)).expect("a good packet");
                        }
                        _ => {
                            black_box(v4::Packet::read(stream, usize::MAX)).expect("a good packet");
                        }
                    }
                }
            },
            BatchSize::SmallInput,
        );
    });
    if version == Version::V3_1_1 {
        group.bench_function("mqttrs", |bencher| {
            bencher.iter(|| {
                // It does not say how long the packet was.
                for packet in stream.chunks_exact(len) {
                    black_box(&mqttrs::decode_slice(black_box(packet))).as_ref().expect("a good packet");
                }
            });
        });
    }
    group.finish();
}

fn encode(criterion: &mut Criterion, Sample { name, version, bytes }: &Sample) {
    let (version, len) = (*version, bytes.len());
    let mut group = criterion.benchmark_group(format!("encode/{name}"));
    group.throughput(Throughput::Elements(PACKETS as u64));

    let mut slice = vec![0; PACKETS * len];
    group.bench_function("limit-memcpy", |bencher| {
        bencher.iter(|| {
            for target in slice.chunks_exact_mut(len) {
                target.copy_from_slice(black_box(bytes));
            }
            black_box(&mut slice);
        });
    });

    let frame = frame(bytes, &Limits::default()).expect("a good header").expect("a whole packet");
    let packet = Packet::decode(version, frame).expect("a good packet");
    group.bench_function("ours", |bencher| {
        bencher.iter(|| {
            let mut at = 0;
            for _ in 0..PACKETS {
                at += black_box(&packet).encode_to_slice(version, &mut slice[at..]).expect("there is room");
            }
            assert_eq!(black_box(at), slice.len());
        });
    });

    let mut buffer = BytesMut::with_capacity(2 * PACKETS * len);
    group.bench_function("ours-bytesmut", |bencher| {
        bencher.iter(|| {
            buffer.clear();
            for _ in 0..PACKETS {
                black_box(&packet).encode(version, &mut buffer).expect("there is room");
            }
            black_box(&mut buffer);
        });
    });

    // Both peers write what they have read, so that they have the same packet.
    let mut source = BytesMut::from(&bytes[..]);
    if version == Version::V5 {
        let packet = v5::Packet::read(&mut source, None).expect("a good packet");
        group.bench_function("rumqttc", |bencher| {
            bencher.iter(|| {
                buffer.clear();
                for _ in 0..PACKETS {
                    black_box(&packet).write(&mut buffer, None).expect("there is room");
                }
                black_box(&mut buffer);
            });
        });
    } else {
        let packet = v4::Packet::read(&mut source, usize::MAX).expect("a good packet");
        group.bench_function("rumqttc", |bencher| {
            bencher.iter(|| {
                buffer.clear();
                for _ in 0..PACKETS {
                    black_box(&packet).write(&mut buffer, usize::MAX).expect("there is room");
                }
                black_box(&mut buffer);
            });
        });
        let packet = mqttrs::decode_slice(bytes).expect("a good packet").expect("a whole packet");
        group.bench_function("mqttrs", |bencher| {
            bencher.iter(|| {
                let mut at = 0;
                for _ in 0..PACKETS {
                    at += mqttrs::encode_slice(black_box(&packet), &mut slice[at..]).expect("there is room");
                }
                assert_eq!(black_box(at), slice.len());
            });
        });
    }
    assert_eq!(buffer.len(), PACKETS * len, "{name}: the peer writes as many bytes");
    group.finish();
}
