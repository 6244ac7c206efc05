//! Transactions that are retried if they collide.
//!
//! On Postgres two transactions that lock the same rows in different orders deadlock, and Postgres ends one of them. Our transactions
//! lock in one order wherever it matters (`locks::hold_files`, `policies::hold`), but a statement on one node may meet any other
//! statement on another, so none relies on that alone: what Postgres ended never happened, and is retried at once. Ingest has further
//! collisions (`ingest::collisions`).

use crate::db::Tx;
use crate::{ErrorKind, Result};

/// Runs a block as one transaction on a database, and commits it where the block ends well: `transaction!(db, |tx| { … })`.
/// The block may run several times, so it must not consume anything from outside. `return` leaves only the block.
macro_rules! transaction {
    ($db:expr, |$tx:ident| $work:block) => {{
        let mut tries = $crate::tries::Tries::default();
        loop {
            let mut started = $db.begin().await?;
            let $tx = &mut started;
            let worked = $crate::transaction::work(async { $work }).await;
            match $crate::transaction::end(started, worked).await {
                Err(error) if tries.another(&error) => {}
                ended => break ended,
            }
        }
    }};
}
pub(crate) use transaction;

/// Fixes the result type of a block, which its question marks leave open.
pub(crate) fn work<T>(work: impl Future<Output = Result<T>>) -> impl Future<Output = Result<T>> {
    work
}

/// Commits a transaction, or rolls it back if its block failed.
pub(crate) async fn end<T>(tx: Tx, worked: Result<T>) -> Result<T> {
    match worked {
        Ok(done) => tx.commit().await.map(|()| done),
        // A database that did not answer would not answer a rollback either: its connection is closed, which ends the
        // transaction. A server that takes no changes may have become a standby; the next connection finds out.
        Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Refused) => Err(error),
        Err(error) => {
            tx.roll_back().await;
            Err(error)
        }
    }
}
