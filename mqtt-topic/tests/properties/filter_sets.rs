use mqtt_topic::FilterSet;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::model::{filter, filters, naive_matches, name, names};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// Fails when a filter is ruled out that matches, or the other way round, or when places are not those of the filters.
    #[test]
    fn a_set_is_a_list(
        filters in vec((filters(), any::<bool>()), 0..20),
        before in "[a/é]{0,20}",
        names in vec(names(), 1..10),
    ) {
        // In front of all, so that the words that are compared are elsewhere.
        let with = |text: &str| format!("{before}{}{text}", if before.is_empty() { "" } else { "/" });
        let filters: Vec<_> = filters.iter().map(|(f, is_shared)| {
            if *is_shared { format!("$share/g/{}", with(f)) } else { with(f) }
        }).collect();
        let set: FilterSet = filters.iter().map(|f| filter(f)).collect();
        prop_assert_eq!((set.len(), set.is_empty()), (filters.len(), filters.is_empty()));
        prop_assert!(set.iter().map(|f| f.as_str()).eq(filters.iter()));
        prop_assert_eq!(set.get(filters.len()), None);
        for n in names.iter().flat_map(|n| [with(n), n.clone()]) {
            let inner = |at: usize| filters[at].strip_prefix("$share/g/").unwrap_or(&filters[at]);
            let expected: Vec<_> = (0..filters.len()).filter(|&at| naive_matches(inner(at), &n)).collect();
            prop_assert_eq!(set.is_match(name(&n)), !expected.is_empty());
            prop_assert_eq!(set.matches(name(&n)).collect::<Vec<_>>(), expected, "{}", n);
        }
    }
}
