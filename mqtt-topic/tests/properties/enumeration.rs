//! All names and all filters of up to four levels over a small alphabet, every pair.

use mqtt_topic::{FilterSet, RetainedTrie, SharedGroups, SubscriptionTrie};

use crate::model::{filter, naive_matches, name};

/// Texts of one to `most` of these levels.
pub(crate) fn texts(levels: &[&str], most: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut longest = vec![String::new()];
    for at in 0..most {
        let slash = if at == 0 { "" } else { "/" };
        let longer =
            longest.iter().flat_map(|text| levels.iter().map(move |level| format!("{text}{slash}{level}")));
        longest = longer.collect();
        all.extend(longest.iter().filter(|text| !text.is_empty()).cloned());
    }
    all
}

fn names() -> Vec<String> {
    texts(&["", "a", "$"], 4)
}

pub(crate) fn filters() -> Vec<String> {
    let mut all = texts(&["", "a", "$", "+"], 4);
    let front = all.iter().filter(|text| text.matches('/').count() < 3);
    let with_hash: Vec<_> = front.map(|text| format!("{text}/#")).chain(["#".into(), "/#".into()]).collect();
    all.extend(with_hash);
    all
}

#[test]
fn the_matcher_is_the_model() {
    for f in filters() {
        for n in names() {
            assert_eq!(filter(&f).matches(name(&n)), naive_matches(&f, &n), "{f} and {n}");
            let shared = format!("$share/g/{f}");
            assert_eq!(filter(&shared).matches(name(&n)), naive_matches(&f, &n), "{shared} and {n}");
        }
    }
}

/// Fails when a collection gives something else, with few or many filters around each, in whatever order they came and went.
#[test]
fn the_collections_are_the_model() {
    let (names, filters) = (names(), filters());
    let mut trie = SubscriptionTrie::new();
    let check = |trie: &SubscriptionTrie<usize, ()>, is_in: &dyn Fn(usize) -> bool| {
        for n in &names {
            let mut found = Vec::new();
            trie.visit(name(n), |&at, ()| found.push(at));
            found.sort_unstable();
            let matching = |&at: &usize| is_in(at) && naive_matches(&filters[at], n);
            assert_eq!(found, (0..filters.len()).filter(matching).collect::<Vec<_>>(), "{n}");
        }
    };
    for (at, f) in filters.iter().enumerate() {
        assert_eq!(trie.insert(filter(f), at, ()), None);
        if at % 37 == 0 {
            check(&trie, &|other| other <= at);
        }
    }
    check(&trie, &|_| true);
    // 101 is prime to their number, so that this goes through all of them, in disorder.
    let count = filters.len();
    assert_ne!(count % 101, 0);
    let mut gone = vec![false; count];
    for step in 0..count {
        let at = step * 101 % count;
        assert_eq!(trie.remove(filter(&filters[at]), &at), Some(()));
        assert_eq!(trie.remove(filter(&filters[at]), &at), None);
        gone[at] = true;
        if step % 37 == 0 {
            check(&trie, &|other| !gone[other]);
        }
    }
    assert!(trie.is_empty());

    let mut retained = RetainedTrie::new();
    for n in &names {
        retained.insert(name(n), ());
    }
    for f in &filters {
        let mut found: Vec<_> = Vec::new();
        retained.visit(filter(f), |name, ()| found.push(name.to_string()));
        let mut found_for_group = Vec::new();
        retained.visit(filter(&format!("$share/g/{f}")), |name, ()| found_for_group.push(name.to_string()));
        assert_eq!(found, found_for_group, "{f}");
        found.sort_unstable();
        let mut expected: Vec<_> = names.iter().filter(|n| naive_matches(f, n)).cloned().collect();
        expected.sort_unstable();
        assert_eq!(found, expected, "{f}");
    }

    let shared: Vec<_> = filters.iter().map(|f| format!("$share/g/{f}")).collect();
    let mut groups = SharedGroups::new();
    for f in &shared {
        assert_eq!(groups.insert(filter(f).share().expect("it is shared"), 0, ()), None);
    }
    let set: FilterSet = shared.iter().map(|f| filter(f)).collect();
    for n in &names {
        let expected: Vec<_> = (0..filters.len()).filter(|&at| naive_matches(&filters[at], n)).collect();
        assert!(set.matches(name(n)).eq(expected.iter().copied()), "{n}");
        let mut found: Vec<_> = Vec::new();
        groups.pick(name(n), |_| Some(0), |share, _, ()| found.push(share.filter.to_string()));
        found.sort_unstable();
        let mut expected: Vec<_> = expected.iter().map(|&at| filters[at].clone()).collect();
        expected.sort_unstable();
        assert_eq!(found, expected, "{n}");
    }
}
