use alloc::boxed::Box;
use core::fmt;

use bytes::Bytes;
use mqtt_codec::{PacketType, QoS, ReasonCode, Version};
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

/// The policy that allows everything. It knows no authentication method, so whoever offers one is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AllowAll;

impl Policy for AllowAll {
    fn decide(&mut self, _: &Question<'_>) -> Decision {
        Decision::Now(Verdict::Allow)
    }
}

/// A policy's answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// At once.
    Now(Verdict),
    /// By [`Event::Answered`](crate::Event::Answered).
    Later,
}

/// What is decided. An answer that does not fit its question counts as no.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Yes. To [`Request::Authenticate`] it is no answer: whoever allows everything has not proved who somebody is.
    Allow,
    /// To [`Request::Subscribe`]: yes, at this QoS or the one that was asked for, whichever is lower.
    AllowUpTo(QoS),
    /// To [`Request::Connect`]: yes, with Response Information, from which the client makes its Response Topics
    /// (MQTT 5.0 §3.2.2.3.15). It is sent if the client asked for it.
    AllowWith {
        /// Response Information.
        response_information: Box<str>,
    },
    /// To [`Request::Authenticate`]: the client goes on with AUTH, given this Authentication Data. A policy should not challenge
    /// for ever: what is limited is the [time](crate::Config::connect_timeout) that the client takes for all steps of a CONNECT together.
    Challenge(Bytes),
    /// To [`Request::Authenticate`]: the client is who it says, and is given this Authentication Data, if any.
    Authenticated(Option<Bytes>),
    /// No, for this reason. A reason that does not fit the answering packet becomes 0x87 Not authorized.
    Deny(ReasonCode),
    /// No, with more to tell.
    DenyWith(Box<Refusal>),
}

/// Why not, and where else. 3.x clients are told nothing of it but what a return code can say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// Reason code. [`UseAnotherServer`](ReasonCode::UseAnotherServer) and [`ServerMoved`](ReasonCode::ServerMoved) send a client
    /// elsewhere (MQTT 5.0 §4.11).
    pub reason: ReasonCode,
    /// Reason String: for people who read logs. Left out where it would not fit or was not wanted (MQTT-3.2.2-19).
    pub reason_string: Option<Box<str>>,
    /// Server Reference, of the answer to CONNECT or re-authentication: names and ports separated by spaces
    /// (MQTT 5.0 §4.11).
    pub server_reference: Option<Box<str>>,
}

/// A yes to anything but [`Request::Authenticate`].
pub(crate) struct Permission {
    pub(crate) maximum_qos: QoS,
    pub(crate) response_information: Option<Box<str>>,
}

/// What follows on a [`Request::Authenticate`], if not a refusal.
pub(crate) enum Step {
    Challenge(Bytes),
    Done(Option<Bytes>),
}

impl Verdict {
    /// Bytes that it has allocated.
    pub(crate) fn heap(&self) -> usize {
        let text = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        match self {
            Self::Allow | Self::AllowUpTo(_) | Self::Deny(_) => 0,
            Self::AllowWith { response_information } => response_information.len(),
            Self::Challenge(data) => data.len(),
            Self::Authenticated(data) => data.as_ref().map_or(0, Bytes::len),
            Self::DenyWith(refusal) => {
                size_of::<Refusal>() + text(&refusal.reason_string) + text(&refusal.server_reference)
            }
        }
    }

    /// To this question.
    pub(crate) fn permission(self, request: &Request<'_>) -> Result<Permission, Refusal> {
        let (maximum_qos, response_information) = match (self, request) {
            (Self::Allow, _) => (QoS::ExactlyOnce, None),
            (Self::AllowUpTo(qos), Request::Subscribe { .. }) => (qos, None),
            (Self::AllowWith { response_information }, Request::Connect { .. }) => {
                (QoS::ExactlyOnce, Some(response_information))
            }
            (Self::Deny(reason), _) => return Err(Refusal::new(reason)),
            (Self::DenyWith(refusal), _) => return Err(*refusal),
            (
                Self::AllowUpTo(_) | Self::AllowWith { .. } | Self::Challenge(_) | Self::Authenticated(_),
                _,
            ) => return Err(Refusal::NOT_AUTHORIZED),
        };
        Ok(Permission { maximum_qos, response_information })
    }

