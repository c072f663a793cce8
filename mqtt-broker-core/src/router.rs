//! Which sessions a topic name leads to.

use alloc::collections::BTreeMap;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// The whole filter, `$share/` included.
    filter: TopicFilterBuf,
    pub(crate) members: BTreeMap<Key, Granted>,
    /// The member that got the last message.
    last: Option<Key>,
}

impl Group {
    /// The members, beginning with the one after the last that was served.
    pub(crate) fn in_turn(&self) -> impl Iterator<Item = (Key, Granted)> + '_ {
        use core::ops::Bound::{Excluded, Unbounded};
        let after = match self.last {
            Some(last) => self.members.range((Excluded(last), Unbounded)),
            None => self.members.range(..),
        };
        let before = self.last.map(|last| self.members.range(..=last));
        after.chain(before.into_iter().flatten()).map(|(&key, &granted)| (key, granted))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Router {
    trie: SubscriptionTrie<Target, Granted>,
    groups: Slab<Group>,
    group_of: BTreeMap<TopicFilterBuf, Key>,
}

impl Router {
    pub(crate) const fn new() -> Self {
        Self { trie: SubscriptionTrie::new(), groups: Slab::new(), group_of: BTreeMap::new() }
    }

    pub(crate) fn subscribe(&mut self, session: Key, filter: &TopicFilter, granted: Granted) {
        let Some(share) = filter.share() else {
            self.trie.insert(filter, Target::Session(session), granted);
            return;
        };
        let group = match self.group_of.get(filter) {
            Some(&group) => group,
            None => {
                let members = BTreeMap::new();
                let group = self.groups.insert(Group { filter: filter.into(), members, last: None });
                self.group_of.insert(filter.into(), group);
                self.trie.insert(share.filter, Target::Group(group), Granted::default());
                group
            }
        };
        if let Some(group) = self.groups.get_mut(group) {
            group.members.insert(session, granted);
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
