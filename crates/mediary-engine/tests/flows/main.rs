//! The engine's flows with a real database, real storage and a stand-in for WhatsApp, on a clock that is moved by hand.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking; the lint's own exception covers test functions alone"
)]
#![expect(clippy::needless_pass_by_value, reason = "bodies read better when they are built in place")]

mod access;
mod alone;
mod arriving;
mod aws;
mod backfill;
mod conversions;
mod derive;
mod dialog360;
mod empty;
mod failures;
mod forms;
mod harness;
mod import;
mod ingest;
mod lost;
mod media;
mod open;
mod oversized;
mod playable;
mod policies;
mod retention;
mod sending;
mod sizes;
mod sweep;
mod trash;
mod webhook;
mod worker;
