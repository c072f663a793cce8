//! The one table of what is valid and what matches, for every test that needs it.

use mqtt_topic::TopicErrorKind::{self, *};

/// What a check finds: nothing, or what is wrong at which byte.
type Check = Result<(), (TopicErrorKind, usize)>;

/// Topic filters, and what is wrong with them at which byte.
#[rustfmt::skip]
pub(crate) const FILTERS: &[(&str, Check)] = &[
    ("/", Ok(())),
    ("//", Ok(())),
    ("+", Ok(())),
    ("#", Ok(())),
    ("+/+", Ok(())),
    ("/#", Ok(())),
    ("+//#", Ok(())),
    (" ", Ok(())),
    ("$x", Ok(())),
    ("$share", Ok(())),
    ("$shared/x", Ok(())),
    ("", Err((Empty, 0))),
    ("a#", Err((MultiLevelWildcard, 1))),
    ("sport/tennis#", Err((MultiLevelWildcard, 12))),
    ("sport/tennis/#/ranking", Err((MultiLevelWildcard, 13))),
    ("#/a", Err((MultiLevelWildcard, 0))),
    ("##", Err((MultiLevelWildcard, 0))),
    ("#+", Err((MultiLevelWildcard, 0))),
    ("a/#b", Err((MultiLevelWildcard, 2))),
    ("#/", Err((MultiLevelWildcard, 0))),
    ("sport+", Err((SingleLevelWildcard, 5))),
    ("+a", Err((SingleLevelWildcard, 0))),
    ("a/+b/c", Err((SingleLevelWildcard, 2))),
    ("++", Err((SingleLevelWildcard, 0))),
    ("$+", Err((SingleLevelWildcard, 1))),
    ("$share/", Err((ShareNameEmpty, 7))),
    ("$share//a", Err((ShareNameEmpty, 7))),
    ("$share/g", Err((ShareFilterMissing, 8))),
    ("$share/g/", Err((ShareFilterMissing, 9))),
    ("$share/+/a", Err((ShareNameWildcard, 7))),
    ("$share/g#/a", Err((ShareNameWildcard, 8))),
    ("$share/g/a#", Err((MultiLevelWildcard, 10))),
    ("$share/g/a", Ok(())),
    ("$share/g//", Ok(())),
    ("$share/g/#", Ok(())),
    ("$share/ /a", Ok(())),
    // Not in the standard's own examples.
    ("$SHARE/", Ok(())),
    ("$share/g/+/+/#", Ok(())),
    ("$share/\u{e9}/+", Ok(())),
    ("$share/#", Err((ShareNameWildcard, 7))),
    ("$share/+", Err((ShareNameWildcard, 7))),
    ("$share/g/#/a", Err((MultiLevelWildcard, 9))),
    ("$share/g/$share/h/a", Err((ShareNested, 9))),
    ("$share/g/$share", Ok(())),
    ("$share/g/$shared/a", Ok(())),
    ("+#", Err((SingleLevelWildcard, 0))),
    ("a+#", Err((SingleLevelWildcard, 1))),
    ("+/a+/#/b", Err((SingleLevelWildcard, 3))),
    ("\u{e9}/\u{e9}#", Err((MultiLevelWildcard, 5))),
    ("\0", Err((Nul, 0))),
    ("a#/\0", Err((Nul, 3))),
    ("$share/g/a\0", Err((Nul, 10))),
];

/// Topic names, and what is wrong with them at which byte.
#[rustfmt::skip]
pub(crate) const NAMES: &[(&str, Check)] = &[
    ("a", Ok(())),
    ("/", Ok(())),
    ("//", Ok(())),
    (" ", Ok(())),
    ("$", Ok(())),
    ("$SYS/x", Ok(())),
    ("$share/g/a", Ok(())), // only filters have a shared form
    ("$share/", Ok(())),
    ("\u{1}", Ok(())),
    ("\u{feff}", Ok(())),
    ("", Err((Empty, 0))),
    ("+", Err((WildcardInName, 0))),
    ("#", Err((WildcardInName, 0))),
    ("a+", Err((WildcardInName, 1))),
    ("a/#/b", Err((WildcardInName, 2))),
    ("\u{e9}#", Err((WildcardInName, 2))),
    ("a\0", Err((Nul, 1))),
    ("#\0", Err((Nul, 1))),
];

