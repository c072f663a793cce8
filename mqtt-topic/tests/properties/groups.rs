use std::collections::BTreeMap;

use mqtt_topic::{SharedGroups, TopicFilterBuf};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::model::{filters, naive_matches, name, names};

type Groups = SharedGroups<u8, u16>;
/// By group and filter: the members, in order, and whose turn it is.
type Model = BTreeMap<(String, String), (Vec<(u8, u16)>, usize)>;

#[derive(Clone, Debug)]
enum Change {
    Insert(u8, u16),
    Remove(u8),
    RemoveKey(u8),
    /// Of the groups that the name matches, each picks the member at this place.
    Pick(String, usize),
}

fn changes() -> impl Strategy<Value = Vec<(&'static str, prop::sample::Index, Change)>> {
    let change = prop_oneof![
        8 => (0..20_u8, any::<u16>()).prop_map(|(key, value)| Change::Insert(key, value)),
        3 => (0..20_u8).prop_map(Change::Remove),
        1 => (0..20_u8).prop_map(Change::RemoveKey),
        4 => (names(), 0..5_usize).prop_map(|(n, place)| Change::Pick(n, place)),
    ];
    vec((select(&["g", "h", "é"][..]), any::<prop::sample::Index>(), change), 0..100)
}

fn shared(group: &str, f: &str) -> TopicFilterBuf {
    TopicFilterBuf::new(format!("$share/{group}/{f}")).expect("a shared filter")
}

/// Picks at a place, and gives what the groups showed and who was picked.
#[expect(clippy::type_complexity, reason = "it is compared at once")]
fn pick(
    groups: &mut Groups,
    n: &str,
    place: usize,
) -> Vec<((String, String), (Vec<(u8, u16)>, usize), Option<(u8, u16)>)> {
    let mut seen = Vec::new();
    let mut picked = Vec::new();
    groups.pick(
        name(n),
        |choice| {
            let in_turn = (choice.next..choice.members.len()).chain(0..choice.next);
            assert!(choice.in_turn().eq(in_turn) && choice.next < choice.members.len());
            let share = (choice.share.group.to_owned(), choice.share.filter.to_string());
            seen.push((share, (choice.members.to_vec(), choice.next), None));
            (place != 4).then_some(place)
        },
        |share, key, value| picked.push(((share.group.to_owned(), share.filter.to_string()), (*key, *value))),
    );
    for (share, of_group) in picked {
        let group = seen.iter_mut().find(|group| group.0 == share).expect("a group that was asked");
        assert_eq!(group.2.replace(of_group), None);
    }
    seen
}

proptest! {
    /// Fails when a group loses a member or has one twice, is asked when it does not match or not when it does, shows other
    /// members than it has, or when an order depends on anything but the history.
    #[test]
    fn groups_are_lists_with_the_naive_matcher(
        filters in vec(filters(), 1..5), changes in changes(), seed in any::<u64>()
    ) {
        let (mut groups, mut twin, mut model) = (Groups::new(), Groups::with_seed(seed), Model::new());
        for (group, f, change) in changes {
            let f = f.get(&filters);
            let filter = shared(group, f);
            let share = filter.share().expect("it is shared");
            let of = (group.to_owned(), f.clone());
            match change {
                Change::Insert(key, value) => {
                    let (members, _) = model.entry(of).or_default();
                    let old = members.iter_mut().find(|member| member.0 == key).map(|member| std::mem::replace(&mut member.1, value));
                    if old.is_none() {
                        members.push((key, value));
                    }
                    prop_assert_eq!(groups.insert(share, key, value), old);
                    prop_assert_eq!(groups.get(share, &key), Some(&value));
                    twin.insert(share, key, value);
                }
                Change::Remove(key) => {
                    let members = model.get_mut(&of).map(|(members, _)| members);
                    let removed = members.and_then(|members| {
                        let place = members.iter().position(|member| member.0 == key)?;
                        Some(members.swap_remove(place).1)
                    });
                    prop_assert_eq!(groups.remove(share, &key), removed);
                    prop_assert_eq!(groups.get(share, &key), None);
                    twin.remove(share, &key);
                }
                Change::RemoveKey(key) => {
                    let mut removed = 0;
                    for (members, _) in model.values_mut() {
                        if let Some(place) = members.iter().position(|member| member.0 == key) {
                            members.swap_remove(place);
                            removed += 1;
                        }
                    }
                    prop_assert_eq!(groups.remove_key(&key), removed);
                    twin.remove_key(&key);
                }
                Change::Pick(n, place) => {
                    let mut expected = Vec::new();
                    for (of, (members, turn)) in &mut model {
                        if naive_matches(&of.1, &n) {
                            let picked = members.get(place).filter(|_| place != 4).copied();
                            let next = if *turn < members.len() { *turn } else { 0 };
                            expected.push((of.clone(), (members.clone(), next), picked));
                            *turn = picked.map_or(*turn, |_| place + 1);
                        }
                    }
                    let mut seen = pick(&mut groups, &n, place);
                    prop_assert_eq!(&seen, &pick(&mut twin, &n, place));
                    seen.sort();
                    prop_assert_eq!(seen, expected);
                }
            }
            model.retain(|_, (members, _)| !members.is_empty());
            let len = model.values().map(|(members, _)| members.len()).sum::<usize>();
            prop_assert_eq!((groups.len(), groups.group_count(), groups.is_empty()), (len, model.len(), len == 0));
            prop_assert_eq!(groups.iter().count(), len);
            prop_assert!(groups.iter().eq(twin.iter()));
        }
    }
}
