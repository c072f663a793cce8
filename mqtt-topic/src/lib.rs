//! MQTT topic names and topic filters: validation, matching, and the two collections that a broker
//! builds on them.
//!
//! [`TopicName`] and [`TopicFilter`] are views of a `str`, as `Path` is: making one checks every rule of
//! MQTT 5.0 §4.7 and §4.8.2 once, and after that a value that exists is valid. They borrow, so a decoder
//! can hand them out of its read buffer without copying. The rules are the same in MQTT 3.1.1.
//!
//! With the feature `alloc` (on by default) there are also the owned forms [`TopicNameBuf`] and
//! [`TopicFilterBuf`], a [`SubscriptionTrie`] that finds the subscriptions that match a name, and a
//! [`RetainedTrie`] that finds the names that match a filter. Without it the crate needs no allocator.
//!
//! Nothing here recurses, iterates in hash order, or panics on input: a filter of 65,535 slashes is only
//! a long filter.
//!
//! ```
//! use mqtt_topic::{TopicError, TopicFilter, TopicName};
//!
//! let filter = TopicFilter::new("sport/+/score")?;
//! assert!(filter.matches(TopicName::new("sport/tennis/score")?));
//!
//! let error = TopicFilter::new("sport/#/score").unwrap_err();
//! assert_eq!((error.position(), error.statement()), (6, "MQTT-4.7.1-1"));
//! # Ok::<(), TopicError>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]
#![warn(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::wildcard_enum_match_arm
)]
// The text above speaks of items that need `alloc`.
#![cfg_attr(not(feature = "alloc"), allow(rustdoc::broken_intra_doc_links))]

#[cfg(feature = "alloc")]
extern crate alloc;

mod error;
mod filter;
#[cfg(feature = "alloc")]
mod filter_set;
mod levels;
mod name;
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
