use mqtt_codec::PacketId;

/// A Packet Identifier that this end chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalId(pub PacketId);

/// A Packet Identifier that the peer chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemoteId(pub PacketId);
