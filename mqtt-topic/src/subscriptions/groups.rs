use alloc::boxed::Box;
use core::borrow::Borrow;
use core::fmt;
use core::hash::Hash;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::SubscriptionTrie;
use super::hashing::Seed;
use super::keys::Keys;
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
#[derive(Clone)]
pub struct SharedGroups<K, V> {
    groups: Slab<Group<K, V>>,
    by_share: HashTable<Id>,
    /// The groups of each filter.
    by_filter: SubscriptionTrie<Id, ()>,
    /// Since somebody asked for it.
    keys: Option<Keys>,
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
#[derive(Clone, Copy, Debug)]
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
            keys: None,
            seed: Seed::new(seed),
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
    pub const fn group_count(&self) -> usize {
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
        strategy: impl FnMut(&Choice<'_, K, V>) -> Option<usize>,
        f: impl FnMut(Share<'_>, &K, &V),
    ) {
        let _is_all = self.pick_within(name, usize::MAX, strategy, f);
    }

    /// The same with at most so many `steps`, counted as by [`SubscriptionTrie::visit_within`]; a group that is asked is one.
    ///
    /// Gives whether that was enough; if not, there may be more groups that match.
    #[must_use = "if the steps were not enough, groups that match may be missing"]
    pub fn pick_within(
        &mut self,
        name: &TopicName,
        steps: usize,
        mut strategy: impl FnMut(&Choice<'_, K, V>) -> Option<usize>,
        mut f: impl FnMut(Share<'_>, &K, &V),
    ) -> bool {
        let groups = &mut self.groups;
        self.by_filter.visit_within(name, steps, |&id, ()| {
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
        })
    }

    fn find(&self, share: Share<'_>) -> Option<Id> {
        self.by_share.find(hash(&self.seed, share), |&id| self.groups.get(id).share() == share).copied()
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
        let Self { groups, by_share, by_filter, keys, seed, len } = self;
        let key_hash = keys.as_ref().map(|_| seed.of_key(&key));
        let hash_of = |&id: &Id| hash(seed, groups.get(id).share());
        let id = match by_share.entry(hash(seed, share), |&id| groups.get(id).share() == share, hash_of) {
            Entry::Occupied(entry) => {
                let id = *entry.get();
                let members = &mut groups.get_mut(id).members;
                if let Some(old) = members.get_mut(&key, seed) {
                    return Some(core::mem::replace(old, value));
                }
                members.push(key, value, seed);
                id
            }
            Entry::Vacant(entry) => {
                let members = Subscribers::new(key, value);
                let (name, filter) = (share.group.into(), share.filter.into());
                let id = groups.insert(Group { name, filter, members, next: 0 });
                entry.insert(id);
                by_filter.insert(share.filter, id, ());
                id
            }
        };
        if let (Some(keys), Some(key_hash)) = (keys, key_hash) {
            keys.add(key_hash, id, seed);
        }
        *len += 1;
        None
    }

    /// Removes a member, and gives the value that it had; `None` says that it was not there. A group goes with its last.
    pub fn remove<Q>(&mut self, share: Share<'_>, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let id = self.find(share)?;
        let value = self.remove_from(id, key)?;
        if let Some(keys) = &mut self.keys {
            keys.remove(self.seed.of_key(key), id, &self.seed);
        }
        Some(value)
    }

    /// Removes a member from all its groups, and gives their number; 0 says that it was not there.
    ///
    /// The first call makes an index, as that of [`SubscriptionTrie::remove_key`] does.
    pub fn remove_key<Q>(&mut self, key: &Q) -> usize
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let seed = self.seed.clone();
        let members = self.groups.iter().map(|(id, group)| (id, &group.members));
        let mut index = self.keys.take().unwrap_or_else(|| Keys::of(members, &seed));
        let before = self.len;
        index.remove_all(seed.of_key(key), &seed, |id| self.remove_from(id, key).is_some());
        self.keys = Some(index);
        before - self.len
    }

    /// Removes `key` from a group, but not from the index of keys.
    fn remove_from<Q>(&mut self, id: Id, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let members = &mut self.groups.get_mut(id).members;
        let value = match members.as_slice() {
            [(only, _)] if only.borrow() == key => {
                let group = self.groups.remove(id);
                let hash = hash(&self.seed, group.share());
                if let Ok(entry) = self.by_share.find_entry(hash, |&other| other == id) {
                    entry.remove();
                }
                if self.by_share.is_empty() {
                    self.by_share = HashTable::new();
                }
                self.by_filter.remove(&group.filter, &id);
                group.members.into_only()
            }
            _ => members.remove(key, &self.seed),
        }?;
        self.len -= 1;
        Some(value)
    }

    /// The value of a member.
    pub fn get<Q>(&self, share: Share<'_>, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.groups.get(self.find(share)?).members.get(key, &self.seed)
    }

    /// The value of a member, to be changed in place.
    pub fn get_mut<Q>(&mut self, share: Share<'_>, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let id = self.find(share)?;
        self.groups.get_mut(id).members.get_mut(key, &self.seed)
    }
}

/// A map from the pair of group and key to the value.
impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for SharedGroups<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.iter().map(|(share, key, value)| ((share, key), value));
        f.debug_map().entries(entries).finish()
    }
}

fn hash(seed: &Seed, share: Share<'_>) -> u64 {
    seed.of(&(share.group, share.filter.as_str()))
}
