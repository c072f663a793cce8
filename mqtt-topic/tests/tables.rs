//! Every row of the table: validity, errors, and matching by the definition and by both tries.
#![cfg(feature = "alloc")]

mod table;

use mqtt_topic::{
    FilterSet, MAX_LEN, RetainedCursor, RetainedTrie, SubscriptionTrie, TopicError, TopicErrorKind,
    TopicFilter, TopicName,
};
use std::ops::ControlFlow;

fn filter(text: &str) -> &TopicFilter {
    TopicFilter::new(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn name(text: &str) -> &TopicName {
    TopicName::new(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn kind_and_position<T>(result: Result<T, TopicError>) -> Result<(), (TopicErrorKind, usize)> {
    result.map(drop).map_err(|error| (error.kind(), error.position()))
}

/// The filter that a broker keeps: that of the group, for a shared filter.
fn plain(filter: &TopicFilter) -> &TopicFilter {
    filter.share().map_or(filter, |share| share.filter)
}

#[test]
fn filters_are_valid_or_say_why_not() {
    for (text, expected) in table::FILTERS {
        assert_eq!(kind_and_position(TopicFilter::new(text)), *expected, "{text:?}");
    }
}

#[test]
fn names_are_valid_or_say_why_not() {
    for (text, expected) in table::NAMES {
        assert_eq!(kind_and_position(TopicName::new(text)), *expected, "{text:?}");
    }
}

/// MQTT-4.7.3-3: fails when the limit is off by one, or counts characters in place of bytes.
#[test]
fn the_longest_text_has_65535_bytes() {
    let longest = "é".repeat(MAX_LEN / 2) + "x";
    assert_eq!(longest.len(), 65_535);
    assert!(TopicName::new(&longest).is_ok() && TopicFilter::new(&longest).is_ok());

    let too_long = longest + "x";
    let expected = Err((TopicErrorKind::TooLong, 65_535));
    assert_eq!(kind_and_position(TopicName::new(&too_long)), expected);
    assert_eq!(kind_and_position(TopicFilter::new(&too_long)), expected);
    // The group counts too, as part of the filter that is sent.
    let shared = format!("$share/g/{}", "x".repeat(MAX_LEN - 8));
    assert_eq!(kind_and_position(TopicFilter::new(&shared)), expected);
}

/// Fails when the limit is off by one, or when the position is not where the first level too many begins.
#[test]
fn a_limit_on_levels() {
    for (text, most, position) in [
        ("a", 0, Some(0)),
        ("a", 1, None),
        ("/", 1, Some(1)),
        ("/", 2, None),
        ("\u{e9}/+/#", 1, Some(3)),
        ("\u{e9}/+/#", 2, Some(5)),
        ("\u{e9}/+/#", 3, None),
        ("$share/g/a", 1, None),
        ("$share/g/a/+", 1, Some(11)),
        ("$share/g//", 0, Some(9)),
        ("$share", 1, None),
    ] {
        let limited = filter(text).limit_levels(most);
        assert_eq!(
            limited.map_err(|error| (error.most, error.position)),
            position.map_or_else(|| Ok(filter(text)), |at| Err((most, at)))
        );
        if let Ok(name) = TopicName::new(text)
            && !filter(text).is_shared()
        {
            assert_eq!(name.limit_levels(most).err(), limited.err(), "{text}");
        }
    }
    // For a name, nothing is shared.
    assert_eq!(name("$share/g/a").limit_levels(2).map_err(|error| error.position), Err(9));
}

#[test]
fn errors_cite_the_statement_and_read_as_a_sentence() {
    let error = |text| TopicFilter::new(text).expect_err("an invalid filter");
    for (text, statement) in [
        ("", "MQTT-4.7.3-1"),
        ("\0", "MQTT-4.7.3-2"),
        ("a/#/b", "MQTT-4.7.1-1"),
        ("a+", "MQTT-4.7.1-2"),
        ("$share//t", "MQTT-4.8.2-1"),
        ("$share/", "MQTT-4.8.2-1"),
        ("$share/g", "MQTT-4.8.2-2"),
        ("$share/g+/t", "MQTT-4.8.2-2"),
    ] {
        assert_eq!(error(text).statement(), statement, "{text:?}");
    }
    assert_eq!(TopicName::new("a+").expect_err("a wildcard").statement(), "MQTT-4.7.0-1");
    assert_eq!(TopicName::new(&"a".repeat(65_536)).expect_err("too long").statement(), "MQTT-4.7.3-3");
    for (text, message) in [
        ("", "a topic has at least one character, found none at byte 0"),
        ("\0", "a topic has no null character, found one at byte 0"),
        ("a/#/b", "'#' must be the whole last level, found it elsewhere at byte 2"),
        ("a+", "'+' must be a whole level, found it beside other characters at byte 1"),
        ("$share//t", "expected a share name after '$share/', found none at byte 7"),
        ("$share/g+/t", "a share name has no wildcard, found one at byte 8"),
        ("$share/g", "expected a topic filter after the share name, found none at byte 8"),
        (
            "$share/g/$share/h/t",
            "expected a non-shared filter after the share name, found '$share/' at byte 9",
        ),
    ] {
        assert_eq!(error(text).to_string(), message);
    }
    let too_long = "a topic has at most 65535 bytes, found more at byte 65535";
    assert_eq!(error(&"a".repeat(65_536)).to_string(), too_long);
    let wildcard = TopicName::new("a/+").expect_err("a wildcard");
    assert_eq!(wildcard.to_string(), "a topic name has no wildcard, found one at byte 2");
}

#[test]
fn the_definition_of_matching() {
    for &(f, n, expected) in table::MATCHES {
        assert_eq!(filter(f).matches(name(n)), expected, "{f:?} {n:?}");
    }
}

/// Each row alone: fails when a trie answers differently from the table.
#[test]
fn each_row_alone_in_the_tries() {
    for &(f, n, expected) in table::MATCHES {
        let mut subscriptions = SubscriptionTrie::new();
        subscriptions.insert(plain(filter(f)), (), ());
        let mut visits = 0;
        subscriptions.visit(name(n), |(), ()| visits += 1);
        assert_eq!(visits, usize::from(expected), "subscription {f:?} {n:?}");

        assert_eq!(FilterSet::from([filter(f)]).is_match(name(n)), expected, "set {f:?} {n:?}");

        let mut retained = RetainedTrie::new();
        retained.insert(name(n), ());
        let mut visits = 0;
        retained.visit(filter(f), |visited, ()| visits += usize::from(visited == n));
        assert_eq!(visits, usize::from(expected), "retained {f:?} {n:?}");
    }
}

/// All rows together: fails when the branches of a trie get into each other's way.
#[test]
fn all_rows_together_in_the_tries() {
    let mut subscriptions = SubscriptionTrie::new();
    let mut retained = RetainedTrie::new();
    for (row, &(f, n, _)) in table::MATCHES.iter().enumerate() {
        subscriptions.insert(plain(filter(f)), row, f);
        retained.insert(name(n), ());
    }
    for &(_, n, _) in table::MATCHES {
        let mut visited = Vec::new();
        subscriptions.visit(name(n), |row, _| visited.push(*row));
        visited.sort_unstable();
        let rows = table::MATCHES.iter().enumerate();
        let expected: Vec<_> =
            rows.filter(|(_, (f, ..))| filter(f).matches(name(n))).map(|(row, _)| row).collect();
        assert_eq!(visited, expected, "{n:?}");
    }
    for &(f, ..) in table::MATCHES {
        let expected: Vec<_> = retained.iter().map(|(n, ())| n).filter(|n| filter(f).matches(n)).collect();
        let mut visited = Vec::new();
        retained.visit(filter(f), |n, ()| visited.push(n));
        assert_eq!(visited, expected, "{f:?}");

        let mut stepped = Vec::new();
        let mut cursor = RetainedCursor::new(filter(f));
        while !cursor.is_done() {
            cursor.step(&retained, 1, |n, ()| {
                stepped.push(n);
                ControlFlow::Continue(())
            });
        }
        assert_eq!(stepped, expected, "{f:?}");
    }
}

#[test]
fn the_parts_of_a_shared_filter() {
    for (text, group, inner) in [
        ("$share/g/a/+", "g", "a/+"),
        ("$share/g//a", "g", "/a"),
        ("$share/g//", "g", "/"),
        ("$share/ /#", " ", "#"),
        ("$share/$share/a", "$share", "a"),
    ] {
        let share = filter(text).share().unwrap_or_else(|| panic!("{text:?} is shared"));
        assert_eq!((share.group, share.filter.as_str()), (group, inner), "{text:?}");
        assert!(filter(text).is_shared() && !share.filter.is_shared(), "{text:?}");
    }
    for text in ["$share", "$shared/g/a", "$SHARE/g/a", "a/$share/g/a", "/$share/g/a"] {
        assert!(filter(text).share().is_none() && !filter(text).is_shared(), "{text:?}");
    }
}

#[test]
fn filters_cover_and_overlap() {
    for (one, other, covers, is_covered, overlaps) in table::RELATIONS {
        let (first, second) = (filter(one), filter(other));
        assert_eq!(first.covers(second), *covers, "{one} covers {other}");
        assert_eq!(second.covers(first), *is_covered, "{other} covers {one}");
        assert_eq!(first.overlaps(second), *overlaps, "{one} and {other}");
        assert_eq!(second.overlaps(first), *overlaps, "{other} and {one}");
    }
}
