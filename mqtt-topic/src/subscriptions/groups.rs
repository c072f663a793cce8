use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hash::Hash;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::SubscriptionTrie;
use super::hashing::Seed;
use super::slab::{Id, Slab};
use super::subscribers::Subscribers;
use crate::filter::TopicFilterBuf;
use crate::name::TopicName;
use crate::share::Share;

/// The members of shared subscriptions `$share/{group}/{filter}` (MQTT 5.0 §4.8.2), of which one gets each message.
///
/// Which one is for the caller to say: [`pick`](Self::pick) asks once for each group that a name matches. Nothing is left
/// to chance here, so the same calls with the same answers pick the same members.
///
/// ```
/// use mqtt_topic::{SharedGroups, TopicFilter, TopicName};
///
/// let mut groups = SharedGroups::new();
/// let jobs = TopicFilter::new("$share/workers/jobs/+")?.share().unwrap();
/// groups.insert(jobs, "worker 1", 1);
/// groups.insert(jobs, "worker 2", 1);
///
/// let mut served = Vec::new();
/// for text in ["jobs/a", "jobs/b", "jobs/c"] {
///     groups.pick(TopicName::new(text)?, |choice| choice.in_turn().next(), |_, worker, _| served.push(*worker));
/// }
/// assert_eq!(served, ["worker 1", "worker 2", "worker 1"]);
/// # Ok::<(), mqtt_topic::TopicError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SharedGroups<K, V> {
    groups: Slab<Group<K, V>>,
    by_share: HashTable<Id>,
    /// The groups of each filter.
    by_filter: SubscriptionTrie<Id, ()>,
    seed: Seed,
    len: usize,
}

#[derive(Clone, Debug)]
struct Group<K, V> {
    name: Box<str>,
    filter: TopicFilterBuf,
    members: Subscribers<K, V>,
    next: usize,
}

/// A group from which one member is to be chosen.
#[derive(Debug)]
#[non_exhaustive]
pub struct Choice<'a, K, V> {
    /// The group and its filter.
    pub share: Share<'a>,
    /// Who is in it, one at least: in the order in which they came, except that the last takes the place of one that goes.
    pub members: &'a [(K, V)],
    /// The place behind that of the member that was picked last: whose turn it is.
    pub next: usize,
}

impl<K, V> Choice<'_, K, V> {
    /// The places of all members, from the one whose turn it is.
    pub fn in_turn(&self) -> impl Iterator<Item = usize> + use<K, V> {
        (self.next..self.members.len()).chain(0..self.next)
    }
}

impl<K, V> Group<K, V> {
    fn share(&self) -> Share<'_> {
        Share { group: &self.name, filter: &self.filter }
    }
}

impl<K, V> SharedGroups<K, V> {
    /// Makes an empty set of groups, without allocating, with the seed 0.
    pub const fn new() -> Self {
        Self::with_seed(0)
    }

    /// The same with another seed, of which [`SubscriptionTrie::with_seed`] tells.
    pub const fn with_seed(seed: u64) -> Self {
        Self {
            groups: Slab::new(),
            by_share: HashTable::new(),
            by_filter: SubscriptionTrie::with_seed(seed),
            seed: Seed(seed),
            len: 0,
        }
    }

    /// The number of members of all groups; a member of two groups counts twice.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no group.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of groups, each of which has a member.
    pub const fn groups(&self) -> usize {
        self.groups.used()
    }

    /// The members, group by group.
    pub fn iter(&self) -> impl Iterator<Item = (Share<'_>, &K, &V)> {
        self.groups.iter().flat_map(|(_, group)| {
            group.members.as_slice().iter().map(|(key, value)| (group.share(), key, value))
        })
    }

