use core::fmt;

use mqtt_codec::{QoS, ReasonCode, Version};
use mqtt_topic::{TopicFilter, TopicName};

use crate::ListenerId;

/// Who may connect, publish and subscribe.
///
/// The broker asks before it changes anything. A policy that has to look elsewhere says [`Decision::Later`]; the
/// question then goes out through [`Actions::ask`](crate::Actions::ask), and the connection's packets wait, in order, for
/// [`Event::Answered`](crate::Event::Answered). A closure `FnMut(&Question) -> Decision` is a policy.
pub trait Policy {
    /// Answers a question.
    fn decide(&mut self, question: &Question<'_>) -> Decision;
}

impl<F: FnMut(&Question<'_>) -> Decision> Policy for F {
    fn decide(&mut self, question: &Question<'_>) -> Decision {
        self(question)
    }
}

/// The policy that allows everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AllowAll;

impl Policy for AllowAll {
    fn decide(&mut self, _: &Question<'_>) -> Decision {
        Decision::Now(Verdict::Allow)
    }
}

/// A policy's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// At once.
    Now(Verdict),
    /// By [`Event::Answered`](crate::Event::Answered).
    Later,
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Yes.
    Allow,
    /// No, for this reason. A reason that does not fit the answering packet becomes 0x87 Not authorized.
    Deny(ReasonCode),
}

/// What a policy is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// Who wants something.
    pub client: Client<'a>,
    /// What it wants.
    pub request: Request<'a>,
}

/// A client, as a policy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client<'a> {
    /// Client Identifier; the assigned one if it sent none.
    pub client_id: &'a str,
    /// User Name, if it sent one.
    pub user_name: Option<&'a str>,
    /// Protocol version.
    pub version: Version,
    /// Where it came in.
    pub listener: ListenerId,
}

/// A password, which does not show itself in logs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Password<'a>(pub &'a [u8]);

impl fmt::Debug for Password<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What a client wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Connect.
    Connect {
        /// Password, if it sent one.
        password: Option<Password<'a>>,
    },
    /// Leave a will, which will be published without another question.
    Will {
        /// Will Topic.
        topic: &'a TopicName,
        /// Will QoS.
        qos: QoS,
        /// Will Retain.
        retain: bool,
    },
    /// Publish.
    Publish {
        /// Topic Name.
        topic: &'a TopicName,
        /// QoS.
        qos: QoS,
        /// RETAIN.
        retain: bool,
    },
    /// Subscribe. One question for each entry of a SUBSCRIBE.
    Subscribe {
        /// Topic Filter, `$share` form included.
        filter: &'a TopicFilter,
        /// The QoS that it asks for.
        qos: QoS,
    },
}
