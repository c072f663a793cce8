//! What collections allocate, by what is said and by what an allocator counts.

use std::collections::{BTreeMap, HashSet, VecDeque};

use allocation_counter::measure;
use mqtt_topic::memory::{list_growth, of_map, table_growth};

/// Changes a map in this order, and compares after each.
fn check<K: Ord + Copy, V: Default>(name: &str, keys: impl Iterator<Item = (bool, K)>) {
    let mut map = BTreeMap::new();
    let mut bytes = 0;
    for (at, (is_insertion, key)) in keys.enumerate() {
        bytes += measure(|| {
            if is_insertion {
                map.insert(key, V::default());
            } else {
                map.remove(&key);
            }
        })
        .bytes_current;
        // An empty map may keep a node.
        let said = of_map::<K, V>(map.len().max(1));
        assert!(bytes <= i64::try_from(said).unwrap(), "{name}, {at}: {bytes} of {said} for {}", map.len());
        // At worst its nodes are full, which is 11/5 of what they have to be.
        let most = i64::try_from(said).unwrap();
        assert!(map.len() < 100 || most <= 3 * bytes, "{name}, {at}: {bytes} of {said} for {}", map.len());
    }
}

#[test]
fn a_map_takes_no_more_than_is_said() {
    let up = |n| (0..n).map(|key| (true, key));
    let scattered = (0..20_000_u32).map(|at| (at % 3 > 0, at.wrapping_mul(2_654_435_761) % 5_000));
    check::<u32, ()>("up", up(5_000));
    check::<u32, [u64; 4]>("down", up(5_000).map(|(is, key)| (is, 5_000 - key)));
    check::<u32, u64>("scattered", scattered.clone());
    check::<u32, u8>(
        "thinned",
        up(5_000).chain((0..5_000).filter(|key| key % 7 > 0).map(|key| (false, key))),
    );
    check::<(u64, u32), Box<str>>("large", scattered.map(|(is, key)| (is, (u64::from(key), key))));
}

#[test]
fn a_list_and_a_table_grow_by_no_more_than_is_said() {
    fn lists<T: Default>() {
        let (mut list, mut queue) = (Vec::<T>::new(), VecDeque::<T>::new());
        for _ in 0..3_000 {
            let said = [(list.len(), list.capacity()), (queue.len(), queue.capacity())]
                .map(|(len, capacity)| list_growth::<T>(len, capacity, 1));
            let grown = [
                measure(|| list.push(T::default())).bytes_current,
                measure(|| queue.push_back(T::default())).bytes_current,
            ];
            assert_eq!(
                said.map(|said| i64::try_from(said).unwrap()),
                grown,
                "{} of {}",
                list.len(),
                size_of::<T>()
            );
        }
    }
    lists::<u8>();
    lists::<u32>();
    lists::<[u64; 20]>();
    for more in [1, 5, 1_000] {
        let mut table = HashSet::<u64>::new();
        while table.len() < 10_000 {
            let next = table.len() as u64..table.len() as u64 + more;
            let said = table_growth::<u64>(table.len(), table.capacity(), usize::try_from(more).unwrap());
            let grown = measure(|| {
                table.reserve(usize::try_from(more).unwrap());
                table.extend(next);
            });
            let (said, grown) = (i64::try_from(said).unwrap(), grown.bytes_current);
            assert!(grown <= said, "{more}: {grown} and not {said} for {}", table.len());
            // It is not that much. What is doubled takes as much again as is there.
            assert!(said <= 3 * grown + 200, "{more}: {grown} and {said} for {}", table.len());
        }
    }
}
