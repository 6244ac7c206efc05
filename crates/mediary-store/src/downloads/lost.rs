//! Files that storage does not have where their record says: fetched again while WhatsApp has them, and found again where
//! they were. A record gives up its place only for another one with proved bytes, for storage may only be the wrong one, or a
//! volume that is not mounted.

use mediary_core::{CompanyId, MediaId, Sha256, StorageBackend};

use crate::transaction::transaction;
use crate::value::args;
use crate::{MediaFile, Result, Store, policies};

/// Where a record says that a file's bytes are, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedPlace {
    pub backend: StorageBackend,
    pub key: String,
    pub sha256: Sha256,
}

impl MediaFile {
    /// Where its bytes are, or were; `None` if it has never been stored.
    pub fn place(&self) -> Option<RecordedPlace> {
        Some(RecordedPlace {
            backend: self.storage_backend?,
            key: self.storage_key.clone()?,
            sha256: self.sha256?,
        })
    }
}

impl Store {
    /// Storage does not have a completed file in this place: it waits to be fetched again, at once where everything is kept.
    /// True if that is still its place, and WhatsApp still has it. Where the file was replaced or stored again since somebody
    /// looked, nothing changes: the statement compares the place with the row that it changes.
    pub async fn store_lost_file(
        &self,
        company: CompanyId,
        media: MediaId,
        place: &RecordedPlace,
    ) -> Result<bool> {
        let now = self.now();
        let RecordedPlace { backend, key, sha256 } = place;
        let sql = "UPDATE media_files SET policy = $4, download_status = 'pending', due = $5, next_attempt_at = $6,
                download_attempts = 0, bytes_downloaded = 0, file_url = NULL, updated_at = $3
            WHERE company_id = $1 AND id = $2 AND is_active AND download_status = 'completed' AND expires_at > $3
                AND storage_backend = $7 AND storage_key = $8 AND sha256 = $9";
        transaction!(self.db(), |tx| {
            let Some(policy) = policies::held(tx, company, media).await? else { return Ok(false) };
            let again_at = policy.downloads_on_arrival().then_some(now);
            let args = args![
                company,
                media,
                now,
                policy,
                again_at.is_some(),
                again_at,
                *backend,
                key.as_str(),
                *sha256
            ];
            Ok(tx.execute(sql, args).await? > 0)
        })
    }

    /// The very bytes of a file that waits, or was given up, are in its place after all. True if it is completed with it. One
    /// that is being downloaded ends by that.
    pub async fn found_again(
        &self,
        company: CompanyId,
        media: MediaId,
        place: &RecordedPlace,
        file_size: i64,
        file_url: &str,
    ) -> Result<bool> {
        let sql = "UPDATE media_files SET download_status = 'completed', due = FALSE, next_attempt_at = NULL,
                file_size = $6, bytes_downloaded = $6, file_url = $7, last_error_code = NULL, last_error = NULL,
                last_error_retryable = FALSE, mismatch_sha256 = NULL, mismatch_count = 0, updated_at = $8
            WHERE company_id = $1 AND id = $2 AND is_active AND download_status IN ('pending', 'failed')
                AND scan_status <> 'quarantined' AND storage_backend = $3 AND storage_key = $4 AND sha256 = $5";
        let RecordedPlace { backend, key, sha256 } = place;
        let args = args![company, media, *backend, key.as_str(), *sha256, file_size, file_url, self.now()];
        Ok(self.db().execute(sql, args).await? > 0)
    }
}
