//! Properties over random names, filters and histories, from an alphabet so small that they often meet.
#![cfg(feature = "alloc")]

mod enumeration;
mod filter_sets;
mod groups;
mod model;
mod relations;
mod retained;
mod subscriptions;
mod texts;
