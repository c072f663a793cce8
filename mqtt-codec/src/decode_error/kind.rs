//! What can be wrong with bytes, and how each error reads.

use core::fmt;

use mqtt_topic::TopicError;

use crate::{PacketType, PropertyId, ValueType, Version};

/// What is wrong with the bytes: what was expected, and what came.
///
/// [`name`](Self::name) is for programs, `Display` for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// Packet type 0, or 15 in 3.x.
    #[error("packet type {found} is reserved, expected 1 to 14, or 15 in 5.0")]
    ReservedPacketType {
        /// The packet type that came, 0 or 15.
        found: u8,
    },
    /// A packet of another type than the caller asked for.
    #[error("expected {expected}, found {found}")]
    WrongPacketType {
        /// The type that was asked for.
        expected: PacketType,
        /// The type that came.
        found: PacketType,
    },
    /// The first packet of a connection is not CONNECT.
    #[error("the first packet must be CONNECT, whose first byte is 0x10, found 0x{found:02X}")]
    NotConnect {
        /// The first byte that came.
        found: u8,
    },
    /// The low four bits of the first byte.
    #[error("fixed header flags must be {expected:#06b}, found {found:#06b}")]
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
    #[error("DUP must be 0 in a message of QoS 0, found 1")]
    DupOnQoS0,
    /// A variable byte integer of more than four bytes.
    #[error("a variable byte integer has at most 4 bytes, the fourth says that a fifth follows")]
    VarintTooLong,
    /// A variable byte integer in more bytes than it needs.
    #[error("a variable byte integer must be in its shortest form, here {}, found {found}", Bytes(u32::from(*needed)))]
    NotMinimal {
        /// Bytes that hold the value.
        needed: u8,
        /// Bytes that came.
        found: u8,
    },
    /// More than [`Limits::packet_size`](crate::Limits::packet_size).
    #[error("a packet may have at most {limit} bytes, this one has {size}")]
    PacketTooLarge {
        /// Bytes of the whole packet.
        size: u32,
        /// The limit in bytes.
        limit: u32,
    },
    /// A property list of more than [`Limits::properties_size`](crate::Limits::properties_size).
    #[error("a property list may have at most {}, this one has {size}", Bytes(*limit))]
    PropertiesTooLarge {
        /// Bytes of the list.
        size: u32,
        /// The limit in bytes.
        limit: u32,
    },
    /// More items than one of the [`Limits`](crate::Limits) allows.
    #[error("at most {limit} {what} are accepted, found more")]
    TooMany {
        /// What there are too many of.
        what: Repeated,
        /// The limit.
        limit: u32,
    },
    /// A field runs past the end of the packet or of its property list.
    #[error("the field needs {}, {left} left", Bytes(*needed))]
    Truncated {
        /// Bytes that the field needs.
        needed: u32,
        /// Bytes that are left.
        left: u32,
    },
    /// Bytes behind the last field.
    #[error("expected the end of the packet behind the last field, found {} more", Bytes(*count))]
    TrailingBytes {
        /// How many.
        count: u32,
    },
    /// A string is not well-formed UTF-8.
    #[error("a string must be well-formed UTF-8, found an ill-formed sequence that begins with 0x{byte:02X}")]
    Utf8 {
        /// The first byte of the ill-formed sequence.
        byte: u8,
    },
    /// A string has U+0000 in it.
    #[error("a string must not contain U+0000, found one")]
    Nul,
    /// A string has a character in it that senders should not send, and
    /// [`Limits::discouraged_characters`](crate::Limits::discouraged_characters) says no.
    #[error("a string must not contain control characters or non-characters here, found U+{:04X}", u32::from(*.found))]
    DiscouragedCharacter {
        /// The character.
        found: char,
    },
    /// A bad Topic Name in PUBLISH, or a bad Will Topic.
    #[error("bad topic name: {}", .0.kind())]
    TopicName(TopicError),
    /// A PUBLISH of 5.0 with neither a Topic Name nor a Topic Alias.
    #[error("expected a topic name or a Topic Alias, found neither")]
    NoTopic,
    /// A bad Topic Filter.
    #[error("bad topic filter: {}", .0.kind())]
    TopicFilter(TopicError),
    /// A Packet Identifier of 0.
    #[error("a packet identifier is from 1 to 65535, found 0")]
    PacketIdZero,
    /// A protocol name that is neither `MQTT` nor `MQIsdp`.
    #[error("the protocol name must be \"MQTT\", or \"MQIsdp\" for 3.1, found {found}")]
    ProtocolName {
        /// The name that came.
        found: Excerpt,
    },
    /// A protocol level that does not go with the name.
    #[error("the protocol level must be {}, found {level}", expected_level(.is_mqisdp))]
    ProtocolLevel {
        /// Whether the name is `MQIsdp`, the one of 3.1.
        is_mqisdp: bool,
        /// The level.
        level: u8,
    },
    /// CONNECT has a version other than the one it is decoded as.
    #[error("expected a CONNECT of version {expected}, found one of version {found}")]
    WrongVersion {
        /// The version that it is decoded as.
        expected: Version,
        /// The version in the packet.
        found: Version,
    },
    /// Bit 0 of the connect flags.
    #[error("reserved connect flag (bit 0) must be 0, found 1")]
    ReservedConnectFlag,
    /// Will QoS without Will Flag.
    #[error("Will QoS must be 0 without Will Flag, found {found}")]
    WillQoSWithoutWill {
        /// The Will QoS, 1 to 3.
        found: u8,
    },
    /// Will Retain without Will Flag.
    #[error("Will Retain must be 0 without Will Flag, found 1")]
    WillRetainWithoutWill,
    /// Password Flag without User Name Flag, in 3.x.
    #[error("Password Flag must be 0 without User Name Flag, found 1")]
    PasswordWithoutUserName,
    /// Bits 7 to 1 of the CONNACK flags.
    #[error("reserved acknowledge flags (bits 7 to 1) must be 0, found {found:#010b}")]
    ConnAckFlags {
        /// The flags byte.
        found: u8,
    },
    /// CONNACK refuses and says that a session is present.
    #[error("Session Present must be 0 in a refusal, found 1")]
    SessionPresentOnRefusal,
    /// A server of an older version refused the protocol version of 5.0, in its own form (`20 02 00 01`).
    #[error("expected a CONNACK of 5.0, found that of an older server that does not speak 5.0")]
    VersionRefused,
    /// A code that this packet cannot carry.
    #[error("expected a code that this packet can carry, found 0x{found:02X}")]
    ReasonCode {
        /// The byte.
        found: u8,
    },
    /// A property that does not exist.
    #[error("expected the identifier of a property, found 0x{id:02X}")]
    UnknownProperty {
        /// The first byte of its identifier.
        id: u8,
    },
    /// A property that this packet cannot have.
    #[error("expected a property that belongs here, found {property}")]
    PropertyNotAllowed {
        /// Which.
        property: PropertyId,
    },
    /// A property that may occur once occurs again.
    #[error("{property} may occur once here, found it again")]
    DuplicateProperty {
        /// Which.
        property: PropertyId,
    },
    /// A value that the property cannot have.
    #[error("{property} must be {}, found {value}", expected_value(.property))]
    PropertyValue {
        /// Which.
        property: PropertyId,
        /// The value.
        value: u32,
    },
    /// A Response Topic that is not a topic name.
    #[error("bad response topic: {}", .0.kind())]
    ResponseTopic(TopicError),
    /// Authentication Data in CONNECT without Authentication Method.
    #[error("expected an Authentication Method along with the Authentication Data, found none")]
    AuthenticationDataWithoutMethod,
    /// AUTH without Authentication Method.
    #[error("expected an Authentication Method, found none")]
    NoAuthenticationMethod,
    /// SUBSCRIBE or UNSUBSCRIBE without a filter, SUBACK or UNSUBACK without a code.
    #[error("expected at least one entry, found none")]
    EmptyList,
    /// Reserved bits of the subscription options.
    #[error("reserved bits of the subscription options must be 0, found {found:#010b}")]
    ReservedSubscriptionOptions {
        /// The options byte.
        found: u8,
    },
    /// Maximum QoS 3 or Retain Handling 3 in the subscription options of 5.0.
    #[error("Maximum QoS and Retain Handling are 0, 1 or 2, found {} and {}", .found & 3, .found >> 4 & 3)]
    SubscriptionOptions {
        /// The options byte.
        found: u8,
    },
    /// No Local on a shared subscription.
    #[error("No Local must be 0 on a shared subscription, found 1")]
    NoLocalOnShared,
}

