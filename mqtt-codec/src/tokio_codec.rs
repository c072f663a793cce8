//! For those who read and write through `tokio_util::codec`.

extern crate std;

use core::fmt;

use bytes::{Bytes, BytesMut};
use tokio_util::codec;

use crate::{DecodeError, Decoder, EncodeError, Limits, Packet, Version, frame};

/// One whole packet with its bytes, which it shares with other packets of the same read instead of copying them: what comes
/// out of a [`PacketCodec`].
///
/// It was decoded once, so that it is known to be good; [`packet`](Self::packet) decodes it again, which borrows and costs
/// little. A small one that is kept for long keeps the whole read alive.
#[derive(Clone)]
pub struct OwnedPacket {
    version: Version,
    bytes: Bytes,
}

impl OwnedPacket {
    /// The packet, borrowed from these bytes.
    pub fn packet(&self) -> Packet<'_> {
        let frame = frame(&self.bytes, &Limits::default()).ok().flatten();
        frame
            .and_then(|frame| Packet::decode(self.version, frame).ok())
            .expect("the same bytes were decoded before, under limits at least as strict")
    }

    /// The version that the packet is encoded in.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The packet as it came.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

/// As the packet, so without a password.
impl fmt::Debug for OwnedPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPacket").field("version", &self.version).field("packet", &self.packet()).finish()
    }
}

/// Packets in and out of a byte stream, for `tokio_util::codec::Framed` and the like.
///
/// Out come [`OwnedPacket`]s, in go [`Packet`]s. After an error the stream is out of step and has to be closed.
///
/// ```
/// use futures_util::SinkExt;
/// use mqtt_codec::{Connect, Limits, Packet, PacketCodec, Version};
/// use tokio_util::codec::Framed;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let (client, server) = tokio::io::duplex(1024);
/// let mut client = Framed::new(client, PacketCodec::with_version(Version::V5, Limits::default()));
/// let mut server = Framed::new(server, PacketCodec::new(Limits::default()));
///
/// client.send(Packet::from(Connect { client_id: "c1", ..Connect::default() })).await?;
/// let received = futures_util::StreamExt::next(&mut server).await.expect("the stream is open")?;
/// assert!(matches!(received.packet(), Packet::Connect(Connect { client_id: "c1", .. })));
/// assert_eq!(server.codec().version(), Some(Version::V5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PacketCodec(Decoder);

impl PacketCodec {
    /// For the server's side: CONNECT comes first, and its version holds from then on, in both directions.
    pub const fn new(limits: Limits) -> Self {
        Self(Decoder::new(limits))
    }

    /// For the client's side, which knows the version that it asks for.
    pub const fn with_version(version: Version, limits: Limits) -> Self {
        Self(Decoder::with_version(version, limits))
    }

    /// The version, once it is known.
    pub const fn version(&self) -> Option<Version> {
        self.0.version()
    }
}

/// What can go wrong between packets and a byte stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The bytes that came are not a packet.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The packet to send cannot be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A packet shall be sent before the version is known, which only a CONNECT from the client tells. A pair of version and
    /// packet can be sent.
    #[error("cannot encode a packet before CONNECT told the version")]
    VersionUnknown,
    /// The stream.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl codec::Decoder for PacketCodec {
    type Item = OwnedPacket;
    type Error = CodecError;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<OwnedPacket>, CodecError> {
        let len = self.0.decode(buffer)?.map(|(_, len)| len);
        Ok(self.version().zip(len).map(|(version, len)| {
            let bytes = buffer.split_to(len).freeze();
            OwnedPacket { version, bytes }
        }))
    }
}

impl codec::Encoder<Packet<'_>> for PacketCodec {
    type Error = CodecError;

    fn encode(&mut self, packet: Packet<'_>, buffer: &mut BytesMut) -> Result<(), CodecError> {
        let version = self.version().ok_or(CodecError::VersionUnknown)?;
        self.encode((version, packet), buffer)
    }
}

/// In a version of the caller's choice: to refuse a CONNECT whose version is not one (MQTT 3.1.1 MQTT-3.1.2-2).
impl codec::Encoder<(Version, Packet<'_>)> for PacketCodec {
    type Error = CodecError;

    fn encode(
        &mut self,
        (version, packet): (Version, Packet<'_>),
        buffer: &mut BytesMut,
    ) -> Result<(), CodecError> {
        Ok(packet.encode(version, buffer)?)
    }
}
