//! Access rules: who may publish and subscribe what.

mod pattern;
mod rule;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use mqtt_codec::ReasonCode;
use mqtt_topic::{TopicFilter, TopicName};

pub use self::pattern::PatternError;
pub use self::rule::{Access, Rule};

use self::pattern::Topic;
use crate::policy::{Client, Decision, Policy, Question, Request, Verdict};

/// A policy of access rules. The first one that applies decides, and without one the answer is no.
///
/// It answers what concerns topics: publishing, wills and subscribing. Connecting and authentication are left to the policy
/// within, which is asked nothing else.
///
/// ```
/// use mqtt_broker_core::{Access, AclPolicy, AllowAll, Client, ListenerId, Rule};
/// use mqtt_codec::{TopicFilter, TopicName, Version};
///
/// let mut policy = AclPolicy::new(AllowAll)
///     .with(Rule::deny(Access::Both, "site/+/alarm")?.for_group("guests"))
///     .with(Rule::allow(Access::Subscribe, "site/#")?)
///     .with(Rule::allow(Access::Publish, "site/%c/#")?);
/// policy.add_to_group("ann", "guests");
///
/// let client = |client_id, user_name| Client {
///     client_id,
///     user_name,
///     identity: None,
///     version: Version::V5,
///     listener: ListenerId(0),
/// };
/// let (ann, bob) = (client("boiler", Some("ann")), client("boiler", Some("bob")));
///
/// assert!(policy.may_publish(&bob, TopicName::new("site/boiler/temperature")?));
/// assert!(!policy.may_publish(&bob, TopicName::new("site/lift/temperature")?), "another's");
/// assert!(policy.may_subscribe(&bob, TopicFilter::new("site/#")?));
/// assert!(!policy.may_subscribe(&ann, TopicFilter::new("site/#")?), "it has the alarms in it");
/// assert!(policy.may_subscribe(&ann, TopicFilter::new("site/+/temperature")?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Which rule applies
///
/// A rule applies to the clients and the kind of access that it names, and to a topic that its pattern matches. To a Topic
/// Filter that somebody wants to subscribe
///
/// - a rule that allows applies if its pattern [covers](TopicFilter::covers) the filter,
/// - a rule that denies applies if its pattern [overlaps](TopicFilter::overlaps) the filter.
///
/// So whoever may subscribe a filter [may receive](Self::may_receive) each topic that it matches. The converse does not hold: rules that
/// allow `a` and `a/+/#` together do not allow `a/#`. Of a shared subscription the filter within counts, whatever the group.
///
/// # The client's own topics
///
/// A level of a pattern that is `%c` stands for the Client Identifier, and one that is `%u` for the User Name. As part of a
/// level, as in `room-%c`, they are text like any other. They stand for one level, and never for a wildcard:
///
/// - A name that is no level, since it is missing, empty, or has a `/`, a `+`, a `#` or a NUL, stands for nothing in a rule that
///   allows, which then does not apply; and for any level, as `+` does, in a rule that denies.
/// - A rule that allows never gives topics that begin with `$` to a client for its name, as with wildcards (MQTT 5.0 §4.7.2):
///   `%c/#` does not give `$SYS/#` to whoever calls itself `$SYS`.
///
/// Rules are worth as much as the names. [`AllowAll`](crate::AllowAll) believes everybody; a policy that does not says so at
/// [`Request::Connect`].
///
/// # When the rules change
///
/// Rules are looked at when a client asks, and count from then on: subscriptions and wills that were allowed stay. A
/// question is compared with each rule until one applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AclPolicy<P> {
    inner: P,
    rules: Vec<Rule>,
    /// The User Names in each group; none is empty.
    groups: Groups,
}

type Groups = BTreeMap<Box<str>, BTreeSet<Box<str>>>;

impl<P> AclPolicy<P> {
    /// Without rules, so that nobody may publish or subscribe; `inner` says who may connect.
    pub const fn new(inner: P) -> Self {
        Self { inner, rules: Vec::new(), groups: BTreeMap::new() }
    }

    /// With one more rule, which is the last.
    #[must_use]
    pub fn with(mut self, rule: Rule) -> Self {
        self.push(rule);
        self
    }

    /// Adds a rule as the last.
    pub fn push(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// The rules, in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Takes all rules away; the groups stay.
    pub fn clear_rules(&mut self) {
        self.rules.clear();
    }

    /// Makes a User Name a member of a group, and says whether it was none.
    pub fn add_to_group(&mut self, user_name: &str, group: &str) -> bool {
        self.groups.entry(group.into()).or_default().insert(user_name.into())
    }

    /// Ends a membership, and says whether there was one.
    pub fn remove_from_group(&mut self, user_name: &str, group: &str) -> bool {
        let Some(members) = self.groups.get_mut(group) else { return false };
        let was_member = members.remove(user_name);
        if members.is_empty() {
            self.groups.remove(group);
        }
        was_member
    }

    /// The policy that says who may connect.
    pub const fn inner(&self) -> &P {
        &self.inner
    }

    /// The policy that says who may connect, to change it.
    pub const fn inner_mut(&mut self) -> &mut P {
        &mut self.inner
    }

    /// Whether this client may publish to this topic, or leave a will there.
    pub fn may_publish(&self, client: &Client<'_>, topic: &TopicName) -> bool {
        self.permits(client, Access::Publish, Topic::Name(topic))
    }

    /// Whether this client may subscribe this filter, `$share` form included.
    pub fn may_subscribe(&self, client: &Client<'_>, filter: &TopicFilter) -> bool {
        self.permits(client, Access::Subscribe, Topic::of_filter(filter))
    }

    /// Whether this client may have the messages of this topic, which is what it takes to subscribe that topic alone.
    pub fn may_receive(&self, client: &Client<'_>, topic: &TopicName) -> bool {
        self.permits(client, Access::Subscribe, Topic::Name(topic))
    }

    fn permits(&self, client: &Client<'_>, access: Access, topic: Topic<'_>) -> bool {
        let is_member = |user_name: &str, group: &str| {
            self.groups.get(group).is_some_and(|users| users.contains(user_name))
        };
        let decisive = self.rules.iter().find(|rule| rule.applies(client, is_member, access, topic));
        decisive.is_some_and(Rule::allows)
    }
}

impl<P: Policy> Policy for AclPolicy<P> {
    fn decide(&mut self, question: &Question<'_>) -> Decision {
        let is_allowed = match question.request {
            Request::Connect { .. } | Request::Authenticate { .. } => return self.inner.decide(question),
            Request::Will { topic, .. } | Request::Publish { topic, .. } => {
                self.may_publish(&question.client, topic)
            }
            Request::Subscribe { filter, .. } => self.may_subscribe(&question.client, filter),
            Request::Replay { topic, .. } => self.may_receive(&question.client, topic),
        };
        Decision::Now(match is_allowed {
            true => Verdict::Allow,
            false => Verdict::Deny(ReasonCode::NotAuthorized),
        })
    }
}
