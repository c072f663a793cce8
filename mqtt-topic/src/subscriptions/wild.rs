use alloc::boxed::Box;

use hashbrown::HashTable;

use super::hashing::Seed;
use super::slab::{Id, Slab};
use crate::levels::LevelCursor;

/// The filters with wildcards, level by level. A node stands for levels that at least two filters begin with; what only one
/// filter has beyond them hangs there as a leaf, in one piece, whatever its number of levels.
///
/// Edges of all nodes are in one table, by node and level; those under a wildcard are in the node.
#[derive(Clone, Debug)]
pub(super) struct Wild {
    nodes: Slab<Node>,
    leaves: Slab<Leaf>,
    edges: HashTable<Edge>,
    /// `None` exactly when there is no filter.
    pub(super) root: Option<Id>,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The node before, so that a walk can go back without a stack. `None` at the root.
    pub(super) parent: Option<Id>,
    level: Box<str>,
    pub(super) plus: Option<Edge>,
    /// The filter that goes on with `#`.
    pub(super) hash: Option<Id>,
    /// The filter that ends here.
    pub(super) end: Option<Id>,
    /// How many edges it has in the table, and the exclusive or of them, which is the edge if it is one.
    pub(super) edges: u32,
    edges_xor: u64,
}

/// A filter that alone goes on from a node with its level at `start`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf {
    pub(super) filter: Id,
    parent: Id,
    pub(super) start: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    Node(Id),
    Leaf(Id),
}

/// Where the texts of filters are.
pub(super) trait Texts {
    fn text(&self, filter: Id) -> &str;
}

/// All that is below a node, if it is one filter alone.
enum Below {
    Nothing,
    /// It ends at the node, or one level below it with `#`.
    Filter(Id),
    Leaf(Edge, Id),
    More,
}

impl Wild {
    pub(super) const fn new() -> Self {
        Self { nodes: Slab::new(), leaves: Slab::new(), edges: HashTable::new(), root: None }
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        self.nodes.get(id)
    }

    pub(super) fn leaf(&self, id: Id) -> Leaf {
        *self.leaves.get(id)
    }

    /// The edge under a level that is no wildcard.
    pub(super) fn exact(&self, texts: &impl Texts, node: Id, level: &str, seed: Seed) -> Option<Edge> {
        let is_it = |&edge: &Edge| self.key(texts, edge) == (node, level);
        let here = self.nodes.get(node);
        match here.edges {
            0 => None,
            // No need to look for it.
            1 => Edge::of_number(here.edges_xor).filter(is_it),
            _ => self.edges.find(seed.of_level(node.number(), level), is_it).copied(),
        }
    }

    fn edge(&self, texts: &impl Texts, node: Id, level: &str, seed: Seed) -> Option<Edge> {
        if level == "+" { self.nodes.get(node).plus } else { self.exact(texts, node, level, seed) }
    }

