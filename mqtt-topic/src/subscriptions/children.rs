use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::mem;
use core::ops::Bound;

use super::slab::NodeId;

/// The children of a node under levels that are no wildcards, in byte order of the level.
///
/// Most nodes have one child or none, and then there is no map: a long filter must not cost the client
/// who sends it one byte per level and the broker a map per level.
#[derive(Clone, Debug, Default)]
pub(super) enum Children {
    #[default]
    None,
    One(Box<str>, NodeId),
    Many(BTreeMap<Box<str>, NodeId>),
}

impl Children {
    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(super) fn get(&self, level: &str) -> Option<NodeId> {
        match self {
            Self::One(only, id) if **only == *level => Some(*id),
            Self::Many(map) => map.get(level).copied(),
            Self::None | Self::One(..) => None,
        }
    }

    pub(super) fn first(&self) -> Option<(&str, NodeId)> {
        match self {
            Self::None => None,
            Self::One(level, id) => Some((level, *id)),
            Self::Many(map) => map.first_key_value().map(|(level, id)| (&**level, *id)),
        }
    }

    /// The child whose level is the next after `level`, which may be one that has no child.
    pub(super) fn after(&self, level: &str) -> Option<(&str, NodeId)> {
        match self {
            Self::One(only, id) if **only > *level => Some((only, *id)),
            Self::Many(map) => map
                .range::<str, _>((Bound::Excluded(level), Bound::Unbounded))
                .next()
                .map(|(level, id)| (&**level, *id)),
            Self::None | Self::One(..) => None,
        }
    }

    pub(super) fn insert(&mut self, level: &str, id: NodeId) {
        *self = match mem::take(self) {
            Self::None => Self::One(level.into(), id),
            Self::One(only, other) => Self::Many(BTreeMap::from([(only, other), (level.into(), id)])),
            Self::Many(mut map) => {
                map.insert(level.into(), id);
                Self::Many(map)
            }
        };
    }

    /// Removes the child under `level`, which there is.
    pub(super) fn remove(&mut self, level: &str) {
        *self = match mem::take(self) {
            Self::None | Self::One(..) => Self::None,
            Self::Many(mut map) => {
                map.remove(level);
                match map.len() {
                    0 | 1 => map.pop_first().map_or(Self::None, |(level, id)| Self::One(level, id)),
                    _ => Self::Many(map),
                }
            }
        };
    }
}
