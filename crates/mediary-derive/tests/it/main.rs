//! The tests of this crate in one program, which links its decoders once. Only those in `crashes.rs` and `escapes.rs` have programs
//! of their own.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod audio_video;
mod cost;
mod documents;
mod harness;
mod hostile;
mod long_jobs;
mod pictures;
mod pool;
mod posters;
mod recipes;
