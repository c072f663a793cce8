//! Limits of time and memory that hold however it comes about.
//!
//! | Module | |
//! |---|---|
//! | `authentication` | the time that a client takes for all steps before CONNACK |
//! | `memory_and_time` | windows that are full, topics of long ago |
//! | `place`, `rooms` | where replays are |
//! | `packets` | packets of clients |

mod authentication;
mod memory_and_time;
mod packets;
mod place;
mod rooms;
