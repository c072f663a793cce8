use hashbrown::HashTable;

use super::growth;
use super::hashing::Seed;
use super::slab::{Id, Slab};
use super::words::Words;
use crate::filter::TopicFilter;
use crate::levels::LevelCursor;

/// The filters with wildcards, level by level. A node stands for levels that at least two filters begin with (but for the root);
/// what only one filter has beyond them hangs there as a leaf, in one piece, whatever its number of levels.
///
/// Edges of all nodes are in one table, by node and level; those under a wildcard are in the node.
#[derive(Clone, Debug)]
pub(super) struct Wild {
    nodes: Slab<Node>,
    edges: HashTable<Link>,
    words: Words,
    /// `None` exactly when there is no filter.
    pub(super) root: Option<Id>,
    /// Bytes of the longest filter that there ever was.
    longest: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The node before, so that a walk can go back without a stack. `None` at the root.
    pub(super) parent: Option<Id>,
    /// The level between the two.
    pub(super) level: Level,
    pub(super) plus: Option<Edge>,
    /// The filter that goes on with `#`.
    pub(super) hash: Option<Id>,
    /// The filter that ends here.
    pub(super) end: Option<Id>,
    /// How many edges it has in the table, and the exclusive or of their numbers, which are those of the edge if it is one.
    edges: u32,
    edges_xor: [u32; 3],
}

/// A level of a filter, but for a `#`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Plus,
    Word(Id),
}

/// What follows a node on a level: another, or a filter that alone goes on from there, whose bytes up to `end` are then known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    Node(Id),
    Leaf { filter: Id, end: u16 },
}

/// An edge in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Link {
    node: Id,
    word: Id,
    edge: Edge,
}

/// Where the texts of filters are.
pub(super) trait Texts {
    fn text(&self, filter: Id) -> &str;
}

/// The only filter below a node.
enum Only {
    /// It ends at the node, or one level below it with `#`.
    Filter(Id),
    Leaf(Level, Id, Edge),
}

const IT_IS_THERE: &str = "whoever removes a filter has found it before";

impl Wild {
    pub(super) const fn new() -> Self {
        Self { nodes: Slab::new(), edges: HashTable::new(), words: Words::new(), root: None, longest: 0 }
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        self.nodes.get(id)
    }

    /// The number of a level, if an edge goes on with it somewhere.
    pub(super) fn word(&self, level: &[u8], seed: &Seed) -> Option<Id> {
        self.words.find(level, seed)
    }

    /// The edge of `node`, whose id is `id`, under a level that is no wildcard; `word` is asked for its number.
    pub(super) fn exact(
        &self,
        node: &Node,
        id: Id,
        seed: &Seed,
        word: impl FnOnce() -> Option<Id>,
    ) -> Option<Edge> {
        match node.edges {
            0 => None,
            // No need to look for it.
            1 => node.only_edge().filter(|&(only, _)| word() == Some(only)).map(|(_, edge)| edge),
            _ => {
                let word = word()?;
                let is_it = |link: &Link| (link.node, link.word) == (id, word);
                self.edges.find(seed.of_edge(id, word), is_it).map(|link| link.edge)
            }
        }
    }

    fn edge(&self, id: Id, level: Level, seed: &Seed) -> Option<Edge> {
        let node = self.nodes.get(id);
        match level {
            Level::Plus => node.plus,
            Level::Word(word) => self.exact(node, id, seed, || Some(word)),
        }
    }

    /// The level with this text, if an edge goes on with it somewhere.
    fn level(&self, text: &str, seed: &Seed) -> Option<Level> {
        if text == "+" { Some(Level::Plus) } else { self.word(text.as_bytes(), seed).map(Level::Word) }
    }

