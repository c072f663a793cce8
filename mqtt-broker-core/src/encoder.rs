use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use bytes::Bytes;
use mqtt_codec::{EncodeError, Packet, Publish, Version};

/// Bytes of a buffer that is kept.
const KEPT: usize = 16 << 10;

/// Packets on their way out as bytes. It holds nothing from one event to the next, so it is no part of equality and hash.
#[derive(Clone, Debug, Default)]
pub(crate) struct Encoder {
    buffer: Vec<u8>,
    /// What all receivers of a message get who need no Packet Identifier, Subscription Identifier or Topic Alias, for each
    /// version.
    copies: [CopyForAll; Version::ALL.len()],
}

#[derive(Clone, Debug, Default)]
struct CopyForAll {
    buffer: Vec<u8>,
    len: usize,
    /// With which RETAIN it is, if it is of the message at hand.
    retain: Option<bool>,
}

impl Encoder {
    /// Another message is to be sent to many.
    pub(crate) fn begin_message(&mut self) {
        for copy in &mut self.copies {
            copy.retain = None;
            if copy.buffer.len() > KEPT {
                copy.buffer = Vec::new();
            }
        }
        if self.buffer.len() > KEPT {
            self.buffer = Vec::new();
        }
    }

    /// A packet as bytes, but for a payload that is shared.
    pub(crate) fn encode(
        &mut self,
        packet: &Packet<'_>,
        version: Version,
        payload: Option<&Bytes>,
    ) -> Result<&[u8], EncodeError> {
        let len = match (packet, payload) {
            (Packet::Publish(publish), Some(_)) => head_into(&mut self.buffer, publish, version)?,
            _ => into(&mut self.buffer, packet, version)?,
        };
        Ok(self.buffer.get(..len).unwrap_or_default())
    }

    /// The same for a PUBLISH that many get as it is.
    pub(crate) fn encode_for_all<'p>(
        &mut self,
        packet: impl FnOnce() -> Packet<'p>,
        retain: bool,
        version: Version,
    ) -> Result<&[u8], EncodeError> {
        let [v3_1, v3_1_1, v5] = &mut self.copies;
        let copy = match version {
            Version::V3_1 => v3_1,
            Version::V3_1_1 => v3_1_1,
            Version::V5 => v5,
        };
        if copy.retain != Some(retain) {
            copy.retain = None;
            copy.len = into(&mut copy.buffer, &packet(), version)?;
            copy.retain = Some(retain);
        }
        Ok(copy.buffer.get(..copy.len).unwrap_or_default())
    }
}

fn into(buffer: &mut Vec<u8>, packet: &Packet<'_>, version: Version) -> Result<usize, EncodeError> {
    grow(buffer, |buffer| packet.encode_to_slice(version, buffer))
}

fn head_into(buffer: &mut Vec<u8>, publish: &Publish<'_>, version: Version) -> Result<usize, EncodeError> {
    grow(buffer, |buffer| publish.encode_head_to_slice(version, buffer))
}

/// Encodes into a buffer that grows if it has to.
fn grow(
    buffer: &mut Vec<u8>,
    encode: impl Fn(&mut [u8]) -> Result<usize, EncodeError>,
) -> Result<usize, EncodeError> {
    match encode(buffer) {
        Err(EncodeError::BufferTooSmall { needed, .. }) => {
            buffer.resize(needed.next_power_of_two(), 0);
            encode(buffer)
        }
        done => done,
    }
}

impl PartialEq for Encoder {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Encoder {}

impl Hash for Encoder {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
