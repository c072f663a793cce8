//! Which sessions a topic name leads to.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use mqtt_codec::{QoS, SubscriptionId};
use mqtt_topic::memory::{list_growth, of_map};
use mqtt_topic::{SubscriptionTrie, TopicFilter, TopicFilterBuf, TopicName};

use crate::apart::Apart;
use crate::slab::{Generation, Key, Slab, item};

/// What a subscription says about deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Granted {
    pub(crate) qos: QoS,
    pub(crate) no_local: bool,
    pub(crate) retain_as_published: bool,
    pub(crate) id: Option<SubscriptionId>,
}

/// A subscription of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Subscribed {
    pub(crate) granted: Granted,
    /// Tells it from one with the same filter that was ended before. Replacing its options keeps it.
    pub(crate) born: u32,
}

/// Where a filter leads: to the place of a session or of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Session(u32),
    Group(u32),
}

/// The same in four bytes. There are fewer than 2^31 of either, for each takes more than two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PackedTarget(u32);

impl PackedTarget {
    const GROUP: u32 = 1 << 31;

    const fn session(key: Key) -> Self {
        Self(key.index())
    }

    const fn group(key: Key) -> Self {
        Self(key.index() | Self::GROUP)
    }

    pub(crate) const fn unpack(self) -> Target {
        if self.0 & Self::GROUP == 0 { Target::Session(self.0) } else { Target::Group(self.0 & !Self::GROUP) }
    }
}

/// A shared subscription: those who divide its messages among themselves (MQTT 5.0 §4.8.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Group {
    generation: Generation,
    /// Tells it from one with the same filter that was there before.
    number: u64,
    filter: TopicFilterBuf,
    /// In order.
    members: Vec<(Key, Subscribed)>,
    /// Those members that are connected, in order.
    connected: Vec<Key>,
    /// The member that got the last message.
    last: Option<Key>,
}

item!(Group);

impl Group {
    pub(crate) const fn last(&self) -> Option<Key> {
        self.last
    }

    /// The member, if it is one.
    pub(crate) fn member(&self, key: Key) -> Option<Granted> {
        self.subscribed(key).map(|subscribed| subscribed.granted)
    }

    fn subscribed(&self, key: Key) -> Option<Subscribed> {
        let place = self.members.binary_search_by_key(&key, |&(key, _)| key).ok()?;
        self.members.get(place).map(|&(_, subscribed)| subscribed)
    }

    /// Where the turn is, among the members that are connected and among all: behind the last that was served.
    pub(crate) fn turn(&self) -> (usize, usize) {
        self.last.map_or((0, 0), |last| {
            let connected = self.connected.partition_point(|&key| key <= last);
            (connected, self.members.partition_point(|&(key, _)| key <= last))
        })
    }

    /// The members that are connected, beginning somewhere.
    pub(crate) fn connected_from(&self, first: usize) -> impl Iterator<Item = (Key, Granted)> + '_ {
        let keys = around(&self.connected, first);
        keys.filter_map(|&key| Some((key, self.member(key)?)))
    }

    /// All members, beginning somewhere.
    pub(crate) fn members_from(&self, first: usize) -> impl Iterator<Item = (Key, Granted)> + '_ {
        around(&self.members, first).map(|&(key, subscribed)| (key, subscribed.granted))
    }

    /// How many members are connected, and how many there are.
    pub(crate) const fn counts(&self) -> (usize, usize) {
        (self.connected.len(), self.members.len())
    }

    /// Bytes that it has allocated. Its filter is in the table of groups too.
    fn heap(&self) -> usize {
        2 * self.filter.as_str().len()
            + self.members.capacity() * size_of::<(Key, Subscribed)>()
            + self.connected.capacity() * size_of::<Key>()
    }

    /// By how much that grows at most by another member.
    fn growth(&self) -> usize {
        let (len, capacity) = (self.members.len(), self.members.capacity());
        list_growth::<(Key, Subscribed)>(len, capacity, 1) + list_growth::<Key>(len, capacity, 1)
    }

    fn set_connected(&mut self, session: Key, is_connected: bool) {
        match (self.connected.binary_search(&session), is_connected) {
            (Err(place), true) => self.connected.insert(place, session),
            (Ok(place), false) => drop(self.connected.remove(place)),
            _ => {}
        }
    }
}

