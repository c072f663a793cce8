use crate::Sample;

/// Something that decodes and encodes packets.
pub trait Subject {
    /// Packets to decode, as a read brings them.
    type Stream;
    /// A packet to encode.
    type Packet: Clone + 'static;
    /// Where encoded packets go.
    type Buffer;

    /// A stream of `count` packets.
    fn stream(sample: &Sample, count: usize) -> Self::Stream;

    /// Decodes the next packet of the stream, lets the optimizer believe that it is used, and drops it.
    fn decode(stream: &mut Self::Stream);

    /// The packet, if this subject can read it.
    fn packet(sample: &Sample) -> Option<Self::Packet>;

    /// A buffer with room for so many bytes.
    fn buffer(capacity: usize) -> Self::Buffer;

    /// Appends the packet.
    fn encode(packet: Self::Packet, buffer: &mut Self::Buffer);

    /// What has been encoded.
    fn encoded(buffer: Self::Buffer) -> Vec<u8>;
}

/// The bytes of `count` packets in a buffer with room for more, so that a codec that asks for some need not move them.
pub(crate) fn growing<B: Extend<u8>>(sample: &Sample, count: usize, with_capacity: fn(usize) -> B) -> B {
    let bytes = sample.bytes.repeat(count);
    let mut buffer = with_capacity(bytes.len() + 64);
    buffer.extend(bytes);
    buffer
}

/// The stream of a subject that borrows.
#[derive(Debug)]
pub struct SliceStream<V> {
    /// The version, in the subject's own type.
    pub version: V,
    bytes: Vec<u8>,
    at: usize,
}

impl<V> SliceStream<V> {
    pub(crate) fn new(version: V, sample: &Sample, count: usize) -> Self {
        Self { version, bytes: sample.bytes.repeat(count), at: 0 }
    }

    /// What has not been read.
    #[inline(always)]
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    #[inline(always)]
    pub(crate) fn advance(&mut self, len: usize) {
        self.at += len;
    }
}

/// The buffer of a subject that writes to a slice.
#[derive(Debug)]
pub struct SliceBuffer {
    bytes: Vec<u8>,
    at: usize,
}

impl SliceBuffer {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { bytes: vec![0; capacity], at: 0 }
    }

    #[inline(always)]
    pub(crate) fn space(&mut self) -> &mut [u8] {
        &mut self.bytes[self.at..]
    }

    #[inline(always)]
    pub(crate) fn advance(&mut self, len: usize) {
        self.at += len;
    }

    pub(crate) fn into_written(mut self) -> Vec<u8> {
        self.bytes.truncate(self.at);
        self.bytes
    }
}
