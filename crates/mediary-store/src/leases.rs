//! Jobs that one process holds for a time: the columns of a lease, the fence, and the ways in which a lease ends, once for every
//! table of jobs. A new table of jobs needs its description in [`ALL`], an index on the end of its leases where it is running, and one
//! on the time at which it is due where it waits.
//!
//! A lease is an owner, an end and a number. Why a late holder cannot finish a job that another holder has by then:
//!
//! 1. A claim locks the row and writes owner and end and the next number in one statement ([`Jobs::taken`]). The number is never set
//!    back, whatever ends the lease. So no two claims of a job have the same one, also where one owner claims it twice.
//! 2. Each later statement of the holder (a renewal, a failure, a finish) carries the fence: the job is running, under this owner
//!    and this number ([`Jobs::fence`]). It is a condition of the statement that changes the row, never a check before it: of two
//!    statements on one row the second waits for the first, and Postgres then evaluates the condition again on the changed row.
//! 3. A release ends the running state of the job, and the next claim gives it another number. From that commit on the fence of the
//!    previous holder is false for good.
//! 4. The end of a lease is not part of the fence. Only a release compares it with a clock, that of its node. So if clocks of nodes
//!    differ, a lease may be released too early or too late, and work may be repeated or delayed, but a result is recorded once. A
//!    late holder whose job has not been released still finishes it.
//! 5. What a holder does outside the database is not fenced by this: bytes are stored under a key that no other claim has
//!    (`trash`), and a node that takes over ends the unfinished upload first.
//!
//! The names of the columns are those of each table, so that an older program finds its own on the schema of the next release.
//! What needs no lease: webhooks and parked items are held by a lock of the transaction that records them; media tasks and
//! deletions may be done twice, which changes nothing, so their claims only move the time at which they are due.

use mediary_core::Timestamp;
use sqlx::AssertSqlSafe;

use crate::db::Tx;
use crate::record::{Columns, Read, ReadError};
use crate::value::args;
use crate::{Backend, Result, Store, dialect};

/// A table of jobs, by the names of its columns. Its rows are of a company: `company_id` and `id` are their key.
pub(crate) struct Jobs {
    pub(crate) table: &'static str,
    pub(crate) owner: &'static str,
    pub(crate) until: &'static str,
    pub(crate) number: &'static str,
    /// The condition that a job is held.
    pub(crate) running: &'static str,
    /// The assignments that put a job back into its queue, due at `$1`.
    pub(crate) queued: &'static str,
    /// When a job that waits is due again.
    pub(crate) due_at: &'static str,
    /// The condition on a job `x` that waits for that time and nothing else: with the column, the words of an index.
    pub(crate) waiting: &'static str,
}

/// Downloads of media files.
pub(crate) const DOWNLOADS: Jobs = Jobs {
    table: "media_files",
    owner: "lease_owner",
    until: "lease_until",
    number: "lease_number",
    running: "download_status = 'downloading' AND is_active",
    queued: "download_status = 'pending', due = TRUE, next_attempt_at = $1, updated_at = $1",
    due_at: "next_attempt_at",
    // A file may wait as long as its account does.
    waiting: "NOT x.due AND NOT EXISTS (SELECT 1 FROM whatsapp_accounts a WHERE a.company_id = x.company_id
        AND a.id = x.account_id AND a.paused_until >= x.next_attempt_at)",
};

/// What is made of stored media files.
pub(crate) const DERIVATIONS: Jobs = Jobs {
    table: "derivations",
    owner: "lease_owner",
    until: "lease_until",
    number: "lease_number",
    running: "state = 'running'",
    queued: "state = 'waiting', due_at = $1",
    due_at: "due_at",
    waiting: "x.state = 'waiting'",
};

/// Messages that are to be sent.
pub(crate) const SENDS: Jobs = Jobs {
    table: "sends",
    owner: "lease_owner",
    until: "lease_until",
    number: "lease_number",
    running: "state = 'running'",
    queued: "state = 'waiting', due_at = $1, updated_at = $1",
    due_at: "due_at",
    waiting: "x.state = 'waiting'",
};

/// Every table of jobs.
pub(crate) const ALL: &[Jobs] = &[DOWNLOADS, DERIVATIONS, SENDS];

