//! Transactions that are done again where they collide.
//!
//! On Postgres two transactions that take the same rows in different orders wait for each other, and Postgres ends one of
//! them, whichever it likes. Each order of ours is the same wherever it matters (`locks::hold_files`,
//! `policies::hold`), but a statement on one node may meet any other statement on another, so none relies on that alone: what
//! Postgres ended never happened, and is done again at once. What ingests has more to be done again for (`ingest::collisions`).

use crate::db::Tx;
use crate::{ErrorKind, Result};

/// Runs a block as one transaction on a database, and commits it where the block ends well: `transaction!(db, |tx| { … })`.
/// The block may run several times, so it takes nothing with it that it does not make itself. `return` leaves the block alone.
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

/// Says what a block gives, which its question marks leave open.
pub(crate) fn work<T>(work: impl Future<Output = Result<T>>) -> impl Future<Output = Result<T>> {
    work
}

/// Commits, or undoes what did not work.
pub(crate) async fn end<T>(tx: Tx, worked: Result<T>) -> Result<T> {
    match worked {
        Ok(done) => tx.commit().await.map(|()| done),
        // A database that did not answer would not answer this either; its connection goes, and the transaction with it.
        // One that takes no changes may be a server that lost its role; the next connection finds out.
        Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Refused) => Err(error),
        Err(error) => {
            tx.roll_back().await;
            Err(error)
        }
    }
}
