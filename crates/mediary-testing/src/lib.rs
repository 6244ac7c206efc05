//! What the tests of several crates share, each thing once. It is a dev-dependency and nothing else, which `xtask` checks.
//!
//! What takes long to compile stands behind a feature that its users name, so that the store's tests do not wait for the
//! simulator. What one crate alone needs stays in that crate's harness.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

/// The name by which `rows` knows this crate wherever it is compiled.
#[cfg(feature = "rows")]
extern crate self as mediary_testing;

#[cfg(feature = "bucket")]
pub mod bucket;
pub mod clock;
#[cfg(feature = "database")]
pub mod database;
pub mod files;
pub mod installation;
#[cfg(feature = "rows")]
pub mod rows;
#[cfg(feature = "simulator")]
pub mod simulator;
pub mod wait;
#[cfg(feature = "whatsapp")]
pub mod whatsapp;
pub mod wire;

pub use clock::{ManualClock, START};
pub use wait::eventually;
