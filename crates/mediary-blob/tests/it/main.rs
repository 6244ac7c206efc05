//! The promises of storage, each tested through the public interface alone.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod behaviour;
mod local;
mod object;
mod quirks;
mod syncs;