    /// Adds a filter that is not there.
    pub(super) fn insert(&mut self, texts: &impl Texts, filter: Id, seed: &Seed) {
        self.longest = self.longest.max(texts.text(filter).len());
        let mut at = LevelCursor::new(texts.text(filter));
        let nodes = &mut self.nodes;
        let mut node = *self.root.get_or_insert_with(|| nodes.insert(Node::new(None, Level::Plus)));
        while let Some(text) = at.level().filter(|&text| text != "#") {
            let Some(level) = self.level(text, seed) else { break };
            match self.edge(node, level, seed) {
                None => break,
                Some(Edge::Node(next)) => node = next,
                Some(leaf @ Edge::Leaf { filter: other, end }) => {
                    // Two filters go on here from now on.
                    let next = self.nodes.insert(Node::new(Some(node), level));
                    self.replace(node, level, leaf, Edge::Node(next), seed);
                    self.hang(texts, next, other, usize::from(end) + 1, seed);
                    node = next;
                }
            }
            at.pass(text);
        }
        self.hang(texts, node, filter, at.start(), seed);
    }

    /// Removes a filter that is there.
    pub(super) fn remove(&mut self, texts: &impl Texts, filter: Id, seed: &Seed) {
        let mut at = LevelCursor::new(texts.text(filter));
        let mut node = self.root.expect(IT_IS_THERE);
        loop {
            let text = match at.level() {
                None => {
                    self.nodes.get_mut(node).end = None;
                    break;
                }
                Some("#") => {
                    self.nodes.get_mut(node).hash = None;
                    break;
                }
                Some(text) => text,
            };
            let level = self.level(text, seed).expect(IT_IS_THERE);
            match self.edge(node, level, seed).expect(IT_IS_THERE) {
                Edge::Node(next) => node = next,
                leaf @ Edge::Leaf { .. } => {
                    self.cut(node, level, leaf, seed);
                    break;
                }
            }
            at.pass(text);
        }
        self.tidy(node, at, seed);
    }

    /// Takes away nodes that one filter needs alone, from `id` on towards the root.
    fn tidy(&mut self, mut id: Id, mut at: LevelCursor<'_>, seed: &Seed) {
        while let Node { parent: Some(parent), level, .. } = *self.nodes.get(id) {
            let filter = match self.nodes.get(id).only() {
                None => return,
                Some(Only::Filter(filter)) => filter,
                Some(Only::Leaf(level, filter, leaf)) => {
                    self.cut(id, level, leaf, seed);
                    filter
                }
            };
            let leaf = Edge::leaf(filter, at.start() - 1);
            self.replace(parent, level, Edge::Node(id), leaf, seed);
            self.nodes.remove(id);
            at.back();
            id = parent;
        }
        let root = self.nodes.get(id);
        if (root.end, root.hash, root.plus, root.edges) == (None, None, None, 0) {
            // The tables give their memory back too.
            *self = Self::new();
        }
    }

    /// Hangs a filter at a node from which nothing goes on with its level at `start`.
    fn hang(&mut self, texts: &impl Texts, node: Id, filter: Id, start: usize, seed: &Seed) {
        let Self { nodes, edges, words, .. } = self;
        let here = nodes.get_mut(node);
        match LevelCursor::at(texts.text(filter), start).level() {
            None => here.end = Some(filter),
            Some("#") => here.hash = Some(filter),
            Some("+") => here.plus = Some(Edge::leaf(filter, start + 1)),
            Some(text) => {
                let link =
                    Link { node, word: words.take(text, seed), edge: Edge::leaf(filter, start + text.len()) };
                here.edges += 1;
                here.change(link.word, link.edge);
                edges.insert_unique(link.hash(seed), link, |link| link.hash(seed));
            }
        }
    }

    /// Puts another edge in the place of `old`, which is there.
    fn replace(&mut self, node: Id, level: Level, old: Edge, new: Edge, seed: &Seed) {
        let here = self.nodes.get_mut(node);
        let Level::Word(word) = level else {
            here.plus = Some(new);
            return;
        };
        here.change(word, old);
        here.change(word, new);
        let link = Link { node, word, edge: old };
        if let Some(found) = self.edges.find_mut(link.hash(seed), |other| *other == link) {
            found.edge = new;
        }
    }

