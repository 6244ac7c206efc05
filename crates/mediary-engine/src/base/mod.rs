//! What every room stands on: errors, metrics, secrets at rest, places where tests break in.

pub(crate) mod error;
pub mod fault;
pub(crate) mod metrics;
pub(crate) mod shutdown;
pub(crate) mod tasks;
pub(crate) mod vault;

use std::time::Duration;

/// For how long a cached row may differ from the database; other processes change it too.
pub(crate) const CACHED_FOR: Duration = Duration::from_millis(500);
