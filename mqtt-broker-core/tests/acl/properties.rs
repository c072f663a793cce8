//! Verdicts over random rules, clients and topics, against names that are tried one after the other.

use std::sync::LazyLock;

use mqtt_broker_core::{Access, AclPolicy, AllowAll, Client, Rule};
use mqtt_codec::TopicFilter;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::{client, filter, name};

/// Levels of topics: names of clients, and always others beside those that patterns and filters of a case have.
const LEVELS: [&str; 7] = ["", "a", "é", "%c", "z", "$SYS", "$z"];

/// Client Identifiers and User Names, many of which are no level.
const NAMES: [&str; 15] =
    ["a", "a", "a", "é", "%c", "$SYS", "$SYS", "$z", "z", "+", "#", "a/#", "$share/g/a", "", "a\0"];

/// All names of up to four levels; patterns and filters have three at most, and a `#`.
static TOPICS: LazyLock<Vec<Vec<&str>>> = LazyLock::new(|| {
    let longer = |shorter: &Vec<Vec<&'static str>>| -> Vec<Vec<&'static str>> {
        let with = |topic: &Vec<_>| LEVELS.map(|level| [topic.as_slice(), &[level]].concat());
        shorter.iter().flat_map(with).collect()
    };
    let by_len = std::iter::successors(Some(vec![vec![]]), |shorter| Some(longer(shorter)));
    by_len.take(5).flatten().filter(|topic| !topic.concat().is_empty() || topic.len() > 1).collect()
});

/// A rule as it is written down.
#[derive(Clone, Debug)]
struct Written {
    is_allow: bool,
    access: Access,
    pattern: String,
    user_name: Option<&'static str>,
    group: bool,
}

impl Written {
    fn rule(&self) -> Rule {
        let make = if self.is_allow { Rule::allow } else { Rule::deny };
        let rule = make(self.access, &self.pattern).expect("the strategy makes patterns");
        let rule = if self.group { rule.for_group("group") } else { rule };
        self.user_name.into_iter().fold(rule, Rule::for_user)
    }

    /// The pattern with the client's names in it, if the rule is for this client.
    fn levels<'a>(&'a self, client: &Client<'a>, is_in_group: bool) -> Option<Vec<&'a str>> {
        if self.user_name.is_some_and(|wanted| client.user_name != Some(wanted)) || self.group && !is_in_group
        {
            return None;
        }
        let level = |(at, level): (usize, &'a str)| {
            let own = match level {
                "%c" => Some(client.client_id),
                "%u" => client.user_name,
                text => return Some(text),
            };
            let is_level = |own: &&str| !own.is_empty() && !own.contains(['/', '+', '#', '\0']);
            match own.filter(is_level) {
                Some(own) if self.is_allow && at == 0 && own.starts_with('$') => None,
                None if !self.is_allow => Some("+"),
                own => own,
            }
        };
        self.pattern.split('/').enumerate().map(level).collect()
    }
}

fn matches(pattern: &[&str], topic: &[&str]) -> bool {
    let hidden = ["+", "#"].contains(&pattern[0]) && topic[0].starts_with('$');
    let (front, is_long_enough) = match pattern {
        [front @ .., "#"] => (front, topic.len() >= front.len()),
        _ => (pattern, topic.len() == pattern.len()),
    };
    let is_one = |(wanted, level): (&&str, &&str)| *wanted == "+" || wanted == level;
    !hidden && is_long_enough && front.iter().zip(topic).all(is_one)
}

fn levels(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    (vec(select(of), 0..4), any::<bool>()).prop_map(|(mut levels, hash)| {
        levels.extend(hash.then_some("#"));
        let text = levels.join("/");
        if text.is_empty() { "+".into() } else { text }
    })
}

fn rules() -> impl Strategy<Value = Vec<Written>> {
    let access = select(&[Access::Publish, Access::Subscribe, Access::Both, Access::Both][..]);
    let pattern = levels(&["a", "é", "", "$SYS", "+", "+", "%c", "%c", "%u", "%u"]);
    let user_name = option::weighted(0.2, select(&NAMES[..]));
    let group = proptest::bool::weighted(0.2);
    let rule = (any::<bool>(), access, pattern, user_name, group).prop_map(
        |(is_allow, access, pattern, user_name, group)| Written {
            is_allow,
            access,
            pattern,
            user_name,
            group,
        },
    );
    vec(rule, 1..5)
}

