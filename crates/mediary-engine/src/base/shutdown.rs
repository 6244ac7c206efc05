//! How what runs is told to stop.

use tokio_util::sync::CancellationToken;

/// How to stop, in two stages. `hard` follows `soft`, never the other way round.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    /// Take nothing new on; end what is under way.
    pub soft: CancellationToken,
    /// Drop everything. What was under way is found by its lease.
    pub hard: CancellationToken,
}
