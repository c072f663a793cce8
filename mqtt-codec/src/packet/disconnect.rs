//! DISCONNECT.

use super::ack::{measure_outcome, read_outcome, write_outcome};
use super::{Body, Done, Lengths};
use crate::property::properties;
use crate::reader::Reader;
use crate::writer::Sink;
use crate::{DecodeError, EncodeError, PacketType, ReasonCode, Version};

properties! {
    /// Properties of DISCONNECT.
    pub struct DisconnectProperties in Disconnect beside [] {
        /// Session Expiry Interval in seconds, from a client only (MQTT 5.0 §3.14.2.2.2).
        session_expiry_interval: u32 = SessionExpiryInterval,
        /// Reason String: for people who read logs, not for programs (MQTT 5.0 §3.14.2.2.3).
        reason_string: &'a str = ReasonString,
        /// Server Reference: where to go instead, from a server only (MQTT 5.0 §3.14.2.2.5).
        server_reference: &'a str = ServerReference,
    }
}

/// DISCONNECT: the last packet on a connection (MQTT 5.0 §3.14). In 3.x only a client sends it and it has no
/// content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disconnect<'a> {
    /// Why. Absent in 3.x.
    pub reason: ReasonCode,
    /// Properties. Absent in 3.x.
    pub properties: DisconnectProperties<'a>,
}

impl Disconnect<'_> {
    /// With no properties.
    pub fn new(reason: ReasonCode) -> Self {
        Self { reason, properties: DisconnectProperties::default() }
    }
}

impl Default for Disconnect<'_> {
    /// A normal disconnection.
    fn default() -> Self {
        Self::new(ReasonCode::NORMAL_DISCONNECTION)
    }
}

impl<'a> Body<'a> for Disconnect<'a> {
    const TYPE: PacketType = PacketType::Disconnect;

    fn decode_body<R>(
        version: Version,
        _: u8,
        mut reader: Reader<'a>,
        done: Done<impl FnOnce(Self) -> R>,
    ) -> Result<R, DecodeError> {
        if !version.is_v5() || reader.is_empty() {
            return done.with(&reader, Self::default());
        }
        let mut properties = DisconnectProperties::default();
        let reason = read_outcome(&mut reader, Self::TYPE, &mut properties)?;
        done.with(&reader, Self { reason, properties })
    }

    fn measure(&self, version: Version) -> Result<Lengths, EncodeError> {
        let mut lengths = Lengths::default();
        measure_outcome(self.reason, &self.properties, Self::TYPE, version, &mut lengths)?;
        Ok(lengths)
    }

    fn write_body(&self, version: Version, lengths: &Lengths, sink: &mut impl Sink) {
        write_outcome(self.reason, &self.properties, version, lengths, sink);
    }
}
