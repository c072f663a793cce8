//! SUBACK and UNSUBACK.

use super::ack::AckProperties;
use super::{Body, Done, Lengths, check_reason};
use crate::property::{Properties, no_extra};
use crate::reader::{Reader, saturate};
use crate::writer::Sink;
use crate::{
    DecodeError, DecodeErrorKind, EncodeError, PacketId, PacketType, ReasonCode, ReasonCodes, Repeated,
    Version,
};

/// SUBACK: the answer to SUBSCRIBE (MQTT 5.0 §3.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubAck<'a> {
    /// The identifier of the SUBSCRIBE.
    pub packet_id: PacketId,
    /// One code per entry of the SUBSCRIBE, in its order. 3.1.1 has one failure, 0x80, and 3.1 none.
    pub codes: ReasonCodes<'a>,
    /// Properties. Absent in 3.x.
    pub properties: AckProperties<'a>,
}

/// UNSUBACK: the answer to UNSUBSCRIBE (MQTT 5.0 §3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsubAck<'a> {
    /// The identifier of the UNSUBSCRIBE.
    pub packet_id: PacketId,
    /// One code per entry of the UNSUBSCRIBE, in its order. Absent in 3.x.
    pub codes: ReasonCodes<'a>,
    /// Properties. Absent in 3.x.
    pub properties: AckProperties<'a>,
}

/// The bytes of the codes at the end of a packet, and how many they are.
fn read_codes<'a>(
    reader: &mut Reader<'a>,
    allowed: impl Fn(u8) -> bool,
) -> Result<(&'a [u8], u32), DecodeError> {
    let start = reader.offset();
    let bytes = reader.take_rest();
    let count = saturate(bytes.len());
    if count == 0 {
        return Err(reader.error(DecodeErrorKind::EmptyList));
    }
    if count > reader.limits.filters {
        return Err(reader.error_at(
            start,
            DecodeErrorKind::TooMany { what: Repeated::Entries, limit: reader.limits.filters },
        ));
    }
    for (index, &found) in bytes.iter().enumerate() {
        if !allowed(found) {
            return Err(reader.error_at(start.saturating_add(index), DecodeErrorKind::ReasonCode { found }));
        }
    }
    Ok((bytes, count))
}

/// What a SUBACK of this version says for a code: all failures are one in 3.1.1, and 3.1 has none (MQTT-3.9.3-2).
fn suback_code(code: ReasonCode, version: Version) -> Option<ReasonCode> {
    if !code.is_allowed_in(PacketType::SubAck) {
        return None;
    }
    match version {
        Version::V5 => Some(code),
        Version::V3_1_1 if code.is_error() => Some(ReasonCode::UnspecifiedError),
        Version::V3_1 if code.is_error() => None,
        Version::V3_1 | Version::V3_1_1 => Some(code),
    }
}

/// Whether a SUBACK of this version may have this code.
#[inline]
fn suback_byte(found: u8, version: Version) -> bool {
    match version {
        Version::V5 => ReasonCode::is_allowed_byte(found, PacketType::SubAck),
        Version::V3_1_1 => matches!(found, 0..=2 | 0x80),
        Version::V3_1 => matches!(found, 0..=2),
    }
}

impl<'a> Body<'a> for SubAck<'a> {
    const TYPE: PacketType = PacketType::SubAck;

    fn decode_body<R>(
        version: Version,
        _: u8,
        mut reader: Reader<'a>,
        done: Done<impl FnOnce(Self) -> R>,
    ) -> Result<R, DecodeError> {
        let packet_id = reader.packet_id()?;
        let mut properties = AckProperties::default();
        properties.read_list_of(version, &mut reader)?;
        let (codes, count) = read_codes(&mut reader, |found| suback_byte(found, version))?;
        let codes = ReasonCodes::on_wire(codes, count, version);
        done.with(&reader, Self { packet_id, codes, properties })
    }

    fn measure(&self, version: Version) -> Result<Lengths, EncodeError> {
        if self.codes.is_empty() {
            return Err(EncodeError::EmptyList { packet: Self::TYPE });
        }
        let mut lengths = Lengths::new(2);
        lengths.add(self.codes.len());
        if self.codes.wire(version).is_none() {
            for code in self.codes {
                if suback_code(code, version).is_none() {
                    return Err(EncodeError::ReasonCode { packet: Self::TYPE, version, code });
                }
            }
        }
        if version.is_v5() {
            lengths.add_properties(self.properties.fields_len()?);
        }
        Ok(lengths)
    }

    fn write_body(&self, version: Version, lengths: &Lengths, sink: &mut impl Sink) {
        sink.u16(self.packet_id.get());
        if version.is_v5() {
            self.properties.write_list(lengths.properties, sink);
        }
        if let Some(codes) = self.codes.wire(version) {
            return sink.put(codes);
        }
        for code in self.codes {
            sink.u8(suback_code(code, version).unwrap_or(code).as_u8());
        }
    }
}

impl<'a> Body<'a> for UnsubAck<'a> {
    const TYPE: PacketType = PacketType::UnsubAck;

    fn decode_body<R>(
        version: Version,
        _: u8,
        mut reader: Reader<'a>,
        done: Done<impl FnOnce(Self) -> R>,
    ) -> Result<R, DecodeError> {
        let packet_id = reader.packet_id()?;
        if !version.is_v5() {
            let (codes, properties) = Default::default();
            return done.with(&reader, Self { packet_id, codes, properties });
        }
        let mut properties = AckProperties::default();
        properties.read_list(&mut reader, no_extra)?;
        let (codes, count) = read_codes(&mut reader, |found| ReasonCode::is_allowed_byte(found, Self::TYPE))?;
        // Not as they are, for a SUBACK cannot have all of them.
        let codes = ReasonCodes::to_iterate(codes, count, version);
        done.with(&reader, Self { packet_id, codes, properties })
    }

    fn measure(&self, version: Version) -> Result<Lengths, EncodeError> {
        if !version.is_v5() {
            return Ok(Lengths::new(2));
        }
        if self.codes.is_empty() {
            return Err(EncodeError::EmptyList { packet: Self::TYPE });
        }
        self.codes.iter().try_for_each(|code| check_reason(code, Self::TYPE, version))?;
        let mut lengths = Lengths::new(2);
        lengths.add(self.codes.len());
        lengths.add_properties(self.properties.fields_len()?);
        Ok(lengths)
    }

    fn write_body(&self, version: Version, lengths: &Lengths, sink: &mut impl Sink) {
        sink.u16(self.packet_id.get());
        if version.is_v5() {
            self.properties.write_list(lengths.properties, sink);
            for code in self.codes {
                sink.u8(code.as_u8());
            }
        }
    }
}
