use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use core::ops::ControlFlow;

use super::order::Position;
use super::{RetainedTrie, scan};
use crate::filter::{TopicFilter, TopicFilterBuf};
use crate::name::TopicName;

/// A visit of a [`RetainedTrie`] in steps of bounded work, between which the trie may change.
///
/// The cursor owns its place, which is a place in the order of names and not in the trie. So a name that is
/// in the trie from the first step to the last is given exactly once, and in order. A name that is inserted
/// or removed between two steps is given if it is there when the cursor comes to its place, and a
/// value that is replaced after that is not given again. No name is given twice.
///
/// ```
/// use core::ops::ControlFlow;
/// use mqtt_topic::{RetainedCursor, RetainedTrie, TopicFilter, TopicName};
///
/// let mut trie = RetainedTrie::new();
/// for text in ["a/1", "a/2", "a/3", "b"] {
///     trie.insert(TopicName::new(text)?, ());
/// }
/// let mut found = Vec::new();
/// let mut cursor = RetainedCursor::new(TopicFilter::new("a/#")?);
/// while !cursor.is_done() {
///     cursor.step(&trie, 2, |name, ()| {
///         found.push(name.as_str());
///         ControlFlow::Continue(())
///     });
/// }
/// assert_eq!(found, ["a/1", "a/2", "a/3"]);
/// # Ok::<(), mqtt_topic::TopicError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RetainedCursor {
    filter: TopicFilterBuf,
    /// The place to go on from, or `None` when nothing can follow.
    position: Option<Box<str>>,
}

impl RetainedCursor {
    /// Makes a cursor before the first name that `filter` can match.
    ///
    /// Of a shared filter it takes the inner filter, as [`RetainedTrie::visit`] does.
    pub fn new(filter: &TopicFilter) -> Self {
        let filter = filter.without_share();
        Self { position: Some(scan::beginning(filter).to_text()), filter: filter.to_owned() }
    }

    /// Makes a cursor that goes on from a [`place`](Self::place), which may have been kept elsewhere. Any text is a place.
    pub fn at(filter: &TopicFilter, place: &str) -> Self {
        Self { position: Some(place.into()), filter: filter.without_share().to_owned() }
    }

    /// Where it is, as text that only [`at`](Self::at) needs to understand; `None` when it [is done](Self::is_done).
    pub fn place(&self) -> Option<&str> {
        self.position.as_deref()
    }

    /// Whether it has gone by the place of a name, so that it will not give it any more.
    pub fn is_past(&self, name: &TopicName) -> bool {
        self.position.as_deref().is_none_or(|place| Position::at(place).is_past(Position::of(name)))
    }

    /// Whether all names that match were given. More steps do nothing then, also if names are inserted.
    pub const fn is_done(&self) -> bool {
        self.position.is_none()
    }

    /// Calls `f` for the next names that match, in order, and stops when it has looked at `limit` entries
    /// of the trie, when `f` breaks, or when nothing more can match.
    ///
    /// The limit counts each entry that is looked at, matching or not, and for each there is at most one
    /// search in the trie; so it bounds the work of the step, and the number of calls of `f`. With a limit
    /// of 0 nothing happens. The entry for which `f` breaks counts as given. A step allocates once, to keep the place.
    ///
    /// All steps of a cursor are for the same trie.
    pub fn step<'t, V>(
        &mut self,
        trie: &'t RetainedTrie<V>,
        limit: usize,
        f: impl FnMut(&'t TopicName, &'t V) -> ControlFlow<()>,
    ) {
        if let Some(from) = &self.position {
            self.position = scan::scan(&trie.entries, &self.filter, Position::at(from), limit, f);
        }
    }
}
