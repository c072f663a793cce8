//! Every control packet of MQTT 3.1, 3.1.1 and 5.0, bytes to typed packets and back, without I/O
//! and without allocation.
//!
//! Packets are *borrowed views*: decoding copies nothing, every `&str`, `&[u8]`, [`TopicName`] and
//! [`List`] points into the bytes that were decoded (or, for a packet that you build, at what you
//! put in). All packets are `Copy` and plain structs, so building one is a struct literal.
//!
//! The way in is [`frame`], which finds one whole packet at the front of a buffer, and
//! [`Packet::decode`]; the way out is [`Packet::encode`]. A [`Decoder`] joins the two steps for a stream
//! and learns the version from CONNECT.
//!
//! ```
//! use mqtt_codec::{Decoder, Delivery, Limits, Packet, PacketId, Publish, TopicName, Version};
//!
//! let publish = Publish {
//!     delivery: Delivery::AtLeastOnce { id: PacketId::new(7)?, dup: false },
//!     ..Publish::new(TopicName::new("site3/temperature")?, b"21.5")
//! };
//! let mut bytes = [0; 64];
//! let len = publish.encode_to_slice(Version::V5, &mut bytes)?;
//!
//! let mut decoder = Decoder::with_version(Version::V5, Limits::default());
//! let (packet, used) = decoder.decode(&bytes[..len])?.expect("a whole packet");
//! assert_eq!((packet, used), (Packet::Publish(publish), len));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a version lacks
//!
//! There is one struct per packet kind for all versions. Fields that a version does not have are absent
//! when decoded and dropped when encoded:
//!
//! | Packet | 3.1 and 3.1.1 drop | 3.1 alone |
//! |---|---|---|
//! | CONNECT | all properties, Will Delay Interval | - |
//! | CONNACK | all properties; the reason code becomes a return code ([`ReasonCode::v3_return_code`]) | drops Session Present |
//! | PUBLISH | all properties, Subscription Identifiers, a Topic Alias beside a name | - |
//! | PUBACK, PUBREC, PUBREL, PUBCOMP | reason code, properties | - |
//! | SUBSCRIBE | properties, all options but the QoS | - |
//! | SUBACK | properties; every failure becomes 0x80 | has no failure: [`EncodeError::ReasonCode`] |
//! | UNSUBSCRIBE | properties | - |
//! | UNSUBACK | properties, reason codes | - |
//! | DISCONNECT | reason code, properties | - |
//! | AUTH | does not exist: [`EncodeError::NotInVersion`] | - |
//!
//! # Panics
//!
//! No input makes this crate panic. If you find one that does, that is a bug.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![warn(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm
)]

#[cfg(feature = "arbitrary")]
extern crate alloc;

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod decode_error;
mod display;
mod encode_error;
mod frame;
mod id;
mod list;
mod packet;
mod property;
mod publish_head;
mod reader;
mod reason;
mod stream;
mod text;
#[cfg(feature = "tokio-codec")]
mod tokio_codec;
mod varint;
mod version;
mod writer;

#[cfg(feature = "arbitrary")]
pub use arbitrary::ArbitraryPacket;
pub use decode_error::{DecodeError, DecodeErrorKind, Excerpt, Repeated};
pub use encode_error::EncodeError;
pub use frame::{Frame, Limits, PacketType, connect_version, frame};
pub use id::{IdError, PacketId, QoS, SubscriptionId, TopicAlias};
pub use list::{Filters, Iter, List, ListItem, ReasonCodes, SubscriptionIds, Subscriptions, UserProperties};
pub use mqtt_topic::{TopicError, TopicFilter, TopicName};
pub use packet::{
    AckProperties, Auth, AuthProperties, ConnAck, ConnAckProperties, Connect, ConnectProperties, Delivery,
    Disconnect, DisconnectProperties, MessageProperties, Packet, PayloadFormat, PubAck, PubComp, PubRec,
    PubRel, Publish, PublishTopic, RetainHandling, SubAck, Subscribe, Subscription, SubscriptionOptions,
    UnsubAck, Unsubscribe, Will,
};
pub use property::{Property, PropertyId, Section, ValueType};
pub use publish_head::PublishHead;
pub use reason::ReasonCode;
pub use stream::{Decoder, Part, StreamDecoder};
#[cfg(feature = "tokio-codec")]
pub use tokio_codec::{CodecError, OwnedPacket, PacketCodec};
pub use version::Version;
