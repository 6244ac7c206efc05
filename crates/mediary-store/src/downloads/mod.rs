//! Downloads as jobs, in the media files themselves: due, claimed with a lease, finished or failed.
//!
//! A row is queued while `next_attempt_at` is set. Once that time has come it is marked `due`, which is what the claim
//! looks for, so that it never scans rows that wait. A claim takes a lease with a number that only grows; every later statement
//! about the download has to name it, so that an owner who lost the lease changes nothing any more.

mod backfill;
mod claim;
mod fail;
mod finish;
mod lease;
mod lost;
mod oversized;
mod queue;
mod types;

pub use backfill::{LegacyRow, NamedMedia};
pub(crate) use finish::FinishCommit;
pub use lost::RecordedLocation;
pub use types::*;

/// Clears the error of an earlier attempt when a new one is queued.
pub(crate) const NO_ERROR: &str = "last_error_code = NULL, last_error = NULL, last_error_retryable = FALSE";