    /// For each group whose filter matches `name`, asks `strategy` for a member's place among the members, and calls `f`
    /// with that member. A group is passed over when the answer is `None` or not a place.
    ///
    /// The groups come in an order that depends on the history alone. Nothing is allocated; the work is that of
    /// [`SubscriptionTrie::visit`].
    pub fn pick(
        &mut self,
        name: &TopicName,
        mut strategy: impl FnMut(&Choice<'_, K, V>) -> Option<usize>,
        mut f: impl FnMut(Share<'_>, &K, &V),
    ) {
        let groups = &mut self.groups;
        self.by_filter.visit(name, |&id, ()| {
            let group = groups.get_mut(id);
            let members = group.members.as_slice();
            let next = if group.next < members.len() { group.next } else { 0 };
            let choice = Choice { share: group.share(), members, next };
            if let Some(place) = strategy(&choice)
                && let Some((key, value)) = choice.members.get(place)
            {
                f(choice.share, key, value);
                group.next = place + 1;
            }
        });
    }

    fn find(&self, share: Share<'_>) -> Option<Id> {
        self.by_share.find(hash(self.seed, share), |&id| self.groups.get(id).share() == share).copied()
    }
}

impl<K, V> Default for SharedGroups<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Eq + Hash, V> SharedGroups<K, V> {
    /// Makes `key` a member, or changes its value and gives the one that it had.
    pub fn insert(&mut self, share: Share<'_>, key: K, value: V) -> Option<V> {
        let Self { groups, by_share, by_filter, seed, len } = self;
        let hash_of = |&id: &Id| hash(*seed, groups.get(id).share());
        match by_share.entry(hash(*seed, share), |&id| groups.get(id).share() == share, hash_of) {
            Entry::Occupied(entry) => {
                let members = &mut groups.get_mut(*entry.get()).members;
                if let Some(old) = members.get_mut(&key, *seed) {
                    return Some(core::mem::replace(old, value));
                }
                members.push(key, value, *seed);
            }
            Entry::Vacant(entry) => {
                let members = Subscribers::new(key, value);
                let filter = share.filter.into();
                let id = groups.insert(Group { name: share.group.into(), filter, members, next: 0 });
                entry.insert(id);
                by_filter.insert(share.filter, id, ());
            }
        }
        *len += 1;
        None
    }

    /// Removes a member, and gives the value that it had; `None` says that it was not there. A group goes with its last.
    pub fn remove(&mut self, share: Share<'_>, key: &K) -> Option<V> {
        let id = self.find(share)?;
        self.remove_from(id, key)
    }

    /// Removes a member from all its groups, and gives their number; 0 says that it was not there. Looks at every group.
    pub fn remove_key(&mut self, key: &K) -> usize {
        let has_key = |members: &Subscribers<K, V>| members.get(key, self.seed).is_some();
        let groups = self.groups.iter().filter(|(_, group)| has_key(&group.members)).map(|(id, _)| id);
        let groups: Vec<_> = groups.collect();
        groups.iter().filter_map(|&id| self.remove_from(id, key)).count()
    }

    fn remove_from(&mut self, id: Id, key: &K) -> Option<V> {
        let members = &mut self.groups.get_mut(id).members;
        let value = match members.as_slice() {
            [(only, _)] if only == key => {
                let group = self.groups.remove(id);
                let hash = hash(self.seed, group.share());
                if let Ok(entry) = self.by_share.find_entry(hash, |&other| other == id) {
                    entry.remove();
                }
                if self.by_share.is_empty() {
                    self.by_share = HashTable::new();
                }
                self.by_filter.remove(&group.filter, &id);
                group.members.into_only()
            }
            _ => members.remove(key, self.seed),
        }?;
        self.len -= 1;
        Some(value)
    }

    /// The value of a member.
    pub fn get(&self, share: Share<'_>, key: &K) -> Option<&V> {
        self.groups.get(self.find(share)?).members.get(key, self.seed)
    }
}

fn hash(seed: Seed, share: Share<'_>) -> u64 {
    seed.of(&(share.group, share.filter.as_str()))
}
