use mqtt_topic::{TopicFilter, TopicName};

/// A single filter that is tried on a name.
pub trait Matcher: PartialEq {
    /// The filter, in the form that is kept.
    fn new(filter: &TopicFilter) -> Self;

    /// Whether the name matches.
    fn matches(&self, name: &TopicName) -> bool;
}

/// Compares the filter as a string, the least that a match can cost; it knows no wildcards.
#[derive(Debug, PartialEq, Eq)]
pub struct Equality(String);

impl Matcher for Equality {
    fn new(filter: &TopicFilter) -> Self {
        Self(filter.as_str().to_owned())
    }

    #[inline(always)]
    fn matches(&self, name: &TopicName) -> bool {
        self.0 == name.as_str()
    }
}

/// The name that single filters are tried on: 35 characters.
pub const SINGLE_NAME: &str = "site3/b17/f4/dev1234567/temperature";

/// The single filters that are measured: what it is called, the filter, and whether it matches.
pub const SINGLE_FILTERS: [(&str, &str, bool); 4] = [
    ("equal", SINGLE_NAME, true),
    ("plus", "site3/+/f4/+/temperature", true),
    ("hash", "site3/b17/#", true),
    ("no-match", "site3/b17/f4/dev1234567/temperaturf", false),
];
