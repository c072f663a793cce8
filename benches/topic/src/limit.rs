use std::cell::RefCell;
use std::collections::HashMap;
use std::mem;

use foldhash::fast::FixedState;
use mqtt_topic::{TopicFilter, TopicName};

use crate::Index;

type Map<K, V> = HashMap<K, V, FixedState>;

/// What one would write first: a hash table of the filters without wildcards, and a trie of the others whose nodes lie in
/// a list and whose edges in one hash table.
///
/// It has a fast hash that an attacker can choose collisions for, keeps the levels that it once had, and allocates while
/// it searches when more nodes are reached than ever before.
#[derive(Debug)]
pub struct Limit {
    exact: Map<Box<str>, Subscribers>,
    /// The number of each level that a filter with wildcards has had.
    levels: Map<Box<str>, u32>,
    /// The child of a parent for a level.
    edges: Map<(u32, u32), u32>,
    nodes: Vec<Node>,
    /// The nodes that are not in use.
    free: Vec<u32>,
    /// The nodes that were reached with the levels so far, and with the next.
    reached: RefCell<(Vec<u32>, Vec<u32>)>,
}

/// Which is nobody's child.
const ROOT: u32 = 0;

#[derive(Debug, Default)]
struct Node {
    /// Of the filter that ends here.
    subscribers: Subscribers,
    /// Of the filter that goes on with `#`.
    below: Subscribers,
    /// The child for `+`; the root when there is none.
    plus: u32,
    /// How many edges begin here.
    edges: u32,
}

impl Node {
    fn is_empty(&self) -> bool {
        let no_subscribers =
            matches!((&self.subscribers, &self.below), (Subscribers::None, Subscribers::None));
        no_subscribers && self.plus == ROOT && self.edges == 0
    }
}

/// Sorted by key.
#[derive(Debug, Default)]
enum Subscribers {
    #[default]
    None,
    One(u32, u8),
    #[expect(clippy::box_collection, reason = "most filters have one subscriber, and this is smaller")]
    Many(Box<Vec<(u32, u8)>>),
}

impl Subscribers {
    fn insert(&mut self, key: u32, value: u8) {
        match self {
            Self::None => *self = Self::One(key, value),
            Self::One(of, old) if *of == key => *old = value,
            Self::One(of, old) => {
                let mut all = vec![(*of, *old), (key, value)];
                all.sort_unstable();
                *self = Self::Many(Box::new(all));
            }
            Self::Many(all) => match all.binary_search_by_key(&key, |(key, _)| *key) {
                Ok(at) => all[at].1 = value,
                Err(at) => all.insert(at, (key, value)),
            },
        }
    }

    fn remove(&mut self, key: u32) {
        match self {
            Self::One(of, _) if *of == key => *self = Self::None,
            Self::None | Self::One(..) => {}
            Self::Many(all) => {
                if let Ok(at) = all.binary_search_by_key(&key, |(key, _)| *key) {
                    all.remove(at);
                }
                if let [(key, value)] = all[..] {
                    *self = Self::One(key, value);
                }
            }
        }
    }

    #[inline(always)]
    fn each(&self, found: &mut impl FnMut(u32, u8)) -> usize {
        match self {
            Self::None => 0,
            Self::One(key, value) => {
                found(*key, *value);
                1
            }
            Self::Many(all) => {
                all.iter().for_each(|(key, value)| found(*key, *value));
                all.len()
            }
        }
    }
}

impl Limit {
    fn node(&mut self, id: u32) -> &mut Node {
        &mut self.nodes[id as usize]
    }

