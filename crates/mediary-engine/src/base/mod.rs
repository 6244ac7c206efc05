//! What every room uses: metrics, secrets at rest, workers and their wake-ups, fault points for tests.

pub(crate) mod company_slots;
pub mod fault;
pub(crate) mod jobs;
pub(crate) mod lease;
pub(crate) mod metrics;
pub(crate) mod shutdown;
pub(crate) mod tasks;
pub(crate) mod vault;
pub(crate) mod work;
pub(crate) mod worker;

use std::time::Duration;

/// For how long a cached row may differ from the database; other processes change it too.
pub(crate) const CACHE_TTL: Duration = Duration::from_millis(500);