    /// Takes away an edge that is there.
    fn cut(&mut self, node: Id, level: Level, edge: Edge, seed: &Seed) {
        let here = self.nodes.get_mut(node);
        let Level::Word(word) = level else {
            here.plus = None;
            return;
        };
        here.edges -= 1;
        here.change(word, edge);
        let link = Link { node, word, edge };
        if let Ok(found) = self.edges.find_entry(link.hash(seed), |other| *other == link) {
            found.remove();
        }
        self.words.release(word, seed);
    }

    pub(super) fn nodes(&self) -> usize {
        self.nodes.used()
    }

    /// What is allocated.
    /// By how much it grows at most by one more filter.
    pub(super) fn growth(&self, filter: &TopicFilter) -> usize {
        // Each level may become a node, an edge and a word; and where another filter parts from it, one level of that.
        let more = filter.levels().count() + 2;
        let texts = filter.as_str().len() + self.longest;
        texts + self.nodes.growth(more) + growth::of_table(&self.edges, more) + self.words.growth(more)
    }

    pub(super) fn heap(&self) -> usize {
        self.nodes.heap() + self.edges.allocation_size() + self.words.heap()
    }

    #[cfg(test)]
    pub(super) fn used(&self) -> [usize; 3] {
        [self.nodes.used(), self.edges.len(), self.words.used()]
    }
}

impl Node {
    const fn new(parent: Option<Id>, level: Level) -> Self {
        Self { parent, level, plus: None, hash: None, end: None, edges: 0, edges_xor: [0; 3] }
    }

    /// Puts an edge into the exclusive or, or takes it out.
    fn change(&mut self, word: Id, edge: Edge) {
        let [target, end] = edge.numbers();
        let [word_xor, target_xor, end_xor] = &mut self.edges_xor;
        *word_xor ^= word.number();
        *target_xor ^= target;
        *end_xor ^= end;
    }

    /// The filter below it, if it is one alone.
    fn only(&self) -> Option<Only> {
        match (self.end, self.hash, self.plus, self.edges) {
            (Some(filter), None, None, 0) | (None, Some(filter), None, 0) => Some(Only::Filter(filter)),
            (None, None, Some(leaf @ Edge::Leaf { filter, .. }), 0) => {
                Some(Only::Leaf(Level::Plus, filter, leaf))
            }
            (None, None, None, 1) => match self.only_edge()? {
                (word, leaf @ Edge::Leaf { filter, .. }) => Some(Only::Leaf(Level::Word(word), filter, leaf)),
                (_, Edge::Node(_)) => None,
            },
            _ => None,
        }
    }

    /// The edge of the table, if there is one alone.
    fn only_edge(&self) -> Option<(Id, Edge)> {
        let [word, target, end] = self.edges_xor;
        Some((Id::of_number(word)?, Edge::of_numbers([target, end])?))
    }
}

impl Edge {
    fn leaf(filter: Id, end: usize) -> Self {
        // No filter is longer than 65,535 bytes.
        Self::Leaf { filter, end: u16::try_from(end).unwrap_or(u16::MAX) }
    }

    fn numbers(self) -> [u32; 2] {
        match self {
            Self::Node(id) => [id.number(), u32::MAX],
            Self::Leaf { filter, end } => [filter.number(), end.into()],
        }
    }

    fn of_numbers([target, end]: [u32; 2]) -> Option<Self> {
        let id = Id::of_number(target)?;
        Some(match u16::try_from(end) {
            Err(_) => Self::Node(id),
            Ok(end) => Self::Leaf { filter: id, end },
        })
    }
}

impl Link {
    fn hash(&self, seed: &Seed) -> u64 {
        seed.of_edge(self.node, self.word)
    }
}
