//! An MQTT broker as a deterministic state machine: [events](Event) in, [actions](Actions) out, no I/O.
//!
//! A runtime, which may be anything that can move bytes, owns the [`Broker`]. It tells it what happened, with the
//! time, and carries out what the broker calls for. The same events at the same times always give the same actions, byte
//! for byte.
//!
//! ```
//! use bytes::BytesMut;
//! use mqtt_broker_core::{Action, AllowAll, Broker, Config, ConnId, Event, ListenerId, Timestamp};
//!
//! let mut broker = Broker::new(Config::default(), AllowAll);
//! let mut actions = Vec::new();
//! let (now, conn) = (Timestamp::ZERO, ConnId(1));
//!
//! broker.handle(now, Event::Opened { conn, listener: ListenerId(0), identity: None }, &mut actions);
//! // CONNECT of 3.1.1 with Client Identifier `c1`, then PINGREQ, in one read.
//! let mut bytes = BytesMut::from(&b"\x10\x0E\0\x04MQTT\x04\x02\0\x3C\0\x02c1\xC0\0"[..]);
//! broker.handle(now, Event::Received { conn, bytes: &mut bytes }, &mut actions);
//!
//! let connack = Action::Send { conn, bytes: vec![0x20, 2, 0, 0] };
//! let pingresp = Action::Send { conn, bytes: vec![0xD0, 0] };
//! assert_eq!(actions, [connack, pingresp]);
//! assert_eq!(broker.deadline(), Some(Timestamp::from_millis(90_000)), "one and a half times the Keep Alive");
//! ```
//!
//! # The contract
//!
//! - Call [`Broker::handle`] with each event, in the order in which things happened, and with a time that does not go
//!   backwards.
//! - Call it with [`Event::Tick`] when [`Broker::deadline`] has come. The deadline changes with every event.
//! - Carry out the actions of a connection in order.
//! - Report written bytes with [`Event::Written`]. By that the broker bounds what a connection makes the runtime hold:
//!   [`Config::output_window`], one message and the answer to one packet.
//! - After [`Actions::close`] no event about that connection is needed, and none changes anything.
//!
//! Nothing else is asked, and no call is forbidden at any time.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![warn(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm
)]

extern crate alloc;

mod acl;
mod action;
mod apart;
mod broker;
mod config;
mod connection;
mod copies;
mod encoder;
mod event;
mod fault;
mod index;
mod message;
mod messages;
mod note;
mod policy;
mod queue;
mod router;
mod session;
mod slab;
mod stats;
mod store;
mod timers;

pub use acl::{Access, AclPolicy, PatternError, Rule};
pub use action::{Action, Actions, Outgoing};
pub use broker::Broker;
pub use config::{Budget, Config, Damping, Overlapping, RateLimit, Relief, SharedStrategy};
pub use copies::Copies;
pub use event::{ConnId, Event, ListenerId, Ticket};
pub use fault::{Fault, Faults};
pub use message::Message;
pub use mqtt_session::Timestamp;
pub use note::{DropReason, End, Note};
pub use policy::{
    AllowAll, AuthenticationData, Client, Decision, Password, Policy, Question, Refusal, Request, Verdict,
};
pub use stats::Stats;
pub use store::{RestoreError, StoreOp};

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
