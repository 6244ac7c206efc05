//! The completion of downloads: key, size and hash are recorded in the transaction that marks a file as completed.

use std::collections::HashSet;
use std::sync::Arc;

use mediary_core::{Clock, CompanyId, MediaId, Timestamp};

use super::types::FinishedDownload;
use crate::batch::Commit;
use crate::bulk::Bulk;
use crate::db::{Db, Tx};
use crate::leases::DOWNLOADS;
use crate::locks::hold_files;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::row;
use crate::{Error, Result, Store, trash};

/// Records finished downloads, many in one transaction.
pub(crate) struct FinishCommit {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Commit for FinishCommit {
    type Item = FinishedDownload;
    type Output = bool;

    async fn commit(&self, finished: Vec<FinishedDownload>) -> Result<Vec<bool>> {
        let now = self.clock.now();
        transaction!(self.db, |tx| {
            // In one order, however they were finished, so that two transactions with the same files cannot wait for each other.
            hold_files(tx, finished.iter().map(|one| (one.company_id, one.media_id))).await?;
            let recorded = record_all(tx, now, &finished).await?;
            let mut answers = Vec::with_capacity(finished.len());
            for one in &finished {
                let known =
                    recorded.contains(&(one.company_id, one.media_id)) || is_recorded(tx, one).await?;
                if !known {
                    let (company, media) = (one.company_id, one.media_id);
                    trash::put(tx, now, company, media, one.storage_backend, &one.storage_key).await?;
                }
                answers.push(known);
            }
            Ok(answers)
        })
    }
}

async fn record_all(
    tx: &mut Tx,
    now: Timestamp,
    finished: &[FinishedDownload],
) -> Result<HashSet<(CompanyId, MediaId)>> {
    let fence = DOWNLOADS.fence("k.lease_owner", "k.lease_number");
    let ended = DOWNLOADS.ended();
    let mut update = Bulk::with(format!(
        "UPDATE media_files SET download_status = 'completed', storage_backend = k.storage_backend,
                storage_key = k.storage_key, file_url = k.file_url, file_size = k.file_size, sha256 = k.sha256,
                declared_size = CASE WHEN media_files.storage_key IS NULL THEN media_files.file_size
                    ELSE media_files.declared_size END,
                detected_mime_type = k.detected_mime_type, integrity = k.integrity, scan_status = k.scan_status,
                stored_at = k.stored_at, bytes_downloaded = k.file_size, {ended},
                last_error_code = NULL, last_error = NULL, last_error_retryable = FALSE, mismatch_sha256 = NULL,
                mismatch_count = 0, updated_at = k.at
            FROM k WHERE media_files.company_id = k.company_id AND media_files.id = k.id AND {fence}
            RETURNING media_files.company_id, media_files.id"
    ));
    for one in finished {
        update.push(row! {
            company_id => one.company_id,
            id => one.media_id,
            lease_owner => one.lease.owner.as_str(),
            lease_number => one.lease.number,
            storage_backend => one.storage_backend,
            storage_key => one.storage_key.as_str(),
            file_url => one.file_url.as_str(),
            file_size => one.file_size,
            sha256 => one.sha256,
            detected_mime_type => one.detected_mime_type.as_deref(),
            integrity => one.integrity,
            scan_status => one.scan_status,
            stored_at => one.stored_at,
            at => now,
        });
    }
    Ok(update.run::<(CompanyId, MediaId)>(tx).await?.into_iter().collect())
}

/// Whether the record has these bytes already: from this download, if its commit succeeded but the answer was lost, or from another
/// that took it over.
async fn is_recorded(tx: &mut Tx, one: &FinishedDownload) -> Result<bool> {
    let sql = "SELECT f.id FROM media_files f WHERE f.company_id = $1 AND f.id = $2 AND f.is_active
        AND f.download_status = 'completed' AND f.storage_backend = $3 AND f.storage_key = $4 AND f.sha256 = $5";
    let args = args![one.company_id, one.media_id, one.storage_backend, one.storage_key.as_str(), one.sha256];
    Ok(tx.first::<(MediaId,)>(sql, args).await?.is_some())
}

impl Store {
    /// Records a finished download. False if the lease was lost or the file deleted; the bytes are then in the trash, which checks
    /// whether their key is in use. An empty file is refused.
    pub async fn finish_download(&self, finished: FinishedDownload) -> Result<bool> {
        if finished.file_size == 0 {
            return Err(Error::internal("finish a download: a file of no bytes is never kept"));
        }
        self.inner.finished.commit(finished).await
    }
}
