//! The reference runtime of [`mqtt_broker_core`]: TCP, one event loop, one thread.
//!
//! The `mqtt-broker` binary is [`Server::bind`], [`Server::run`] and a command line. As a library it is for programs and
//! tests that want a broker inside them:
//!
//! ```
//! use mqtt_broker::{Config, Server};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! runtime.block_on(async {
//!     let server = Server::bind(&["127.0.0.1:0"])?;
//!     println!("listening on {}", server.local_addrs()[0]);
//!     let shutdown = async {}; // at once
//!     server.run(Config::default(), shutdown).await;
//!     Ok(())
//! })
//! # }
//! ```
//!
//! # How it works
//!
//! One hub owns the broker and, for each connection, what is on its way out. Each connection has a task that reads from
//! its socket, hands the bytes to the broker, and writes what has gathered. What the broker wants done for *another*
//! connection while it handles an event is only noted there, and that connection's task is woken; so a message goes
//! from one socket to another without a lock or a channel, and all that one turn of the loop makes for a connection leaves
//! in one write. A peer that does not read keeps nobody but itself waiting.
//!
//! There are no rules of MQTT here: they are all in [`mqtt_broker_core`].

#![warn(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm
)]

mod accept;
mod clock;
mod connection;
mod hub;
mod input;
mod links;
mod listen;
mod notes;
mod output;
mod server;
mod timer;

pub use listen::ListenError;
pub use mqtt_broker_core::{Config, Damping};
pub use server::Server;
