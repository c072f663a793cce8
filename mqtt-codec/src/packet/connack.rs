//! CONNACK.

use core::num::{NonZeroU16, NonZeroU32};

use super::{Body, Done, Lengths, check_reason, read_reason};
use crate::property::{Properties, properties};
use crate::reader::Reader;
use crate::writer::Sink;
use crate::{DecodeError, DecodeErrorKind, EncodeError, PacketType, QoS, ReasonCode, Version};

properties! {
    /// Properties of CONNACK (MQTT 5.0 §3.2.2.3). What a `None` means is given with each.
    pub struct ConnAckProperties in ConnAck beside [] {
        /// Session Expiry Interval in seconds, if the server uses another than the client asked for.
        session_expiry_interval: u32 = SessionExpiryInterval,
        /// Receive Maximum: QoS 1 and 2 messages that the client may have open. None: 65,535.
        receive_maximum: NonZeroU16 = ReceiveMaximum,
        /// Maximum QoS that the server accepts. None: 2, which cannot be written otherwise.
        maximum_qos: QoS = MaximumQoS,
        /// Retain Available. None: yes.
        retain_available: bool = RetainAvailable,
        /// Maximum Packet Size in bytes that the server accepts. None: no limit.
        maximum_packet_size: NonZeroU32 = MaximumPacketSize,
        /// Assigned Client Identifier, if the client sent an empty one.
        assigned_client_identifier: &'a str = AssignedClientIdentifier,
        /// Topic Alias Maximum that the server accepts. None: 0, no aliases.
        topic_alias_maximum: u16 = TopicAliasMaximum,
        /// Reason String: for people who read logs, not for programs.
        reason_string: &'a str = ReasonString,
        /// Wildcard Subscription Available. None: yes.
        wildcard_subscription_available: bool = WildcardSubscriptionAvailable,
        /// Subscription Identifier Available. None: yes.
        subscription_identifier_available: bool = SubscriptionIdentifierAvailable,
        /// Shared Subscription Available. None: yes.
        shared_subscription_available: bool = SharedSubscriptionAvailable,
        /// Server Keep Alive in seconds, which replaces the client's. None: the client's holds.
        server_keep_alive: u16 = ServerKeepAlive,
        /// Response Information: a basis for response topics, if the client asked for it.
        response_information: &'a str = ResponseInformation,
        /// Server Reference: where to go instead.
        server_reference: &'a str = ServerReference,
        /// Authentication Method: the one of CONNECT.
        authentication_method: &'a str = AuthenticationMethod,
        /// Authentication Data.
        authentication_data: &'a [u8] = AuthenticationData,
    }
}

/// CONNACK: the answer to CONNECT (MQTT 5.0 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnAck<'a> {
    /// Whether the server continues a session. Absent in 3.1, false in a refusal.
    pub session_present: bool,
    /// The outcome. In 3.x a return code, see [`ReasonCode::v3_return_code`].
    pub reason: ReasonCode,
    /// Properties. Absent in 3.x.
    pub properties: ConnAckProperties<'a>,
}

impl ConnAck<'_> {
    /// A refusal without properties.
    pub fn refuse(reason: ReasonCode) -> Self {
        Self { session_present: false, reason, properties: ConnAckProperties::default() }
    }
}

impl<'a> Body<'a> for ConnAck<'a> {
    const TYPE: PacketType = PacketType::ConnAck;

    fn decode_body<R>(
        version: Version,
        _: u8,
        mut reader: Reader<'a>,
        done: Done<impl FnOnce(Self) -> R>,
    ) -> Result<R, DecodeError> {
        if version.is_v5() && reader.rest() == [0, 1] {
            return Err(reader.error(DecodeErrorKind::VersionRefused));
        }
        let flags_at = reader.offset();
        let flags = reader.u8()?;
        // 3.1 calls this byte reserved and gives it no meaning.
        if flags > 1 && version != Version::V3_1 {
            return Err(reader.error_at(flags_at, DecodeErrorKind::ConnAckFlags { found: flags }));
        }
        let session_present = flags & 1 == 1 && version != Version::V3_1;
        let mut properties = ConnAckProperties::default();
        let reason = if version.is_v5() {
            read_reason(&mut reader, Self::TYPE)?
        } else {
            let start = reader.offset();
            let found = reader.u8()?;
            ReasonCode::from_v3_return_code(found)
                .ok_or_else(|| reader.error_at(start, DecodeErrorKind::ReasonCode { found }))?
        };
        if session_present && reason != ReasonCode::Success {
            return Err(reader.error_at(flags_at, DecodeErrorKind::SessionPresentOnRefusal));
        }
        properties.read_list_of(version, &mut reader)?;
        done.with(&reader, Self { session_present, reason, properties })
    }

    fn measure(&self, version: Version) -> Result<Lengths, EncodeError> {
        let mut lengths = Lengths::new(2);
        if self.session_present && self.reason != ReasonCode::Success {
            return Err(EncodeError::SessionPresentOnRefusal);
        }
        if version.is_v5() {
            check_reason(self.reason, Self::TYPE, version)?;
            lengths.add_properties(self.properties.fields_len()?);
        } else if self.reason.v3_return_code().is_none() {
            return Err(EncodeError::ReasonCode { packet: Self::TYPE, version, code: self.reason });
        }
        Ok(lengths)
    }

    fn write_body(&self, version: Version, lengths: &Lengths, sink: &mut impl Sink) {
        sink.u8((self.session_present && version != Version::V3_1).into());
        if version.is_v5() {
            sink.u8(self.reason.as_u8());
            self.properties.write_list(lengths.properties, sink);
        } else {
            sink.u8(self.reason.v3_return_code().unwrap_or(0));
        }
    }
}
