//! The broker over real sockets: one file per behaviour.

mod back_pressure;
mod bad_input;
mod client;
mod command_line;
mod descriptors;
mod half_closed;
mod never_reads;
mod paused;
mod payloads;
mod process;
mod shutdown;
mod timers;
