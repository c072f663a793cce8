//! What is allocated, by what the tries say and by what an allocator counts.
#![cfg(feature = "alloc")]

use std::cell::Cell;
use std::hash::{Hash, Hasher};

use allocation_counter::measure;
use mqtt_topic::{
    FilterSet, RetainedTrie, SharedGroups, SubscriptionTrie, TopicFilter, TopicFilterBuf, TopicName,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn filter(text: &str) -> &TopicFilter {
    TopicFilter::new(text).expect("a valid filter")
}

#[derive(Clone, Debug)]
enum Change {
    Insert(String, u8),
    Remove(String, u8),
    RemoveKey(u8),
    Clone,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let filter = prop_oneof![
        "[ab]/[ab]/[ab]/[ab](/#)?",
        "([ab+]/){0,5}[ab+]",
        "[a-z]{1,9}/\\+",
        Just("a".to_owned()),
        Just("+".to_owned()),
    ];
    let change = prop_oneof![
        60 => (filter.clone(), any::<u8>()).prop_map(|(f, key)| Change::Insert(f, key)),
        40 => (filter, any::<u8>()).prop_map(|(f, key)| Change::Remove(f, key)),
        5 => any::<u8>().prop_map(Change::RemoveKey),
        1 => Just(Change::Clone),
    ];
    vec(change, 0..500)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Fails when a table, a list, a text or a node is not counted, or when something stays allocated that is not used.
    #[test]
    fn an_allocator_counts_the_same(changes in changes(), has_index in any::<bool>()) {
        let mut trie = SubscriptionTrie::<u8, u16>::new();
        if has_index {
            trie.remove_key(&0);
        }
        let mut bytes = 0;
        for change in changes {
            let before = trie.statistics();
            let growth = match &change {
                Change::Insert(f, key) => trie.growth(filter(f), key),
                _ => 0,
            };
            let mut is_changed = true;
            bytes += measure(|| match &change {
                Change::Insert(f, key) => is_changed = trie.insert(filter(f), *key, 0).is_none(),
                Change::Remove(f, key) => is_changed = trie.remove(filter(f), key).is_some(),
                Change::RemoveKey(key) => _ = trie.remove_key(key),
                Change::Clone => trie = trie.clone(),
            }).bytes_current;
            let now = trie.statistics();
            if let Change::Insert(..) = change {
                prop_assert!(now.bytes <= before.bytes + growth, "{change:?}: {before:?}, {now:?} and not {growth}");
                prop_assert!(growth <= 3 * before.bytes + 4_000, "it is not that much: {growth} of {}", before.bytes);
            }
            prop_assert_eq!(i64::try_from(now.bytes), Ok(bytes), "{:?}", change);
            // What does not succeed leaves nothing behind, but for room in a table.
            prop_assert!(is_changed || (now.filters, now.nodes) == (before.filters, before.nodes));
        }
        let all: Vec<_> = trie.iter().map(|(f, key, _)| (f.to_owned(), *key)).collect();
        for (f, key) in all {
            bytes += measure(|| _ = trie.remove(&f, &key)).bytes_current;
        }
        prop_assert_eq!((bytes, trie.statistics()), (0, SubscriptionTrie::<(), ()>::new().statistics()));
    }
}

/// Fails when one of the collections keeps something when it is empty.
#[test]
fn what_is_empty_has_no_memory() {
    let names: Vec<_> = (0..1_000).map(|at| format!("a/{}/b", at % 100)).collect();
    let mut retained = RetainedTrie::new();
    let mut groups = SharedGroups::new();
    for is_indexed in [false, true] {
        let bytes = measure(|| {
            for name in &names {
                retained.insert(TopicName::new(name).unwrap(), [0_u8; 256]);
            }
            for name in &names {
                retained.remove(TopicName::new(name).unwrap());
            }
        });
        assert!(bytes.bytes_max > 0 && bytes.bytes_current == 0 && retained.is_empty(), "{bytes:?}");

        if is_indexed {
            groups.remove_key(&0);
        }
        let shared: Vec<_> = names.iter().map(|name| format!("$share/g/{name}")).collect();
        let share = |text| filter(text).share().unwrap();
        let bytes = measure(|| {
            for (key, text) in shared.iter().enumerate() {
                groups.insert(share(text), key, ());
            }
            for (key, text) in shared.iter().enumerate() {
                groups.remove(share(text), &key);
            }
        });
        assert!(bytes.bytes_max > 0 && bytes.bytes_current == 0 && groups.is_empty(), "{bytes:?}");
    }
    let bytes = measure(|| {
        let mut trie = SubscriptionTrie::new();
        let filled = measure(|| names.iter().for_each(|name| _ = trie.insert(filter(name), 0, ())));
        let cleared = measure(|| trie.clear());
        assert_eq!(cleared.bytes_current, -filled.bytes_current);
    });
    assert_eq!(bytes.bytes_current, 0);
}

/// Fails when the subscribers of a filter leave room behind that is many times what the others need.
#[test]
fn many_subscribers_that_go_give_their_memory_back() {
    let mut trie = SubscriptionTrie::new();
    let insert = |trie: &mut SubscriptionTrie<u32, ()>, count: u32| {
        (0..count).for_each(|key| _ = trie.insert(filter("a/+"), key, ()));
    };
    insert(&mut trie, 100_000);
    for left in [10_000, 1_000, 100, 10, 1] {
        (left..100_000).for_each(|key| _ = trie.remove(filter("a/+"), &key));
        let mut other = SubscriptionTrie::new();
        insert(&mut other, left);
        let (has, needs) = (trie.statistics().bytes, other.statistics().bytes);
        assert!(has < 4 * needs, "{has} bytes for {left} subscribers, not {needs}");
    }
}

/// Fails when a level costs more than the documentation says, at any number of levels.
#[test]
fn a_node_for_every_level() {
    for levels in (100..4_000).step_by(13) {
        let text: String = (0..levels).map(|level| format!("{level:04}/")).collect();
        let mut trie = SubscriptionTrie::new();
        for end in ["+", "#"] {
            trie.insert(filter(&format!("{text}{end}")), (), ());
        }
        let statistics = trie.statistics();
        assert_eq!(statistics.nodes, levels + 1);
        let without_filters = statistics.bytes - 2 * text.len();
        assert!(without_filters < levels * (180 + 4) + 1_000, "{without_filters} bytes for {levels} levels");
    }
}

/// Fails when finding a subscriber is a look at all of them: each comparison counts.
#[test]
fn many_subscribers_are_found_by_a_few_comparisons() {
    struct Key<'a>(u32, &'a Cell<u32>);
    impl Hash for Key<'_> {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.0.hash(state);
        }
    }
    impl PartialEq for Key<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.1.set(self.1.get() + 1);
            self.0 == other.0
        }
    }
    impl Eq for Key<'_> {}

    let comparisons = Cell::new(0);
    let mut trie = SubscriptionTrie::new();
    let all = 10_000;
    (0..all).for_each(|key| _ = trie.insert(filter("a"), Key(key, &comparisons), ()));
    (0..all).for_each(|key| _ = trie.insert(filter("a"), Key(key, &comparisons), ()));
    (0..all).for_each(|key| _ = trie.remove(filter("a"), &Key(key, &comparisons)));
    assert!(trie.is_empty());
    assert!(comparisons.get() < 5 * all, "{}", comparisons.get());
}

