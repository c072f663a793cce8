//! Instructions to find the subscriptions of some names, and to try one filter, counted under valgrind: the same in every
//! run.
//!
//! `nothing` is what the measuring itself costs, and part of all other numbers.
#![expect(unreachable_pub, reason = "the macros want it so")]

use std::hint::black_box;
use std::mem;

use gungraun::{library_benchmark, library_benchmark_group, main};
use mqtt_topic::{TopicFilter, TopicName, TopicNameBuf};
use mqtt_topic_benches::{Dataset, Index, Matcher, Ours, SINGLE_FILTERS, SINGLE_NAME, key, value};

/// How many filters there are, if the dataset can have any number.
const FILTERS: usize = 20_000;
/// How many subscriptions one filter has.
const ONE: usize = 1_000;
/// How many names are searched for, if the dataset has so many.
const NAMES: usize = 256;
const WARM_UP: usize = 16;

fn build<I: Index>(kind: &str) -> Box<(I, Vec<TopicNameBuf>)> {
    build_of(kind, if kind == "one" { ONE } else { FILTERS })
}

fn build_of<I: Index>(kind: &str, count: usize) -> Box<(I, Vec<TopicNameBuf>)> {
    let Dataset { filters, names } = Dataset::new(kind.parse().expect("a dataset"), count);
    let mut index = I::new();
    for (at, filter) in filters.iter().enumerate() {
        index.insert(filter, key(at), value(at));
    }
    // Not dropped, or the allocator would tidy up behind them while some index searches.
    mem::forget(filters);
    // Some make room when they search for the first time, or the second, and the allocator tidies up then.
    for _ in 0..2 {
        names.iter().take(WARM_UP).for_each(|name| search(&index, name));
    }
    Box::new((index, names))
}

#[inline(always)]
fn search<I: Index>(index: &I, name: &TopicNameBuf) {
    let mut sum = 0_u32;
    let count = index.matches(black_box(name), |key, value| sum = sum.wrapping_add(key ^ u32::from(value)));
    black_box((sum, count));
}

fn single<M: Matcher>(kind: &str) -> (Box<M>, &'static TopicName) {
    let (_, filter, _) = SINGLE_FILTERS.iter().find(|(name, ..)| *name == kind).expect("a filter");
    let filter = M::new(TopicFilter::new(filter).expect("a filter"));
    (Box::new(filter), TopicName::new(SINGLE_NAME).expect("no wildcards"))
}

macro_rules! bench_indices {
    ($($module:ident: $index:ty,)*) => {
        mod indices {
            $(pub mod $module {
                use crate::*;

                #[library_benchmark(setup = build::<$index>)]
                #[bench::exact("exact")]
                #[bench::mixed("mixed")]
                #[bench::many("many")]
                #[bench::one("one")]
                #[bench::attack("attack")]
                #[bench::attack_few("attack-few")]
                #[bench::attack_tree("attack-tree")]
                pub fn matches(built: Box<($index, Vec<TopicNameBuf>)>) -> Box<($index, Vec<TopicNameBuf>)> {
                    built.1.iter().take(NAMES).for_each(|name| search(&built.0, name));
                    // Given back, so that dropping it does not count.
                    built
                }

                library_benchmark_group!(name = group, benchmarks = [matches]);
            })*
        }
        $(use indices::$module::group as $module;)*
    };
}

/// The same index with more and more subscriptions.
mod growing {
    use crate::*;

    #[library_benchmark(setup = build_of::<Ours>)]
    #[bench::exact_1000("exact", 1_000)]
    #[bench::exact_100000("exact", 100_000)]
    #[bench::exact_1000000("exact", 1_000_000)]
    #[bench::mixed_1000("mixed", 1_000)]
    #[bench::mixed_100000("mixed", 100_000)]
    #[bench::mixed_1000000("mixed", 1_000_000)]
    pub fn growth_matches(built: Box<(Ours, Vec<TopicNameBuf>)>) -> Box<(Ours, Vec<TopicNameBuf>)> {
        built.1.iter().take(NAMES).for_each(|name| search(&built.0, name));
        built
    }

    library_benchmark_group!(name = growth, benchmarks = [growth_matches]);
}
use growing::growth;

macro_rules! bench_matchers {
    ($($module:ident: $matcher:ty,)*) => {
        mod matchers {
            $(pub mod $module {
                use crate::*;

                #[library_benchmark(setup = single::<$matcher>)]
                #[bench::equal("equal")]
                #[bench::plus("plus")]
                #[bench::hash("hash")]
                #[bench::no_match("no-match")]
                pub fn matches((filter, name): (Box<$matcher>, &'static TopicName)) -> Box<$matcher> {
                    black_box(<$matcher as Matcher>::matches(&filter, black_box(name)));
                    filter
                }

                library_benchmark_group!(name = group, benchmarks = [matches]);
            })*
        }
    };
}

mqtt_topic_benches::for_each_index!(bench_indices);
mqtt_topic_benches::for_each_matcher!(bench_matchers);

use matchers::limit::group as single_limit;
use matchers::nothing::group as single_nothing;
use matchers::ntex_mqtt::group as single_ntex_mqtt;
use matchers::ours::group as single_ours;
use matchers::rumqttc::group as single_rumqttc;

main!(
    library_benchmark_groups = nothing,
    limit,
    ours,
    ours_with_keys,
    rmqtt,
    mqtt_topic_engine,
    scan_set,
    scan_ours,
    scan_rumqttc,
    scan_ntex_mqtt,
    growth,
    single_nothing,
    single_limit,
    single_ours,
    single_rumqttc,
    single_ntex_mqtt
);
