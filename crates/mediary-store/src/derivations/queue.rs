//! Queues derivations again, and those of files that have none.

use mediary_core::{CompanyId, MediaId, Timestamp};
use sqlx::AssertSqlSafe;

use super::{QueuedBatch, QueuedDerivations, Variant};
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::locks::hold_files;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::row;
use crate::{Result, Store};

/// A condition on files `f`: they are stored, so that something can be made of them.
pub(super) const STORED: &str = "f.is_active AND f.download_status = 'completed'";

/// The most that are counted: enough to show that it will take long.
const COUNTED_MAX: u32 = 1_000_000;

impl QueuedDerivations {
    /// The condition on the derivation `d` of a file `f`, whose columns are null if there is none, with `$4` and `$5`.
    fn condition(self) -> &'static str {
        match self {
            Self::Missing { .. } => {
                "(d.id IS NULL OR (d.state IN ('done', 'failed') AND d.version
                    < CASE WHEN COALESCE(f.detected_mime_type, f.mime_type) LIKE 'video/%' THEN $5 ELSE $4 END))"
            }
            Self::Failed => "(d.state = 'failed' AND $4 = $4 AND $5 = $5)",
            Self::All => "((d.id IS NULL OR d.state IN ('done', 'failed')) AND $4 = $4 AND $5 = $5)",
        }
    }

    fn versions(self) -> (u32, u32) {
        match self {
            Self::Missing { version, of_videos } => (version, of_videos),
            Self::Failed | Self::All => (0, 0),
        }
    }
}

impl Store {
    /// Queues derivations of stored files, among the next `rows` files of a company after `after`; `None` if there are no more.
    pub async fn queue_derivations(
        &self,
        company: CompanyId,
        which: QueuedDerivations,
        after: MediaId,
        rows: u32,
    ) -> Result<Option<QueuedBatch>> {
        let Some(upto) = self.next_files(company, after, rows).await? else { return Ok(None) };
        let sql = format!(
            "SELECT f.id FROM media_files f LEFT JOIN derivations d ON d.company_id = f.company_id AND d.id = f.id
                WHERE f.company_id = $1 AND f.id > $2 AND f.id <= $3 AND {STORED} AND {}
                ORDER BY f.company_id, f.id",
            which.condition()
        );
        let (version, of_videos) = which.versions();
        let args = args![company, after, upto, version, of_videos];
        let wanted: Vec<(MediaId,)> = self.db().all(AssertSqlSafe(sql), args).await?;
        let now = self.now();
        let queued = transaction!(self.db(), |tx| {
            let queued = queue(tx, now, company, &wanted).await?;
            Ok(queued)
        })?;
        Ok(Some(QueuedBatch { queued, upto }))
    }

    /// A variant's bytes are missing from storage: its row goes, and it is made again. False if it is not the file's any more.
    pub async fn variant_lost(&self, variant: &Variant) -> Result<bool> {
        let Variant { company_id: company, media_id: media, .. } = *variant;
        transaction!(self.db(), |tx| {
            // As whatever changes variants: no result comes in between.
            hold_files(tx, [(company, media)]).await?;
            let sql =
                "DELETE FROM media_variants WHERE company_id = $1 AND media_id = $2 AND storage_backend = $3
                AND storage_key = $4";
            let args = args![company, media, variant.storage_backend, variant.storage_key.as_str()];
            if tx.execute(sql, args).await? == 0 {
                return Ok(false);
            }
            queue(tx, self.now(), company, &[(media,)]).await?;
            Ok(true)
        })
    }

    /// How many derivations of a company wait or run now, counted up to a million.
    pub async fn derivations_left(&self, company: CompanyId) -> Result<u64> {
        // What runs is little: the sum keeps SQLite from reading all rows of the company for it.
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM (
                SELECT d.id FROM derivations d WHERE d.company_id = $1 AND d.state = 'waiting' AND d.due_at IS NOT NULL
                    AND d.step IN ('short', 'recording', 'conversion')
                UNION ALL SELECT r.id FROM derivations r WHERE r.company_id + 0 = $1 AND r.state = 'running' LIMIT $2) n";
        let left: Option<(u64,)> = self.db().first(sql, args![company, COUNTED_MAX]).await?;
        Ok(left.map_or(0, |(left,)| left))
    }
}

/// The files are locked, and looked at again: no derivation is queued of one whose bytes just went. One that is queued or runs by
/// now is left alone; one that just ended is done again, which costs time and changes nothing.
async fn queue(tx: &mut Tx, now: Timestamp, company: CompanyId, files: &[(MediaId,)]) -> Result<u64> {
    hold_files(tx, files.iter().map(|(media,)| (company, *media))).await?;
    let mut insert = Bulk::with(format!(
        "INSERT INTO derivations (company_id, id, due_at)
            SELECT f.company_id, f.id, k.due_at FROM k CROSS JOIN media_files f
            WHERE f.company_id = k.company_id AND f.id = k.id AND {STORED}
            ON CONFLICT (company_id, id) DO UPDATE
            SET state = 'waiting', due_at = excluded.due_at, attempts = 0, error = NULL, step = 'short', begun = 0,
                missing = NULL
            WHERE derivations.state IN ('done', 'failed')"
    ));
    for (media,) in files {
        insert.push(row! { company_id => company, id => *media, due_at => now });
    }
    insert.execute(tx).await
}