    /// The node and the level that an edge of the table goes on with.
    fn key<'a>(&'a self, texts: &'a impl Texts, edge: Edge) -> (Id, &'a str) {
        key(&self.nodes, &self.leaves, texts, edge)
    }

    /// Adds a filter that is not there.
    pub(super) fn insert(&mut self, texts: &impl Texts, filter: Id, seed: Seed) {
        let mut at = LevelCursor::new(texts.text(filter));
        let nodes = &mut self.nodes;
        let mut node = *self.root.get_or_insert_with(|| nodes.insert(Node::new(None, "")));
        while let Some(level) = at.level().filter(|&level| level != "#") {
            let edge = self.edge(texts, node, level, seed);
            match edge {
                None => break,
                Some(Edge::Node(next)) => node = next,
                Some(Edge::Leaf(leaf)) => {
                    // Two filters go on here from now on.
                    let next = self.nodes.insert(Node::new(Some(node), level));
                    self.replace(node, level, Edge::Leaf(leaf), Some(Edge::Node(next)), seed);
                    let Leaf { filter: other, start, .. } = self.leaves.remove(leaf);
                    self.hang(texts, next, other, usize::from(start) + level.len() + 1, seed);
                    node = next;
                }
            }
            at.pass(level);
        }
        self.hang(texts, node, filter, at.start(), seed);
    }

    /// Removes a filter that is there.
    pub(super) fn remove(&mut self, texts: &impl Texts, filter: Id, seed: Seed) {
        let Some(mut node) = self.root else { return };
        let mut at = LevelCursor::new(texts.text(filter));
        loop {
            let level = match at.level() {
                None => {
                    self.nodes.get_mut(node).end = None;
                    break;
                }
                Some("#") => {
                    self.nodes.get_mut(node).hash = None;
                    break;
                }
                Some(level) => level,
            };
            match self.edge(texts, node, level, seed) {
                Some(Edge::Node(next)) => node = next,
                Some(Edge::Leaf(leaf)) => {
                    self.replace(node, level, Edge::Leaf(leaf), None, seed);
                    self.leaves.remove(leaf);
                    break;
                }
                None => return,
            }
            at.pass(level);
        }
        self.tidy(texts, node, at, seed);
    }

    /// Takes away nodes that at most one filter needs, from `node` on towards the root.
    fn tidy(&mut self, texts: &impl Texts, mut node: Id, mut at: LevelCursor<'_>, seed: Seed) {
        loop {
            let below = self.below(node);
            let Some(parent) = self.nodes.get(node).parent else {
                if matches!(below, Below::Nothing) {
                    // The table gives its memory back too.
                    *self = Self::new();
                }
                return;
            };
            let new = match below {
                Below::More => return,
                Below::Nothing => None,
                Below::Filter(filter) => Some(filter),
                Below::Leaf(edge, leaf) => {
                    let filter = self.leaves.get(leaf).filter;
                    let start = usize::from(self.leaves.get(leaf).start);
                    let level = LevelCursor::at(texts.text(filter), start).level().unwrap_or_default();
                    self.replace(node, level, edge, None, seed);
                    self.leaves.remove(leaf);
                    Some(filter)
                }
            };
            let level = at.back();
            self.replace(parent, level, Edge::Node(node), None, seed);
            self.nodes.remove(node);
            if let Some(filter) = new {
                self.hang(texts, parent, filter, at.start(), seed);
            }
            node = parent;
        }
    }

    fn below(&self, node: Id) -> Below {
        let node = self.nodes.get(node);
        match (node.end, node.hash, node.plus, node.edges) {
            (None, None, None, 0) => Below::Nothing,
            (Some(filter), None, None, 0) | (None, Some(filter), None, 0) => Below::Filter(filter),
            (None, None, Some(edge @ Edge::Leaf(leaf)), 0) => Below::Leaf(edge, leaf),
            (None, None, None, 1) => match Edge::of_number(node.edges_xor) {
                Some(edge @ Edge::Leaf(leaf)) => Below::Leaf(edge, leaf),
                Some(Edge::Node(_)) | None => Below::More,
            },
            _ => Below::More,
        }
    }

    /// Hangs a filter at a node from which nothing goes on with its level at `start`.
    fn hang(&mut self, texts: &impl Texts, node: Id, filter: Id, start: usize, seed: Seed) {
        let here = self.nodes.get_mut(node);
        let level = match LevelCursor::at(texts.text(filter), start).level() {
            None => {
                here.end = Some(filter);
                return;
            }
            Some("#") => {
                here.hash = Some(filter);
                return;
            }
            Some(level) => level,
        };
        // No filter is longer than 65,535 bytes.
        let start = u16::try_from(start).unwrap_or(u16::MAX);
        let edge = Edge::Leaf(self.leaves.insert(Leaf { filter, parent: node, start }));
        if level == "+" {
            self.nodes.get_mut(node).plus = Some(edge);
            return;
        }
        self.nodes.get_mut(node).count(edge, 1);
        let Self { nodes, leaves, edges, .. } = self;
        let hash_of = |&edge: &Edge| {
            let (node, level) = key(nodes, leaves, texts, edge);
            seed.of_level(node.number(), level)
        };
        edges.insert_unique(seed.of_level(node.number(), level), edge, hash_of);
    }

    /// Puts another edge, or none, in the place of `old`, which is there.
    fn replace(&mut self, node: Id, level: &str, old: Edge, new: Option<Edge>, seed: Seed) {
        if level == "+" {
            self.nodes.get_mut(node).plus = new;
            return;
        }
        let here = self.nodes.get_mut(node);
        here.count(old, -1);
        if let Some(new) = new {
            here.count(new, 1);
        }
        let hash = seed.of_level(node.number(), level);
        if let Ok(mut entry) = self.edges.find_entry(hash, |&edge| edge == old) {
            match new {
                Some(new) => *entry.get_mut() = new,
                None => drop(entry.remove()),
            }
        }
    }

    #[cfg(test)]
    pub(super) fn used(&self) -> [usize; 3] {
        [self.nodes.used(), self.leaves.used(), self.edges.len()]
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> [usize; 3] {
        [self.nodes.places(), self.leaves.places(), self.edges.capacity()]
    }
}

fn key<'a>(nodes: &'a Slab<Node>, leaves: &Slab<Leaf>, texts: &'a impl Texts, edge: Edge) -> (Id, &'a str) {
    match edge {
        Edge::Node(id) => {
            let node = nodes.get(id);
            (node.parent.unwrap_or(id), &node.level)
        }
        Edge::Leaf(id) => {
            let leaf = leaves.get(id);
            let rest = LevelCursor::at(texts.text(leaf.filter), leaf.start.into());
            (leaf.parent, rest.level().unwrap_or_default())
        }
    }
}

impl Node {
    fn new(parent: Option<Id>, level: &str) -> Self {
        Self { parent, level: level.into(), plus: None, hash: None, end: None, edges: 0, edges_xor: 0 }
    }

    /// Counts an edge that comes (1) or goes (-1).
    const fn count(&mut self, edge: Edge, change: i32) {
        self.edges = self.edges.wrapping_add_signed(change);
        self.edges_xor ^= edge.number();
    }
}

impl Edge {
    const fn number(self) -> u64 {
        match self {
            Self::Node(id) => (id.number() as u64) << 1,
            Self::Leaf(id) => (id.number() as u64) << 1 | 1,
        }
    }

    fn of_number(number: u64) -> Option<Self> {
        let id = Id::of_number(u32::try_from(number >> 1).ok()?)?;
        Some(if number & 1 == 0 { Self::Node(id) } else { Self::Leaf(id) })
    }
}
