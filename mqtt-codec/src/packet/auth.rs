//! AUTH.

use super::{Body, Done, Lengths, check_reason, read_reason};
use crate::property::{Properties, no_extra, once, optional_len, properties, write_optional};
use crate::reader::Reader;
use crate::writer::Sink;
use crate::{DecodeError, DecodeErrorKind, EncodeError, PacketType, PropertyId, ReasonCode, Version};

properties! {
    /// Properties of AUTH, without the Authentication Method, which AUTH cannot do without.
    pub struct AuthProperties in Auth beside [AuthenticationMethod] {
        /// Authentication Data (MQTT 5.0 §3.15.2.2.3).
        authentication_data: &'a [u8] = AuthenticationData,
        /// Reason String: for people who read logs, not for programs (MQTT 5.0 §3.15.2.2.4).
        reason_string: &'a str = ReasonString,
    }
}

/// AUTH: one step of an enhanced authentication (MQTT 5.0 §3.15). 5.0 only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Auth<'a> {
    /// Success (from a server), Continue authentication (both) or Re-authenticate (from a client).
    pub reason: ReasonCode,
    /// Authentication Method: the one of CONNECT (MQTT-4.12.0-5).
    pub authentication_method: &'a str,
    /// The other properties.
    pub properties: AuthProperties<'a>,
}

impl<'a> Auth<'a> {
    fn method(&self) -> Option<&'a str> {
        Some(self.authentication_method)
    }
}

impl<'a> Body<'a> for Auth<'a> {
    const TYPE: PacketType = PacketType::Auth;

    fn decode_body<R>(
        _: Version,
        _: u8,
        mut reader: Reader<'a>,
        done: Done<impl FnOnce(Self) -> R>,
    ) -> Result<R, DecodeError> {
        let mut list_at = reader.offset();
        let mut method = None;
        let (mut reason, mut properties) = (ReasonCode::Success, AuthProperties::default());
        // An empty AUTH is a legal way to write 0x00 without properties, and then lacks the method.
        if !reader.is_empty() {
            reason = read_reason(&mut reader, Self::TYPE)?;
            list_at = reader.offset();
            properties.read_list(&mut reader, |reader, id| {
                if id == PropertyId::AuthenticationMethod {
                    return once(&mut method, reader, id);
                }
                no_extra(reader, id)
            })?;
        }
        let Some(authentication_method) = method else {
            return Err(reader.error_at(list_at, DecodeErrorKind::NoAuthenticationMethod));
        };
        done.with(&reader, Self { reason, authentication_method, properties })
    }

    fn measure(&self, version: Version) -> Result<Lengths, EncodeError> {
        if !version.is_v5() {
            return Err(EncodeError::NotInVersion { packet: Self::TYPE, version });
        }
        check_reason(self.reason, Self::TYPE, version)?;
        let mut lengths = Lengths::new(1);
        lengths.add_properties(self.properties.fields_len()?.wrapping_add(optional_len(self.method())?));
        Ok(lengths)
    }

    fn write_body(&self, _: Version, lengths: &Lengths, sink: &mut impl Sink) {
        sink.u8(self.reason.as_u8());
        self.properties.write_list_with(lengths.properties, sink, |sink| {
            write_optional(self.method(), PropertyId::AuthenticationMethod, sink);
        });
    }
}
