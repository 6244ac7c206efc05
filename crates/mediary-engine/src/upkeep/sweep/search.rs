//! The index of words follows what changed, and takes in what was there before it.

use mediary_core::Result;
use tokio::time::Instant;

use super::{BATCH, QUICK_WITHIN, Sweeper, in_batches};

impl Sweeper {
    /// Changes first: what is new is searched for more often than what is old.
    pub(super) async fn index(&self) -> Result<()> {
        let store = self.context.store();
        in_batches(QUICK_WITHIN, || async { Ok(store.index_changes(BATCH).await?) }).await?;
        let until = Instant::now() + QUICK_WITHIN;
        while Instant::now() < until && store.index_backlog(BATCH).await? {}
        Ok(())
    }
}