/// Fails when one that replaces a retained message copies its name.
#[test]
fn what_is_replaced_allocates_nothing() {
    let mut retained = RetainedTrie::new();
    let name = TopicName::new("a/b").unwrap();
    retained.insert(name, 1);
    assert_eq!(measure(|| _ = retained.insert(name, 2)).count_total, 0);
}

#[test]
fn a_visit_allocates_nothing() {
    let long = "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s";
    let long_filter = "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/+";
    let filters = ["a/b", "a/+", "+/b", "#", "+/+/+", "a/+/+", long_filter].map(filter);
    let mut trie = SubscriptionTrie::new();
    let mut groups = SharedGroups::new();
    for key in 0..100 {
        for filter in filters {
            trie.insert(filter, key, ());
            let shared = TopicFilterBuf::new(format!("$share/g/{filter}")).unwrap();
            groups.insert(shared.share().unwrap(), key, ());
        }
    }
    let set = FilterSet::from(filters);
    let mut retained = RetainedTrie::new();
    let names = ["a/b", "a/b/c", "x", long].map(|name| TopicName::new(name).unwrap());
    names.iter().for_each(|name| _ = retained.insert(name, ()));

    for (name, expected) in names.into_iter().zip([4, 3, 1, 2]) {
        let [mut visits, mut picks, mut places] = [0; 3];
        let allocated = measure(|| {
            trie.visit(name, |_, ()| visits += 1);
            groups.pick(name, |choice| choice.in_turn().next(), |_, _, ()| picks += 1);
            places = set.matches(name).count();
            assert!(set.is_match(name));
        });
        assert_eq!(allocated.count_total, 0);
        assert_eq!([visits, picks, places], [100 * expected, expected, expected], "{name}");
    }
    for (filter, expected) in filters.into_iter().zip([1, 1, 1, 4, 1, 1, 1]) {
        let mut visits = 0;
        let allocated = measure(|| retained.visit(filter, |_, ()| visits += 1));
        assert_eq!((allocated.count_total, visits), (0, expected), "{filter}");
    }
}
