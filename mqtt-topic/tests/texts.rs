//! Conversions and comparisons of borrowed and owned names and filters.
#![cfg(feature = "alloc")]

use mqtt_topic::{
    FilterSet, RetainedTrie, SharedGroups, SubscriptionTrie, TopicError, TopicFilter, TopicFilterBuf,
    TopicName, TopicNameBuf,
};
use std::collections::{BTreeMap, HashMap};

#[test]
fn owned_and_borrowed_forms_hold_the_same_text() -> Result<(), TopicError> {
    let name = TopicName::new("a/b")?;
    let owned: [TopicNameBuf; 6] = [
        name.to_owned(),
        TopicNameBuf::from(name),
        TopicNameBuf::new("a/b")?,
        TopicNameBuf::try_from("a/b")?,
        TopicNameBuf::try_from(String::from("a/b"))?,
        "a/b".parse()?,
    ];
    for owned in owned {
        assert_eq!(owned, *name);
        assert_eq!(owned, "a/b");
        assert_eq!("a/b", owned);
        assert_eq!((owned.to_string(), format!("{owned:?}")), ("a/b".into(), "\"a/b\"".into()));
        assert_eq!(String::from(owned), name.as_str());
    }
    assert_eq!(<&TopicFilter>::try_from("a/+")?, &*TopicFilterBuf::new("a/+")?);
    assert_eq!(format!("{name:>5}|"), "  a/b|");
    Ok(())
}

/// Fails when an owned form can be made without the check.
#[test]
fn no_way_around_the_check() {
    assert!("a/+".parse::<TopicNameBuf>().is_err());
    assert!(TopicNameBuf::try_from("#").is_err());
    assert!(TopicNameBuf::try_from(String::from("a\0")).is_err());
    assert!(TopicNameBuf::new("").is_err());
    assert!(<&TopicName>::try_from("+").is_err());
    assert!("a#".parse::<TopicFilterBuf>().is_err());
    assert!(TopicFilterBuf::try_from(String::from("$share/g")).is_err());
}

/// Fails when hash, equality or order differ between the forms, so that `Borrow` breaks maps.
#[test]
fn maps_of_owned_forms_are_searched_by_borrowed_ones() -> Result<(), TopicError> {
    let mut hashed = HashMap::new();
    let mut ordered = BTreeMap::new();
    for text in ["a", "a/b", "a/+", "#", "b"] {
        hashed.insert(TopicFilterBuf::new(text)?, text);
        ordered.insert(TopicFilterBuf::new(text)?, text);
    }
    assert_eq!(hashed.get(TopicFilter::new("a/+")?), Some(&"a/+"));
    assert_eq!(ordered.get(TopicFilter::new("#")?), Some(&"#"));
    assert!(ordered.into_values().is_sorted());
    Ok(())
}

#[test]
fn levels_from_both_ends() -> Result<(), TopicError> {
    let levels: Vec<_> = TopicName::new("/a//b/")?.levels().collect();
    assert_eq!(levels, ["", "a", "", "b", ""]);
    let backwards: Vec<_> = TopicFilter::new("+//#")?.levels().rev().collect();
    assert_eq!(backwards, ["#", "", "+"]);
    Ok(())
}

#[test]
fn what_a_text_begins_with() -> Result<(), TopicError> {
    assert!(TopicName::new("$")?.starts_with_dollar() && TopicName::new("$x/y")?.starts_with_dollar());
    assert!(!TopicName::new("/$x")?.starts_with_dollar() && !TopicName::new("x$")?.starts_with_dollar());
    assert!(TopicFilter::new("a/+")?.has_wildcards() && TopicFilter::new("#")?.has_wildcards());
    assert!(!TopicFilter::new("$share/g/a")?.has_wildcards());
    Ok(())
}

/// Fails when one shows how it is made, such as the seed, which is a secret.
#[test]
fn collections_show_what_is_in_them() -> Result<(), TopicError> {
    let filter = TopicFilter::new("$share/g/a/+")?;
    let share = filter.share().expect("it is shared");
    let mut subscriptions = SubscriptionTrie::with_seed(1234);
    subscriptions.insert(share.filter, "key", 1);
    assert_eq!(format!("{subscriptions:?}"), r#"{("a/+", "key"): 1}"#);
    let mut groups = SharedGroups::with_seed(1234);
    groups.insert(share, "key", 1);
    assert_eq!(format!("{groups:?}"), r#"{(Share { group: "g", filter: "a/+" }, "key"): 1}"#);
    let mut retained = RetainedTrie::new();
    retained.insert(TopicName::new("a")?, 1);
    assert_eq!(format!("{retained:?}"), r#"{"a": 1}"#);
    assert_eq!(
        format!("{:?} {:?}", FilterSet::from([filter]), FilterSet::default()),
        r#"["$share/g/a/+"] []"#
    );
    Ok(())
}
