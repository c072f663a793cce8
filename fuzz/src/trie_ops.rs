use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;

use mqtt_topic::{RetainedCursor, RetainedTrie, SharedGroups, SubscriptionTrie, TopicFilter, TopicName};

/// More lines only make an input slow: the models look at everything they have.
const MAX_LINES: usize = 512;
/// Those of the keys are few, so that they meet.
const KEYS: u8 = 32;

/// The collections do what lists do, operation by operation.
///
/// The input is text, a line for each operation: a first byte that says which, a second for the key (or the number of
/// steps), and a topic.
///
/// | First byte | |
/// |---|---|
/// | `+`, `-` | subscribes the key to a filter, or ends that; a shared one is for the groups |
/// | `x` | ends all of the key |
/// | `?` | publishes to a name |
/// | `<` | the same within a limit of steps |
/// | `r`, `d` | retains for a name, or deletes that |
/// | `c` | a cursor begins with a filter |
/// | `s` | it makes a step |
pub fn trie_ops(input: &[u8]) {
    let mut world = World::default();
    for (at, line) in input.split(|byte| *byte == b'\n').take(MAX_LINES).enumerate() {
        let [operation, number, topic @ ..] = line else { continue };
        let Ok(topic) = std::str::from_utf8(topic) else { continue };
        let key = Key(number % KEYS);
        match (operation, TopicFilter::new(topic), TopicName::new(topic)) {
            (b'+', Ok(filter), _) => world.subscribe(filter, key, at),
            (b'-', Ok(filter), _) => world.unsubscribe(filter, key),
            (b'x', ..) => world.remove_key(key),
            (b'?', _, Ok(name)) => world.publish(name, usize::from(*number)),
            (b'<', _, Ok(name)) => world.publish_within(name, usize::from(*number)),
            (b'r', _, Ok(name)) => world.retain(name, at),
            (b'd', _, Ok(name)) => world.delete(name),
            (b'c', Ok(filter), _) => world.begin(filter),
            (b's', ..) => world.step(usize::from(*number)),
            _ => {}
        }
        world.check_numbers();
    }
    world.finish();
}

/// Half of the keys have the same hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u8);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8(self.0 / 2);
    }
}

#[derive(Default)]
struct World<'a> {
    subscriptions: SubscriptionTrie<Key, usize>,
    subscribed: BTreeMap<(&'a TopicFilter, Key), usize>,
    groups: SharedGroups<Key, usize>,
    /// The members of each group.
    grouped: BTreeMap<&'a TopicFilter, BTreeMap<Key, usize>>,
    retained: RetainedTrie<usize>,
    /// By levels, which is the order.
    kept: BTreeMap<Vec<&'a str>, usize>,
    cursor: Option<Cursor<'a>>,
}

struct Cursor<'a> {
    filter: &'a TopicFilter,
    cursor: RetainedCursor,
    /// The names that have been there all the time.
    stayed: BTreeSet<Vec<&'a str>>,
    given: Vec<Vec<String>>,
}

impl<'a> World<'a> {
    fn subscribe(&mut self, filter: &'a TopicFilter, key: Key, value: usize) {
        match filter.share() {
            None => assert_eq!(
                self.subscriptions.insert(filter, key, value),
                self.subscribed.insert((filter, key), value)
            ),
            Some(share) => assert_eq!(
                self.groups.insert(share, key, value),
                self.grouped.entry(filter).or_default().insert(key, value)
            ),
        }
    }

    fn unsubscribe(&mut self, filter: &'a TopicFilter, key: Key) {
        match filter.share() {
            None => {
                assert_eq!(self.subscriptions.remove(filter, &key), self.subscribed.remove(&(filter, key)));
            }
            Some(share) => {
                let members = self.grouped.get_mut(filter);
                assert_eq!(self.groups.remove(share, &key), members.and_then(|members| members.remove(&key)));
                self.grouped.retain(|_, members| !members.is_empty());
            }
        }
    }

    fn remove_key(&mut self, key: Key) {
        let before = self.subscribed.len();
        self.subscribed.retain(|(_, other), _| *other != key);
        assert_eq!(self.subscriptions.remove_key(&key), before - self.subscribed.len());
        let removed = self.grouped.values_mut().filter_map(|members| members.remove(&key)).count();
        assert_eq!(self.groups.remove_key(&key), removed);
        self.grouped.retain(|_, members| !members.is_empty());
    }

    /// What the name matches in the model.
    fn matching(&self, name: &TopicName) -> BTreeSet<(Key, usize)> {
        let all = self.subscribed.iter().filter(|((filter, _), _)| naive_matches(filter, name));
        all.map(|((_, key), value)| (*key, *value)).collect()
    }