/// All items, beginning at `first`.
fn around<T>(items: &[T], first: usize) -> impl Iterator<Item = &T> {
    let (before, from) = items.split_at_checked(first).unwrap_or((items, &[]));
    from.iter().chain(before)
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Router {
    trie: SubscriptionTrie<PackedTarget, Subscribed>,
    groups: Slab<Group>,
    group_of: BTreeMap<TopicFilterBuf, Key>,
    /// The groups of each session.
    memberships: BTreeSet<(Key, Key)>,
    /// What the groups have allocated.
    groups_heap: Apart<usize>,
}

impl Router {
    pub(crate) fn new(seed: u64) -> Self {
        let mut trie = SubscriptionTrie::with_seed(seed);
        // From now on it knows the filters of each session.
        trie.remove_key(&PackedTarget(0));
        Self {
            trie,
            groups: Slab::new(),
            group_of: BTreeMap::new(),
            memberships: BTreeSet::new(),
            groups_heap: Apart(0),
        }
    }

    /// Bytes that it has allocated, at most.
    pub(crate) fn heap(&self) -> usize {
        self.trie.statistics().bytes
            + self.groups.heap()
            + of_map::<TopicFilterBuf, Key>(self.group_of.len())
            + of_map::<(Key, Key), ()>(self.memberships.len())
            + *self.groups_heap
    }

    /// By how much that grows at most by another subscription.
    pub(crate) fn growth(&self, session: Key, filter: &TopicFilter) -> usize {
        let Some(share) = filter.share() else {
            return self.trie.growth(filter, &PackedTarget::session(session));
        };
        let entries = of_map::<(Key, Key), ()>(1) + of_map::<TopicFilterBuf, Key>(1);
        let Some(group) = self.group_of.get(filter).and_then(|&group| self.groups.get(group)) else {
            let target = PackedTarget::session(session);
            let first = 4 * (size_of::<(Key, Subscribed)>() + size_of::<Key>());
            return entries
                + first
                + self.trie.growth(share.filter, &target)
                + self.groups.growth()
                + 2 * filter.as_str().len();
        };
        entries + group.growth()
    }

    /// What a session has under this filter.
    pub(crate) fn get(&self, session: Key, filter: &TopicFilter) -> Option<Subscribed> {
        if !filter.is_shared() {
            return self.trie.get(filter, &PackedTarget::session(session)).copied();
        }
        self.groups.get(*self.group_of.get(filter)?)?.subscribed(session)
    }

    /// A session that is connected makes a subscription or replaces one. If that begins a group, this is the group's number.
    pub(crate) fn subscribe(
        &mut self,
        session: Key,
        filter: &TopicFilter,
        subscribed: Subscribed,
        number: u64,
    ) {
        let Some(share) = filter.share() else {
            self.trie.insert(filter, PackedTarget::session(session), subscribed);
            return;
        };
        let key = match self.group_of.get(filter) {
            Some(&group) => group,
            None => {
                let group = Group {
                    generation: Generation::FIRST,
                    number,
                    filter: filter.into(),
                    members: Vec::new(),
                    connected: Vec::new(),
                    last: None,
                };
                *self.groups_heap += group.heap();
                let group = self.groups.insert(group);
                self.group_of.insert(filter.into(), group);
                let nothing = Subscribed { granted: Granted::default(), born: 0 };
                self.trie.insert(share.filter, PackedTarget::group(group), nothing);
                group
            }
        };
        let Some(group) = self.groups.get_mut(key) else { return };
        *self.groups_heap -= group.heap();
        match group.members.binary_search_by_key(&session, |&(key, _)| key) {
            Ok(place) => group.members.get_mut(place).into_iter().for_each(|member| member.1 = subscribed),
            Err(place) => group.members.insert(place, (session, subscribed)),
        }
        // All members may be connected, and that shall not allocate.
        group.connected.reserve_exact(group.members.capacity() - group.connected.len());
        group.set_connected(session, true);
        *self.groups_heap += group.heap();
        self.memberships.insert((session, key));
    }

    /// The client of a session is connected, or is not any more.
    pub(crate) fn set_connected(&mut self, session: Key, is_connected: bool) {
        for &(_, group) in self.memberships.range((session, Key::MIN)..=(session, Key::MAX)) {
            if let Some(group) = self.groups.get_mut(group) {
                *self.groups_heap -= group.heap();
                group.set_connected(session, is_connected);
                *self.groups_heap += group.heap();
            }
        }
    }

    pub(crate) fn unsubscribe(&mut self, session: Key, filter: &TopicFilter) -> bool {
        if !filter.is_shared() {
            return self.trie.remove(filter, &PackedTarget::session(session)).is_some();
        }
        match self.group_of.get(filter) {
            Some(&group) => self.leave(session, group),
            None => false,
        }
    }

    /// Calls `f` for each subscription of a session.
    pub(crate) fn visit_session(&mut self, session: Key, mut f: impl FnMut(&TopicFilter, Subscribed)) {
        self.trie.visit_key(&PackedTarget::session(session), |filter, &subscribed| f(filter, subscribed));
        for &(_, group) in self.memberships.range((session, Key::MIN)..=(session, Key::MAX)) {
            let Some(group) = self.groups.get(group) else { continue };
            if let Some(subscribed) = group.subscribed(session) {
                f(&group.filter, subscribed);
            }
        }
    }

    /// Ends all subscriptions of a session, and gives how many of them were shared.
    pub(crate) fn unsubscribe_all(&mut self, session: Key) -> usize {
        self.trie.remove_key(&PackedTarget::session(session));
        let mut shared = 0;
        while let Some(&(_, group)) = self.memberships.range((session, Key::MIN)..=(session, Key::MAX)).next()
        {
            self.leave(session, group);
            shared += 1;
        }
        shared
    }

    /// Whether it was a member.
    fn leave(&mut self, session: Key, key: Key) -> bool {
        self.memberships.remove(&(session, key));
        let Some(group) = self.groups.get_mut(key) else { return false };
        let Ok(place) = group.members.binary_search_by_key(&session, |&(key, _)| key) else { return false };
        group.members.remove(place);
        group.set_connected(session, false);
        if group.members.is_empty() {
            *self.groups_heap -= group.heap();
        }
        if group.members.is_empty()
            && let Some(group) = self.groups.remove(key)
        {
            self.group_of.remove(&group.filter);
            if let Some(share) = group.filter.share() {
                self.trie.remove(share.filter, &PackedTarget::group(key));
            }
        }
        true
    }

    pub(crate) fn visit(&self, name: &TopicName, mut f: impl FnMut(PackedTarget, Granted)) {
        self.trie.visit(name, |&target, subscribed| f(target, subscribed.granted));
    }

    pub(crate) fn group(&self, key: Key) -> Option<&Group> {
        self.groups.get(key)
    }

    /// The number of a group; 0 if there is none.
    pub(crate) fn number_of(&self, group: Option<Key>) -> u64 {
        group.and_then(|group| self.groups.get(group)).map_or(0, |group| group.number)
    }

    /// The group with this filter.
    pub(crate) fn group_of(&self, filter: &TopicFilter) -> Option<Key> {
        self.group_of.get(filter).copied()
    }

    pub(crate) fn group_at(&self, place: u32) -> Option<Key> {
        self.groups.key_at(place)
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
    use super::*;

    fn filter(text: &str) -> &TopicFilter {
        TopicFilter::new(text).unwrap()
    }

    fn keys<const N: usize>() -> [Key; N] {
        core::array::from_fn(|index| Key::first_at(u32::try_from(index).unwrap()))
    }

    fn subscribed() -> Subscribed {
        Subscribed { granted: Granted::default(), born: 1 }
    }

    fn group_of(router: &Router, name: &str) -> Key {
        let mut found = Vec::new();
        router.visit(TopicName::new(name).unwrap(), |target, _| found.push(target.unpack()));
        match found[..] {
            [Target::Group(group)] => router.group_at(group).unwrap(),
            _ => panic!("{found:?}"),
        }
    }

    fn connected(router: &Router, group: Key) -> Vec<Key> {
        let group = router.group(group).unwrap();
        group.connected_from(group.turn().0).map(|(key, _)| key).collect()
    }

    fn all(router: &Router, group: Key) -> Vec<Key> {
        let group = router.group(group).unwrap();
        group.members_from(group.turn().1).map(|(key, _)| key).collect()
    }

    #[test]
    fn nothing_is_left_of_a_group_without_members() {
        let mut router = Router::new(0);
        let [a, b] = keys();
        for session in [a, b] {
            router.subscribe(session, filter("$share/g/x"), subscribed(), 1);
        }
        let group = group_of(&router, "x");
        assert!(router.unsubscribe(a, filter("$share/g/x")));
        assert_eq!(all(&router, group), [b]);
        assert_eq!(router.group(group).unwrap().connected, [b]);
        assert_eq!(router.unsubscribe_all(b), 1);
        assert_eq!(router.groups.len(), 0);
        assert!(router.group_of.is_empty() && router.memberships.is_empty() && router.trie.is_empty());
    }

    #[test]
    fn the_turn_goes_on_behind_the_last_that_was_served_even_if_that_has_left() {
        let mut router = Router::new(0);
        let [a, b, c] = keys();
        for session in [a, b, c] {
            router.subscribe(session, filter("$share/g/x"), subscribed(), 1);
        }
        let group = group_of(&router, "x");
        assert_eq!(all(&router, group), [a, b, c]);
        assert_eq!(connected(&router, group), [a, b, c]);
        router.served(group, b);
        assert_eq!(all(&router, group), [c, a, b]);
        assert_eq!(connected(&router, group), [c, a, b]);
        router.set_connected(b, false);
        assert_eq!(all(&router, group), [c, a, b]);
        assert_eq!(connected(&router, group), [c, a]);
        router.unsubscribe(b, filter("$share/g/x"));
        assert_eq!(all(&router, group), [c, a]);
        assert_eq!(connected(&router, group), [c, a]);
    }
}
