//! What a trie says that it has allocated, beside what an allocator counts.
#![cfg(feature = "alloc")]

use allocation_counter::measure;
use mqtt_topic::{SubscriptionTrie, TopicFilter, TopicName};
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
            let mut is_changed = true;
            bytes += measure(|| match &change {
                Change::Insert(f, key) => is_changed = trie.insert(filter(f), *key, 0).is_none(),
                Change::Remove(f, key) => is_changed = trie.remove(filter(f), key).is_some(),
                Change::RemoveKey(key) => _ = trie.remove_key(key),
                Change::Clone => trie = trie.clone(),
            }).bytes_current;
            let now = trie.statistics();
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

#[test]
fn a_visit_allocates_nothing() {
    let mut trie = SubscriptionTrie::new();
    for key in 0..100 {
        for f in ["a/b", "a/+", "+/b", "#", "+/+/+", "a/+/+", "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/+"] {
            trie.insert(filter(f), key, ());
        }
    }
    let long = "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s";
    for (text, expected) in [("a/b", 400), ("a/b/c", 300), ("x", 100), (long, 200)] {
        let mut visits = 0;
        let name = TopicName::new(text).expect("a valid name");
        assert_eq!(measure(|| trie.visit(name, |_, ()| visits += 1)).count_total, 0);
        assert_eq!(visits, expected, "{text}");
    }
}
