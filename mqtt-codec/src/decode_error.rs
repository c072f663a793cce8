//! What is wrong with bytes.

mod kind;

use core::fmt;

use mqtt_topic::{TopicError, TopicErrorKind};

pub use self::kind::{DecodeErrorKind, Excerpt, Repeated};
use crate::{PacketType, PropertyId, ReasonCode, Version};

/// Why bytes are not a packet: what, in which packet, at which byte.
///
/// [`reason_code`](Self::reason_code) is what to answer, [`statement`](Self::statement) the rule that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    kind: DecodeErrorKind,
    packet_type: Option<PacketType>,
    offset: u32,
}

impl DecodeError {
    pub(crate) fn new(kind: DecodeErrorKind, packet_type: Option<PacketType>, offset: usize) -> Self {
        Self { kind, packet_type, offset: crate::reader::saturate(offset) }
    }

    /// What is wrong.
    pub const fn kind(&self) -> DecodeErrorKind {
        self.kind
    }

    /// The type of the packet; `None` for the reserved type 0.
    pub const fn packet_type(&self) -> Option<PacketType> {
        self.packet_type
    }

    /// The byte of the packet at which the offending field, list or character begins, counted from 0.
    pub const fn offset(&self) -> u32 {
        self.offset
    }

    /// The 5.0 reason code of the error (MQTT 5.0 §4.13). To answer with it, take [`reason_code_in`](Self::reason_code_in).
    /// 3.x has none: close.
    pub const fn reason_code(&self) -> ReasonCode {
        use DecodeErrorKind as Kind;
        match self.kind {
            Kind::ReservedPacketType { .. }
            | Kind::Flags { .. }
            | Kind::QoS
            | Kind::DupOnQoS0
            | Kind::VarintTooLong
            | Kind::NotMinimal { .. }
            | Kind::Truncated { .. }
            | Kind::TrailingBytes { .. }
            | Kind::Utf8 { .. }
            | Kind::Nul
            | Kind::DiscouragedCharacter { .. }
            | Kind::ReservedConnectFlag
            | Kind::WillQoSWithoutWill { .. }
            | Kind::WillRetainWithoutWill
            | Kind::PasswordWithoutUserName
            | Kind::ConnAckFlags { .. }
            | Kind::ReasonCode { .. }
            | Kind::UnknownProperty { .. }
            | Kind::PropertyNotAllowed { .. }
            | Kind::ReservedSubscriptionOptions { .. } => ReasonCode::MalformedPacket,
            Kind::WrongPacketType { .. }
            | Kind::NotConnect { .. }
            | Kind::NoTopic
            | Kind::PacketIdZero
            | Kind::SessionPresentOnRefusal
            | Kind::DuplicateProperty { .. }
            | Kind::ResponseTopic(_)
            | Kind::AuthenticationDataWithoutMethod
            | Kind::NoAuthenticationMethod
            | Kind::EmptyList
            | Kind::SubscriptionOptions { .. }
            | Kind::NoLocalOnShared
            | Kind::TopicFilter(_) => ReasonCode::ProtocolError,
            Kind::PropertyValue { property: PropertyId::TopicAlias, .. } => ReasonCode::TopicAliasInvalid,
            Kind::PropertyValue { .. } => ReasonCode::ProtocolError,
            Kind::TopicName(_) => ReasonCode::TopicNameInvalid,
            Kind::PacketTooLarge { .. } => ReasonCode::PacketTooLarge,
            Kind::PropertiesTooLarge { .. } | Kind::TooMany { .. } => ReasonCode::QuotaExceeded,
            Kind::ProtocolName { .. }
            | Kind::ProtocolLevel { .. }
            | Kind::WrongVersion { .. }
            | Kind::VersionRefused => ReasonCode::UnsupportedProtocolVersion,
        }
    }

