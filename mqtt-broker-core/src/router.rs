//! Which sessions a topic name leads to.

use alloc::collections::{BTreeMap, BTreeSet};
use core::ops::Bound::{self, Excluded, Included, Unbounded};

use mqtt_codec::{QoS, SubscriptionId};
use mqtt_topic::{SubscriptionTrie, TopicFilter, TopicFilterBuf, TopicName};

use crate::slab::{Key, Slab};

/// What a subscription says about deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Granted {
    pub(crate) qos: QoS,
    pub(crate) no_local: bool,
    pub(crate) retain_as_published: bool,
    pub(crate) id: Option<SubscriptionId>,
}

/// Where a filter leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Target {
    Session(Key),
    Group(Key),
}

/// A shared subscription: those who divide its messages among themselves (MQTT 5.0 §4.8.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    members: BTreeMap<Key, Granted>,
    /// Those members that are connected.
    connected: BTreeSet<Key>,
    /// The member that got the last message.
    last: Option<Key>,
}

impl Group {
    /// The members that are connected, beginning with the one after the last that was served.
    pub(crate) fn connected_in_turn(&self) -> impl Iterator<Item = (Key, Granted)> + '_ {
        let (after, before) = self.around_last();
        let keys = self.connected.range(after).chain(self.connected.range(before));
        keys.filter_map(|&key| Some((key, *self.members.get(&key)?)))
    }

    /// All members, beginning with the one after the last that was served.
    pub(crate) fn in_turn(&self) -> impl Iterator<Item = (Key, Granted)> + '_ {
        let (after, before) = self.around_last();
        self.members.range(after).chain(self.members.range(before)).map(|(&key, &granted)| (key, granted))
    }

    fn around_last(&self) -> (KeyRange, KeyRange) {
        match self.last {
            Some(last) => ((Excluded(last), Unbounded), (Unbounded, Included(last))),
            // All of them, and none.
            None => ((Unbounded, Unbounded), (Unbounded, Excluded(Key::FIRST))),
        }
    }
}

type KeyRange = (Bound<Key>, Bound<Key>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Router {
    trie: SubscriptionTrie<Target, Granted>,
    groups: Slab<Group>,
    group_of: BTreeMap<TopicFilterBuf, Key>,
}

impl Router {
    pub(crate) const fn new(seed: u128) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "64 bits of it are enough")]
        let seed = seed as u64;
        Self { trie: SubscriptionTrie::with_seed(seed), groups: Slab::new(), group_of: BTreeMap::new() }
    }

    /// A session that is connected makes a subscription or replaces one.
    pub(crate) fn subscribe(&mut self, session: Key, filter: &TopicFilter, granted: Granted) {
        let Some(share) = filter.share() else {
            self.trie.insert(filter, Target::Session(session), granted);
            return;
        };
        let group = match self.group_of.get(filter) {
            Some(&group) => group,
            None => {
                let group = self.groups.insert(Group::default());
                self.group_of.insert(filter.into(), group);
                self.trie.insert(share.filter, Target::Group(group), Granted::default());
                group
            }
        };
        if let Some(group) = self.groups.get_mut(group) {
            group.members.insert(session, granted);
            group.connected.insert(session);
        }
    }

    /// The member of a shared subscription is connected, or is not any more.
    pub(crate) fn set_connected(&mut self, session: Key, filter: &TopicFilter, is_connected: bool) {
        let group = self.group_of.get(filter).and_then(|&group| self.groups.get_mut(group));
        if let Some(group) = group {
            if is_connected {
                group.connected.insert(session);
            } else {
                group.connected.remove(&session);
            }
        }
    }

    pub(crate) fn unsubscribe(&mut self, session: Key, filter: &TopicFilter) {
        let Some(share) = filter.share() else {
            self.trie.remove(filter, &Target::Session(session));
            return;
        };
        let Some(&key) = self.group_of.get(filter) else { return };
        let Some(group) = self.groups.get_mut(key) else { return };
        group.members.remove(&session);
        group.connected.remove(&session);
        if group.members.is_empty() {
            self.groups.remove(key);
            self.group_of.remove(filter);
            self.trie.remove(share.filter, &Target::Group(key));
        }
    }

    pub(crate) fn visit(&self, name: &TopicName, mut f: impl FnMut(Target, Granted)) {
        self.trie.visit(name, |&target, &granted| f(target, granted));
    }

    pub(crate) fn group(&self, key: Key) -> Option<&Group> {
        self.groups.get(key)
    }

    /// A member got a message; the next one is for another.
    pub(crate) fn served(&mut self, group: Key, member: Key) {
        if let Some(group) = self.groups.get_mut(group) {
            group.last = Some(member);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn filter(text: &str) -> &TopicFilter {
        TopicFilter::new(text).unwrap()
    }

    fn keys<const N: usize>() -> [Key; N] {
        let mut slab = Slab::new();
        core::array::from_fn(|_| slab.insert(()))
    }

    fn group_of(router: &Router, name: &str) -> Key {
        let mut found = Vec::new();
        router.visit(TopicName::new(name).unwrap(), |target, _| found.push(target));
        match found[..] {
            [Target::Group(group)] => group,
            _ => panic!("{found:?}"),
        }
    }

    fn connected(router: &Router, group: Key) -> Vec<Key> {
        router.group(group).unwrap().connected_in_turn().map(|(key, _)| key).collect()
    }

    fn all(router: &Router, group: Key) -> Vec<Key> {
        router.group(group).unwrap().in_turn().map(|(key, _)| key).collect()
    }

    #[test]
    fn nothing_is_left_of_a_group_without_members() {
        let mut router = Router::new(0);
        let [a, b] = keys();
        for session in [a, b] {
            router.subscribe(session, filter("$share/g/x"), Granted::default());
        }
        let group = group_of(&router, "x");
        router.unsubscribe(a, filter("$share/g/x"));
        assert_eq!(all(&router, group), [b]);
        assert_eq!(router.group(group).unwrap().connected, BTreeSet::from([b]));
        router.unsubscribe(b, filter("$share/g/x"));
        assert_eq!(router.groups.len(), 0);
        assert_eq!((&router.group_of, &router.trie), (&BTreeMap::new(), &SubscriptionTrie::new()));
    }

    #[test]
    fn the_turn_goes_on_behind_the_last_that_was_served_even_if_that_has_left() {
        let mut router = Router::new(0);
        let [a, b, c] = keys();
        for session in [a, b, c] {
            router.subscribe(session, filter("$share/g/x"), Granted::default());
        }
        let group = group_of(&router, "x");
        assert_eq!(all(&router, group), [a, b, c]);
        assert_eq!(connected(&router, group), [a, b, c]);
        router.served(group, b);
        assert_eq!(all(&router, group), [c, a, b]);
        assert_eq!(connected(&router, group), [c, a, b]);
        router.set_connected(b, filter("$share/g/x"), false);
        assert_eq!(all(&router, group), [c, a, b]);
        assert_eq!(connected(&router, group), [c, a]);
        router.unsubscribe(b, filter("$share/g/x"));
        assert_eq!(all(&router, group), [c, a]);
        assert_eq!(connected(&router, group), [c, a]);
    }
}
