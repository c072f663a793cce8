//! Access rules: which one applies, what a client's own topics are, and what a broker does with them.

mod broker;
mod properties;

use mqtt_broker_core::{Access, AclPolicy, AllowAll, Client, ListenerId, PatternError, Rule};
use mqtt_codec::{TopicFilter, TopicName, Version};

/// The one place where a client is made.
pub(crate) fn client<'a>(client_id: &'a str, user_name: Option<&'a str>) -> Client<'a> {
    Client { client_id, user_name, identity: None, version: Version::V5, listener: ListenerId(0) }
}

pub(crate) fn name(text: &str) -> &TopicName {
    TopicName::new(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

pub(crate) fn filter(text: &str) -> &TopicFilter {
    TopicFilter::new(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

pub(crate) fn allow(pattern: &str) -> Rule {
    Rule::allow(Access::Both, pattern).unwrap()
}

fn deny(pattern: &str) -> Rule {
    Rule::deny(Access::Both, pattern).unwrap()
}

/// Rules, a filter, and whether it may be subscribed.
#[rustfmt::skip]
const SUBSCRIBE: &[(Rules, &str, bool)] = &[
    (&[], "a", false),
    (&["+a/#"], "a/#", true),
    (&["+a/#"], "a/b/+", true),
    (&["+a/#"], "a", true),
    (&["+a/#"], "+/b", false), // more than a/#
    (&["+a/#"], "#", false),
    (&["+a/+"], "a/#", false),
    (&["+a", "+a/+/#"], "a/#", false), // one rule has to cover it
    (&["+#"], "$SYS/#", false), // MQTT-4.7.2-1
    (&["+$SYS/#"], "$SYS/uptime", true),
    (&["-a/b", "+#"], "a/c", true),
    (&["-a/b", "+#"], "a/b", false),
    (&["-a/b", "+#"], "a/+", false), // part of it
    (&["-a/b", "+#"], "+/b", false),
    (&["-a/b", "+#"], "#", false),
    (&["-a/b/+", "+#"], "a/#", false),
    (&["-a/b/+", "+#"], "a/+", true),
    (&["-a/b", "+#"], "a/b/#", false), // the parent level
    (&["+a/b", "-a/+", "+#"], "a/b", true), // the first that applies
    (&["+a/b", "-a/+", "+#"], "a/+", false),
    (&["-#", "+$SYS/#"], "$SYS/#", true),
    (&["+a/#"], "$share/g/a/b", true), // the filter within
    (&["+a/#"], "$share/a/b", false),
    (&["-a/b", "+#"], "$share/g/a/+", false),
    (&["+#"], "$share/g/$SYS/#", false),
    (&["+room-%c/x"], "room-c/x", false), // as part of a level, it is text
    (&["+room-%c/x"], "room-%c/x", true),
];

/// Each begins with `+` if it allows and with `-` if it denies.
type Rules = &'static [&'static str];

fn policy(rules: &[&str]) -> AclPolicy<AllowAll> {
    rules.iter().fold(AclPolicy::new(AllowAll), |policy, rule| match rule.split_at(1) {
        ("+", pattern) => policy.with(allow(pattern)),
        (_, pattern) => policy.with(deny(pattern)),
    })
}

#[test]
fn a_subscription_is_allowed_whole_or_not() {
    for (rules, wanted, expected) in SUBSCRIBE {
        let is_allowed = policy(rules).may_subscribe(&client("c", None), filter(wanted));
        assert_eq!(is_allowed, *expected, "{rules:?} {wanted}");
    }
}

#[test]
fn the_first_rule_that_matches_a_topic_decides() {
    let policy = policy(&["+a/b", "-a/+", "+#"]);
    for (topic, expected) in [("a/b", true), ("a/c", false), ("a", true), ("a/c/d", true), ("$SYS/a", false)]
    {
        assert_eq!(policy.may_publish(&client("c", None), name(topic)), expected, "{topic}");
        assert_eq!(policy.may_receive(&client("c", None), name(topic)), expected, "{topic}");
    }
}

#[test]
fn a_rule_is_about_its_kind_of_access() {
    for (access, publish, subscribe) in
        [(Access::Publish, true, false), (Access::Subscribe, false, true), (Access::Both, true, true)]
    {
        let policy = AclPolicy::new(AllowAll).with(Rule::allow(access, "a").unwrap());
        let anybody = &client("c", None);
        assert_eq!(policy.may_publish(anybody, name("a")), publish, "{access:?}");
        assert_eq!(policy.may_subscribe(anybody, filter("a")), subscribe, "{access:?}");
        assert_eq!(policy.may_receive(anybody, name("a")), subscribe, "{access:?}");
    }
}

#[test]
fn a_rule_is_for_those_whom_it_names() {
    let mut policy = AclPolicy::new(AllowAll)
        .with(allow("client").for_client("x"))
        .with(allow("user").for_user("ann"))
        .with(allow("group").for_group("ops"))
        .with(allow("all").for_client("x").for_user("ann").for_group("ops"));
    assert!(policy.add_to_group("ann", "ops") && !policy.add_to_group("ann", "ops"));
    assert!(policy.add_to_group("bob", "ops") && policy.add_to_group("cid", "other"));
    let topics = ["client", "user", "group", "all"];
    let may = |policy: &AclPolicy<_>, client_id, user_name| {
        topics.map(|topic| policy.may_publish(&client(client_id, user_name), name(topic)))
    };
    assert_eq!(may(&policy, "x", Some("ann")), [true, true, true, true]);
    assert_eq!(may(&policy, "ann", Some("x")), [false, false, false, false]);
    assert_eq!(may(&policy, "x", Some("bob")), [true, false, true, false]);
    assert_eq!(may(&policy, "y", Some("ann")), [false, true, true, false]);
    assert_eq!(may(&policy, "x", Some("cid")), [true, false, false, false]);
    assert_eq!(may(&policy, "x", None), [true, false, false, false]);

    let by_certificate = AclPolicy::new(AllowAll).with(allow("a").for_identity("CN=x"));
    for (identity, may) in [(Some("CN=x"), true), (Some("CN=y"), false), (None, false)] {
        let x = Client { identity, ..client("CN=x", Some("CN=x")) };
        assert_eq!(by_certificate.may_publish(&x, name("a")), may);
    }

    let before = policy.clone();
    assert!(policy.add_to_group("dan", "new") && policy.remove_from_group("dan", "new"));
    assert_eq!(policy, before, "nothing is left of a group without members");
    assert!(policy.remove_from_group("ann", "ops") && !policy.remove_from_group("ann", "ops"));
    assert_eq!(may(&policy, "x", Some("ann")), [true, true, false, false]);
    assert_eq!(may(&policy, "x", Some("bob")), [true, false, true, false]);

    assert_eq!(policy.rules().len(), 4);
    policy.clear_rules();
    assert_eq!(may(&policy, "x", Some("ann")), [false; 4]);
    policy.push(allow("group").for_group("ops"));
    assert_eq!(may(&policy, "x", Some("bob")), [false, false, true, false]);
}

#[test]
fn a_pattern_is_a_filter_without_share_name() {
    for (pattern, expected) in [
        ("", "a topic has at least one character, found none at byte 0"),
        ("%c/#/x", "'#' must be the whole last level, found it elsewhere at byte 3"),
        ("%c+", "'+' must be a whole level, found it beside other characters at byte 2"),
        ("$share/g/a", "expected a topic filter without a share name, found '$share/' at byte 0"),
        ("$share/%c/%u", "expected a topic filter without a share name, found '$share/' at byte 0"),
    ] {
        assert_eq!(Rule::allow(Access::Both, pattern).unwrap_err().to_string(), expected);
        assert_eq!(Rule::deny(Access::Both, pattern).unwrap_err().to_string(), expected);
    }
    assert_eq!(Rule::allow(Access::Both, "$share/g/%c"), Err(PatternError::Shared));
    assert!(Rule::allow(Access::Both, "$share").is_ok(), "an ordinary level");
}

/// Names that try to be more than one level, or somebody else's.
const HOSTILE: [&str; 19] = [
    "+",
    "#",
    "a/b",
    "a/#",
    "a/+",
    "/",
    "/a",
    "a/",
    "$share/g/x",
    "$share/g/#",
    "",
    "\0",
    "a\0",
    "+a",
    "a#",
    "/#",
    "+/+",
    "%c/#",
    "a+b",
];

/// Names that are levels, whatever they look like.
const ODD: [&str; 10] = ["%c", "%u", "%", "é", "\u{1F600}", " ", "c\u{1}", "..", "\\", "a%c"];

#[test]
fn a_name_that_is_no_level_is_given_nothing() {
    let policy = policy(&["+%c", "+%c/#", "+own/%c", "+own/%c/#", "+own/%c/+", "+own/+/%c/#"]);
    let wanted =
        ["+", "#", "+/#", "a", "a/b", "a/#", "/", "/a", "/#", "%c", "%c/#", "$share/g/x", "$share/g/#"];
    for client_id in HOSTILE {
        for wanted in wanted {
            for prefix in ["", "own/", "own/a/", "$share/g/own/"] {
                let Ok(wanted) = TopicFilter::new(&format!("{prefix}{wanted}")).map(ToOwned::to_owned) else {
                    continue;
                };
                assert!(!policy.may_subscribe(&client(client_id, None), &wanted), "{client_id:?} {wanted}");
            }
        }
        for topic in ["x", "a/b", "own/a", "own/a/b", "own/", "own//x", "own/%c", "own/x/y", "own/x/y/z"] {
            assert!(!policy.may_publish(&client(client_id, None), name(topic)), "{client_id:?} {topic}");
        }
    }
}

#[test]
fn a_name_that_is_no_level_is_denied_what_anybody_is() {
    let policy = policy(&["-own/%c/x", "-own/%u/y", "+#"]);
    for hostile in HOSTILE.map(Some).into_iter().chain([None]) {
        let anybody = &client(hostile.unwrap_or("+"), hostile);
        for topic in ["own/a/x", "own//x", "own/b/y"] {
            assert!(!policy.may_publish(anybody, name(topic)), "{hostile:?} {topic}");
        }
        for wanted in ["own/a/x", "own/+/x", "own/#", "#", "+/b/y", "$share/g/own/a/#"] {
            assert!(!policy.may_subscribe(anybody, filter(wanted)), "{hostile:?} {wanted}");
        }
        for topic in ["own/a", "own/a/z", "own/a/b/x", "a/b/x"] {
            assert!(policy.may_publish(anybody, name(topic)), "{hostile:?} {topic}");
        }
    }
    let lone = super_policy("-%u");
    assert!(lone.may_subscribe(&client("c", None), filter("/#")), "no name of it has one level");
    assert!(!lone.may_subscribe(&client("c", None), filter("a/#")));
    assert!(!lone.may_subscribe(&client("c", None), filter("#")));
}

/// A rule before one that allows everything, `$`-topics included.
fn super_policy(rule: &'static str) -> AclPolicy<AllowAll> {
    policy(&[rule, "+#", "+$SYS/#"])
}

#[test]
fn a_name_that_is_a_level_is_given_that_level() {
    let policy = policy(&["+own/%c/#", "+%c/x", "+one/%c/+", "+both/%u/%c"]);
    for id in ODD {
        let client = client(id, Some("ann"));
        let own = |template: &str| template.replace('*', id);
        for topic in ["own/*", "own/*/a/b", "*/x", "one/*/a", "both/ann/*"].map(own) {
            assert!(policy.may_publish(&client, name(&topic)), "{topic}");
            assert!(policy.may_subscribe(&client, filter(&topic)), "{topic}");
        }
        for topic in [
            "own/z",
            "own/z*",
            "own/*z",
            "own",
            "z/x",
            "*",
            "one/*",
            "one/*/a/b",
            "both/*/ann",
            "both/z/*",
            "both/ann/z",
        ]
        .map(own)
        {
            assert!(!policy.may_publish(&client, name(&topic)), "{topic}");
        }
        for wanted in ["own/*/#", "own/*/+", "one/*/+"].map(own) {
            assert!(policy.may_subscribe(&client, filter(&wanted)), "{wanted}");
        }
        for wanted in [
            "own/+",
            "own/#",
            "one/*/#",
            "one/*/+/#",
            "+/*",
            "+/x",
            "#",
            "both/+/*",
            "both/ann/+",
            "*/#",
            "*/+",
        ]
        .map(own)
        {
            assert!(!policy.may_subscribe(&client, filter(&wanted)), "{wanted}");
        }
    }
}

/// MQTT-4.7.2-1, for placeholders.
#[test]
fn a_name_that_begins_with_a_dollar_opens_no_dollar_topics() {
    let policy = policy(&["+%c/#", "+%c", "+own/%c", "+$SYS/%c/#"]);
    let system = &client("$SYS", None);
    for wanted in ["$SYS", "$SYS/#", "$SYS/a", "$SYS/+"] {
        assert!(!policy.may_subscribe(system, filter(wanted)), "{wanted}");
    }
    assert!(!policy.may_publish(system, name("$SYS/a")));
    assert!(policy.may_publish(system, name("own/$SYS")), "a `$` elsewhere is ordinary");
    assert!(policy.may_subscribe(&client("a", None), filter("$SYS/a/+")), "the rule names it");
    // To deny them does no harm.
    let without = super_policy("-%c/a");
    assert!(!without.may_publish(system, name("$SYS/a")));
    assert!(!without.may_subscribe(system, filter("$SYS/+")));
    assert!(without.may_subscribe(system, filter("+/a")), "which has none of `$SYS`");
    assert!(without.may_publish(&client("+", None), name("$SYS/a")), "as `+`");
    assert!(!without.may_publish(&client("$share", None), name("$share/a")), "an ordinary name");
    // Elsewhere than at the very beginning, a `$` is an ordinary character.
    let own = super_policy("-own/%c");
    assert!(!own.may_subscribe(system, filter("own/+")));
    assert!(!own.may_publish(&client("+", None), name("own/$SYS")));
}
