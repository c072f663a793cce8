use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use mqtt_topic::{RetainedCursor, RetainedTrie};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::model::{filter, filters, naive_matches, name, names};

type Trie = RetainedTrie<u16>;
/// By the levels of the name, which is the documented order.
type Model = BTreeMap<Vec<String>, u16>;

#[derive(Clone, Debug)]
enum Change {
    Insert(String, u16),
    Remove(String),
    /// Removes what is there, chosen by a number, since a random name seldom is.
    RemoveNth(usize),
}

fn changes(most: usize) -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        4 => (names(), any::<u16>()).prop_map(|(n, value)| Change::Insert(n, value)),
        1 => names().prop_map(Change::Remove),
        1 => any::<usize>().prop_map(Change::RemoveNth),
    ];
    vec(change, 0..most)
}

fn levels(n: &str) -> Vec<String> {
    n.split('/').map(str::to_owned).collect()
}

/// Makes a change in both, compares what they give back, and gives the name that was removed.
fn apply(trie: &mut Trie, model: &mut Model, change: Change) -> Option<String> {
    let removed = match change {
        Change::Insert(n, value) => {
            assert_eq!(trie.insert(name(&n), value), model.insert(levels(&n), value));
            None
        }
        Change::Remove(n) => Some(n),
        Change::RemoveNth(n) => model.keys().nth(n % model.len().max(1)).map(|levels| levels.join("/")),
    };
    if let Some(n) = &removed {
        assert_eq!(trie.remove(name(n)), model.remove(&levels(n)));
    }
    assert_eq!((trie.len(), trie.is_empty()), (model.len(), model.is_empty()));
    removed
}

proptest! {
    /// Fails when a visit misses a name, gives one twice, out of order or one that does not match, or when a
    /// change returns or leaves behind the wrong thing.
    #[test]
    fn a_trie_is_a_map_with_the_naive_matcher(changes in changes(80), filters in vec(filters(), 1..10)) {
        let (mut trie, mut model) = (Trie::new(), Model::new());
        for change in changes {
            apply(&mut trie, &mut model, change);
        }
        let all: Vec<_> = model.iter().map(|(levels, value)| (levels.join("/"), *value)).collect();
        prop_assert_eq!(
            trie.iter().map(|(n, value)| (n.to_string(), *value)).collect::<Vec<_>>(),
            &*all
        );
        for f in &filters {
            let mut visited = Vec::new();
            trie.visit(filter(f), |n, value| visited.push((n.to_string(), *value)));
            let expected: Vec<_> = all.iter().filter(|(n, _)| naive_matches(f, n)).cloned().collect();
            prop_assert_eq!(visited, expected, "{}", f);
        }
        let mut same = Trie::new();
        for (n, value) in all.iter().rev() {
            same.insert(name(n), *value);
            prop_assert_eq!(trie.get(name(n)), Some(value));
        }
        prop_assert_eq!(&trie, &same);
        prop_assert_eq!(trie.clone(), same);
    }

    /// Fails when a cursor loses a name, or gives one twice, because another was inserted, replaced
    /// or removed between two steps, or when a step does more than its limit.
    #[test]
    fn a_cursor_gives_what_stays_exactly_once(
        before in changes(80),
        rounds in vec((changes(6), 1..5_usize, any::<bool>()), 0..40),
        f in filters(),
    ) {
        let (mut trie, mut model) = (Trie::new(), Model::new());
        for change in before {
            apply(&mut trie, &mut model, change);
        }
        let mut stayed: BTreeSet<_> = model.keys().filter(|n| naive_matches(&f, &n.join("/"))).cloned().collect();
        let mut given = Vec::new();
        let mut cursor = RetainedCursor::new(filter(&f));
        let mut step = |trie: &Trie, limit: usize, breaks: bool| {
            let mut calls = 0;
            // It may be kept as text in between.
            if let Some(place) = cursor.place() {
                cursor = RetainedCursor::at(filter(&f), place);
            }
            let before = cursor.clone();
            cursor.step(trie, limit, |n, value| {
                assert!(!before.is_past(n));
                assert_eq!(trie.get(n), Some(value));
                assert!(naive_matches(&f, n.as_str()), "{f:?} {n:?}");
                given.push(levels(n.as_str()));
                calls += 1;
                if breaks { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert!(given.iter().all(|n: &Vec<String>| cursor.is_past(name(&n.join("/")))));
            assert!(calls <= if breaks { 1 } else { limit });
            cursor.is_done()
        };
        let mut done = false;
        for (changes, limit, breaks) in rounds {
            done = step(&trie, limit, breaks);
            if done {
                break;
            }
            for change in changes {
                if let Some(removed) = apply(&mut trie, &mut model, change) {
                    stayed.remove(&levels(&removed));
                }
            }
        }
        // Each step moves past at least one entry, and none after the last.
        for _ in 0..=trie.len() {
            done = done || step(&trie, 1, false);
        }
        assert!(done, "a step of limit 1 passes one entry");
        step(&trie, usize::MAX, false);
        prop_assert!(given.is_sorted_by(|left, right| left < right), "in order, and so none twice: {:?}", given);
        let given: BTreeSet<_> = given.into_iter().collect();
        prop_assert!(stayed.is_subset(&given), "{:?} stayed, {:?} given", stayed, given);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Fails when something is lost, or out of order, that shows only after thousands of changes: the names are few, so that
    /// each comes and goes many times.
    #[test]
    fn a_long_history(
        names in vec(names(), 1..100),
        changes in vec((any::<u16>(), any::<u16>(), any::<bool>()), 2_000..5_000),
        filters in vec(filters(), 1..5),
    ) {
        let (mut trie, mut model) = (Trie::new(), Model::new());
        for (at, (choice, value, is_insert)) in changes.into_iter().enumerate() {
            let n = names[usize::from(choice) % names.len()].clone();
            apply(&mut trie, &mut model, if is_insert { Change::Insert(n, value) } else { Change::Remove(n) });
            if at % 100 > 0 {
                continue;
            }
            for f in &filters {
                let mut visited = Vec::new();
                trie.visit(filter(f), |n, value| visited.push((levels(n.as_str()), *value)));
                let matching = model.iter().filter(|(n, _)| naive_matches(f, &n.join("/")));
                let expected: Vec<_> = matching.map(|(n, value)| (n.clone(), *value)).collect();
                prop_assert_eq!(visited, expected, "{}", f);
            }
        }
    }
}