    fn new_node(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.nodes.push(Node::default());
            u32::try_from(self.nodes.len() - 1).expect("not so many nodes")
        })
    }

    fn child(&self, parent: u32, level: &str) -> Option<u32> {
        match level {
            "+" => Some(self.nodes[parent as usize].plus).filter(|plus| *plus != ROOT),
            _ => self.edges.get(&(parent, *self.levels.get(level)?)).copied(),
        }
    }

    fn new_child(&mut self, parent: u32, level: &str) -> u32 {
        let child = self.new_node();
        if level == "+" {
            self.node(parent).plus = child;
            return child;
        }
        let next = u32::try_from(self.levels.len()).expect("not so many levels");
        let level = match self.levels.get(level) {
            Some(level) => *level,
            None => *self.levels.entry(level.into()).or_insert(next),
        };
        self.edges.insert((parent, level), child);
        self.node(parent).edges += 1;
        child
    }

    fn remove_child(&mut self, parent: u32, level: &str, child: u32) {
        if level == "+" {
            self.node(parent).plus = ROOT;
        } else {
            self.edges.remove(&(parent, self.levels[level]));
            self.node(parent).edges -= 1;
        }
        self.free.push(child);
    }
}

/// The levels before a `#`, and whether there is one.
fn path(filter: &TopicFilter) -> (impl Iterator<Item = &str>, bool) {
    let text = filter.as_str();
    (text.split('/').filter(|level| *level != "#"), text.ends_with('#'))
}

fn has_wildcards(filter: &TopicFilter) -> bool {
    filter.as_str().contains(['+', '#'])
}

impl Index for Limit {
    fn new() -> Self {
        Self {
            exact: Map::default(),
            levels: Map::default(),
            edges: Map::default(),
            nodes: vec![Node::default()],
            free: Vec::new(),
            reached: RefCell::default(),
        }
    }

    fn insert(&mut self, filter: &TopicFilter, key: u32, value: u8) {
        if !has_wildcards(filter) {
            return self.exact.entry(filter.as_str().into()).or_default().insert(key, value);
        }
        let (levels, below) = path(filter);
        let end = levels.fold(ROOT, |parent, level| {
            self.child(parent, level).unwrap_or_else(|| self.new_child(parent, level))
        });
        let node = self.node(end);
        if below { &mut node.below } else { &mut node.subscribers }.insert(key, value);
    }

    fn remove(&mut self, filter: &TopicFilter, key: u32) {
        if !has_wildcards(filter) {
            let subscribers = self.exact.get_mut(filter.as_str()).expect("a subscription that is there");
            subscribers.remove(key);
            if matches!(subscribers, Subscribers::None) {
                self.exact.remove(filter.as_str());
            }
            return;
        }
        let (levels, below) = path(filter);
        let mut end = ROOT;
        let mut steps = Vec::new();
        for level in levels {
            steps.push((end, level));
            end = self.child(end, level).expect("a subscription that is there");
        }
        let node = self.node(end);
        if below { &mut node.below } else { &mut node.subscribers }.remove(key);
        while self.node(end).is_empty()
            && let Some((parent, level)) = steps.pop()
        {
            self.remove_child(parent, level, end);
            end = parent;
        }
    }

    #[inline]
    fn matches(&self, name: &TopicName, mut found: impl FnMut(u32, u8)) -> usize {
        let name = name.as_str();
        let mut count = self.exact.get(name).map_or(0, |subscribers| subscribers.each(&mut found));
        if self.nodes[ROOT as usize].is_empty() {
            return count;
        }
        let (reached, next) = &mut *self.reached.borrow_mut();
        reached.clear();
        reached.push(ROOT);
        // Wildcards in the first level do not match `$`.
        let mut wildcards = !name.starts_with('$');
        for level in name.split('/') {
            let level = self.levels.get(level);
            next.clear();
            for id in &*reached {
                let node = &self.nodes[*id as usize];
                if wildcards {
                    count += node.below.each(&mut found);
                    if node.plus != ROOT {
                        next.push(node.plus);
                    }
                }
                if node.edges > 0
                    && let Some(level) = level
                    && let Some(child) = self.edges.get(&(*id, *level))
                {
                    next.push(*child);
                }
            }
            mem::swap(reached, next);
            wildcards = true;
        }
        for id in &*reached {
            let node = &self.nodes[*id as usize];
            count += node.subscribers.each(&mut found) + node.below.each(&mut found);
        }
        count
    }
}