/// What a packet can have many of, with a limit in [`Limits`](crate::Limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repeated {
    /// [`Limits::user_properties`](crate::Limits::user_properties).
    UserProperties,
    /// [`Limits::filters`](crate::Limits::filters): entries of SUBSCRIBE, UNSUBSCRIBE, SUBACK or UNSUBACK.
    Entries,
    /// [`Limits::subscription_ids`](crate::Limits::subscription_ids).
    SubscriptionIds,
}

/// So many bytes, in words.
struct Bytes(u32);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} byte{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

/// The front of bytes that are not what was expected, as much as fits into an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Excerpt {
    len: u16,
    front: [u8; Self::LEN],
}

impl DecodeErrorKind {
    /// The name of the kind, such as `PacketIdZero`, for programs and data files. It stays the same.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ReservedPacketType { .. } => "ReservedPacketType",
            Self::WrongPacketType { .. } => "WrongPacketType",
            Self::NotConnect { .. } => "NotConnect",
            Self::Flags { .. } => "Flags",
            Self::QoS => "QoS",
            Self::DupOnQoS0 => "DupOnQoS0",
            Self::VarintTooLong => "VarintTooLong",
            Self::NotMinimal { .. } => "NotMinimal",
            Self::PacketTooLarge { .. } => "PacketTooLarge",
            Self::PropertiesTooLarge { .. } => "PropertiesTooLarge",
            Self::TooMany { .. } => "TooMany",
            Self::Truncated { .. } => "Truncated",
            Self::TrailingBytes { .. } => "TrailingBytes",
            Self::Utf8 { .. } => "Utf8",
            Self::Nul => "Nul",
            Self::DiscouragedCharacter { .. } => "DiscouragedCharacter",
            Self::TopicName(_) => "TopicName",
            Self::NoTopic => "NoTopic",
            Self::TopicFilter(_) => "TopicFilter",
            Self::PacketIdZero => "PacketIdZero",
            Self::ProtocolName { .. } => "ProtocolName",
            Self::ProtocolLevel { .. } => "ProtocolLevel",
            Self::WrongVersion { .. } => "WrongVersion",
            Self::ReservedConnectFlag => "ReservedConnectFlag",
            Self::WillQoSWithoutWill { .. } => "WillQoSWithoutWill",
            Self::WillRetainWithoutWill => "WillRetainWithoutWill",
            Self::PasswordWithoutUserName => "PasswordWithoutUserName",
            Self::ConnAckFlags { .. } => "ConnAckFlags",
            Self::SessionPresentOnRefusal => "SessionPresentOnRefusal",
            Self::VersionRefused => "VersionRefused",
            Self::ReasonCode { .. } => "ReasonCode",
            Self::UnknownProperty { .. } => "UnknownProperty",
            Self::PropertyNotAllowed { .. } => "PropertyNotAllowed",
            Self::DuplicateProperty { .. } => "DuplicateProperty",
            Self::PropertyValue { .. } => "PropertyValue",
            Self::ResponseTopic(_) => "ResponseTopic",
            Self::AuthenticationDataWithoutMethod => "AuthenticationDataWithoutMethod",
            Self::NoAuthenticationMethod => "NoAuthenticationMethod",
            Self::EmptyList => "EmptyList",
            Self::ReservedSubscriptionOptions { .. } => "ReservedSubscriptionOptions",
            Self::SubscriptionOptions { .. } => "SubscriptionOptions",
            Self::NoLocalOnShared => "NoLocalOnShared",
        }
    }
}

