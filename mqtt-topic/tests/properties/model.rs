//! The rules written a second time and differently, and the random inputs.

use mqtt_topic::{TopicFilter, TopicName};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Matches lists of levels, for filters that are not shared.
pub(crate) fn naive_matches(filter: &str, name: &str) -> bool {
    fn levels_match(filter: &[&str], name: &[&str]) -> bool {
        match (filter, name) {
            (["#"], _) | ([], []) => true,
            (["+", filter @ ..], [_, name @ ..]) => levels_match(filter, name),
            ([wanted, filter @ ..], [level, name @ ..]) => wanted == level && levels_match(filter, name),
            _ => false,
        }
    }
    let filter: Vec<_> = filter.split('/').collect();
    let name: Vec<_> = name.split('/').collect();
    let hidden = ["+", "#"].contains(&filter[0]) && name[0].starts_with('$');
    !hidden && levels_match(&filter, &name)
}

pub(crate) fn naive_is_name(text: &str) -> bool {
    (1..=65_535).contains(&text.len()) && !text.contains(['\0', '+', '#'])
}

pub(crate) fn naive_is_filter(text: &str) -> bool {
    let levels: Vec<_> = text.split('/').collect();
    let plain = match levels.as_slice() {
        ["$share", group, inner @ ..] => {
            let group_is_valid = !group.is_empty() && !group.contains(['+', '#']);
            if !group_is_valid
                || inner.is_empty()
                || inner == [""]
                || (inner[0] == "$share" && inner.len() > 1)
            {
                return false;
            }
            inner
        }
        plain => plain,
    };
    let last = plain.len() - 1;
    let wildcards_are_valid = plain.iter().enumerate().all(|(at, level)| match *level {
        "#" => at == last,
        "+" => true,
        level => !level.contains(['+', '#']),
    });
    (1..=65_535).contains(&text.len()) && !text.contains('\0') && wildcards_are_valid
}

pub(crate) fn filter(text: &str) -> &TopicFilter {
    TopicFilter::new(text).expect("the strategies make valid filters")
}

pub(crate) fn name(text: &str) -> &TopicName {
    TopicName::new(text).expect("the strategies make valid names")
}

/// Levels with bytes around the slash, the `$` and each other, where an order can go wrong, and characters of all lengths,
/// some of which look alike or like nothing.
#[rustfmt::skip]
const LEVELS: [&str; 18] = [
    "", "a", "a", "b", "aa", "$", "$a", "$\u{e9}", "%", "a\u{1}", "!",
    "\u{e9}", "e\u{301}", "\u{feff}", "\u{200b}", "\u{fffd}", "\u{10ffff}", "\u{65e5}\u{672c}",
];

pub(crate) fn names() -> impl Strategy<Value = String> {
    vec(select(&LEVELS[..]), 1..5).prop_map(|levels| not_empty(levels.join("/")))
}

pub(crate) fn filters() -> impl Strategy<Value = String> {
    let level = prop_oneof![2 => select(&LEVELS[..]), 1 => Just("+")];
    (vec(level, 0..5), any::<bool>()).prop_map(|(mut levels, hash)| {
        levels.extend(hash.then_some("#"));
        not_empty(levels.join("/"))
    })
}

fn not_empty(text: String) -> String {
    if text.is_empty() { "/".into() } else { text }
}
