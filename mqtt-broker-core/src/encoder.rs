use alloc::vec::Vec;
use core::mem;

use bytes::Bytes;
use mqtt_codec::{EncodeError, Packet, Publish, Version};

/// Bytes of a buffer that is kept.
const KEPT: usize = 16 << 10;

/// Packets on their way out as bytes. It holds nothing from one event to the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Encoder {
    buffer: Vec<u8>,
    /// What all receivers of a message get who need no Packet Identifier, Subscription Identifier or Topic Alias, for each
    /// version.
    copies: [CopyForAll; Version::ALL.len()],
    /// Messages that were sent to many.
    messages: u64,
    /// Whether a buffer may be large.
    is_large: bool,
}

#[derive(Clone, Debug, Default)]
struct CopyForAll {
    buffer: Vec<u8>,
    len: usize,
    /// Of which message it is, and with which RETAIN.
    of: Option<(MessageNumber, bool)>,
}

/// Tells messages apart that are sent to many, so that nobody gets what was encoded for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessageNumber(u64);

impl Encoder {
    /// Another message is to be sent to many.
    pub(crate) fn begin_message(&mut self) -> MessageNumber {
        self.messages += 1;
        MessageNumber(self.messages)
    }

    /// Gives back what was needed for a large packet.
    pub(crate) fn rest(&mut self) {
        if !mem::take(&mut self.is_large) {
            return;
        }
        for copy in &mut self.copies {
            if copy.buffer.len() > KEPT {
                *copy = CopyForAll::default();
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
        self.is_large |= len > KEPT / 2;
        Ok(self.buffer.get(..len).unwrap_or_default())
    }

    /// The same for a PUBLISH that many get as it is, which is made if it was not yet.
    pub(crate) fn encode_for_all<'p>(
        &mut self,
        packet: impl FnOnce() -> Packet<'p>,
        (number, retain): (MessageNumber, bool),
        version: Version,
    ) -> Result<&[u8], EncodeError> {
        let [v3_1, v3_1_1, v5] = &mut self.copies;
        let copy = match version {
            Version::V3_1 => v3_1,
            Version::V3_1_1 => v3_1_1,
            Version::V5 => v5,
        };
        if copy.of != Some((number, retain)) {
            copy.of = None;
            copy.len = into(&mut copy.buffer, &packet(), version)?;
            copy.of = Some((number, retain));
            self.is_large |= copy.len > KEPT / 2;
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