/// Topic filters, topic names, and whether they match.
#[rustfmt::skip]
pub(crate) const MATCHES: &[(&str, &str, bool)] = &[
    ("#", "sport", true),
    ("#", "/", true),
    ("#", "/a//b", true),
    ("#", "$SYS/x", false),
    ("#", "$", false),
    ("sport/#", "sport", true), // parent level
    ("sport/#", "sport/", true),
    ("sport/#", "sport/a/b", true),
    ("sport/#", "sports", false),
    ("sport/#", "/sport", false),
    ("a/b/#", "a", false),
    ("+", "sport", true),
    ("+", "/x", false),
    ("+", "x/", false),
    ("+", "/", false), // two empty levels
    ("+", "$SYS", false),
    ("/+", "/x", true),
    ("/+", "/", true), // second level empty
    ("/+", "x", false),
    ("+/+", "/x", true),
    ("+/+", "/", true),
    ("+/+", "a/b/c", false),
    ("+/#", "a", true),
    ("+/#", "a/b/c", true),
    ("+/#", "/a", true),
    ("+/#", "$SYS/a", false),
    ("+/+/#", "a", false),
    ("+/+/#", "a/b", true),
    ("sport/+", "sport", false),
    ("sport/+", "sport/", true),
    ("sport/+", "sport/a/b", false),
    ("+/tennis/#", "sport/tennis", true),
    ("a/+/c", "a//c", true),
    ("a/+", "a//b", false),
    ("a/#", "a//b", true),
    ("a//c", "a/c", false),
    ("a/b", "a/b/", false),
    ("/a", "a", false),
    ("/#", "/", true),
    ("/#", "/a", true),
    ("/#", "a", false),
    ("/", "/", true),
    ("//", "/", false),
    ("$SYS/#", "$SYS/a/b", true),
    ("$SYS/#", "$SYS", true),
    ("$SYS/#", "$sys/a", false),
    ("$SYS/+", "$SYS/a", true),
    ("$SYS/monitor/+", "$SYS/monitor/Clients", true),
    ("+/monitor/Clients", "$SYS/monitor/Clients", false),
    ("+/monitor", "$SYS/monitor", false),
    ("+/monitor", "x/monitor", true),
    ("a/+", "a/$b", true),
    ("+/$b", "a/$b", true),
    ("a/#", "a/$SYS/b", true),
    ("ACCOUNTS", "Accounts", false),
    ("Accounts payable", "Accounts payable", true),
    ("caf\u{e9}", "cafe\u{301}", false),
    ("\u{feff}a", "a", false),
    ("$share/g/a/+", "a/b", true), // through the group
    ("$share/g//a", "/a", true), // through the group
    ("$share/g/#", "$SYS/x", false), // through the group
    ("$share/g/$SYS/#", "$SYS/x", true), // through the group
    ("$share", "$share", true), // ordinary filter
    ("$shared/g/a", "$shared/g/a", true), // ordinary filter
    ("$SHARE/g/a", "a", false), // ordinary filter, case matters
];

/// Two topic filters, whether the first covers the second, the second the first, and whether they overlap.
#[rustfmt::skip]
pub(crate) const RELATIONS: &[(&str, &str, bool, bool, bool)] = &[
    ("a/b", "a/b", true, true, true),
    ("a/b", "a/c", false, false, false),
    ("a/b", "a", false, false, false),
    ("a", "a/", false, false, false), // empty levels count
    ("a/", "a//", false, false, false),
    ("/", "+", false, false, false), // two levels
    ("a/+", "a/b", true, false, true),
    ("a/+", "a/", true, false, true),
    ("a/+", "a", false, false, false),
    ("a/+", "+/b", false, false, true), // a/b
    ("a/+", "+/b/c", false, false, false),
    ("a/+/c", "a/b/+", false, false, true), // a/b/c
    ("a/+/c", "a/b/d", false, false, false),
    ("a/#", "a", true, false, true), // parent level
    ("a/#", "a/", true, false, true),
    ("a/#", "a/b/c", true, false, true),
    ("a/#", "a/+", true, false, true),
    ("a/#", "a/+/#", true, false, true), // the second does not match a
    ("a/#", "a/b/#", true, false, true),
    ("a/#", "+", false, false, true), // a
    ("a/#", "+/b", false, false, true),
    ("a/#", "b/#", false, false, false),
    ("a/#", "ab", false, false, false),
    ("+/#", "a/#", true, false, true),
    ("+/#", "+/+/#", true, false, true),
    ("+/+/#", "a", false, false, false),
    ("+/b/#", "a/+", false, false, true),
    ("#", "+", true, false, true),
    ("#", "+/#", true, true, true), // every name has a first level
    ("#", "+/+/#", true, false, true),
    ("#", "/", true, false, true),
    ("#", "/#", true, false, true),
    ("#", "#", true, true, true),
    ("/#", "/+/#", true, true, true), // the parent level would be an empty name
    ("/#", "+/+/#", false, true, true),
    ("/#", "+", false, false, false),
    ("//#", "/+", false, false, true), // /
    ("#", "$SYS", false, false, false), // MQTT-4.7.2-1
    ("#", "$SYS/#", false, false, false),
    ("#", "$", false, false, false),
    ("+/#", "$SYS/#", false, false, false),
    ("+/a", "$SYS/a", false, false, false),
    ("$SYS/#", "$SYS/+/x", true, false, true),
    ("$SYS/#", "$SYS", true, false, true),
    ("a/#", "a/$b", true, false, true), // a `$` elsewhere is ordinary
    ("a/+", "a/$b", true, false, true),
    ("+/$b", "a/+", false, false, true),
    ("$share/g/a/#", "a/b", true, false, true), // through the group
    ("$share/g/a/+", "$share/h/a/+", true, true, true),
    ("#", "$share/g/#", true, true, true),
    ("#", "$share/g/$SYS/#", false, false, false),
    ("#", "$share", false, false, false), // ordinary filter
];
