//! The order of visits, and the work of a cursor's steps.
#![cfg(feature = "alloc")]

use mqtt_topic::{RetainedCursor, RetainedTrie, SubscriptionTrie, TopicFilter, TopicName};
use std::ops::ControlFlow;

fn filter(text: &str) -> &TopicFilter {
    TopicFilter::new(text).expect("a valid filter")
}

fn name(text: &str) -> &TopicName {
    TopicName::new(text).expect("a valid name")
}

/// One step; what it gave.
fn step(cursor: &mut RetainedCursor, trie: &RetainedTrie<u32>, limit: usize) -> Vec<(String, u32)> {
    let mut given = Vec::new();
    cursor.step(trie, limit, |name, value| {
        given.push((name.to_string(), *value));
        ControlFlow::Continue(())
    });
    given
}

/// Fails when the order of filters depends on the history, or that of one filter's subscribers on anything else.
#[test]
fn subscriptions_are_visited_in_the_documented_order() {
    let history =
        [("+/+", 1), ("a/b", 2), ("a/b", 1), ("a/+", 1), ("#", 1), ("a/#", 1), ("a/b/#", 1), ("+/+", 0)];
    let visited = |history: &mut dyn Iterator<Item = &(&'static str, i32)>| {
        let mut trie = SubscriptionTrie::new();
        for (text, key) in history {
            trie.insert(filter(text), *key, *text);
        }
        let mut visited = Vec::new();
        trie.visit(name("a/b"), |key, text| visited.push((*text, *key)));
        visited
    };
    let (forth, back) = (visited(&mut history.iter()), visited(&mut history.iter().rev()));
    assert_eq!((&forth[..2], &back[..2]), (&[("a/b", 2), ("a/b", 1)][..], &[("a/b", 1), ("a/b", 2)][..]));
    let filters = |visited: &[(&'static str, i32)]| visited.iter().map(|(text, _)| *text).collect::<Vec<_>>();
    assert_eq!(filters(&forth), filters(&back));
    let plus = |visited: &[(&str, i32)]| {
        visited.iter().filter(|(text, _)| *text == "+/+").map(|(_, key)| *key).collect::<Vec<_>>()
    };
    assert_eq!((plus(&forth), plus(&back)), (vec![1, 0], vec![0, 1]));

    let mut trie = SubscriptionTrie::new();
    history.iter().for_each(|(text, key)| _ = trie.insert(filter(text), *key, *text));
    let mut all = Vec::new();
    all.extend(trie.iter().map(|(_, key, text)| (*text, *key)));
    let expected =
        [("+/+", 1), ("+/+", 0), ("a/b", 2), ("a/b", 1), ("a/+", 1), ("#", 1), ("a/#", 1), ("a/b/#", 1)];
    assert_eq!(all, expected);
}

/// The limit on steps is exact: one less, and the visit says that it was not enough.
#[test]
fn a_visit_within_a_limit() {
    let mut trie = SubscriptionTrie::new();
    // The root; `a` and `+` below it, and below each the same again; and a leaf for each of the four.
    for text in ["a/a/+", "a/+/a", "+/a/+", "+/+/+"] {
        trie.insert(filter(text), text, ());
    }
    trie.insert(filter("a/a/a"), "exact", ());
    let within = |steps| {
        let mut found = Vec::new();
        let is_all = trie.visit_within(name("a/a/a"), steps, |key, ()| found.push(*key));
        (is_all, found)
    };
    // Three nodes, four leaves and five calls.
    assert_eq!(within(12), (true, vec!["exact", "a/a/+", "a/+/a", "+/a/+", "+/+/+"]));
    assert_eq!(within(11), (false, vec!["exact", "a/a/+", "a/+/a", "+/a/+"]));
    assert_eq!(within(1), (false, vec!["exact"]));
    assert_eq!(within(0), (false, vec![]));
    assert!(SubscriptionTrie::<(), ()>::new().visit_within(name("a"), 0, |_, _| ()));
}

/// The least number of steps that is enough.
fn steps(trie: &SubscriptionTrie<u32, ()>, text: &str) -> usize {
    (0..100_000).find(|&steps| trie.visit_within(name(text), steps, |_, ()| ())).expect("enough steps")
}

/// Fails when work that a long name makes is not counted, or when what is short counts more than once.
#[test]
fn long_names_take_more_steps() {
    let long = "x".repeat(6_400);
    let mut trie = SubscriptionTrie::new();
    trie.insert(filter("a/+/+/b"), 0, ());
    trie.insert(filter("+/+/b"), 0, ());
    // The root, and one of the two that is compared with what comes after the first level; the other with all of it.
    assert_eq!(steps(&trie, "a/x/x/x"), 3);
    assert_eq!(steps(&trie, &format!("a/x/{long}/x")), 3 + 2 * 100);
    assert_eq!(steps(&trie, &format!("{long}/x/x/x")), 2);

    // Beyond the 16th level, each node has to find the end of the level again.
    let beyond = |level: &str| format!("{}{level}/a/a", "a/".repeat(20));
    let mut trie = SubscriptionTrie::new();
    for end in ["+/a/+", "+/+/a", "a/+/a"] {
        trie.insert(filter(&format!("{}{end}", "a/".repeat(20))), 0, ());
    }
    assert_eq!(steps(&trie, &beyond(&long)) - steps(&trie, &beyond("x")), 100);
}

/// Fails when a filter with many subscribers is visited beyond the limit, or not up to it.
#[test]
fn many_subscribers_take_many_steps() {
    let mut trie = SubscriptionTrie::new();
    for key in 0..1_000 {
        trie.insert(filter("a"), key, ());
        trie.insert(filter("+"), key, ());
    }
    for (limit, expected) in
        [(10, 10), (1_000, 1_000), (1_002, 1_000), (1_502, 1_500), (2_001, 1_999), (2_002, 2_000)]
    {
        let mut calls = 0;
        let is_all = trie.visit_within(name("a"), limit, |_, ()| calls += 1);
        assert_eq!((is_all, calls), (limit == 2_002, expected), "{limit}");
    }
}

#[test]
fn names_are_visited_level_by_level() {
    let mut trie = RetainedTrie::new();
    let ordered = ["/", "/a", "a", "a/", "a/b", "a/b/c", "a/c", "a!", "a!/x", "ab", "b"];
    for text in ordered.iter().rev() {
        trie.insert(name(text), ());
    }
    let mut visited = Vec::new();
    trie.visit(filter("#"), |name, ()| visited.push(name.as_str()));
    assert_eq!(visited, ordered);
    assert!(trie.iter().map(|(name, ())| name.as_str()).eq(ordered));
}

/// Fails when ranges that cannot match are looked at entry by entry.
#[test]
fn a_cursor_jumps_over_what_cannot_match() {
    let mut trie = RetainedTrie::new();
    for room in 0..1000 {
        for thing in ["door", "fan", "heater", "lamp", "mirror", "plant", "sofa", "table", "window"] {
            trie.insert(name(&format!("room/{room}/{thing}")), room);
            trie.insert(name(&format!("$SYS/{room}/{thing}")), room);
        }
    }
    // The filter, how many names match, and how many entries are enough to look at.
    for (text, matches, looks) in [
        ("room/500/lamp", 1, 2),
        ("room/500/+", 9, 10),
        ("room/500/#", 9, 10),
        ("room/+/lamp", 1000, 3000),
        ("+/500/lamp", 1, 4),
        ("#", 9000, 9001),
        ("+/+/nothing", 0, 2001),
        ("room/nothing/#", 0, 1),
        ("room", 0, 1),
        ("other/#", 0, 1),
    ] {
        let mut cursor = RetainedCursor::new(filter(text));
        let given = step(&mut cursor, &trie, looks);
        assert_eq!(given.len(), matches, "{text}");
        let more = step(&mut cursor, &trie, 1);
        assert!(more.is_empty() && cursor.is_done(), "{text}");
    }
}

#[test]
fn a_cursor_meets_changes_at_its_place() {
    let mut trie = RetainedTrie::new();
    for (at, text) in ["a/1", "a/3", "a/5", "a/7"].iter().enumerate() {
        trie.insert(name(text), at as u32);
    }
    let mut cursor = RetainedCursor::new(filter("a/+"));
    assert_eq!(step(&mut cursor, &trie, 2), [("a/1".into(), 0), ("a/3".into(), 1)]);
    trie.insert(name("a/1"), 10); // given before
    trie.insert(name("a/2"), 10); // behind
    trie.remove(name("a/3")); // the place itself
    trie.insert(name("a/4"), 10); // ahead
    trie.remove(name("a/5")); // ahead
    trie.insert(name("a/7"), 10); // ahead
    assert_eq!(step(&mut cursor, &trie, 10), [("a/4".into(), 10), ("a/7".into(), 10)]);
    assert!(cursor.is_done());
    trie.insert(name("a/8"), 10);
    assert_eq!(step(&mut cursor, &trie, 10), []);
}

#[test]
fn a_cursor_stops_when_it_is_told_to() {
    let mut trie = RetainedTrie::new();
    for text in ["a", "b", "c"] {
        trie.insert(name(text), 0);
    }
    let mut cursor = RetainedCursor::new(filter("#"));
    let mut given = Vec::new();
    cursor.step(&trie, 10, |name, _| {
        given.push(name.to_string());
        if name == "b" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(given, ["a", "b"]);
    let before = cursor.clone();
    assert_eq!(step(&mut cursor, &trie, 0), []);
    assert_eq!(cursor, before);
    assert_eq!(step(&mut cursor, &trie, 10), [("c".into(), 0)]);
    assert!(cursor.is_done());
}
