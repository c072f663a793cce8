//! What is allocated, where nothing counts it: estimates from above, since nothing says how collections lay out what they have.

/// Bytes that a `BTreeMap` with so many entries has allocated at most, without what keys and values have allocated.
///
/// Its nodes have room for 11 entries and are at least 5/11 full, and one in six has links to others.
pub const fn of_map<K, V>(len: usize) -> usize {
    if len == 0 {
        return 0;
    }
    let leaf = 11 * (size_of::<K>() + size_of::<V>()) + 24;
    let inner = leaf + 12 * size_of::<usize>();
    if len <= 11 { leaf } else { leaf + inner + len * leaf / 5 + len * inner / 30 }
}

/// Bytes by which a `Vec` or `VecDeque` with so many items, and room for so many, grows at most by so many more.
///
/// It doubles, but has room for four at least.
pub const fn list_growth<T>(len: usize, capacity: usize, more: usize) -> usize {
    let needed = len + more;
    if needed <= capacity {
        return 0;
    }
    let least = if size_of::<T>() == 1 { 8 } else { 4 };
    let doubled = if 2 * capacity < least { least } else { 2 * capacity };
    (if needed > doubled { needed } else { doubled } - capacity) * size_of::<T>()
}

/// Bytes by which a hash table (of `hashbrown` or `std`) with so many entries, and room for so many, grows at most by so many more.
///
/// It needs the new table before it gives back the old one.
pub fn table_growth<T>(len: usize, capacity: usize, more: usize) -> usize {
    let needed = len + more;
    if needed <= capacity {
        return 0;
    }
    // Seven of eight places can be used; each has a byte of its own, and there are some more.
    let places = (needed.max(capacity + 1) * 8 / 7 + 1).next_power_of_two().max(16);
    places * (size_of::<T>() + 1) + 64
}
