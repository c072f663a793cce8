//! Reason codes of 5.0 and the return codes of 3.x.

use core::fmt;

use crate::PacketType;

macro_rules! reason_codes {
    ($($(#[$doc:meta])* $name:ident = $value:literal $text:literal [$($packet:ident)*],)*) => {
        /// A reason code (MQTT 5.0 §2.4), in all packets that have one.
        ///
        /// [`is_allowed_in`](Self::is_allowed_in) says which packet may carry which; decoder and encoder both ask it.
        /// Codes below 0x80 mean success.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum ReasonCode {
            $($(#[$doc])* #[doc = concat!($text, ".")] $name = $value,)*
        }

        impl ReasonCode {
            /// All codes in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The reason code with this number, if there is one.
            pub const fn from_u8(value: u8) -> Option<Self> {
                match value {
                    $($value => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Whether a packet of this type may carry this code.
            pub const fn is_allowed_in(self, packet: PacketType) -> bool {
                self.packets() & (1 << packet as u8) != 0
            }

            /// The packets that may carry this code, a bit each.
            const fn packets(self) -> u16 {
                match self {
                    $(Self::$name => 0 $(| 1 << PacketType::$packet as u8)*,)*
                }
            }

            /// The name in the standard; see [`name_in`](Self::name_in) for 0x00.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

reason_codes! {
    Success = 0x00 "Success" [ConnAck PubAck PubRec PubRel PubComp SubAck UnsubAck Disconnect Auth],
    GrantedQoS1 = 0x01 "Granted QoS 1" [SubAck],
    GrantedQoS2 = 0x02 "Granted QoS 2" [SubAck],
    DisconnectWithWillMessage = 0x04 "Disconnect with Will Message" [Disconnect],
    NoMatchingSubscribers = 0x10 "No matching subscribers" [PubAck PubRec],
    NoSubscriptionExisted = 0x11 "No subscription existed" [UnsubAck],
    ContinueAuthentication = 0x18 "Continue authentication" [Auth],
    ReAuthenticate = 0x19 "Re-authenticate" [Auth],
    UnspecifiedError = 0x80 "Unspecified error" [ConnAck PubAck PubRec SubAck UnsubAck Disconnect],
    MalformedPacket = 0x81 "Malformed Packet" [ConnAck Disconnect],
    ProtocolError = 0x82 "Protocol Error" [ConnAck Disconnect],
    ImplementationSpecificError = 0x83 "Implementation specific error" [ConnAck PubAck PubRec SubAck UnsubAck Disconnect],
    UnsupportedProtocolVersion = 0x84 "Unsupported Protocol Version" [ConnAck],
    ClientIdentifierNotValid = 0x85 "Client Identifier not valid" [ConnAck],
    BadUserNameOrPassword = 0x86 "Bad User Name or Password" [ConnAck],
    NotAuthorized = 0x87 "Not authorized" [ConnAck PubAck PubRec SubAck UnsubAck Disconnect],
    ServerUnavailable = 0x88 "Server unavailable" [ConnAck],
    ServerBusy = 0x89 "Server busy" [ConnAck Disconnect],
    Banned = 0x8A "Banned" [ConnAck],
    ServerShuttingDown = 0x8B "Server shutting down" [Disconnect],
    /// The table of DISCONNECT codes lacks it and the common table has it, so the codec takes it in DISCONNECT too.
    BadAuthenticationMethod = 0x8C "Bad authentication method" [ConnAck Disconnect],
    KeepAliveTimeout = 0x8D "Keep Alive timeout" [Disconnect],
    SessionTakenOver = 0x8E "Session taken over" [Disconnect],
    TopicFilterInvalid = 0x8F "Topic Filter invalid" [SubAck UnsubAck Disconnect],
    TopicNameInvalid = 0x90 "Topic Name invalid" [ConnAck PubAck PubRec Disconnect],
    PacketIdentifierInUse = 0x91 "Packet Identifier in use" [PubAck PubRec SubAck UnsubAck],
    PacketIdentifierNotFound = 0x92 "Packet Identifier not found" [PubRel PubComp],
    ReceiveMaximumExceeded = 0x93 "Receive Maximum exceeded" [Disconnect],
    TopicAliasInvalid = 0x94 "Topic Alias invalid" [Disconnect],
    PacketTooLarge = 0x95 "Packet too large" [ConnAck Disconnect],
    MessageRateTooHigh = 0x96 "Message rate too high" [Disconnect],
    QuotaExceeded = 0x97 "Quota exceeded" [ConnAck PubAck PubRec SubAck Disconnect],
    AdministrativeAction = 0x98 "Administrative action" [Disconnect],
    PayloadFormatInvalid = 0x99 "Payload format invalid" [ConnAck PubAck PubRec Disconnect],
    RetainNotSupported = 0x9A "Retain not supported" [ConnAck Disconnect],
    QoSNotSupported = 0x9B "QoS not supported" [ConnAck Disconnect],
    UseAnotherServer = 0x9C "Use another server" [ConnAck Disconnect],
    ServerMoved = 0x9D "Server moved" [ConnAck Disconnect],
    SharedSubscriptionsNotSupported = 0x9E "Shared Subscriptions not supported" [SubAck Disconnect],
    ConnectionRateExceeded = 0x9F "Connection rate exceeded" [ConnAck Disconnect],
    MaximumConnectTime = 0xA0 "Maximum connect time" [Disconnect],
    SubscriptionIdentifiersNotSupported = 0xA1 "Subscription Identifiers not supported" [SubAck Disconnect],
    WildcardSubscriptionsNotSupported = 0xA2 "Wildcard Subscriptions not supported" [SubAck Disconnect],
}

/// For each byte the packets that may carry it as a reason code, a bit each.
static PACKETS_OF_BYTE: [u16; 256] = {
    let mut packets = [0; 256];
    let mut codes = ReasonCode::ALL;
    while let [code, rest @ ..] = codes {
        let (_, from_code) = packets.split_at_mut(*code as usize);
        if let [of_code, ..] = from_code {
            *of_code = code.packets();
        }
        codes = rest;
    }
    packets
};

impl ReasonCode {
    /// The code of this number, if a packet of this type may carry it.
    #[inline]
    pub(crate) fn in_packet(value: u8, packet: PacketType) -> Option<Self> {
        if Self::is_allowed_byte(value, packet) { Self::from_u8(value) } else { None }
    }

    /// Whether a packet of this type may carry the code of this number, in one look at a table.
    #[inline]
    pub(crate) fn is_allowed_byte(value: u8, packet: PacketType) -> bool {
        PACKETS_OF_BYTE.get(usize::from(value)).is_some_and(|packets| packets & (1 << packet as u8) != 0)
    }

    /// 0x00 in DISCONNECT.
    pub const NORMAL_DISCONNECTION: Self = Self::Success;
    /// 0x00 in SUBACK.
    pub const GRANTED_QOS_0: Self = Self::Success;

    /// The number.
    pub const fn as_u8(self) -> u8 {
        self as u8
    }

    /// Whether the code is 0x80 or above.
    pub const fn is_error(self) -> bool {
        self.as_u8() >= 0x80
    }

    /// The CONNACK return code of 3.1 and 3.1.1 that fits this refusal; `None` if there is none and the
    /// server has to close without a CONNACK (MQTT 3.1.1 statement MQTT-3.2.2-6).
    ///
    /// The standard has no such table; this one is ours.
    #[expect(clippy::wildcard_enum_match_arm, reason = "a few codes have a counterpart, all others do not")]
    pub const fn v3_return_code(self) -> Option<u8> {
        match self {
            Self::Success => Some(0),
            Self::UnsupportedProtocolVersion => Some(1),
            Self::ClientIdentifierNotValid => Some(2),
            Self::ServerUnavailable
            | Self::ServerBusy
            | Self::QuotaExceeded
            | Self::UseAnotherServer
            | Self::ServerMoved
            | Self::ConnectionRateExceeded => Some(3),
            Self::BadUserNameOrPassword => Some(4),
            Self::NotAuthorized | Self::Banned | Self::BadAuthenticationMethod => Some(5),
            _ => None,
        }
    }

    /// The code for a CONNACK return code of 3.1 or 3.1.1, if it is not a reserved one.
    pub const fn from_v3_return_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Success,
            1 => Self::UnsupportedProtocolVersion,
            2 => Self::ClientIdentifierNotValid,
            3 => Self::ServerUnavailable,
            4 => Self::BadUserNameOrPassword,
            5 => Self::NotAuthorized,
            _ => return None,
        })
    }
}

impl ReasonCode {
    /// The name that the standard gives it in this packet; 0x00 has three.
    pub const fn name_in(self, packet: PacketType) -> &'static str {
        match (self, packet) {
            (Self::Success, PacketType::SubAck) => "Granted QoS 0",
            (Self::Success, PacketType::Disconnect) => "Normal disconnection",
            _ => self.name(),
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:02X} {}", self.as_u8(), self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes_of(packet: PacketType) -> Vec<u8> {
        ReasonCode::ALL.iter().filter(|code| code.is_allowed_in(packet)).map(|code| code.as_u8()).collect()
    }

    /// The sets as the standard's packet chapters list them, written from the other side of the table.
    #[test]
    fn sets_per_packet() {
        let connack: Vec<u8> = [0]
            .into_iter()
            .chain(0x80..=0x8A)
            .chain([0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F])
            .collect();
        assert_eq!(codes_of(PacketType::ConnAck), connack);
        let puback = [0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
        assert_eq!(codes_of(PacketType::PubAck), puback);
        assert_eq!(codes_of(PacketType::PubRec), puback);
        assert_eq!(codes_of(PacketType::PubRel), [0, 0x92]);
        assert_eq!(codes_of(PacketType::PubComp), [0, 0x92]);
        assert_eq!(
            codes_of(PacketType::SubAck),
            [0, 1, 2, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2]
        );
        assert_eq!(codes_of(PacketType::UnsubAck), [0, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91]);
        assert_eq!(codes_of(PacketType::Auth), [0, 0x18, 0x19]);
        let disconnect: Vec<u8> =
            [0, 4, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90]
                .into_iter()
                .chain(0x93..=0xA2)
                .collect();
        assert_eq!(codes_of(PacketType::Disconnect), disconnect);
        for packet in [PacketType::Connect, PacketType::Publish, PacketType::Subscribe, PacketType::PingReq] {
            assert!(codes_of(packet).is_empty());
        }
    }

    #[test]
    fn success_has_the_name_that_its_packet_gives_it() {
        let name = |packet| ReasonCode::Success.name_in(packet);
        let names = [PacketType::SubAck, PacketType::Disconnect, PacketType::ConnAck].map(name);
        assert_eq!(names, ["Granted QoS 0", "Normal disconnection", "Success"]);
        assert_eq!(ReasonCode::GrantedQoS1.name_in(PacketType::SubAck), "Granted QoS 1");
    }

    #[test]
    fn numbers_round_trip() {
        for value in 0..=255 {
            if let Some(code) = ReasonCode::from_u8(value) {
                assert_eq!(code.as_u8(), value);
            }
            if let Some(code) = ReasonCode::from_v3_return_code(value) {
                assert_eq!(code.v3_return_code(), Some(value));
            }
        }
        assert_eq!(ReasonCode::ALL.len(), 43);
    }
}
