use alloc::boxed::Box;

use crate::acl::pattern::{Pattern, PatternError, Topic};
use crate::policy::Client;

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// To publish, and to leave a will.
    Publish,
    /// To subscribe.
    Subscribe,
    /// To publish and to subscribe.
    Both,
}

/// A rule of an [`AclPolicy`](crate::AclPolicy), which says when it applies.
///
/// It is for all clients until it is narrowed; narrowed in two ways, it is for those whom both let through.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    effect: Effect,
    access: Access,
    pattern: Pattern,
    client_id: Option<Box<str>>,
    user_name: Option<Box<str>>,
    identity: Option<Box<str>>,
    group: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Effect {
    Allow,
    Deny,
}

impl Rule {
    /// A rule that allows: a Topic Filter, where `%c` and `%u` as levels stand for the client's own names.
    ///
    /// # Errors
    ///
    /// When the pattern is no Topic Filter, or one of a shared subscription.
    pub fn allow(access: Access, pattern: &str) -> Result<Self, PatternError> {
        Self::new(Effect::Allow, access, pattern)
    }

    /// A rule that denies: a Topic Filter, where `%c` and `%u` as levels stand for the client's own names.
    ///
    /// # Errors
    ///
    /// When the pattern is no Topic Filter, or one of a shared subscription.
    pub fn deny(access: Access, pattern: &str) -> Result<Self, PatternError> {
        Self::new(Effect::Deny, access, pattern)
    }

    fn new(effect: Effect, access: Access, pattern: &str) -> Result<Self, PatternError> {
        let pattern = Pattern::new(pattern)?;
        Ok(Self { effect, access, pattern, client_id: None, user_name: None, identity: None, group: None })
    }

    /// Only for the client with this Client Identifier.
    #[must_use]
    pub fn for_client(self, client_id: &str) -> Self {
        Self { client_id: Some(client_id.into()), ..self }
    }

    /// Only for clients with this User Name.
    #[must_use]
    pub fn for_user(self, user_name: &str) -> Self {
        Self { user_name: Some(user_name.into()), ..self }
    }

    /// Only for clients who are this by what the transport says ([`Client::identity`]).
    #[must_use]
    pub fn for_identity(self, identity: &str) -> Self {
        Self { identity: Some(identity.into()), ..self }
    }

    /// Only for clients whose User Name is in this group ([`AclPolicy::add_to_group`](crate::AclPolicy::add_to_group)).
    #[must_use]
    pub fn for_group(self, group: &str) -> Self {
        Self { group: Some(group.into()), ..self }
    }

    /// Whether it allows what it applies to.
    pub(super) const fn allows(&self) -> bool {
        matches!(self.effect, Effect::Allow)
    }

    /// Whether it decides on one kind of access; `is_member` is asked for a User Name and a group.
    pub(super) fn applies(
        &self,
        client: &Client<'_>,
        is_member: impl Fn(&str, &str) -> bool,
        access: Access,
        topic: Topic<'_>,
    ) -> bool {
        let is_user = |wanted: &str| client.user_name == Some(wanted);
        let is_in = |group: &str| client.user_name.is_some_and(|user_name| is_member(user_name, group));
        (self.access == access || self.access == Access::Both)
            && self.client_id.as_deref().is_none_or(|wanted| client.client_id == wanted)
            && self.user_name.as_deref().is_none_or(is_user)
            && self.identity.as_deref().is_none_or(|wanted| client.identity == Some(wanted))
            && self.group.as_deref().is_none_or(is_in)
            && match self.effect {
                Effect::Allow => self.pattern.covers(client, topic),
                Effect::Deny => self.pattern.overlaps(client, topic),
            }
    }
}
