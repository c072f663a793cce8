//! A decoder that learns the version from CONNECT.

use crate::{DecodeError, Limits, Packet, Version, connect_version, frame};

/// Decodes the packets of one direction of a connection, one after the other.
///
/// It holds no bytes: the caller keeps the buffer, calls [`decode`](Self::decode) with its front and drops as many bytes
/// as it says. After an error the stream is out of step and the connection has to be closed.
#[derive(Clone, Debug)]
pub struct Decoder {
    version: Option<Version>,
    limits: Limits,
}

impl Decoder {
    /// For the server's side: the first packet has to be CONNECT, and its version holds from then on.
    pub const fn new(limits: Limits) -> Self {
        Self { version: None, limits }
    }

    /// For the client's side, which knows the version that it asked for.
    pub const fn with_version(version: Version, limits: Limits) -> Self {
        Self { version: Some(version), limits }
    }

    /// The version, once it is known.
    pub const fn version(&self) -> Option<Version> {
        self.version
    }

    /// Decodes the packet at the front of `bytes` and gives its length, or `None` if more bytes are needed.
    ///
    /// # Errors
    /// As [`frame`] and [`Packet::decode`]; [`DecodeErrorKind::NotConnect`](crate::DecodeErrorKind::NotConnect) for a first
    /// packet that is not CONNECT, as soon as its first byte shows it.
    pub fn decode<'a>(&mut self, bytes: &'a [u8]) -> Result<Option<(Packet<'a>, usize)>, DecodeError> {
        let version = match self.version {
            Some(version) => version,
            None => match connect_version(bytes)? {
                Some(version) => *self.version.insert(version),
                None => return Ok(None),
            },
        };
        let Some(frame) = frame(bytes, &self.limits)? else {
            return Ok(None);
        };
        let packet = Packet::decode(version, frame)?;
        Ok(Some((packet, frame.bytes().len())))
    }
}
