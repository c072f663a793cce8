use core::fmt;

use mqtt_codec::{DecodeError, DecodeErrorKind, PacketType, PropertyId, ReasonCode};
use mqtt_topic::TopicErrorKind;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident => $reason:ident, $text:literal,)*) => {
        /// What a client can do wrong, as the broker counts it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[$doc])* #[doc = concat!("As a Reason String: ", $text, ".")] $name,)*
        }

        impl Fault {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The reason code of a 5.0 answer. For bytes that are not a packet, that of the
            /// [error](DecodeError::reason_code), which may be another.
            pub const fn reason_code(self) -> ReasonCode {
                match self {
                    $(Self::$name => ReasonCode::$reason,)*
                }
            }

            /// A few words, in lower case.
            pub const fn description(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

faults! {
    /// The first packet is not CONNECT (MQTT-3.1.0-1). It is not answered.
    FirstPacketNotConnect => ProtocolError, "the first packet is not CONNECT",
    /// A second CONNECT (MQTT-3.1.0-2).
    SecondConnect => ProtocolError, "a second CONNECT",
    /// Packet type 0, or 15 in 3.x.
    ReservedPacketType => MalformedPacket, "reserved packet type",
    /// Flags of the fixed header, QoS 3 of PUBLISH, DUP with QoS 0 (MQTT-2.1.3-1, MQTT-3.3.1-2, -4).
    FixedHeader => MalformedPacket, "wrong flags in the fixed header",
    /// A length of more than four bytes, or of more than it needs (MQTT-1.5.5-1).
    Length => MalformedPacket, "a length that is not one",
    /// A field that is cut short or left over, bad UTF-8, U+0000.
    Field => MalformedPacket, "malformed field",
    /// A property that does not exist or does not belong there.
    UnknownProperty => MalformedPacket, "unknown or misplaced property",
    /// A property that comes twice or has an illegal value.
    PropertyValue => ProtocolError, "property twice or with an illegal value",
    /// Authentication Data without Authentication Method.
    AuthenticationDataWithoutMethod => ProtocolError, "authentication data without method",
    /// Connect Flags that contradict each other (MQTT-3.1.2-3, -11 to -13).
    ConnectFlags => MalformedPacket, "wrong connect flags",
    /// Password without User Name, in 3.x (3.1.1 MQTT-3.1.2-22).
    PasswordWithoutUserName => MalformedPacket, "password without user name",
    /// A version that is not served (MQTT-3.1.2-1, -2).
    Version => UnsupportedProtocolVersion, "this version is not served",
    /// An empty Client Identifier where one is needed, or one that was assigned to somebody else.
    ClientIdentifier => ClientIdentifierNotValid, "client identifier refused",
    /// Will QoS above Maximum QoS (MQTT-3.2.2-12).
    WillQoS => QoSNotSupported, "will QoS above the maximum",
    /// Will Retain where retain is not available (MQTT-3.2.2-13).
    WillRetain => RetainNotSupported, "retain is not available for the will",
    /// A will for a topic that clients may not publish to.
    WillTopic => TopicNameInvalid, "will topic refused",
    /// A packet that only a server sends.
    WrongDirection => ProtocolError, "only a server sends this packet",
    /// Packet Identifier 0 (MQTT-2.2.1-3).
    PacketIdentifierZero => ProtocolError, "packet identifier 0",
    /// A Topic Name with wildcards (MQTT-3.3.2-2).
    TopicName => TopicNameInvalid, "invalid topic name",
    /// An empty topic without alias.
    NoTopic => ProtocolError, "neither topic nor alias",
    /// Topic Alias 0 or above the maximum (MQTT-3.3.2-8, -9).
    TopicAlias => TopicAliasInvalid, "topic alias 0 or above the maximum",
    /// A Topic Alias that stands for nothing.
    UnknownTopicAlias => ProtocolError, "unknown topic alias",
    /// A Subscription Identifier from a client (MQTT-3.3.4-6).
    SubscriptionIdentifier => ProtocolError, "subscription identifier in PUBLISH",
    /// More open messages than Receive Maximum (MQTT-3.3.4-9).
    ReceiveMaximum => ReceiveMaximumExceeded, "receive maximum exceeded",
    /// A packet above the Maximum Packet Size.
    PacketSize => PacketTooLarge, "packet too large",
    /// More properties or filters than is allowed.
    TooMany => QuotaExceeded, "too many properties or entries",
    /// PUBLISH above Maximum QoS (MQTT-3.2.2-11).
    QoS => QoSNotSupported, "QoS above the maximum",
    /// PUBLISH with RETAIN where that is not available (MQTT-3.2.2-14).
    Retain => RetainNotSupported, "retain is not available",
    /// A payload that is not the UTF-8 that it is said to be.
    PayloadFormat => PayloadFormatInvalid, "payload is not UTF-8",
    /// SUBSCRIBE or UNSUBSCRIBE without entries (MQTT-3.8.3-2, MQTT-3.10.3-2).
    NoEntries => ProtocolError, "no topic filter",
    /// Maximum QoS 3, Retain Handling 3, No Local on a shared subscription (MQTT-3.8.3-4).
    SubscriptionOptions => ProtocolError, "illegal subscription options",
    /// Reserved bits of the Subscription Options (MQTT-3.8.3-5).
    ReservedSubscriptionOptions => MalformedPacket, "reserved bits in subscription options",
    /// An ill-formed Topic Filter (MQTT-4.7.1-1, MQTT-4.8.2-1, -2).
    TopicFilter => ProtocolError, "ill-formed topic filter",
    /// A wildcard where that is not available.
    Wildcard => WildcardSubscriptionsNotSupported, "wildcards are not available",
    /// A shared subscription where that is not available.
    Shared => SharedSubscriptionsNotSupported, "shared subscriptions are not available",
    /// A Subscription Identifier where that is not available.
    Identifier => SubscriptionIdentifiersNotSupported, "subscription identifiers are not available",
    /// PUBREC for an unknown Packet Identifier. It is answered, and closes nothing.
    UnknownPubRec => PacketIdentifierNotFound, "unknown packet identifier in PUBREC",
    /// PUBREL for an unknown Packet Identifier. It is answered, and closes nothing.
    UnknownPubRel => PacketIdentifierNotFound, "unknown packet identifier in PUBREL",
    /// PUBACK or PUBCOMP for an unknown Packet Identifier. It is ignored.
    UnknownAck => PacketIdentifierNotFound, "unknown packet identifier in PUBACK or PUBCOMP",
    /// An acknowledgement of the wrong kind for its message.
    WrongAck => ProtocolError, "acknowledgement of the wrong kind",
    /// AUTH without the method of CONNECT, or at the wrong time (MQTT-4.12.0-1, -5).
    Auth => ProtocolError, "AUTH that fits nothing",
    /// DISCONNECT that raises the Session Expiry Interval from 0 (MQTT 5.0 §3.14.2.2.2).
    SessionExpiry => ProtocolError, "session expiry raised from 0",
    /// A reason code or property that only a server may send.
    ServerOnly => ProtocolError, "reason code or property of a server",
    /// A reason code that its packet does not have.
    ReasonCode => MalformedPacket, "reason code that the packet does not have",
    /// Nothing came within the Keep Alive, or no CONNECT in time (MQTT-3.1.2-22).
    KeepAlive => KeepAliveTimeout, "keep alive exceeded",
    /// It does not take what is sent to it ([`Config::congestion_timeout`](crate::Config::congestion_timeout)).
    Congestion => QuotaExceeded, "does not take what is sent to it",
}

impl Fault {
    /// What it is that bytes have wrong.
    pub fn of(error: &DecodeError) -> Self {
        use DecodeErrorKind as Kind;
        match error.kind() {
            Kind::ReservedPacketType { .. } => Self::ReservedPacketType,
            Kind::Flags { .. } | Kind::DupOnQoS0 => Self::FixedHeader,
            Kind::QoS => match error.packet_type() {
                Some(PacketType::Connect) => Self::ConnectFlags,
                Some(PacketType::Subscribe) => Self::SubscriptionOptions,
                _ => Self::FixedHeader,
            },
            Kind::VarintTooLong | Kind::NotMinimal { .. } => Self::Length,
            Kind::Truncated { .. }
            | Kind::TrailingBytes { .. }
            | Kind::Utf8 { .. }
            | Kind::Nul
            | Kind::DiscouragedCharacter { .. } => Self::Field,
            Kind::ReservedConnectFlag | Kind::WillQoSWithoutWill { .. } | Kind::WillRetainWithoutWill => {
                Self::ConnectFlags
            }
            Kind::PasswordWithoutUserName => Self::PasswordWithoutUserName,
            Kind::ReasonCode { .. } => Self::ReasonCode,
            Kind::UnknownProperty { .. } | Kind::PropertyNotAllowed { .. } => Self::UnknownProperty,
            Kind::ReservedSubscriptionOptions { .. } => Self::ReservedSubscriptionOptions,
            Kind::WrongPacketType { .. }
            | Kind::SessionPresentOnRefusal
            | Kind::ConnAckFlags { .. }
            | Kind::VersionRefused => Self::WrongDirection,
            Kind::NotConnect { .. } => Self::FirstPacketNotConnect,
            Kind::NoTopic => Self::NoTopic,
            Kind::PacketIdZero => Self::PacketIdentifierZero,
            Kind::PropertyValue { property: PropertyId::TopicAlias, .. } => Self::TopicAlias,
            Kind::DuplicateProperty { .. } | Kind::ResponseTopic(_) | Kind::PropertyValue { .. } => {
                Self::PropertyValue
            }
            Kind::AuthenticationDataWithoutMethod => Self::AuthenticationDataWithoutMethod,
            Kind::NoAuthenticationMethod => Self::Auth,
            Kind::EmptyList => Self::NoEntries,
            Kind::SubscriptionOptions { .. } | Kind::NoLocalOnShared => Self::SubscriptionOptions,
            Kind::TopicFilter(_) => Self::TopicFilter,
            Kind::TopicName(error) if error.kind() == TopicErrorKind::Empty => Self::NoTopic,
            Kind::TopicName(_) => Self::TopicName,
            Kind::PacketTooLarge { .. } => Self::PacketSize,
            Kind::PropertiesTooLarge { .. } | Kind::TooMany { .. } => Self::TooMany,
            Kind::ProtocolName { .. } | Kind::ProtocolLevel { .. } | Kind::WrongVersion { .. } => {
                Self::Version
            }
            // There is no other.
            _ => Self::Field,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.description())
    }
}

/// How often each [`Fault`] was seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Faults([u64; Fault::ALL.len()]);

impl Default for Faults {
    fn default() -> Self {
        Self([0; Fault::ALL.len()])
    }
}

impl Faults {
    /// How often this one was seen.
    pub fn count(&self, fault: Fault) -> u64 {
        self.0.get(fault as usize).copied().unwrap_or(0)
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Fault, u64)> + '_ {
        Fault::ALL.iter().copied().zip(self.0.iter().copied())
    }

    pub(crate) fn add(&mut self, fault: Fault) {
        if let Some(count) = self.0.get_mut(fault as usize) {
            *count += 1;
        }
    }
}