    /// The reason code for the answer, which is a CONNACK (from a server that has sent none) or a DISCONNECT:
    /// [`reason_code`](Self::reason_code), or Protocol Error where that packet cannot carry it, such as Unsupported Protocol
    /// Version in a DISCONNECT.
    pub fn reason_code_in(&self, answer: PacketType) -> ReasonCode {
        Some(self.reason_code())
            .filter(|code| code.is_allowed_in(answer))
            .unwrap_or(ReasonCode::ProtocolError)
    }

    /// The error of a field that does not fit into the packet, which has `size` bytes, seen by a reader of its front alone.
    pub(crate) fn in_packet_of(self, size: u32) -> Self {
        let DecodeErrorKind::Truncated { needed, .. } = self.kind else {
            return self;
        };
        let left = size.saturating_sub(self.offset);
        Self { kind: DecodeErrorKind::Truncated { needed, left }, ..self }
    }

    /// The statement of the standard that the bytes break, such as `MQTT-3.1.2-3`, in the numbering of
    /// `version`'s standard (3.1 has no numbers; those of 3.1.1 are given). `None` where the rule has no number.
    pub fn statement(&self, version: Version) -> Option<&'static str> {
        use DecodeErrorKind as Kind;
        let (v3, v5) = match self.kind {
            Kind::Flags { .. } => match self.packet_type {
                Some(PacketType::PubRel) => ("MQTT-3.6.1-1", "MQTT-3.6.1-1"),
                Some(PacketType::Subscribe) => ("MQTT-3.8.1-1", "MQTT-3.8.1-1"),
                Some(PacketType::Unsubscribe) => ("MQTT-3.10.1-1", "MQTT-3.10.1-1"),
                Some(PacketType::Disconnect) => ("MQTT-3.14.1-1", "MQTT-3.14.1-1"),
                Some(PacketType::Auth) => ("", "MQTT-3.15.1-1"),
                _ => ("MQTT-2.2.2-2", "MQTT-2.1.3-1"),
            },
            Kind::QoS => match self.packet_type {
                Some(PacketType::Connect) => ("MQTT-3.1.2-14", "MQTT-3.1.2-12"),
                Some(PacketType::Subscribe) => ("MQTT-3.8.3-4", "MQTT-3.8.3-5"),
                _ => ("MQTT-3.3.1-4", "MQTT-3.3.1-4"),
            },
            Kind::DupOnQoS0 => ("MQTT-3.3.1-2", "MQTT-3.3.1-2"),
            Kind::NotMinimal { .. } | Kind::VarintTooLong => ("", "MQTT-1.5.5-1"),
            Kind::Utf8 { .. } => ("MQTT-1.5.3-1", "MQTT-1.5.4-1"),
            Kind::Nul => ("MQTT-1.5.3-2", "MQTT-1.5.4-2"),
            Kind::TopicName(error)
                if self.packet_type == Some(PacketType::Publish)
                    && error.kind() == TopicErrorKind::WildcardInName =>
            {
                ("MQTT-3.3.2-2", "MQTT-3.3.2-2")
            }
            Kind::TopicName(error) | Kind::TopicFilter(error) => {
                (v3_topic_statement(error), error.statement())
            }
            Kind::ResponseTopic(error) if error.kind() == TopicErrorKind::WildcardInName => {
                ("", "MQTT-3.3.2-14")
            }
            Kind::ResponseTopic(_) => ("", ""),
            Kind::NoTopic => ("", "MQTT-3.3.2-1"),
            Kind::PacketIdZero => match self.packet_type {
                Some(PacketType::Publish | PacketType::Subscribe | PacketType::Unsubscribe) => {
                    ("MQTT-2.3.1-1", "MQTT-2.2.1-3")
                }
                _ => ("", ""),
            },
            Kind::NotConnect { .. } => ("MQTT-3.1.0-1", "MQTT-3.1.0-1"),
            Kind::ProtocolName { .. } => ("MQTT-3.1.2-1", "MQTT-3.1.2-1"),
            Kind::ProtocolLevel { .. } | Kind::WrongVersion { .. } => ("MQTT-3.1.2-2", "MQTT-3.1.2-2"),
            Kind::ReservedConnectFlag => ("MQTT-3.1.2-3", "MQTT-3.1.2-3"),
            Kind::WillQoSWithoutWill { .. } => ("MQTT-3.1.2-11", "MQTT-3.1.2-11"),
            Kind::WillRetainWithoutWill => ("MQTT-3.1.2-11", "MQTT-3.1.2-13"),
            Kind::PasswordWithoutUserName => ("MQTT-3.1.2-22", ""),
            Kind::ConnAckFlags { .. } => ("", "MQTT-3.2.2-1"),
            Kind::SessionPresentOnRefusal => ("MQTT-3.2.2-4", "MQTT-3.2.2-6"),
            Kind::ReasonCode { .. } => match self.packet_type {
                Some(PacketType::ConnAck) => ("", "MQTT-3.2.2-8"),
                Some(PacketType::PubAck) => ("", "MQTT-3.4.2-1"),
                Some(PacketType::PubRec) => ("", "MQTT-3.5.2-1"),
                Some(PacketType::PubRel) => ("", "MQTT-3.6.2-1"),
                Some(PacketType::PubComp) => ("", "MQTT-3.7.2-1"),
                Some(PacketType::SubAck) => ("MQTT-3.9.3-2", "MQTT-3.9.3-2"),
                Some(PacketType::UnsubAck) => ("", "MQTT-3.11.3-2"),
                Some(PacketType::Disconnect) => ("", "MQTT-3.14.2-1"),
                Some(PacketType::Auth) => ("", "MQTT-3.15.2-1"),
                _ => ("", ""),
            },
            Kind::PropertyValue { property: PropertyId::TopicAlias, .. } => ("", "MQTT-3.3.2-8"),
            Kind::EmptyList => match self.packet_type {
                Some(PacketType::Subscribe) => ("MQTT-3.8.3-3", "MQTT-3.8.3-2"),
                Some(PacketType::Unsubscribe) => ("MQTT-3.10.3-2", "MQTT-3.10.3-2"),
                Some(PacketType::SubAck) => ("MQTT-3.8.4-5", "MQTT-3.8.4-6"),
                Some(PacketType::UnsubAck) => ("", "MQTT-3.11.3-2"),
                _ => ("", ""),
            },
            Kind::ReservedSubscriptionOptions { .. } | Kind::SubscriptionOptions { .. } => {
                ("MQTT-3.8.3-4", "MQTT-3.8.3-5")
            }
            Kind::NoLocalOnShared => ("", "MQTT-3.8.3-4"),
            Kind::NoAuthenticationMethod => ("", "MQTT-4.12.0-5"),
            Kind::ReservedPacketType { .. }
            | Kind::WrongPacketType { .. }
            | Kind::PacketTooLarge { .. }
            | Kind::PropertiesTooLarge { .. }
            | Kind::TooMany { .. }
            | Kind::Truncated { .. }
            | Kind::TrailingBytes { .. }
            | Kind::DiscouragedCharacter { .. }
            | Kind::VersionRefused
            | Kind::UnknownProperty { .. }
            | Kind::PropertyNotAllowed { .. }
            | Kind::DuplicateProperty { .. }
            | Kind::PropertyValue { .. }
            | Kind::AuthenticationDataWithoutMethod => ("", ""),
        };
        let id = if version.is_v5() { v5 } else { v3 };
        if id.is_empty() { None } else { Some(id) }
    }
}

/// 3.1.1 has the same statements about topics under other numbers, and none about shared subscriptions.
fn v3_topic_statement(error: TopicError) -> &'static str {
    match error.statement() {
        "MQTT-4.7.0-1" => "MQTT-4.7.1-1",
        "MQTT-4.7.1-1" => "MQTT-4.7.1-2",
        "MQTT-4.7.1-2" => "MQTT-4.7.1-3",
        "MQTT-4.8.2-1" | "MQTT-4.8.2-2" => "",
        same => same,
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.packet_type {
            Some(packet) => write!(f, "{packet}, byte {}: {}", self.offset, self.kind),
            None => write!(f, "byte {}: {}", self.offset, self.kind),
        }
    }
}

impl core::error::Error for DecodeError {}
