use core::iter::FusedIterator;
use core::str::Split;

#[cfg(feature = "alloc")]
use crate::text;

/// The levels of a topic name or filter, from either end.
///
/// Levels are what stands between the slashes. There is always one more of them than there are slashes,
/// and a level may be empty: `/` has two empty levels.
#[derive(Clone, Debug)]
pub struct Levels<'a>(Split<'a, char>);

impl<'a> Levels<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text.split('/'))
    }
}

impl<'a> Iterator for Levels<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.0.next()
    }
}

impl<'a> DoubleEndedIterator for Levels<'a> {
    fn next_back(&mut self) -> Option<&'a str> {
        self.0.next_back()
    }
}

impl FusedIterator for Levels<'_> {}

/// A place between two levels of a text, from which a walk can go on and back without a stack.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct LevelCursor<'a> {
    text: &'a str,
    /// Where the next level begins; one more than the length of the text after the last level.
    start: usize,
}

#[cfg(feature = "alloc")]
impl<'a> LevelCursor<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, start: 0 }
    }

    /// Before the level that begins at `start`, which may be one more than the length of the text.
    pub(crate) const fn at(text: &'a str, start: usize) -> Self {
        Self { text, start }
    }

    /// Where the level that follows begins.
    pub(crate) const fn start(&self) -> usize {
        self.start
    }

    /// The level that follows, or `None` after the last one.
    pub(crate) fn level(&self) -> Option<&'a str> {
        let rest = self.rest()?;
        rest.get(..text::level_len(rest.as_bytes()))
    }

    /// The levels that follow, or `None` after the last one.
    pub(crate) fn rest(&self) -> Option<&'a str> {
        self.text.get(self.start..)
    }

    /// Everything before the level that follows, with the slash if there is one.
    pub(crate) fn before(&self) -> &'a str {
        self.text.get(..self.start).unwrap_or(self.text)
    }

    /// Everything up to and with the level that was passed last, without a slash after it.
    pub(crate) fn passed(&self) -> &'a str {
        self.text.get(..self.start.saturating_sub(1)).unwrap_or_default()
    }

    /// Goes past `level`, which must be the one that follows.
    pub(crate) const fn pass(&mut self, level: &str) {
        self.start += level.len() + 1;
    }

    /// Goes back to before the level that was passed last, and gives that level.
    pub(crate) fn back(&mut self) -> &'a str {
        let passed = self.passed();
        let slash = passed.bytes().rposition(|byte| byte == b'/');
        let level = passed.get(slash.map_or(0, |slash| slash + 1)..).unwrap_or_default();
        self.start = self.start.saturating_sub(level.len() + 1);
        level
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn a_cursor_goes_forth_and_back_over_the_same_levels() {
        for text in ["a", "/", "a/b/c", "//", "/a", "a/", "é/x//ü"] {
            let mut cursor = LevelCursor::new(text);
            let mut forth = Vec::new();
            while let Some(level) = cursor.level() {
                assert_eq!([cursor.before(), cursor.rest().unwrap()].concat(), text);
                cursor.pass(level);
                forth.push(level);
            }
            assert_eq!(forth, Levels::new(text).collect::<Vec<_>>(), "{text}");
            assert_eq!((cursor.passed(), cursor.rest()), (text, None), "{text}");
            for level in forth.iter().rev() {
                assert_eq!(cursor.back(), *level, "{text}");
            }
            assert!(cursor.start() == 0, "{text}");
        }
    }
}
