#![doc = include_str!("docs.md")]
#![no_std]
#![forbid(unsafe_code)]
#![warn(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::wildcard_enum_match_arm
)]
// The documentation speaks of items that need `alloc`.
#![cfg_attr(not(feature = "alloc"), allow(rustdoc::broken_intra_doc_links))]

#[cfg(feature = "alloc")]
extern crate alloc;

mod error;
mod filter;
#[cfg(feature = "alloc")]
mod filter_set;
mod levels;
#[cfg(feature = "alloc")]
pub mod memory;
mod name;
mod relation;
#[cfg(feature = "alloc")]
mod retained;
mod share;
#[cfg(feature = "alloc")]
mod subscriptions;
mod text;

pub use crate::error::{TooManyLevels, TopicError, TopicErrorKind};
pub use crate::filter::TopicFilter;
#[cfg(feature = "alloc")]
pub use crate::filter::TopicFilterBuf;
#[cfg(feature = "alloc")]
pub use crate::filter_set::FilterSet;
pub use crate::levels::Levels;
pub use crate::name::TopicName;
#[cfg(feature = "alloc")]
pub use crate::name::TopicNameBuf;
#[cfg(feature = "alloc")]
pub use crate::retained::{RetainedCursor, RetainedTrie};
pub use crate::share::Share;
#[cfg(feature = "alloc")]
pub use crate::subscriptions::{Choice, SharedGroups, Statistics, SubscriptionTrie};

/// The longest name or filter, in bytes of UTF-8 (`MQTT-4.7.3-3`).
pub const MAX_LEN: usize = 65_535;
