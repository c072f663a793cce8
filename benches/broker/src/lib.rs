//! Scenes that are measured: a broker, its clients, and one thing that they do again and again. All goes through the public API,
//! from bytes that were read to bytes that are to be written, and what was written is reported.

mod limit;
mod runtime;
mod scene;

pub use limit::Limit;
pub use runtime::Runtime;
pub use scene::{SCENES, Scene};
