//! A subject that is measured does the work: it reads each packet as a stream, and writes what ours reads as the same.

use mqtt_codec::{Limits, Packet, frame};
use mqtt_codec_benches::{Nothing, Sample, Subject, samples};

const PACKETS: usize = 3;

fn read<'a>(sample: &Sample, bytes: &'a [u8]) -> Packet<'a> {
    let frame = frame(bytes, &Limits::default()).expect("a good header").expect("a whole packet");
    assert_eq!(frame.bytes().len(), bytes.len());
    Packet::decode(sample.version, frame).expect("a good packet")
}

/// Whether the subject can read the packet.
fn check<S: Subject>(subject: &str, sample: &Sample) -> bool {
    let Some(packet) = S::packet(sample) else { return false };
    let mut stream = S::stream(sample, PACKETS);
    (0..PACKETS).for_each(|_| S::decode(&mut stream));
    let mut buffer = S::buffer(sample.bytes.len());
    S::encode(packet, &mut buffer);
    let encoded = S::encoded(buffer);
    assert_eq!(read(sample, &encoded), read(sample, &sample.bytes), "{subject} writes {}", sample.name);
    true
}

macro_rules! check_all {
    ($($module:ident: $subject:ty,)*) => {
        #[test]
        fn subjects_read_and_write_what_is_measured() {
            let mut unread = Vec::new();
            for sample in samples() {
                $(
                    let subject = stringify!($module);
                    if subject != "nothing" && !check::<$subject>(subject, &sample) {
                        unread.push(format!("{subject} {}", sample.name));
                    }
                )*
            }
            // One is of 3.1.1 only; PINGREQ has no struct.
            unread.retain(|unread| !unread.starts_with("mqttrs "));
            assert_eq!(unread, ["ours_typed pingreq"]);
        }
    };
}

mqtt_codec_benches::for_each_subject!(check_all);

#[test]
fn nothing_reads_to_the_end() {
    for sample in samples() {
        let mut stream = Nothing::stream(&sample, PACKETS);
        (0..PACKETS).for_each(|_| Nothing::decode(&mut stream));
        assert!(stream.rest().is_empty());
    }
}