impl Excerpt {
    /// Bytes that fit, at most.
    pub(crate) const LEN: usize = 6;

    /// The front of a string field of `len` bytes.
    pub(crate) fn new(bytes: &[u8], len: u16) -> Self {
        let mut front = [0; Self::LEN];
        for (to, &from) in front.iter_mut().zip(bytes) {
            *to = from;
        }
        Self { len, front }
    }

    /// How many bytes there were, in all.
    pub const fn full_len(&self) -> u16 {
        self.len
    }

    /// The first of the bytes, at most 6.
    pub fn front(&self) -> &[u8] {
        self.front.get(..self.len.into()).unwrap_or(&self.front)
    }
}

/// In quotation marks, with escapes as in Rust, and how much is left out.
impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let front = self.front();
        write!(f, "\"{}\"", front.escape_ascii())?;
        match usize::from(self.len).saturating_sub(front.len()) {
            0 => Ok(()),
            more => write!(f, " and {} more", Bytes(crate::reader::saturate(more))),
        }
    }
}

impl fmt::Display for Repeated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UserProperties => "User Properties",
            Self::Entries => "entries",
            Self::SubscriptionIds => "Subscription Identifiers",
        })
    }
}

fn expected_level(is_mqisdp: &bool) -> &'static str {
    if *is_mqisdp { "3 with the name \"MQIsdp\"" } else { "4 or 5 with the name \"MQTT\"" }
}

fn expected_value(property: &PropertyId) -> &'static str {
    match property.property().value_type {
        ValueType::Bool | ValueType::MaximumQoS => "0 or 1",
        ValueType::NonZeroU16 => "from 1 to 65535",
        ValueType::NonZeroU32 => "from 1 to 4294967295",
        ValueType::NonZeroVarint => "from 1 to 268435455",
        ValueType::U16
        | ValueType::U32
        | ValueType::String
        | ValueType::TopicName
        | ValueType::Binary
        | ValueType::StringPair => "legal",
    }
}
