#![doc = include_str!("docs.md")]
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
pub use mqtt_topic::{TopicError, TopicErrorKind, TopicFilter, TopicName};
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
