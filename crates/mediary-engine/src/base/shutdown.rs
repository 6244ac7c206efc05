//! The shutdown signal.

use tokio_util::sync::CancellationToken;

/// How to stop, in two stages. `hard` follows `soft`, never the other way round.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    /// Start nothing new; finish what is running.
    pub soft: CancellationToken,
    /// Drop everything. Unfinished work is found again by its lease.
    pub hard: CancellationToken,
}
