use mqtt_topic::{TopicError, TopicFilter, TopicName};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::model::{filter, filters, naive_is_filter, naive_is_name, naive_matches, name, names};

/// Texts of pieces that matter, in any order.
fn texts() -> impl Strategy<Value = String> {
    let piece = select(&["/", "/", "+", "#", "\0", "$", "$share", "$share/", "g", "é", " "][..]);
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn position_is_in(text: &str, error: TopicError) -> bool {
    text.is_char_boundary(error.position()) && error.statement().starts_with("MQTT-4.")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Fails when a rule of validity is missing or too strict, or a position lies outside of the text.
    #[test]
    fn validity(text in texts()) {
        prop_assert_eq!(TopicName::new(&text).is_ok(), naive_is_name(&text));
        prop_assert_eq!(TopicFilter::new(&text).is_ok(), naive_is_filter(&text));
        prop_assert!(TopicName::new(&text).err().is_none_or(|error| position_is_in(&text, error)));
        prop_assert!(TopicFilter::new(&text).err().is_none_or(|error| position_is_in(&text, error)));
    }

    /// Fails when the definition of matching is wrong, also through a group.
    #[test]
    fn matching(f in filters(), n in names()) {
        let expected = naive_matches(&f, &n);
        prop_assert_eq!(filter(&f).matches(name(&n)), expected);
        let shared = format!("$share/group/{f}");
        prop_assert_eq!(filter(&shared).matches(name(&n)), expected);
    }

    /// Fails when a name is not also a filter that matches only itself.
    #[test]
    fn a_name_as_a_filter(n in names(), other in names()) {
        prop_assert!(!filter(&n).has_wildcards());
        prop_assert_eq!(filter(&n).matches(name(&other)), n == other);
    }
}
