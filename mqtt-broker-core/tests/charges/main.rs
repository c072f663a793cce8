//! Each kind of thing that the broker keeps: that it is charged, no more and no less, and that room is asked for before.
//!
//! A broker that forgets one of its charges is found out only when there is much of that one thing and little else. So there is a
//! row for each.
//!
//! | Module | |
//! |---|---|
//! | `kept` | what a row is whose things are kept in a broker with room for all, and what is checked |
//! | `clients`, `subscriptions`, `messages`, `questions`, `later` | its rows |
//! | `room` | what a row is whose things are wanted when a broker is full, and how that is filled |
//! | `room_for_clients`, `room_for_messages` | its rows |
//! | `world` | the broker, its policy, and what is counted after each event |
//!
//!     cargo test -p mqtt-broker-core --test charges

mod clients;
mod kept;
mod later;
mod messages;
#[path = "../memory/names.rs"]
#[expect(dead_code, reason = "not all names are needed here")]
mod names;
#[path = "../memory/packets.rs"]
#[expect(dead_code, reason = "not all packets are needed here")]
mod packets;
mod questions;
mod room;
mod room_for_clients;
mod room_for_messages;
mod subscriptions;
mod world;
