//! Prints how often each subject allocates to decode and to encode one packet, a line for each: subject, packet,
//! allocations of decoding, allocations of encoding. What a subject cannot read has no line.

use allocation_counter::measure;
use mqtt_codec_benches::{Sample, Subject, samples};

fn print<S: Subject>(subject: &str, sample: &Sample) {
    let Some(packet) = S::packet(sample) else { return };
    let mut stream = S::stream(sample, 1);
    let decode = measure(|| S::decode(&mut stream)).count_total;
    let mut buffer = S::buffer(2 * sample.bytes.len());
    let encode = measure(|| S::encode(packet, &mut buffer)).count_total;
    println!("{subject} {} {decode} {encode}", sample.name);
}

macro_rules! print_all {
    ($($module:ident: $subject:ty,)*) => {
        for sample in samples() {
            $(print::<$subject>(stringify!($module), &sample);)*
        }
    };
}

fn main() {
    mqtt_codec_benches::for_each_subject!(print_all);
}
