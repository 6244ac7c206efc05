//! Waits and leases that were written while the clock was ahead, and so end days from now. Downloads cannot wait so long, for their
//! media would expire at WhatsApp.
//!
//! A wait that is longer than any that this program sets was written by such a clock, and is over. Each statement looks at the end
//! of an index on the time, beyond the longest wait of its kind, where no row is as long as clocks are right; it changes a limited
//! number of rows. It does no harm if a wait ends early, even while another node writes to the row: due rows are claimed as usual,
//! and what cannot be done yet waits again, by the corrected clock. Nodes whose clocks differ by less than
//! [`mediary_core::limits::CLOCKS_DIFFER_BY`] do not end each other's waits.

use std::time::Duration;

use mediary_core::StorageBackend;
use sqlx::AssertSqlSafe;

use crate::clocks::beyond;
use crate::ingest::PARKED_WAIT_MAX;
use crate::partial_uploads::PART_KEY_LIFE;
use crate::value::args;
use crate::{Result, Store, dialect, leases};

/// The longest waits that the caller of the store sets.
#[derive(Clone, Copy, Debug)]
pub struct LongestWaits {
    /// Of a job that failed.
    pub job: Duration,
    /// Of a job's lease.
    pub lease: Duration,
    /// Of an account that WhatsApp throttles.
    pub pause: Duration,
    /// Of a webhook that could not be recorded.
    pub webhook: Duration,
    /// Of a change of many files that stopped half-way.
    pub task: Duration,
}

/// A column that holds the end of a wait.
struct WaitColumn {
    table: &'static str,
    /// By which a row is changed.
    key: &'static str,
    column: &'static str,
    /// Which rows: with the column, the words of an index.
    which: String,
    longest: Duration,
}

impl WaitColumn {
    fn all(longest: &LongestWaits) -> Vec<Self> {
        const OF_COMPANY: &str = "company_id, id";
        let waiting = |table, key, column, which: &str, longest| Self {
            table,
            key,
            column,
            which: which.to_owned(),
            longest,
        };
        let webhook = "x.processed_at IS NULL AND x.error IS NOT NULL";
        let mut all = vec![
            // They have no index on their pause and are few. They come before their files, which may wait as long as they do.
            waiting("whatsapp_accounts", OF_COMPANY, "paused_until", "TRUE", longest.pause),
            waiting("webhook_events", "id", "next_attempt_at", webhook, longest.webhook),
            waiting("parked_items", OF_COMPANY, "next_attempt_at", "TRUE", PARKED_WAIT_MAX),
            waiting("media_tasks", OF_COMPANY, "due_at", "TRUE", longest.task),
        ];
        for jobs in leases::ALL {
            all.push(waiting(jobs.table, OF_COMPANY, jobs.due_at, jobs.waiting, longest.job));
        }
        for backend in StorageBackend::ALL {
            let of_storage = format!("x.storage_backend = '{backend}'");
            all.push(waiting("trash", OF_COMPANY, "due_at", &of_storage, PART_KEY_LIFE));
        }
        all
    }
}

impl Store {
    /// Ends waits and leases that are longer than any may be, at most `limit` of each kind; how many.
    pub async fn end_overlong_waits(&self, longest: &LongestWaits, limit: u32) -> Result<u64> {
        let now = self.now();
        let mut ended = 0;
        for WaitColumn { table, key, column, which, longest } in WaitColumn::all(longest) {
            let sql = format!(
                "WITH far AS MATERIALIZED (SELECT {key} FROM {table} x WHERE {which} AND x.{column} > $1
                        ORDER BY x.{column}, x.id LIMIT $2{})
                    UPDATE {table} SET {column} = $3 WHERE ({key}) IN (SELECT {key} FROM far)",
                dialect::lock_rows(self.backend())
            );
            ended += self.db().execute(AssertSqlSafe(sql), args![beyond(now, longest), limit, now]).await?;
        }
        ended += self.release_leases_beyond(now, beyond(now, longest.lease), limit).await?;
        Ok(ended)
    }
}
