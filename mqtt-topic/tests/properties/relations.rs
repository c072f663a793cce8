//! How filters relate: every pair of filters of up to four levels, over every name of up to five.

use crate::enumeration::{filters, texts};
use crate::model::{filter, name};

/// Which of the names a filter matches, a bit each.
fn matched(f: &str, names: &[String]) -> Vec<u64> {
    let bit = |(at, n): (usize, &String)| u64::from(filter(f).matches(name(n))) << at;
    names.chunks(64).map(|chunk| chunk.iter().enumerate().map(bit).sum()).collect()
}

/// The names have a level more than any filter, and levels that no filter has, so that names which nobody wrote down are
/// among them wherever a wildcard stands.
#[test]
fn filters_relate_as_the_names_say() {
    let names = texts(&["", "a", "b", "$", "$b"], 5);
    let filters = filters();
    let matched: Vec<_> = filters.iter().map(|f| matched(f, &names)).collect();
    let (mut covering, mut overlapping) = (0, 0);
    for (one, of_one) in filters.iter().zip(&matched) {
        for (other, of_other) in filters.iter().zip(&matched) {
            let covers = of_one.iter().zip(of_other).all(|(one, other)| other & !one == 0);
            let overlaps = of_one.iter().zip(of_other).any(|(one, other)| one & other != 0);
            assert_eq!(filter(one).covers(filter(other)), covers, "{one} covers {other}");
            assert_eq!(filter(one).overlaps(filter(other)), overlaps, "{one} overlaps {other}");
            covering += usize::from(covers);
            overlapping += usize::from(overlaps);
        }
    }
    let pairs = filters.len() * filters.len();
    assert!(filters.len() < covering && covering < overlapping && overlapping < pairs);
}

/// Fails when the group, or the `$` of `$share`, counts.
#[test]
fn shared_filters_relate_as_their_inner_filters() {
    for one in filters().iter().step_by(7) {
        for other in filters().iter().step_by(3) {
            let shared = |group: &str, f: &str| format!("$share/{group}/{f}");
            let (covers, overlaps) = (filter(one).covers(filter(other)), filter(one).overlaps(filter(other)));
            for [one, other] in [
                [&shared("g", one), other],
                [one, &shared("g", other)],
                [&shared("g", one), &shared("h", other)],
            ] {
                assert_eq!(filter(one).covers(filter(other)), covers, "{one} covers {other}");
                assert_eq!(filter(one).overlaps(filter(other)), overlaps, "{one} overlaps {other}");
            }
        }
    }
}
