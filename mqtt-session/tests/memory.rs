//! What is allocated, by what is said and by what an allocator counts.

use std::collections::BTreeMap;

use allocation_counter::measure;
use mqtt_session::memory::of_map;

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
