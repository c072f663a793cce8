use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash, Hasher};

use mqtt_topic::SubscriptionTrie;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::model::{filter, filters, naive_matches, name, names};

type Trie = SubscriptionTrie<Key, u16>;
type Model = BTreeMap<(String, u8), u16>;

/// Half of all keys have the same hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u8);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0 % 2).hash(state);
    }
}

#[derive(Clone, Debug)]
enum Change {
    Insert(String, u8, u16),
    Remove(String, u8),
    /// Removes what is there, chosen by a number, since a random filter seldom is.
    RemoveNth(usize),
    RemoveKey(u8),
}

fn changes(most: usize) -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        40 => (filters(), 0..5_u8, any::<u16>()).prop_map(|(f, key, value)| Change::Insert(f, key, value)),
        10 => (filters(), 0..5_u8).prop_map(|(f, key)| Change::Remove(f, key)),
        20 => any::<usize>().prop_map(Change::RemoveNth),
        1 => (0..5_u8).prop_map(Change::RemoveKey),
    ];
    vec(change, 0..most)
}

/// Makes a change in both, and compares what they give back.
fn apply(trie: &mut Trie, model: &mut Model, change: Change) {
    match change {
        Change::Insert(f, key, value) => {
            assert_eq!(trie.insert(filter(&f), Key(key), value), model.insert((f, key), value));
        }
        Change::Remove(f, key) => assert_eq!(trie.remove(filter(&f), &Key(key)), model.remove(&(f, key))),
        Change::RemoveNth(n) => {
            if let Some((f, key)) = model.keys().nth(n % model.len().max(1)).cloned() {
                assert_eq!(trie.remove(filter(&f), &Key(key)), model.remove(&(f, key)));
            }
        }
        Change::RemoveKey(key) => {
            let before = model.len();
            let mut found = BTreeMap::new();
            trie.visit_key(&Key(key), |filter, value| {
                assert_eq!(found.insert(filter.to_string(), *value), None)
            });
            let of_key = model.iter().filter(|((_, other), _)| *other == key);
            assert_eq!(found, of_key.map(|((f, _), value)| (f.clone(), *value)).collect());
            model.retain(|(_, other), _| *other != key);
            assert_eq!(trie.remove_key(&Key(key)), before - model.len());
            assert_eq!(trie.remove_key(&Key(key)), 0);
        }
    }
    assert_eq!((trie.len(), trie.is_empty()), (model.len(), model.is_empty()));
}

fn contents(trie: &Trie) -> Vec<(String, u8, u16)> {
    trie.iter().map(|(filter, key, value)| (filter.to_string(), key.0, *value)).collect()
}

fn visited(trie: &Trie, n: &str) -> Vec<(u8, u16)> {
    let mut visited = Vec::new();
    trie.visit(name(n), |key, value| visited.push((key.0, *value)));
    visited
}

fn hash(trie: &Trie) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(trie)
}

