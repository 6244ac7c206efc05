//! A new database outgrows its statistics within seconds, and Postgres renews them once a minute at best. Plans from old statistics
//! are slow.

use std::sync::atomic::{AtomicI64, Ordering};

use mediary_core::MessageId;

use crate::db::Db;
use crate::dialect;
use crate::value::args;

/// The first message id, and how many times more messages, that make new statistics worth while.
const FIRST: i64 = 256;
const FACTOR: i64 = 4;

/// When statistics are renewed next.
pub(crate) struct Growth {
    at_message: AtomicI64,
}

impl Default for Growth {
    fn default() -> Self {
        Self { at_message: AtomicI64::new(FIRST) }
    }
}

impl Growth {
    /// Renews statistics each time the number of messages has grown several times.
    pub(crate) async fn keep_up(&self, db: &Db, newest: Option<MessageId>) {
        let newest = newest.map_or(0, |message| message.0);
        if newest < self.at_message.load(Ordering::Relaxed) {
            return;
        }
        self.at_message.store(newest.saturating_mul(FACTOR), Ordering::Relaxed);
        let Some(sql) = dialect::analyze(db.backend()) else { return };
        if let Err(error) = db.execute(sql, args![]).await {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(
                error,
                "statistics of the database could not be renewed; it may be slow for a minute"
            );
        }
    }
}