    pub(crate) fn step(self) -> Result<Step, Refusal> {
        Err(match self {
            Self::Challenge(data) => return Ok(Step::Challenge(data)),
            Self::Authenticated(data) => return Ok(Step::Done(data)),
            // Who allows everything knows no method.
            Self::Allow | Self::AllowUpTo(_) | Self::AllowWith { .. } => {
                Refusal::new(ReasonCode::BadAuthenticationMethod)
            }
            Self::Deny(reason) => Refusal::new(reason),
            Self::DenyWith(refusal) => *refusal,
        })
    }
}

impl Refusal {
    const NOT_AUTHORIZED: Self =
        Self { reason: ReasonCode::NotAuthorized, reason_string: None, server_reference: None };

    /// With a reason code alone.
    pub(crate) const fn new(reason: ReasonCode) -> Self {
        Self { reason, ..Self::NOT_AUTHORIZED }
    }

    /// The reason code, if this packet can carry it; else 0x87 Not authorized, which all can.
    pub(crate) fn reason_in(&self, packet: PacketType) -> ReasonCode {
        failure(self.reason, packet, ReasonCode::NotAuthorized)
    }
}

/// The reason as this packet can give it: itself if it is a failure that the packet may carry.
pub(crate) fn failure(reason: ReasonCode, packet: PacketType, otherwise: ReasonCode) -> ReasonCode {
    if reason.is_error() && reason.is_allowed_in(packet) { reason } else { otherwise }
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
    /// Who the transport says it is, such as the subject of its certificate, if the runtime
    /// [knows](crate::Event::Opened::identity).
    pub identity: Option<&'a str>,
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

/// Authentication Data, which does not show itself in logs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AuthenticationData<'a>(pub &'a [u8]);

impl fmt::Debug for AuthenticationData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthenticationData(..)")
    }
}

/// What a client wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Connect.
    Connect {
        /// Password, if it sent one.
        password: Option<Password<'a>>,
        /// Authentication Method, if it wants enhanced authentication. If this is allowed, an
        /// [`Authenticate`](Self::Authenticate) follows.
        authentication_method: Option<&'a str>,
        /// Whether it would like [Response Information](Verdict::AllowWith).
        wants_response_information: bool,
    },
    /// Prove who it is (MQTT 5.0 §4.12). Asked for each step: with what CONNECT brought, then with each AUTH.
    ///
    /// Answers are [`Challenge`](Verdict::Challenge), [`Authenticated`](Verdict::Authenticated) and a denial, which for a
    /// method that is not known is 0x8C Bad authentication method.
    Authenticate {
        /// Authentication Method.
        method: &'a str,
        /// Authentication Data, if it sent any.
        data: Option<AuthenticationData<'a>>,
        /// Whether the client is connected and proves itself again. Until that is done, it goes on as who it was.
        is_connected: bool,
    },
    /// Leave a will: asked when CONNECT brings it, where a no refuses the connection, and once more when it is to be published.
    Will {
        /// Will Topic.
        topic: &'a TopicName,
        /// Will QoS.
        qos: QoS,
        /// Will Retain.
        retain: bool,
        /// Whether it is to be published now.
        is_due: bool,
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
    /// Subscribe: one question for each entry of a SUBSCRIBE. And keep a subscription: one for each that there is, when a client
    /// comes back to its session, and at [`Event::Revoke`](crate::Event::Revoke).
    Subscribe {
        /// Topic Filter, `$share` form included.
        filter: &'a TopicFilter,
        /// The QoS that it asks for, or has.
        qos: QoS,
        /// Whether it has the subscription already.
        is_kept: bool,
    },
    /// Get a retained message because of a SUBSCRIBE. Asked for each, after the subscription itself was allowed.
    Replay {
        /// Topic Name.
        topic: &'a TopicName,
        /// Client Identifier of the client that published it; none if the embedding program did.
        publisher: Option<&'a str>,
    },
}
