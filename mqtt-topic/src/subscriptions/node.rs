use alloc::collections::BTreeMap;

use super::children::Children;
use super::slab::NodeId;

/// One level of one or more filters: the path of levels from the root to here is what they have in common.
#[derive(Clone, Debug)]
pub(super) struct Node<K, V> {
    /// The level before, so that a walk can go back without a stack. `None` at the root.
    pub(super) parent: Option<NodeId>,
    pub(super) exact: Children,
    pub(super) plus: Option<NodeId>,
    /// A node that never has children.
    pub(super) hash: Option<NodeId>,
    /// The subscriptions whose filter ends here.
    pub(super) values: BTreeMap<K, V>,
}

impl<K, V> Node<K, V> {
    pub(super) const fn new(parent: Option<NodeId>) -> Self {
        Self { parent, exact: Children::None, plus: None, hash: None, values: BTreeMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.exact.is_empty() && self.plus.is_none() && self.hash.is_none()
    }

    /// The child for one level of a filter.
    pub(super) fn child(&self, level: &str) -> Option<NodeId> {
        match level {
            "+" => self.plus,
            "#" => self.hash,
            _ => self.exact.get(level),
        }
    }

    /// Sets the child for one level of a filter, which has none yet.
    pub(super) fn link(&mut self, level: &str, child: NodeId) {
        match level {
            "+" => self.plus = Some(child),
            "#" => self.hash = Some(child),
            _ => self.exact.insert(level, child),
        }
    }

    pub(super) fn unlink(&mut self, level: &str) {
        match level {
            "+" => self.plus = None,
            "#" => self.hash = None,
            _ => self.exact.remove(level),
        }
    }
}