proptest! {
    /// Fails when a visit misses a subscription, gives one twice or one that does not match, or when a
    /// change returns or leaves behind the wrong thing.
    #[test]
    fn a_trie_is_a_map_with_the_naive_matcher(changes in changes(100), names in vec(names(), 1..10)) {
        let (mut trie, mut model) = (Trie::new(), Model::new());
        for change in changes {
            apply(&mut trie, &mut model, change);
        }
        for n in &names {
            let mut visited = visited(&trie, n);
            visited.sort_unstable();
            let matching = model.iter().filter(|((f, _), _)| naive_matches(f, n));
            let mut expected: Vec<_> = matching.map(|((_, key), value)| (*key, *value)).collect();
            expected.sort_unstable();
            prop_assert_eq!(visited, expected, "{}", n);
            // Each node, each filter and each call once is enough; these texts are short.
            let statistics = trie.statistics();
            let is_all = trie.visit_within(
                name(n),
                statistics.nodes + statistics.filters + statistics.subscriptions,
                |_, _| {},
            );
            prop_assert!(is_all);
        }
        let mut all = contents(&trie);
        all.sort_unstable();
        let expected: Vec<_> = model.iter().map(|((f, key), value)| (f.clone(), *key, *value)).collect();
        prop_assert_eq!(all, expected);
        for ((f, key), value) in &mut model {
            prop_assert_eq!(trie.get(filter(f), &Key(*key)), Some(&*value));
            prop_assert_eq!(trie.get_mut(filter(f), &Key(*key)), Some(value));
        }
    }

    /// Fails when a walk loses its way below the levels that it remembers, which are fewer than these.
    #[test]
    fn filters_of_many_levels(
        same in 10..20_usize,
        filters in vec((vec(select(&["a", "+"][..]), 1..6), any::<bool>()), 1..30),
        len in 1..7_usize,
    ) {
        let same = "a/".repeat(same);
        let filters: BTreeSet<_> = filters.into_iter().map(|(mut levels, hash)| {
            levels.extend(hash.then_some("#"));
            same.clone() + &levels.join("/")
        }).collect();
        let n = same + &vec!["a"; len].join("/");
        let mut trie = Trie::new();
        for f in &filters {
            trie.insert(filter(f), Key(0), 0);
        }
        for f in &filters {
            let matching = filters.range(f.clone()..).filter(|f| naive_matches(f, &n)).count();
            prop_assert_eq!(visited(&trie, &n).len(), matching);
            trie.remove(filter(f), &Key(0));
        }
    }

    /// Fails when one of many subscribers of a filter is lost, doubled or not found as they come and go.
    #[test]
    fn many_subscribers_of_few_filters(
        mut toggles in vec((select(&["a", "+", "a/#"][..]), 0..25_u8, any::<u16>()), 0..200)
    ) {
        let (mut trie, mut model) = (Trie::new(), Model::new());
        // At the end, all that is left goes too.
        let mut left = Model::new();
        for (f, key, value) in &toggles {
            if left.remove(&((*f).to_owned(), *key)).is_none() {
                left.insert(((*f).to_owned(), *key), *value);
            }
        }
        toggles.extend(left.keys().map(|(f, key)| {
            (*["a", "+", "a/#"].iter().find(|other| *other == f).expect("one of them"), *key, 0)
        }));
        for (f, key, value) in toggles {
            let change = if let Some(old) = model.get_mut(&(f.to_owned(), key)) {
                prop_assert_eq!(trie.insert(filter(f), Key(key), value), Some(std::mem::replace(old, value)));
                Change::Remove(f.to_owned(), key)
            } else {
                Change::Insert(f.to_owned(), key, value)
            };
            apply(&mut trie, &mut model, change);
            prop_assert_eq!(trie.get(filter(f), &Key(key)), model.get(&(f.to_owned(), key)));
            let mut found = visited(&trie, "a");
            found.sort_unstable();
            let mut expected: Vec<_> = model.iter().map(|((_, key), value)| (*key, *value)).collect();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
        prop_assert!(trie.is_empty());
    }

    /// Fails when the equality or the hash depends on the history, or an order on anything else, such as the seed.
    #[test]
    fn equal_contents_are_equal_and_equal_histories_look_alike(
        changes in changes(100), names in vec(names(), 1..10), seed in any::<u64>()
    ) {
        let (mut trie, mut model) = (Trie::new(), Model::new());
        let mut twin = Trie::with_seed(seed);
        for change in changes {
            apply(&mut twin, &mut model.clone(), change.clone());
            apply(&mut trie, &mut model, change);
        }
        for n in &names {
            prop_assert_eq!(visited(&trie, n), visited(&twin, n), "{}", n);
        }
        prop_assert_eq!(contents(&trie), contents(&twin));
        prop_assert_eq!(format!("{trie:?}"), format!("{twin:?}"));

        let mut same = Trie::new();
        for ((f, key), value) in model.iter().rev() {
            same.insert(filter(f), Key(*key), *value);
        }
        for same in [&same, &twin, &trie.clone()] {
            prop_assert_eq!(hash(&trie), hash(same));
            prop_assert_eq!(&trie, same);
        }

        // One difference is enough: one more, another value, another key.
        same.insert(filter("a"), Key(99), 0);
        prop_assert_ne!(&trie, &same);
        prop_assert_ne!(hash(&trie), hash(&same));
        prop_assert_ne!(&same, &trie);
        same.remove(filter("a"), &Key(99));
        if let Some(((f, key), value)) = model.pop_first() {
            same.insert(filter(&f), Key(key), !value);
            prop_assert_ne!(&trie, &same);
            prop_assert_ne!(hash(&trie), hash(&same));
            same.remove(filter(&f), &Key(key));
            same.insert(filter(&f), Key(99), value);
            prop_assert_ne!(&trie, &same);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Fails when something is left behind, or lost, that shows only after thousands of changes: the filters are few, so that
    /// each comes and goes many times.
    #[test]
    fn a_long_history(
        filters in vec(filters(), 1..100),
        changes in vec((any::<u16>(), 0..5_u8, any::<u16>(), 0..100_u8), 2_000..5_000),
        names in vec(names(), 1..10),
        seed in any::<u64>(),
    ) {
        let (mut trie, mut model, mut twin) = (Trie::new(), Model::new(), Trie::with_seed(seed));
        for (at, (choice, key, value, kind)) in changes.into_iter().enumerate() {
            let f = filters[usize::from(choice) % filters.len()].clone();
            let change = match kind {
                0 => Change::RemoveKey(key),
                // Now more come, now more go.
                kind if usize::from(kind) < 30 + at % 1_000 / 25 => Change::Remove(f, key),
                _ => Change::Insert(f, key, value),
            };
            apply(&mut twin, &mut model.clone(), change.clone());
            apply(&mut trie, &mut model, change);
            if at % 100 > 0 {
                continue;
            }
            for n in &names {
                let found = visited(&trie, n);
                prop_assert_eq!(&found, &visited(&twin, n), "{}", n);
                let matching = model.iter().filter(|((f, _), _)| naive_matches(f, n));
                let expected: BTreeSet<_> = matching.map(|((_, key), value)| (*key, *value)).collect();
                prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected, "{}", n);
            }
            prop_assert_eq!(trie.statistics().nodes, twin.statistics().nodes);
        }
        let mut same = Trie::new();
        for ((f, key), value) in &model {
            same.insert(filter(f), Key(*key), *value);
        }
        prop_assert_eq!(&trie, &same);
        prop_assert_eq!(trie.statistics().nodes, same.statistics().nodes);
    }
}