fn filters() -> impl Strategy<Value = String> {
    levels(&["a", "a", "é", "%c", "", "$SYS", "$z", "+", "+"])
}

/// How a filter is made out of what the first rule means for the client: so many of its levels, and then this.
fn ends() -> impl Strategy<Value = Option<(usize, &'static str)>> {
    option::of((0..3_usize, select(&["a", "", "+", "#", "+/#", "a/#"][..])))
}

/// A filter that is near to what the first rule is about, if that gives one.
fn near(rules: &[Written], client: &Client<'_>, end: Option<(usize, &str)>, otherwise: String) -> String {
    let text = end.and_then(|(len, end)| {
        let levels = rules.first()?.levels(client, true)?;
        Some(levels.into_iter().take(len).chain([end]).collect::<Vec<_>>().join("/"))
    });
    text.filter(|text| TopicFilter::new(text).is_ok()).unwrap_or(otherwise)
}

fn policy(rules: &[Written], member: Option<&str>) -> AclPolicy<AllowAll> {
    let mut policy = AclPolicy::new(AllowAll);
    rules.iter().for_each(|rule| policy.push(rule.rule()));
    member.into_iter().for_each(|member| assert!(policy.add_to_group(member, "group")));
    policy
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    /// Fails when a name gets more or less than its own level, or when a verdict is not that on all topics that are meant.
    #[test]
    fn verdicts_are_those_on_each_topic(
        rules in rules(),
        client_id in select(&NAMES[..]),
        user_name in option::weighted(0.8, select(&NAMES[..])),
        is_in_group in any::<bool>(),
        wanted in filters(),
        end in ends(),
        topics in vec(vec(select(&LEVELS[1..]), 1..4), 8),
    ) {
        let client = client(client_id, user_name);
        let wanted = near(&rules, &client, end, wanted);
        let member = user_name.filter(|_| is_in_group);
        let policy = policy(&rules, member);
        let verdict = |access, topics: &[&Vec<&str>]| {
            let decisive = rules.iter().find(|rule| {
                let Some(pattern) = rule.levels(&client, member.is_some()) else { return false };
                let mut matched = topics.iter().map(|topic| matches(&pattern, topic));
                [access, Access::Both].contains(&rule.access)
                    && if rule.is_allow { matched.all(|is_matched| is_matched) } else { matched.any(|is_matched| is_matched) }
            });
            decisive.is_some_and(|rule| rule.is_allow)
        };

        let wanted_levels: Vec<_> = wanted.split('/').collect();
        let all: Vec<_> = TOPICS.iter().filter(|topic| matches(&wanted_levels, topic)).collect();
        let expected = verdict(Access::Subscribe, &all);
        prop_assert_eq!(policy.may_subscribe(&client, filter(&wanted)), expected);
        prop_assert_eq!(policy.may_subscribe(&client, filter(&format!("$share/g/{wanted}"))), expected);

        for topic in &topics {
            let text = topic.join("/");
            prop_assert_eq!(policy.may_publish(&client, name(&text)), verdict(Access::Publish, &[topic]));
            prop_assert_eq!(policy.may_receive(&client, name(&text)), verdict(Access::Subscribe, &[topic]));
        }
    }

    /// Fails when a subscription is granted that has a topic in it which alone would not be.
    #[test]
    fn whoever_may_subscribe_may_receive_each_topic(
        mut rules in rules(),
        client_id in select(&NAMES[..]),
        user_name in option::weighted(0.8, select(&NAMES[..])),
        wanted in filters(),
        end in ends(),
        last in filters(),
    ) {
        rules.push(Written { is_allow: true, access: Access::Both, pattern: last, user_name: None, group: false });
        let client = client(client_id, user_name);
        let wanted = near(&rules, &client, end, wanted);
        let policy = policy(&rules, None);
        if policy.may_subscribe(&client, filter(&wanted)) {
            for topic in TOPICS.iter().map(|topic| topic.join("/")).filter(|topic| filter(&wanted).matches(name(topic))) {
                prop_assert!(policy.may_receive(&client, name(&topic)), "{}", topic);
            }
        }
    }
}
