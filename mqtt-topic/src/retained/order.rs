use alloc::boxed::Box;
use core::borrow::Borrow;
use core::cmp::Ordering;

use crate::name::{TopicName, TopicNameBuf};

/// A topic name that is ordered level by level.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key(pub(super) TopicNameBuf);

/// A place in the order of names, at a name or between two: the text `head` followed by `tail`.
///
/// Texts are ordered byte by byte, with the slash before all other bytes. Since names have no NUL, that is
/// the order level by level, and two endings give the places around a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position<'a> {
    head: &'a str,
    tail: &'a str,
}

impl<'a> Position<'a> {
    /// The place of a name, or of the first name that begins with these levels.
    pub(super) const fn at(text: &'a str) -> Self {
        Self { head: text, tail: "" }
    }

    pub(super) const fn of(name: &'a TopicName) -> Self {
        Self::at(name.as_str())
    }

    /// The place of the levels `tail` below `head`, which is empty or ends with a slash.
    pub(super) const fn below(head: &'a str, tail: &'a str) -> Self {
        Self { head, tail }
    }

    /// The place directly after a name: nothing is between a text and the same text with the least byte.
    pub(super) const fn after(name: &'a TopicName) -> Self {
        Self { head: name.as_str(), tail: "/" }
    }

    /// The place directly after these levels and everything below them: whatever is below goes on with a
    /// slash, and U+0001 is the next byte after it in this order.
    pub(super) const fn past(levels: &'a str) -> Self {
        Self { head: levels, tail: "\u{1}" }
    }

    pub(super) fn is_past(self, other: Self) -> bool {
        self.ranks().gt(other.ranks())
    }

    pub(super) fn to_text(self) -> Box<str> {
        [self.head, self.tail].concat().into()
    }

    fn ranks(self) -> impl Iterator<Item = u8> {
        self.head.bytes().chain(self.tail.bytes()).map(|byte| if byte == b'/' { 0 } else { byte })
    }
}

/// What has a place in the order. Searches go by `dyn Place`, so that the place to search for can be put
/// together from two texts without an allocation.
pub(super) trait Place {
    fn position(&self) -> Position<'_>;
}

impl Place for Position<'_> {
    fn position(&self) -> Position<'_> {
        *self
    }
}

impl Place for Key {
    fn position(&self) -> Position<'_> {
        Position::of(&self.0)
    }
}

impl<'a> Borrow<dyn Place + 'a> for Key {
    fn borrow(&self) -> &(dyn Place + 'a) {
        self
    }
}

impl Ord for dyn Place + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        self.position().ranks().cmp(other.position().ranks())
    }
}

impl PartialOrd for dyn Place + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for dyn Place + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for dyn Place + '_ {}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        (self as &dyn Place).cmp(other as &dyn Place)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// Fails when the byte order is not the order of the lists of levels, so that a subtree has gaps.
    #[test]
    fn the_order_is_level_by_level() {
        let names =
            ["a", "a/b", "a\u{1}", "a/", "/", "a b", "a!/x", "a/b/c", "$", "é", "a0/x", "//", "\u{1}"];
        for left in names {
            for right in names {
                assert_eq!(
                    (&Position::at(left) as &dyn Place).cmp(&Position::at(right) as &dyn Place),
                    left.split('/').collect::<Vec<_>>().cmp(&right.split('/').collect()),
                    "{left:?} {right:?}"
                );
            }
        }
    }

    /// Fails when a cursor would give a name twice, or jump over one that it may not.
    #[test]
    fn places_around_a_name() {
        let name = TopicName::new("a/b").expect("a valid name");
        let less = |left: Position<'_>, right: Position<'_>| (&left as &dyn Place) < (&right as &dyn Place);
        assert!(less(Position::of(name), Position::after(name)));
        for first_after in ["a/b/", "a/b//", "a/b/\u{1}", "a/b/c"] {
            assert!(!less(Position::at(first_after), Position::after(name)), "{first_after:?}");
            assert!(less(Position::at(first_after), Position::past("a/b")), "{first_after:?}");
        }
        for beyond in ["a/b\u{1}", "a/b\u{1}/x", "a/b0", "a/c", "a0"] {
            assert!(!less(Position::at(beyond), Position::past("a/b")), "{beyond:?}");
        }
    }
}
