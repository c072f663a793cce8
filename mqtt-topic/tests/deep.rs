//! Topics of 65,535 slashes. Each test runs on a small stack: it fails when anything recurses by level,
//! also a drop or a clone.
#![cfg(feature = "alloc")]

use mqtt_topic::{
    MAX_LEN, RetainedCursor, RetainedTrie, SubscriptionTrie, TopicFilter, TopicFilterBuf, TopicName,
    TopicNameBuf,
};
use std::hash::{DefaultHasher, Hash};
use std::ops::ControlFlow;
use std::thread;

fn on_a_small_stack(test: fn()) {
    let thread = thread::Builder::new().stack_size(128 * 1024).spawn(test).expect("a thread");
    thread.join().expect("the test passes on a small stack");
}

fn name(text: String) -> TopicNameBuf {
    TopicName::new(&text).expect("a valid name").to_owned()
}

fn filter(text: String) -> TopicFilterBuf {
    TopicFilter::new(&text).expect("a valid filter").to_owned()
}

#[test]
fn subscriptions() {
    on_a_small_stack(|| {
        let slashes = name("/".repeat(MAX_LEN));
        let filters = [
            filter("/".repeat(MAX_LEN)),
            filter("+/".repeat(MAX_LEN / 2) + "+"),
            filter("+/".repeat(MAX_LEN / 2) + "#"),
            filter("/".repeat(MAX_LEN - 1) + "#"),
            filter("/".repeat(MAX_LEN - 1) + "+"),
        ];
        let expected: Vec<_> = filters.iter().map(|filter| filter.matches(&slashes)).collect();
        assert_eq!(expected, [true, false, true, true, false]);

        let mut trie = SubscriptionTrie::new();
        for (at, filter) in filters.iter().enumerate() {
            assert_eq!(trie.insert(filter, at, ()), None);
        }
        let mut visited = Vec::new();
        trie.visit(&slashes, |at, ()| visited.push(*at));
        visited.sort_unstable();
        assert_eq!(visited, [0, 2, 3]);

        let copy = trie.clone();
        assert_eq!(copy, trie);
        copy.hash(&mut DefaultHasher::new());
        drop(copy);
        for (at, filter) in filters.iter().enumerate().skip(1) {
            assert_eq!(trie.remove(filter, &at), Some(()));
        }
        assert_eq!(trie.len(), 1);
    });
}

#[test]
fn retained() {
    on_a_small_stack(|| {
        let slashes = name("/".repeat(MAX_LEN));
        let shorter = name("/".repeat(MAX_LEN - 1));
        let mut trie = RetainedTrie::new();
        trie.insert(&slashes, ());
        trie.insert(&shorter, ());
        for text in ["#".into(), "+/#".into(), "+/".repeat(MAX_LEN / 2) + "#", "/".repeat(MAX_LEN - 1) + "#"]
        {
            let filter = filter(text);
            let mut visits = 0;
            trie.visit(&filter, |_, ()| visits += 1);
            assert_eq!(visits, 2);
            let mut cursor = RetainedCursor::new(&filter);
            while !cursor.is_done() {
                cursor.step(&trie, 1, |_, ()| {
                    visits += 1;
                    ControlFlow::Continue(())
                });
            }
            assert_eq!(visits, 4);
        }
        assert_eq!(trie.clone(), trie);
        assert_eq!(trie.remove(&slashes), Some(()));
        assert_eq!(trie.get(&shorter), Some(&()));
    });
}

/// Two choices at each of many levels, and no match at the end: fails when a visit enters a node more than
/// once, since it would take 2^32,000 steps.
#[test]
fn many_choices_are_not_tried_in_every_combination() {
    let depth = MAX_LEN / 2;
    let mut trie = SubscriptionTrie::new();
    for head in ["a/", "+/"] {
        for tail in ["a/", "+/"] {
            let text = head.repeat(depth / 2) + &tail.repeat(depth / 2);
            trie.insert(&filter(text + "x"), (head, tail), ());
        }
    }
    let mut visits = 0;
    trie.visit(&name("a/".repeat(depth) + "y"), |_, ()| visits += 1);
    assert_eq!(visits, 0);
}
