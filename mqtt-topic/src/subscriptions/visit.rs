use super::hashing::Seed;
use super::slab::Id;
use super::wild::{Edge, Texts, Wild};
use crate::filter;
use crate::levels::LevelCursor;
use crate::name::TopicName;

impl Wild {
    /// Calls `emit` for each filter that matches. Stops when `steps` are used up, and says whether it came to the end;
    /// a step is a node that is entered or a filter that is compared.
    pub(super) fn visit(
        &self,
        texts: &impl Texts,
        name: &TopicName,
        seed: Seed,
        steps: &mut usize,
        mut emit: impl FnMut(Id),
    ) -> bool {
        let Some(mut id) = self.root else { return true };
        let mut rest = LevelCursor::new(name.as_str());
        // MQTT-4.7.2-1: wildcards in the first level do not match `$...`.
        let takes_wildcards = |rest: &LevelCursor<'_>| !(rest.at_first() && name.starts_with_dollar());
        let mut step = || match steps.checked_sub(1) {
            Some(left) => {
                *steps = left;
                true
            }
            None => false,
        };
        // A leaf's levels from its own on, against those of the name.
        let matches = |leaf: Id, rest: &LevelCursor<'_>| {
            let leaf = self.leaf(leaf);
            let levels =
                LevelCursor::at(texts.text(leaf.filter), leaf.start.into()).rest().unwrap_or_default();
            filter::levels_match(levels, rest.rest().unwrap_or_default()).then_some(leaf.filter)
        };
        'enter: loop {
            if !step() {
                return false;
            }
            let node = self.node(id);
            let wildcards = takes_wildcards(&rest);
            if wildcards {
                node.hash.into_iter().for_each(&mut emit);
            }
            match rest.level() {
                None => node.end.into_iter().for_each(&mut emit),
                Some(level) => {
                    let exact = self.exact(texts, id, level, seed);
                    let plus = node.plus.filter(|_| wildcards);
                    for edge in [exact, plus].into_iter().flatten() {
                        match edge {
                            Edge::Node(next) => {
                                rest.pass(level);
                                id = next;
                                continue 'enter;
                            }
                            Edge::Leaf(leaf) => {
                                if !step() {
                                    return false;
                                }
                                matches(leaf, &rest).into_iter().for_each(&mut emit);
                            }
                        }
                    }
                }
            }
            // Nothing further below: go back to the last node with a `+` edge that was not yet taken.
            while let Some(parent) = self.node(id).parent {
                let level = rest.back();
                let plus = self.node(parent).plus.filter(|_| takes_wildcards(&rest));
                match plus {
                    Some(Edge::Node(next)) if next != id => {
                        rest.pass(level);
                        id = next;
                        continue 'enter;
                    }
                    Some(Edge::Leaf(leaf)) => {
                        if !step() {
                            return false;
                        }
                        matches(leaf, &rest).into_iter().for_each(&mut emit);
                    }
                    Some(Edge::Node(_)) | None => {}
                }
                id = parent;
            }
            return true;
        }
    }
}
