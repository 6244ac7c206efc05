//! Files that are missing from storage: fetched again while WhatsApp has them, or found again where they were. A record keeps its
//! location until verified bytes are at another one, because the configured storage may be the wrong one, or a volume may not be
//! mounted.

use mediary_core::{CompanyId, MediaId, Sha256, StorageBackend};

use super::NO_ERROR;
use crate::transaction::transaction;
use crate::writes::update;
use crate::{MediaFile, Result, Store, policies};

/// The location of a file's bytes according to its record, and their hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedLocation {
    pub backend: StorageBackend,
    pub key: String,
    pub sha256: Sha256,
}

impl MediaFile {
    /// Where its bytes are, or were; `None` if it has never been stored.
    pub fn location(&self) -> Option<RecordedLocation> {
        Some(RecordedLocation {
            backend: self.storage_backend?,
            key: self.storage_key.clone()?,
            sha256: self.sha256?,
        })
    }
}

impl Store {
    /// A completed file is missing at this location: it is queued to be fetched again, at once if the policy keeps everything. True if
    /// that is still its location, and WhatsApp still has it. If the file was replaced or stored again meanwhile, nothing changes: the
    /// statement compares the location with the row that it changes.
    pub async fn store_lost_file(
        &self,
        company: CompanyId,
        media: MediaId,
        location: &RecordedLocation,
    ) -> Result<bool> {
        let now = self.now();
        let RecordedLocation { backend, key, sha256 } = location;
        transaction!(self.db(), |tx| {
            let Some(policy) = policies::held(tx, company, media).await? else { return Ok(false) };
            let again_at = policy.downloads_on_arrival().then_some(now);
            let (sql, args) = update! {
                media_files set {
                    policy => policy,
                    download_status = "'pending'",
                    due => again_at.is_some(),
                    next_attempt_at => again_at,
                    download_attempts = "0",
                    bytes_downloaded = "0",
                    file_url = "NULL",
                    updated_at => now,
                }
                where {
                    company_id => company,
                    id => media,
                    storage_backend => *backend,
                    storage_key => key.as_str(),
                    sha256 => *sha256,
                }
                and "is_active AND download_status = 'completed' AND expires_at > ?updated_at"
            };
            Ok(tx.execute(sql, args).await? > 0)
        })
    }

    /// The bytes of a file that waits or was given up are at its location after all. True if the file is completed by that, which also
    /// ends a running download of it.
    pub async fn found_again(
        &self,
        company: CompanyId,
        media: MediaId,
        location: &RecordedLocation,
        file_size: i64,
        file_url: &str,
    ) -> Result<bool> {
        let RecordedLocation { backend, key, sha256 } = location;
        let (sql, args) = update! {
            media_files set {
                download_status = "'completed'",
                due = "FALSE",
                next_attempt_at = "NULL",
                file_size => file_size,
                bytes_downloaded = "?file_size",
                file_url => file_url,
                mismatch_sha256 = "NULL",
                mismatch_count = "0",
                updated_at => self.now(),
            } also [NO_ERROR]
            where {
                company_id => company,
                id => media,
                storage_backend => *backend,
                storage_key => key.as_str(),
                sha256 => *sha256,
            }
            and "is_active AND download_status IN ('pending', 'failed') AND scan_status <> 'quarantined'"
        };
        Ok(self.db().execute(sql, args).await? > 0)
    }
}