    fn publish(&mut self, name: &TopicName, place: usize) {
        let mut visited = BTreeSet::new();
        self.subscriptions.visit(name, |key, value| assert!(visited.insert((*key, *value)), "twice"));
        assert_eq!(visited, self.matching(name));

        let mut asked = BTreeSet::new();
        let mut picked = 0;
        let grouped = &self.grouped;
        self.groups.pick(
            name,
            |choice| {
                let members = |(filter, members): (&&'a TopicFilter, &'_ BTreeMap<Key, usize>)| {
                    let is_it = filter.share() == Some(choice.share);
                    is_it.then(|| (*filter, members.iter().map(|(key, value)| (*key, *value)).collect()))
                };
                let (filter, expected): (_, BTreeSet<_>) = grouped.iter().find_map(members).expect("a group");
                assert_eq!(choice.members.iter().copied().collect::<BTreeSet<_>>(), expected);
                assert!(asked.insert(filter), "twice");
                Some(place % choice.members.len())
            },
            |_, _, _| picked += 1,
        );
        let expected: BTreeSet<_> =
            grouped.keys().copied().filter(|f| naive_matches(inner(f), name)).collect();
        assert_eq!((picked, asked), (expected.len(), expected));
    }

    fn publish_within(&mut self, name: &TopicName, steps: usize) {
        let mut visited = BTreeSet::new();
        let is_all = self
            .subscriptions
            .visit_within(name, steps, |key, value| assert!(visited.insert((*key, *value))));
        let matching = self.matching(name);
        assert!(visited.is_subset(&matching));
        assert!(!is_all || visited == matching);
        // Each filter is compared once, if at all, and a node is there for two of them.
        let levels = name.levels().count();
        assert!(
            is_all
                || steps
                    < (self.subscriptions.filter_count() * (levels + 2) + 1) * (2 + name.as_str().len() / 64)
        );
    }

    fn retain(&mut self, name: &'a TopicName, value: usize) {
        assert_eq!(self.retained.insert(name, value), self.kept.insert(name.levels().collect(), value));
        assert_eq!(self.retained.get(name), Some(&value));
    }

    fn delete(&mut self, name: &'a TopicName) {
        let levels = name.levels().collect::<Vec<_>>();
        assert_eq!(self.retained.remove(name), self.kept.remove(&levels));
        if let Some(cursor) = &mut self.cursor {
            cursor.stayed.remove(&levels);
        }
    }

    fn begin(&mut self, filter: &'a TopicFilter) {
        self.finish();
        let stayed = self.kept.keys().filter(|levels| naive_matches_levels(inner(filter), levels));
        let stayed = stayed.cloned().collect();
        self.cursor = Some(Cursor { filter, cursor: RetainedCursor::new(filter), stayed, given: Vec::new() });
    }

    fn step(&mut self, limit: usize) {
        let Some(Cursor { filter, cursor, given, .. }) = &mut self.cursor else { return };
        let before = given.len();
        cursor.step(&self.retained, limit, |name, value| {
            let levels = name.levels().collect::<Vec<_>>();
            assert_eq!(self.kept.get(&levels), Some(value));
            assert!(naive_matches_levels(inner(filter), &levels));
            given.push(levels.into_iter().map(str::to_owned).collect());
            ControlFlow::Continue(())
        });
        assert!(given.len() - before <= limit);
        assert!(given.is_sorted_by(|left, right| left < right), "in order, and so none twice");
    }

    /// Brings the cursor to the end. What stayed was given.
    fn finish(&mut self) {
        for _ in 0..=self.retained.len() {
            self.step(1);
        }
        let Some(Cursor { cursor, stayed, given, .. }) = self.cursor.take() else { return };
        assert!(cursor.is_done(), "each step passes an entry");
        let given: BTreeSet<_> =
            given.iter().map(|levels| levels.iter().map(String::as_str).collect()).collect();
        assert!(stayed.is_subset(&given));
    }

    fn check_numbers(&self) {
        let filters: BTreeSet<_> = self.subscribed.keys().map(|(filter, _)| filter).collect();
        let statistics = self.subscriptions.statistics();
        assert_eq!((statistics.subscriptions, statistics.filters), (self.subscribed.len(), filters.len()));
        let members = self.grouped.values().map(BTreeMap::len).sum::<usize>();
        assert_eq!((self.groups.len(), self.groups.group_count()), (members, self.grouped.len()));
        assert_eq!(self.retained.len(), self.kept.len());
        if filters.is_empty() && self.subscriptions.filter_count() == 0 {
            assert_eq!((statistics.nodes, statistics.bytes), (0, 0));
        }
    }
}

fn inner(filter: &TopicFilter) -> &TopicFilter {
    filter.share().map_or(filter, |share| share.filter)
}

fn naive_matches(filter: &TopicFilter, name: &TopicName) -> bool {
    naive_matches_levels(filter, &name.as_str().split('/').collect::<Vec<_>>())
}

/// From the words of the standard: level by level, with nothing clever.
fn naive_matches_levels(filter: &TopicFilter, name: &[&str]) -> bool {
    let filter: Vec<_> = filter.as_str().split('/').collect();
    if name[0].starts_with('$') && matches!(filter[0], "+" | "#") {
        return false;
    }
    let (front, has_hash) = match filter.split_last() {
        Some((&"#", front)) => (front, true),
        _ => (&filter[..], false),
    };
    let has_all = if has_hash { name.len() >= front.len() } else { name.len() == front.len() };
    has_all && front.iter().zip(name).all(|(wanted, level)| *wanted == "+" || wanted == level)
}
