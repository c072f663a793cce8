use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::cmp::Ordering;
use core::ops::{Bound, ControlFlow};

use super::order::{Key, Place, Position};
use crate::filter::TopicFilter;
use crate::levels::LevelCursor;
use crate::name::TopicName;

/// Calls `f` for the names that match from a place on, and looks at no more than `limit` entries.
///
/// Gives the place to go on from, or `None` when no name can follow that matches. Places between two
/// entries depend on the filter and the names only, not on which names are there: so a name is
/// passed over only if it does not match, also if it is inserted later.
pub(super) fn scan<'t, V>(
    entries: &'t BTreeMap<Key, V>,
    filter: &TopicFilter,
    from: Position<'_>,
    limit: usize,
    mut f: impl FnMut(&'t TopicName, &'t V) -> ControlFlow<()>,
) -> Option<Box<str>> {
    let mut position = from;
    let mut rest = None;
    for _ in 0..limit {
        let (Key(name), value) = rest.get_or_insert_with(|| entries_from(entries, position)).next()?;
        match judge(filter, name) {
            Verdict::Match => {
                position = Position::after(name);
                if f(name, value).is_break() {
                    break;
                }
            }
            Verdict::Next => position = Position::after(name),
            Verdict::Seek(further) => {
                position = further;
                rest = None;
            }
            Verdict::End => return None,
        }
    }
    Some(position.to_text())
}

/// The first place where a name can match.
pub(super) fn beginning(filter: &TopicFilter) -> Position<'_> {
    Position::at(literal_levels(filter.as_str()))
}

/// What to do after a look at one name.
enum Verdict<'a> {
    /// The name matches, and the next one may.
    Match,
    /// The name does not match, but the next one may.
    Next,
    /// No name between this one and the place can match; the place is after this name.
    Seek(Position<'a>),
    /// No name after this one can match.
    End,
}

/// Compares level by level, as `TopicFilter::matches` does, to learn where the next match can be.
fn judge<'a>(filter: &'a TopicFilter, name: &'a TopicName) -> Verdict<'a> {
    // MQTT-4.7.2-1. The names that begin with `$` end where those with the next character, `%`, begin.
    if name.starts_with_dollar() && filter.starts_with_wildcard() {
        return Verdict::Seek(Position::at("%"));
    }
    let mut name = LevelCursor::new(name.as_str());
    let mut wanted = LevelCursor::new(filter.as_str());
    // The name up to the last level that a `+` took. When this name is too great for the filter, a greater
    // one can match only if that level is another.
    let mut taken_by_plus = None;
    let past_plus = |taken: Option<&'a str>| match taken {
        Some(levels) => Verdict::Seek(Position::past(levels)),
        None => Verdict::End,
    };
    while let Some(wanted_level) = wanted.level() {
        if wanted_level == "#" {
            return Verdict::Match;
        }
        let Some(level) = name.level() else {
            return Verdict::Next;
        };
        if wanted_level != "+" {
            match level.cmp(wanted_level) {
                Ordering::Less => {
                    let levels = literal_levels(wanted.rest().unwrap_or(wanted_level));
                    return Verdict::Seek(Position::below(name.before(), levels));
                }
                Ordering::Equal => {}
                Ordering::Greater => return past_plus(taken_by_plus),
            }
        }
        name.pass(level);
        wanted.pass(wanted_level);
        if wanted_level == "+" {
            taken_by_plus = Some(name.passed());
        }
    }
    match name.level() {
        None => Verdict::Match,
        Some(_) => past_plus(taken_by_plus),
    }
}

/// The levels before the first wildcard.
fn literal_levels(filter: &str) -> &str {
    match filter.split_once(['+', '#']) {
        Some((levels, _)) => levels.strip_suffix('/').unwrap_or(levels),
        None => filter,
    }
}

fn entries_from<'t, V>(
    entries: &'t BTreeMap<Key, V>,
    position: Position<'_>,
) -> impl Iterator<Item = (&'t Key, &'t V)> + use<'t, V> {
    entries.range::<dyn Place, _>((Bound::Included(&position as &dyn Place), Bound::Unbounded))
}
