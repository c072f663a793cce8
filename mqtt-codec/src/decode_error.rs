//! What is wrong with bytes.

use core::fmt;

use mqtt_topic::{TopicError, TopicErrorKind};

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

/// What is wrong with the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// Packet type 0, or 15 in 3.x.
    #[error("this packet type is reserved")]
    ReservedPacketType,
    /// A packet of another type than the caller asked for.
    #[error("expected a packet of type {expected}")]
    WrongPacketType {
        /// The type that was asked for.
        expected: PacketType,
    },
    /// The first packet of a connection is not CONNECT.
    #[error("the first packet is not CONNECT")]
    NotConnect,
    /// The low four bits of the first byte.
    #[error("expected fixed header flags {expected:#06b}, found {found:#06b}")]
    Flags {
        /// What the packet type requires.
        expected: u8,
        /// What came.
        found: u8,
    },
    /// A QoS of 3.
    #[error("a QoS is 0, 1 or 2, found 3")]
    QoS,
    /// DUP on a QoS 0 PUBLISH.
    #[error("a message of QoS 0 has DUP set")]
    DupOnQoS0,
    /// A variable byte integer of more than four bytes.
    #[error("a variable byte integer has at most 4 bytes")]
    VarintTooLong,
    /// A variable byte integer in more bytes than it needs.
    #[error("a variable byte integer uses more bytes than it needs")]
    NotMinimal,
    /// More than [`Limits::packet_size`](crate::Limits::packet_size).
    #[error("the packet has {size} bytes, the limit is {limit}")]
    PacketTooLarge {
        /// Bytes of the whole packet.
        size: u32,
        /// The limit in bytes.
        limit: u32,
    },
    /// More items than a limit allows.
    #[error("more items than the limit of {limit}")]
    TooMany {
        /// The limit.
        limit: u32,
    },
    /// A field runs past the end of the packet or of its property list.
    #[error("a field needs {needed} bytes, {left} are left")]
    Truncated {
        /// Bytes that the field needs.
        needed: u32,
        /// Bytes that are left.
        left: u32,
    },
    /// Bytes behind the last field.
    #[error("{count} bytes are left over behind the last field")]
    TrailingBytes {
        /// How many.
        count: u32,
    },
    /// A string is not well-formed UTF-8.
    #[error("a string is not well-formed UTF-8")]
    Utf8,
    /// A string has U+0000 in it.
    #[error("a string contains U+0000")]
    Nul,
    /// A bad Topic Name in PUBLISH.
    #[error("bad topic name: {0}")]
    TopicName(TopicError),
    /// A PUBLISH of 5.0 with neither a Topic Name nor a Topic Alias.
    #[error("neither a topic name nor a topic alias")]
    NoTopic,
    /// A bad Topic Filter.
    #[error("bad topic filter: {0}")]
    TopicFilter(TopicError),
    /// A Packet Identifier of 0.
    #[error("a packet identifier is from 1 to 65535, found 0")]
    PacketIdZero,
    /// A protocol name that is neither `MQTT` nor `MQIsdp`.
    #[error("unknown protocol name")]
    ProtocolName,
    /// A protocol level that does not go with the name.
    #[error("unknown protocol level {level}")]
    ProtocolLevel {
        /// Whether the name is `MQIsdp`, the one of 3.1.
        is_mqisdp: bool,
        /// The level.
        level: u8,
    },
    /// CONNECT has a version other than the one it is decoded as.
    #[error("CONNECT is of version {found}")]
    WrongVersion {
        /// The version in the packet.
        found: Version,
    },
    /// Bit 0 of the connect flags.
    #[error("the reserved connect flag is set")]
    ReservedConnectFlag,
    /// Will QoS without Will Flag.
    #[error("Will QoS without Will Flag")]
    WillQoSWithoutWill,
    /// Will Retain without Will Flag.
    #[error("Will Retain without Will Flag")]
    WillRetainWithoutWill,
    /// Password Flag without User Name Flag, in 3.x.
    #[error("a password without a user name")]
    PasswordWithoutUserName,
    /// Bits 7 to 1 of the CONNACK flags.
    #[error("reserved acknowledge flags are set: {found:#010b}")]
    ConnAckFlags {
        /// The flags byte.
        found: u8,
    },
    /// CONNACK refuses and says that a session is present.
    #[error("Session Present in a refusal")]
    SessionPresentOnRefusal,
    /// A server of an older version refused the protocol version of 5.0, in its own form (`20 02 00 01`).
    #[error("the server does not speak this protocol version")]
    VersionRefused,
    /// A code that this packet cannot carry.
    #[error("0x{found:02X} is not a reason code of this packet")]
    ReasonCode {
        /// The byte.
        found: u8,
    },
    /// A property that does not exist.
    #[error("unknown property 0x{id:02X}")]
    UnknownProperty {
        /// The first byte of its identifier.
        id: u8,
    },
    /// A property that this packet cannot have.
    #[error("{property} does not belong here")]
    PropertyNotAllowed {
        /// Which.
        property: PropertyId,
    },
    /// A property that may occur once occurs again.
    #[error("{property} occurs twice")]
    DuplicateProperty {
        /// Which.
        property: PropertyId,
    },
    /// A value that the property cannot have.
    #[error("illegal value {value} for {property}")]
    PropertyValue {
        /// Which.
        property: PropertyId,
        /// The value.
        value: u32,
    },
    /// A Response Topic that is not a topic name.
    #[error("bad response topic: {0}")]
    ResponseTopic(TopicError),
    /// Authentication Data in CONNECT without Authentication Method.
    #[error("authentication data without an authentication method")]
    AuthenticationDataWithoutMethod,
    /// AUTH without Authentication Method.
    #[error("no authentication method")]
    NoAuthenticationMethod,
    /// SUBSCRIBE or UNSUBSCRIBE without a filter, SUBACK or UNSUBACK without a code.
    #[error("the list is empty")]
    EmptyList,
    /// Reserved bits of the subscription options.
    #[error("reserved subscription option bits are set: {found:#010b}")]
    ReservedSubscriptionOptions {
        /// The options byte.
        found: u8,
    },
    /// Maximum QoS 3 or Retain Handling 3 in the subscription options of 5.0.
    #[error("illegal subscription options {found:#010b}")]
    SubscriptionOptions {
        /// The options byte.
        found: u8,
    },
    /// No Local on a shared subscription.
    #[error("No Local on a shared subscription")]
    NoLocalOnShared,
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

    /// The 5.0 reason code that answers it, in CONNACK or DISCONNECT (MQTT 5.0 §4.13). 3.x has none: close.
    pub const fn reason_code(&self) -> ReasonCode {
        use DecodeErrorKind as Kind;
        match self.kind {
            Kind::ReservedPacketType
            | Kind::Flags { .. }
            | Kind::QoS
            | Kind::DupOnQoS0
            | Kind::VarintTooLong
            | Kind::NotMinimal
            | Kind::Truncated { .. }
            | Kind::TrailingBytes { .. }
            | Kind::Utf8
            | Kind::Nul
            | Kind::ReservedConnectFlag
            | Kind::WillQoSWithoutWill
            | Kind::WillRetainWithoutWill
            | Kind::PasswordWithoutUserName
            | Kind::ConnAckFlags { .. }
            | Kind::ReasonCode { .. }
            | Kind::UnknownProperty { .. }
            | Kind::PropertyNotAllowed { .. }
            | Kind::ReservedSubscriptionOptions { .. } => ReasonCode::MalformedPacket,
            Kind::WrongPacketType { .. }
            | Kind::NotConnect
            | Kind::NoTopic
            | Kind::PacketIdZero
            | Kind::WrongVersion { .. }
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
            Kind::TooMany { .. } => ReasonCode::QuotaExceeded,
            Kind::ProtocolName | Kind::ProtocolLevel { .. } | Kind::VersionRefused => {
                ReasonCode::UnsupportedProtocolVersion
            }
        }
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
            Kind::NotMinimal => ("", "MQTT-1.5.5-1"),
            Kind::Utf8 => ("MQTT-1.5.3-1", "MQTT-1.5.4-1"),
            Kind::Nul => ("MQTT-1.5.3-2", "MQTT-1.5.4-2"),
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
            Kind::NotConnect => ("MQTT-3.1.0-1", "MQTT-3.1.0-1"),
            Kind::ProtocolName => ("MQTT-3.1.2-1", "MQTT-3.1.2-1"),
            Kind::ProtocolLevel { .. } => ("MQTT-3.1.2-2", "MQTT-3.1.2-2"),
            Kind::ReservedConnectFlag => ("MQTT-3.1.2-3", "MQTT-3.1.2-3"),
            Kind::WillQoSWithoutWill => ("MQTT-3.1.2-11", "MQTT-3.1.2-11"),
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
                _ => ("", ""),
            },
            Kind::ReservedSubscriptionOptions { .. } | Kind::SubscriptionOptions { .. } => {
                ("MQTT-3.8.3-4", "MQTT-3.8.3-5")
            }
            Kind::NoLocalOnShared => ("", "MQTT-3.8.3-4"),
            Kind::NoAuthenticationMethod => ("", "MQTT-4.12.0-5"),
            Kind::ReservedPacketType
            | Kind::WrongPacketType { .. }
            | Kind::VarintTooLong
            | Kind::PacketTooLarge { .. }
            | Kind::TooMany { .. }
            | Kind::Truncated { .. }
            | Kind::TrailingBytes { .. }
            | Kind::WrongVersion { .. }
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
