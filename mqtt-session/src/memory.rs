//! What is allocated, where nothing counts it.

/// Bytes that a `BTreeMap` with so many entries has allocated at most, without what keys and values have allocated.
///
/// Its nodes have room for 11 entries and are at least 5/11 full, and one in six has links to others. It is an estimate from above,
/// since nothing says how the standard library lays them out.
pub const fn of_map<K, V>(len: usize) -> usize {
    if len == 0 {
        return 0;
    }
    let leaf = 11 * (size_of::<K>() + size_of::<V>()) + 24;
    let inner = leaf + 12 * size_of::<usize>();
    if len <= 11 { leaf } else { leaf + inner + len * leaf / 5 + len * inner / 30 }
}
