use alloc::string::String;
use core::ops::ControlFlow;

use super::SubscriptionTrie;
use crate::filter::TopicFilter;

impl<K, V> SubscriptionTrie<K, V> {
    /// Visits all subscriptions until `f` breaks. The only memory is the text of the path from the root.
    pub(super) fn try_for_each<'t, B>(
        &'t self,
        mut f: impl FnMut(&TopicFilter, &'t K, &'t V) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let Some(root) = self.root else { return ControlFlow::Continue(()) };
        // Each level of the path is followed by a slash, to tell an empty first level from the root.
        let mut path = String::new();
        let mut id = root;
        'enter: loop {
            let node = self.nodes.get(id);
            if let Some(hash) = node.hash {
                path.push('#');
                let filter = TopicFilter::from_valid(&path);
                self.nodes.get(hash).values.iter().try_for_each(|(key, value)| f(filter, key, value))?;
                path.pop();
            }
            let filter = TopicFilter::from_valid(path.strip_suffix('/').unwrap_or(&path));
            node.values.iter().try_for_each(|(key, value)| f(filter, key, value))?;

            let mut next = node.exact.first().or_else(|| node.plus.map(|plus| ("+", plus)));
            loop {
                if let Some((level, child)) = next {
                    path.push_str(level);
                    path.push('/');
                    id = child;
                    continue 'enter;
                }
                // Nothing further below: go back, and on to the next sibling.
                let Some(parent) = self.nodes.get(id).parent else { return ControlFlow::Continue(()) };
                path.pop();
                let level = path.split_off(path.rfind('/').map_or(0, |slash| slash + 1));
                let node = self.nodes.get(parent);
                let came_from_plus = node.plus == Some(id);
                next = if came_from_plus {
                    None
                } else {
                    node.exact.after(&level).or_else(|| node.plus.map(|plus| ("+", plus)))
                };
                id = parent;
            }
        }
    }
}
