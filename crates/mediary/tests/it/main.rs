//! The whole system: the real program on a real database, a folder and a simulated WhatsApp.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod backup;
mod bucket;
mod bytes;
mod campaign;
mod cli;
mod cli_output;
mod cli_refusals;
mod cluster;
#[cfg(feature = "faults")]
mod crash;
mod degraded;
mod events;
mod harness;
mod imports;
mod media;
mod memory;
mod on_demand;
mod open_files;
mod policies;
mod snapshots;
mod spans;
mod start;
mod unknown_size;
mod upstream_words;
mod webhook;
