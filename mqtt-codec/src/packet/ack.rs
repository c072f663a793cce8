//! PUBACK, PUBREC, PUBREL and PUBCOMP: a Packet Identifier, and in 5.0 a reason code and properties.

use super::{Body, Done, Lengths, check_reason, read_reason};
use crate::property::{Properties, no_extra, properties};
use crate::reader::Reader;
use crate::writer::Sink;
use crate::{DecodeError, EncodeError, PacketId, PacketType, ReasonCode, Version};

properties! {
    /// Properties of an acknowledgement: PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK.
    pub struct AckProperties in
        PubAck beside [], PubRec beside [], PubRel beside [], PubComp beside [], SubAck beside [], UnsubAck beside []
    {
        /// Reason String: for people who read logs, not for programs (MQTT 5.0 §3.4.2.2.2).
        reason_string: &'a str = ReasonString,
    }
}

macro_rules! ack {
    ($(#[$meta:meta])* $type:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $type<'a> {
            /// The identifier of the PUBLISH that began the exchange.
            pub packet_id: PacketId,
            /// The outcome. Absent in 3.x.
            pub reason: ReasonCode,
            /// Properties. Absent in 3.x.
            pub properties: AckProperties<'a>,
        }

        impl $type<'_> {
            /// With no properties.
            pub fn new(packet_id: PacketId, reason: ReasonCode) -> Self {
                Self { packet_id, reason, properties: AckProperties::default() }
            }
        }

        impl<'a> Body<'a> for $type<'a> {
            const TYPE: PacketType = PacketType::$type;

            fn decode_body<R>(
                version: Version,
                _: u8,
                mut reader: Reader<'a>,
                done: Done<impl FnOnce(Self) -> R>,
            ) -> Result<R, DecodeError> {
                let packet_id = reader.packet_id()?;
                if !version.is_v5() || reader.is_empty() {
                    return done.with(&reader, Self::new(packet_id, ReasonCode::Success));
                }
                let mut properties = AckProperties::default();
                let reason = read_outcome(&mut reader, Self::TYPE, &mut properties)?;
                done.with(&reader, Self { packet_id, reason, properties })
            }

            #[inline]
            fn measure(&self, version: Version) -> Result<Lengths, EncodeError> {
                let mut lengths = Lengths::new(2);
                measure_outcome(self.reason, &self.properties, Self::TYPE, version, &mut lengths)?;
                Ok(lengths)
            }

            #[inline]
            fn write_body(&self, version: Version, lengths: &Lengths, sink: &mut impl Sink) {
                sink.u16(self.packet_id.get());
                write_outcome(self.reason, &self.properties, version, lengths, sink);
            }

            #[inline(always)]
            fn tiny(&self, version: Version) -> Option<([u8; 4], usize)> {
                if version.is_v5() && (self.reason != ReasonCode::Success || !self.properties.is_empty()) {
                    return None;
                }
                let [high, low] = self.packet_id.get().to_be_bytes();
                Some(([(Self::TYPE as u8) << 4 | self.flags(), 2, high, low], 4))
            }
        }
    };
}

ack! {
    /// PUBACK: the receiver of a QoS 1 message has taken it over, or refuses it (MQTT 5.0 §3.4).
    PubAck
}
ack! {
    /// PUBREC: the receiver of a QoS 2 message has taken it over, or refuses it (MQTT 5.0 §3.5).
    PubRec
}
ack! {
    /// PUBREL: the sender of a QoS 2 message will not send it again (MQTT 5.0 §3.6).
    PubRel
}
ack! {
    /// PUBCOMP: the receiver of a QoS 2 message has forgotten its identifier (MQTT 5.0 §3.7).
    PubComp
}

/// Reason code and properties at the end of a 5.0 packet. The properties may be left out; a packet may also leave out
/// both, for Success.
pub(super) fn read_outcome<'a>(
    reader: &mut Reader<'a>,
    packet: PacketType,
    properties: &mut impl Properties<'a>,
) -> Result<ReasonCode, DecodeError> {
    let reason = read_reason(reader, packet)?;
    if !reader.is_empty() {
        properties.read_list(reader, no_extra)?;
    }
    Ok(reason)
}

#[inline]
pub(super) fn measure_outcome<'a, P: Properties<'a>>(
    reason: ReasonCode,
    properties: &P,
    packet: PacketType,
    version: Version,
    lengths: &mut Lengths,
) -> Result<(), EncodeError> {
    if version.is_v5() {
        check_reason(reason, packet, version)?;
        match (reason, properties.fields_len()?) {
            (ReasonCode::Success, 0) => {}
            (_, 0) => lengths.add(1),
            (_, len) => {
                lengths.add(1);
                lengths.add_properties(len);
            }
        }
    }
    Ok(())
}

#[inline]
pub(super) fn write_outcome<'a, P: Properties<'a>>(
    reason: ReasonCode,
    properties: &P,
    version: Version,
    lengths: &Lengths,
    sink: &mut impl Sink,
) {
    if version.is_v5() && (reason != ReasonCode::Success || lengths.properties > 0) {
        sink.u8(reason.as_u8());
        if lengths.properties > 0 {
            properties.write_list(lengths.properties, sink);
        }
    }
}
