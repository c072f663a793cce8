//! Topics, filters and Client Identifiers of the clients.

use std::iter::repeat_n;
use std::ops::Range;

/// Those of the kinds that [`topic`] makes.
pub(crate) const TOPICS: usize = 4_060;
/// Those of tens of KiB.
pub(crate) const LONG: Range<usize> = 4_020..4_040;
/// The first of those that are long, or deep, or special in another way.
pub(crate) const SPECIAL: usize = 4_000;
/// Filters that [`overlapping`] makes.
pub(crate) const OVERLAPPING: usize = 64;
/// A topic that all of them match.
pub(crate) const OVERLAPPED: usize = 4_040;

/// Short ones that many have, and longer ones that few have. Those with `deep` in them have to be asked for, and those with `no`
/// are refused.
pub(crate) fn topic(number: usize) -> String {
    match number {
        0..10 => format!("t/{number}"),
        10..40 => format!("{}/{}", "deep/".repeat(number % 7), number % 5),
        40..SPECIAL => format!("many/{}/{number}", "x".repeat(number % 7 * 150)),
        4_000..4_020 => format!("{}{number}", "l/".repeat((number - 4_000) * 20)),
        4_020..4_030 => format!("long/{}", "x".repeat((number - 4_019) * 6_000)),
        4_030..4_040 => format!("deep/long/{}", "x".repeat((number - 4_029) * 3_000)),
        OVERLAPPED..4_050 => format!("o/1/2/3/4/{number}"),
        _ => format!("no/{number}"),
    }
}

/// With wildcards and shares among them.
pub(crate) fn filter(number: usize) -> String {
    if number >= SPECIAL {
        return match number % 4 {
            0 => "#".to_owned(),
            1 => "long/#".to_owned(),
            2 => topic(number),
            _ => format!("$share/g/{}", topic(number)),
        };
    }
    match number % 8 {
        0 => "t/#".to_owned(),
        1 => format!("+/{}", number % 5),
        2 => format!("$share/g{}/{}", number % 3, topic(number)),
        3 => format!("{}/+", topic(number)),
        _ => topic(number),
    }
}

/// Different ones that all match the same topics.
pub(crate) fn overlapping(number: usize) -> String {
    let levels = ["o", "1", "2", "3", "4"];
    let level = |(at, level): (usize, &'static str)| if number & 1 << at == 0 { level } else { "+" };
    let last = if number & 1 << levels.len() == 0 { "+" } else { "#" };
    let levels: Vec<_> = levels.into_iter().enumerate().map(level).chain([last]).collect();
    levels.join("/")
}

/// Clients have few identifiers, some of them long, and some that have to be asked about.
pub(crate) fn client_id(client: usize, id: usize) -> String {
    let slow = if id % 5 == 4 { "slow-" } else { "" };
    format!("{slow}client-{client}-{}", "i".repeat(id % 3 * 60))
}

/// One of many.
pub(crate) fn in_crowd(at: usize) -> String {
    repeat_n('i', at % 5 * 100).chain(format!("-crowd-{at}").chars()).collect()
}
