//! What is wrong with a packet that shall become bytes.

use crate::{PacketType, ReasonCode, Version};

/// Why a packet cannot be encoded. Nothing has been written then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A string or binary field has more than 65,535 bytes.
    #[error("a field has {len} bytes, at most 65535 can be encoded")]
    FieldTooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// A string has U+0000 in it (MQTT-1.5.4-2).
    #[error("a string contains U+0000")]
    Nul,
    /// The remaining length would exceed 268,435,455 bytes.
    #[error("the packet has {len} bytes or more behind its fixed header, at most 268435455 can be encoded")]
    PacketTooLarge {
        /// Bytes behind the fixed header, or of a list among them that is too long by itself.
        len: usize,
    },
    /// The buffer is too short.
    #[error("the packet has {needed} bytes, the buffer has room for {available}")]
    BufferTooSmall {
        /// Bytes of the packet.
        needed: usize,
        /// Bytes of the buffer.
        available: usize,
    },
    /// AUTH, or a PUBLISH with nothing but a Topic Alias, in 3.x.
    #[error("{packet} in this form does not exist in version {version}")]
    NotInVersion {
        /// The packet.
        packet: PacketType,
        /// The version.
        version: Version,
    },
    /// A reason code that this packet cannot carry, or that has no counterpart in this version.
    #[error("{packet} of version {version} cannot carry {code}")]
    ReasonCode {
        /// The packet.
        packet: PacketType,
        /// The version.
        version: Version,
        /// The reason code.
        code: ReasonCode,
    },
    /// A CONNACK that refuses and says that a session is present (MQTT-3.2.2-6).
    #[error("Session Present in a refusal")]
    SessionPresentOnRefusal,
    /// A Maximum QoS of 2, which is expressed by leaving the property out (MQTT-3.2.2-9).
    #[error("a Maximum QoS of 2 is expressed by leaving it out")]
    MaximumQoS,
    /// A SUBSCRIBE, UNSUBSCRIBE, SUBACK or UNSUBACK without entries (MQTT-3.8.3-2, MQTT-3.10.3-2).
    #[error("{packet} without entries")]
    EmptyList {
        /// The packet.
        packet: PacketType,
    },
    /// A password without a user name in 3.x (MQTT 3.1.1 statement MQTT-3.1.2-22).
    #[error("a password without a user name")]
    PasswordWithoutUserName,
    /// Authentication Data in CONNECT without Authentication Method (MQTT 5.0 §3.1.2.11.10).
    #[error("authentication data without an authentication method")]
    AuthenticationDataWithoutMethod,
    /// No Local on a shared subscription (MQTT-3.8.3-4).
    #[error("No Local on a shared subscription")]
    NoLocalOnShared,
}