/// Proof of holding a job. The number grows with every claim, so that a holder whose lease ran out cannot be taken for the one that
/// has it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseToken {
    pub owner: String,
    pub number: i64,
}

impl Read for LeaseToken {
    const WIDTH: usize = 2;
    fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
        let (owner, number) = Read::read(columns)?;
        Ok(Self { owner, number })
    }
}

impl Jobs {
    /// The assignments of a claim.
    pub(crate) fn taken(&self, by: &str, until: &str) -> String {
        let Self { table, owner, until: end, number, .. } = self;
        format!("{owner} = {by}, {end} = {until}, {number} = {table}.{number} + 1")
    }

    /// The fence: the condition of every change by the holder of a lease.
    pub(crate) fn fence(&self, by: &str, under: &str) -> String {
        let Self { table, owner, number, running, .. } = self;
        format!("{table}.{owner} = {by} AND {table}.{number} = {under} AND {running}")
    }

    /// The assignments that end a lease, however it ends.
    pub(crate) fn ended(&self) -> String {
        format!("{} = NULL, {} = NULL", self.owner, self.until)
    }

    /// Puts running jobs `j` that meet a condition back into the queue at `$1`, `$2` of them at most, those first whose leases end
    /// first. Rows that another transaction has locked are left to the next call.
    pub(crate) fn release_where(&self, condition: &str, backend: Backend) -> String {
        let Self { table, until, running, queued, .. } = self;
        format!(
            "WITH ended AS MATERIALIZED (SELECT j.company_id, j.id FROM {table} j WHERE {running} AND {condition}
                    ORDER BY j.{until}, j.id LIMIT $2{})
                UPDATE {table} SET {queued}, {} WHERE (company_id, id) IN (SELECT e.company_id, e.id FROM ended e)",
            dialect::lock_rows(backend),
            self.ended()
        )
    }
}

impl Store {
    /// Voids all leases of an embedded database, whose owners ended with the program that starts now; how many. Where
    /// several nodes share a database, nothing happens.
    pub async fn release_leases_at_start(&self) -> Result<u64> {
        if self.backend() == Backend::Postgres {
            return Ok(0);
        }
        let mut released = 0;
        for jobs in ALL {
            let Jobs { table, running, queued, .. } = jobs;
            let sql = format!("UPDATE {table} SET {queued}, {} WHERE {running}", jobs.ended());
            released += self.db().execute(AssertSqlSafe(sql), args![self.now()]).await?;
        }
        Ok(released)
    }

    /// Puts jobs whose lease ran out back into their queues, at most `limit` of each table; how many.
    pub async fn release_expired_leases(&self, now: Timestamp, limit: u32) -> Result<u64> {
        let mut released = 0;
        for jobs in ALL {
            let sql = jobs.release_where(&format!("j.{} < $1", jobs.until), self.backend());
            released += self.db().execute(AssertSqlSafe(sql), args![now, limit]).await?;
        }
        Ok(released)
    }

    /// Puts jobs back into their queues whose lease ends later than any that is claimed or renewed now; how many.
    pub(crate) async fn release_leases_beyond(
        &self,
        now: Timestamp,
        beyond: Timestamp,
        limit: u32,
    ) -> Result<u64> {
        let mut released = 0;
        for jobs in ALL {
            let sql = jobs.release_where(&format!("j.{} > $3", jobs.until), self.backend());
            released += self.db().execute(AssertSqlSafe(sql), args![now, limit, beyond]).await?;
        }
        Ok(released)
    }
}

/// Puts the jobs of an owner that is gone back into their queues, at most `limit` of each table; how many.
pub(crate) async fn release_of(tx: &mut Tx, owner: &str, now: Timestamp, limit: u32) -> Result<u64> {
    let mut released = 0;
    for jobs in ALL {
        let sql = jobs.release_where(&format!("j.{} = $3", jobs.owner), tx.backend());
        released += tx.execute(AssertSqlSafe(sql), args![now, limit, owner]).await?;
    }
    Ok(released)
}

/// How many leases of all tables have run out by `now`, as an expression of SQL.
pub(crate) fn expired(now: &str) -> String {
    let count = |jobs: &Jobs| {
        let Jobs { table, until, running, .. } = jobs;
        format!("(SELECT count(*) FROM {table} WHERE {running} AND {until} < {now})")
    };
    ALL.iter().map(count).collect::<Vec<_>>().join(" + ")
}
