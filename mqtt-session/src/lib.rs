//! What both ends of an MQTT session share, as small state machines without I/O, clock or knowledge of who is
//! client and who is broker.
//!
//! | Type | What it decides |
//! |---|---|
//! | [`SendWindow`] | which QoS 1 and 2 messages are under way, with which identifier, and what to send again after a reconnect |
//! | [`ReceiveWindow`] | whether a QoS 2 message is new or a repeat, and whether the peer sends too many at once |
//! | [`InboundAliases`], [`OutboundAliases`] | what a Topic Alias stands for |
//! | [`KeepAlive`] | when a silent connection is dead, or when to ping |
//!
//! Each is `Clone + PartialEq + Hash`, so that a model checker can explore it. Packet Identifiers of the two
//! directions are independent and have two types, [`LocalId`] and [`RemoteId`], which cannot be mixed up.
//!
//! ```
//! use mqtt_codec::QoS;
//! use mqtt_session::{Handshake, Released, SendWindow};
//!
//! let mut window = SendWindow::default();
//! window.connected(10);
//! let id = window.send(Handshake::ExactlyOnce, "hello").expect("the window is open");
//! assert_eq!(window.pubrec(id, true), Ok(Released::SendPubRel(Some("hello"))));
//! assert_eq!(window.pubcomp(id), Ok(()));
//! assert!(window.is_empty());
//! ```

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![warn(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm
)]

extern crate alloc;

mod alias;
mod id;
mod keep_alive;
mod receive;
mod send;
mod time;

pub use alias::{AliasError, InboundAliases, OutboundAliases};
pub use id::{LocalId, RemoteId};
pub use keep_alive::KeepAlive;
pub use receive::{Arrival, ReceiveMaximumExceeded, ReceiveWindow};
pub use send::{AckError, Handshake, Released, Resend, SendWindow};
pub use time::Timestamp;
