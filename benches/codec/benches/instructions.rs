//! Instructions to decode and to encode one packet, counted under valgrind: the same in every run.
//!
//! `nothing` is what the measuring itself costs, and part of all other numbers. A subject that cannot read a packet does
//! nothing.
#![expect(unreachable_pub, reason = "the macros want it so")]

use gungraun::{library_benchmark, library_benchmark_group, main};
use mqtt_codec_benches::{Subject, sample};

fn stream<S: Subject>(name: &str) -> Option<Box<S::Stream>> {
    let sample = sample(name);
    S::packet(&sample).map(|_| Box::new(S::stream(&sample, 1)))
}

fn packet<S: Subject>(name: &str) -> Option<(S::Packet, Box<S::Buffer>)> {
    let sample = sample(name);
    S::packet(&sample).map(|packet| (packet, Box::new(S::buffer(2 * sample.bytes.len()))))
}

macro_rules! bench_all {
    ($($module:ident: $subject:ty,)*) => {
        mod subjects {
            $(pub mod $module {
                use crate::*;

                #[library_benchmark(setup = stream::<$subject>)]
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
                pub fn decode(mut stream: Option<Box<<$subject as Subject>::Stream>>) -> Option<Box<<$subject as Subject>::Stream>> {
                    if let Some(stream) = &mut stream {
                        <$subject as Subject>::decode(stream);
                    }
                    // Given back, so that dropping it does not count.
                    stream
                }

                #[library_benchmark(setup = packet::<$subject>)]
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
                pub fn encode(packet: Option<(<$subject as Subject>::Packet, Box<<$subject as Subject>::Buffer>)>) -> Option<Box<<$subject as Subject>::Buffer>> {
                    packet.map(|(packet, mut buffer)| {
                        <$subject as Subject>::encode(packet, &mut buffer);
                        buffer
                    })
                }

                library_benchmark_group!(name = group, benchmarks = [decode, encode]);
            })*
        }
        $(use subjects::$module::group as $module;)*
        main!(library_benchmark_groups = $($module),*);
    };
}

mqtt_codec_benches::for_each_subject!(bench_all);
