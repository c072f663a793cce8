//! Times to decode and to encode packets.
//!
//! Each measurement takes 64 equal packets, as a read brings them; `stream` takes 1 MiB of them.

use criterion::{BatchSize, Criterion, Throughput};
use mqtt_codec_benches::{Sample, Subject, sample, samples};

const PACKETS: usize = 64;

fn decode<S: Subject>(
    criterion: &mut Criterion,
    subject: &str,
    group: &str,
    sample: &Sample,
    packets: usize,
) {
    if S::packet(sample).is_none() {
        return;
    }
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(packets as u64));
    group.bench_function(subject, |bencher| {
        bencher.iter_batched_ref(
            || S::stream(sample, packets),
            |stream| (0..packets).for_each(|_| S::decode(stream)),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn encode<S: Subject>(criterion: &mut Criterion, subject: &str, sample: &Sample) {
    let Some(packet) = S::packet(sample) else { return };
    let mut group = criterion.benchmark_group(format!("encode/{}", sample.name));
    group.throughput(Throughput::Elements(PACKETS as u64));
    group.bench_function(subject, |bencher| {
        bencher.iter_batched_ref(
            || (vec![packet.clone(); PACKETS].into_iter(), S::buffer(2 * PACKETS * sample.bytes.len())),
            |(packets, buffer)| packets.for_each(|packet| S::encode(packet, buffer)),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

macro_rules! bench_all {
    ($($module:ident: $subject:ty,)*) => {
        fn bench(criterion: &mut Criterion) {
            for sample in samples() {
                $(decode::<$subject>(criterion, stringify!($module), &format!("decode/{}", sample.name), &sample, PACKETS);)*
                $(encode::<$subject>(criterion, stringify!($module), &sample);)*
            }
            let small = sample("publish-3.1.1");
            $(decode::<$subject>(criterion, stringify!($module), "decode/stream", &small, (1 << 20) / small.bytes.len());)*
        }
    };
}

mqtt_codec_benches::for_each_subject!(bench_all);

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    bench(&mut criterion);
    criterion.final_summary();
}
