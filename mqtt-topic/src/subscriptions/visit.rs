use core::ops::ControlFlow::{self, Break, Continue};

use super::hashing::Seed;
use super::slab::Id;
use super::wild::{Edge, Level, Texts, Wild};
use crate::filter;
use crate::levels::LevelCursor;
use crate::name::TopicName;

impl Wild {
    /// Calls `emit` for each filter that matches, with the `steps` that are left. Stops when they are used up, and says
    /// whether it came to the end.
    #[inline]
    pub(super) fn visit(
        &self,
        texts: &impl Texts,
        name: &TopicName,
        seed: &Seed,
        steps: usize,
        mut emit: impl FnMut(Id, &mut usize) -> ControlFlow<()>,
    ) -> bool {
        let Some(mut id) = self.root else { return true };
        let mut place = Place::new(name.as_str(), steps);
        let mut walk = || -> ControlFlow<()> {
            loop {
                place.step(0)?;
                let node = self.node(id);
                // MQTT-4.7.2-1: wildcards in the first level do not match `$...`.
                let takes_wildcards = place.depth > 0 || !name.starts_with_dollar();
                if let Some(filter) = node.hash
                    && takes_wildcards
                {
                    emit(filter, &mut place.steps)?;
                }
                // The node that an edge leads to; or else what the leaf there is worth.
                macro_rules! node {
                    ($edge:expr) => {
                        match $edge {
                            Some(Edge::Node(id)) => Some(id),
                            Some(Edge::Leaf { filter, end }) => {
                                let levels =
                                    texts.text(filter).as_bytes().get(end.into()..).unwrap_or_default();
                                if place.goes_on_with(levels)? {
                                    emit(filter, &mut place.steps)?;
                                }
                                None
                            }
                            None => None,
                        }
                    };
                }
                let (mut exact, mut plus) = (None, None);
                if place.is_at_end() {
                    if let Some(filter) = node.end {
                        emit(filter, &mut place.steps)?;
                    }
                } else {
                    exact = node!(self.exact(node, id, seed, || place.word(self, seed)));
                    if takes_wildcards {
                        plus = node!(node.plus);
                    }
                }
                id = match (exact, plus) {
                    (Some(exact), plus) => {
                        place.leave(plus);
                        place.pass();
                        exact
                    }
                    (None, Some(plus)) => {
                        place.pass();
                        plus
                    }
                    (None, None) => match place.back(self, id) {
                        Some(id) => id,
                        None => return Continue(()),
                    },
                };
            }
        };
        walk().is_continue()
    }
}

/// A place before a level of a name, or behind the last. It remembers what it found out about the levels that it passed,
/// since a walk comes there again and again.
struct Place<'a> {
    name: &'a str,
    start: usize,
    depth: usize,
    /// Where the next level begins, or 0 if that was not yet looked for.
    next: usize,
    seen: [Seen; REMEMBERED],
    /// The depths at which a node for `+` was left for later, as bits.
    left: u16,
    /// How many more may be done.
    steps: usize,
}

/// What is looked at within one step.
const BYTES: usize = 64;

/// More levels than most names have. What is beyond is found out each time.
const REMEMBERED: usize = 16;

#[derive(Clone, Copy)]
struct Seen {
    /// The same for each level.
    next: usize,
    /// The number of the level.
    word: Option<Option<Id>>,
    /// What was left.
    plus: Option<Id>,
}

impl<'a> Place<'a> {
    const fn new(name: &'a str, steps: usize) -> Self {
        let seen = [Seen { next: 0, word: None, plus: None }; REMEMBERED];
        Self { name, start: 0, depth: 0, next: 0, seen, left: 0, steps }
    }

    /// Counts a step that looks at so many bytes, and more if they are many.
    #[inline]
    fn step(&mut self, bytes: usize) -> ControlFlow<()> {
        match self.steps.checked_sub(1 + bytes / BYTES) {
            Some(left) => {
                self.steps = left;
                Continue(())
            }
            None => Break(()),
        }
    }

    const fn is_at_end(&self) -> bool {
        self.start > self.name.len()
    }

    fn cursor(&self) -> LevelCursor<'a> {
        LevelCursor::at(self.name, self.start)
    }

    fn go_to(&mut self, start: usize, depth: usize) {
        self.start = start;
        self.depth = depth;
        self.next = self.seen.get(depth).map_or(0, |seen| seen.next);
    }

    /// Where the level after the next begins.
    #[inline]
    fn next(&mut self) -> usize {
        if self.next == 0 {
            let mut cursor = self.cursor();
            cursor.pass(cursor.level().unwrap_or_default());
            self.next = cursor.start();
            match self.seen.get_mut(self.depth) {
                Some(seen) => seen.next = self.next,
                // Found out again by every node that is entered here.
                None => self.steps = self.steps.saturating_sub((self.next - self.start) / BYTES),
            }
        }
        self.next
    }

    /// The number of the next level.
    #[inline]
    fn word(&mut self, wild: &Wild, seed: &Seed) -> Option<Id> {
        if let Some(Seen { word: Some(word), .. }) = self.seen.get(self.depth) {
            return *word;
        }
        let end = self.next() - 1;
        let word = wild.word(self.name.as_bytes().get(self.start..end).unwrap_or_default(), seed);
        if let Some(seen) = self.seen.get_mut(self.depth) {
            seen.word = Some(word);
        }
        word
    }

    /// Whether what is behind the next level matches levels of a filter, both with a slash in front if there is something.
    #[inline]
    fn goes_on_with(&mut self, filter: &[u8]) -> ControlFlow<(), bool> {
        let end = self.next() - 1;
        let name = self.name.as_bytes().get(end..).unwrap_or_default();
        if filter.is_empty() {
            self.step(0)?;
            return Continue(name.is_empty());
        }
        // A `+` may go over all of it, however short the filter is.
        self.step(name.len())?;
        Continue(filter::levels_match(filter, name))
    }

    /// Goes past the next level.
    #[inline]
    fn pass(&mut self) {
        let next = self.next();
        self.go_to(next, self.depth + 1);
    }

    /// Keeps a node for `+` for later.
    #[inline]
    fn leave(&mut self, plus: Option<Id>) {
        if let Some(seen) = self.seen.get_mut(self.depth)
            && plus.is_some()
        {
            seen.plus = plus;
            self.left |= 1 << self.depth;
        }
    }

    /// Goes from `node` to the last one for `+` that was left.
    #[inline]
    fn back(&mut self, wild: &Wild, node: Id) -> Option<Id> {
        if self.depth > REMEMBERED
            && let Some(plus) = self.back_without_memory(wild, node)
        {
            return Some(plus);
        }
        let depth = self.left.checked_ilog2()?;
        self.left ^= 1 << depth;
        let Seen { next, plus, .. } = *self.seen.get(depth as usize)?;
        // It was left to go past this level.
        self.go_to(next, depth as usize + 1);
        plus
    }

    /// The same as far as what was left is not remembered: the one for `+` of each node before, unless it came from there.
    #[cold]
    fn back_without_memory(&mut self, wild: &Wild, mut id: Id) -> Option<Id> {
        while self.depth > REMEMBERED {
            let node = wild.node(id);
            id = node.parent?;
            if let Some(Edge::Node(plus)) = wild.node(id).plus
                && node.level != Level::Plus
            {
                return Some(plus);
            }
            let mut cursor = self.cursor();
            cursor.back();
            self.go_to(cursor.start(), self.depth - 1);
        }
        None
    }
}
