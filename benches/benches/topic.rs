//! Matching of topics: one filter, and many in the subscription trie.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::hint::black_box;

use criterion::Criterion;
use mqtt_benches::Topics;
use mqtt_topic::{SubscriptionTrie, TopicFilter, TopicName};

/// Published in turn, one per iteration.
const NAMES: usize = 256;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    one_filter(&mut criterion);
    for filters in [1_000, 100_000] {
        many_filters(&mut criterion, filters);
    }
    criterion.final_summary();
}

fn one_filter(criterion: &mut Criterion) {
    let name = TopicName::new("site3/b17/f4/dev123456/temperature").expect("no wildcards");
    let filters = [
        ("exact", "site3/b17/f4/dev123456/temperature"),
        ("plus", "site3/+/f4/+/temperature"),
        ("hash", "site3/b17/#"),
        ("no-match", "site3/b17/f4/dev123456/humidity"),
    ];
    for (kind, filter) in filters {
        let filter = TopicFilter::new(filter).expect("a filter");
        let mut group = criterion.benchmark_group(format!("match/{kind}"));
        group.bench_function("limit-equality", |bencher| {
            bencher.iter(|| black_box(filter).as_str() == black_box(name).as_str());
        });
        group.bench_function("ours", |bencher| bencher.iter(|| black_box(filter).matches(black_box(name))));
        group.bench_function("rumqttc", |bencher| {
            bencher.iter(|| rumqttc::matches(black_box(name).as_str(), black_box(filter).as_str()));
        });
        group.finish();
    }
}

fn many_filters(criterion: &mut Criterion, count: usize) {
    let Topics { filters, names } = Topics::new(count, NAMES);
    let mut trie = SubscriptionTrie::new();
    let mut exact = HashMap::<&str, usize, BuildHasherDefault<DefaultHasher>>::default();
    for (at, filter) in filters.iter().enumerate() {
        trie.insert(filter, at, ());
        exact.insert(filter.as_str(), at);
    }
    let visit = |name: &TopicName| {
        let mut found = 0;
        trie.visit(name, |_, ()| found += 1);
        found
    };
    let scan = |name: &TopicName| filters.iter().filter(|filter| filter.matches(name)).count();
    let scan_peer = |name: &TopicName| {
        filters.iter().filter(|filter| rumqttc::matches(name.as_str(), filter.as_str())).count()
    };

    let mut all = 0;
    for name in &names {
        let found = visit(name);
        assert_eq!((found, found), (scan(name), scan_peer(name)), "{name}");
        all += found;
    }
    println!("visit/{count}: {all} subscriptions match {NAMES} names");

    let mut group = criterion.benchmark_group(format!("visit/{count}"));
    let mut bench = |label, search: &dyn Fn(&TopicName) -> usize| {
        let mut turn = names.iter().cycle();
        group.bench_function(label, |bencher: &mut criterion::Bencher<'_>| {
            bencher.iter(|| search(black_box(turn.next().expect("it goes round"))));
        });
    };
    // One lookup of the whole name: it cannot find the wildcards.
    bench("limit-hash-map", &|name| usize::from(exact.contains_key(name.as_str())));
    bench("ours", &visit);
    bench("scan", &scan);
    bench("scan-rumqttc", &scan_peer);
    group.finish();
}
