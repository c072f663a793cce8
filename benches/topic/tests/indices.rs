//! What is measured does the work: every index and matcher finds the same.

use mqtt_topic::{TopicFilter, TopicName};
use mqtt_topic_benches::{Dataset, Index, Kind, Matcher, SINGLE_FILTERS, SINGLE_NAME, key, value};

const FILTERS: usize = 1_000;
/// As many as nobody has to wait for without optimization.
const NAMES: usize = 200;

/// The subscriptions that match each name, of those that `kept` keeps.
fn expected(dataset: &Dataset, kept: fn(usize) -> bool) -> Vec<Vec<(u32, u8)>> {
    let of = |name: &TopicName| {
        let filters = dataset.filters.iter().enumerate();
        filters
            .filter(|(at, filter)| kept(*at) && filter.matches(name))
            .map(|(at, _)| (key(at), value(at)))
            .collect()
    };
    dataset.names.iter().map(|name| of(name)).collect()
}

fn check<I: Index>(subject: &str, kind: Kind) {
    let mut dataset = Dataset::new(kind, FILTERS);
    dataset.names.truncate(NAMES);
    let mut index = I::new();
    let found = |index: &I| -> Vec<_> {
        let of = |name: &TopicName| {
            let mut found = Vec::new();
            let count = index.matches(name, |key, value| found.push((key, value)));
            assert_eq!(count, found.len(), "{subject} {kind:?}");
            found.sort_unstable();
            found
        };
        dataset.names.iter().map(|name| of(name)).collect()
    };
    let odd = |at| at % 2 == 1;

    for (at, filter) in dataset.filters.iter().enumerate() {
        index.insert(filter, key(at), value(at));
    }
    assert!(found(&index) == expected(&dataset, |_| true), "{subject} {kind:?}");
    for (at, filter) in dataset.filters.iter().enumerate().filter(|(at, _)| !odd(*at)) {
        index.remove(filter, key(at));
    }
    assert!(found(&index) == expected(&dataset, odd), "{subject} {kind:?}, some removed");
    for (at, filter) in dataset.filters.iter().enumerate().filter(|(at, _)| !odd(*at)) {
        index.insert(filter, key(at), value(at));
    }
    assert!(found(&index) == expected(&dataset, |_| true), "{subject} {kind:?}, inserted again");
    for (at, filter) in dataset.filters.iter().enumerate() {
        index.remove(filter, key(at));
    }
    assert!(found(&index) == expected(&dataset, |_| false), "{subject} {kind:?}, all removed");
}

macro_rules! check_indices {
    ($($module:ident: $index:ty,)*) => {
        #[test]
        fn indices_find_the_same() {
            for kind in Kind::ALL {
                $(if stringify!($module) != "nothing" {
                    check::<$index>(stringify!($module), kind);
                })*
            }
        }
    };
}

mqtt_topic_benches::for_each_index!(check_indices);

macro_rules! check_matchers {
    ($($module:ident: $matcher:ty,)*) => {
        #[test]
        fn matchers_say_the_same() {
            let name = TopicName::new(SINGLE_NAME).expect("no wildcards");
            assert_eq!(SINGLE_NAME.len(), 35);
            for (kind, filter, matches) in SINGLE_FILTERS {
                let filter = TopicFilter::new(filter).expect("a filter");
                $(
                    let expected = match stringify!($module) {
                        "nothing" => false,
                        // It knows no wildcards.
                        "limit" => kind == "equal",
                        _ => matches,
                    };
                    let matcher = <$matcher as Matcher>::new(filter);
                    assert_eq!(Matcher::matches(&matcher, name), expected, "{} {kind}", stringify!($module));
                )*
            }
        }
    };
}

mqtt_topic_benches::for_each_matcher!(check_matchers);
