//! What the holder of a lease does with it before it ends.

use mediary_core::Timestamp;

use super::types::{ClaimedDownload, DeclaredMedia};
use crate::leases::DOWNLOADS;
use crate::writes::update;
use crate::{Result, Store};

impl Store {
    /// Renews a lease and records the progress, with the expected size if that is known. False if the download was taken over or
    /// deleted: the caller must stop.
    pub async fn renew_lease(
        &self,
        claimed: &ClaimedDownload,
        lease_until: Timestamp,
        bytes_downloaded: u64,
        announced_size: Option<u64>,
    ) -> Result<bool> {
        let (sql, args) = update! {
            media_files set {
                lease_until => lease_until,
                bytes_downloaded => bytes_downloaded,
                announced_size = "COALESCE(?, announced_size)" => announced_size,
                updated_at => self.now(),
            }
            where { company_id => claimed.company_id, id => claimed.media_id }
            fenced { DOWNLOADS => claimed.lease }
        };
        Ok(self.db().execute(sql, args).await? > 0)
    }

    /// Records what Graph declares about the file, for progress and for the next try. False if the lease is lost.
    pub async fn declare_media(&self, claimed: &ClaimedDownload, declared: &DeclaredMedia) -> Result<bool> {
        let (sql, args) = update! {
            media_files set {
                mime_type = "COALESCE(?, mime_type)" => declared.mime_type.as_deref(),
                declared_sha256 = "COALESCE(?, declared_sha256)" => declared.sha256,
                // What was counted of stored bytes stays.
                file_size = "CASE WHEN storage_key IS NULL THEN COALESCE(?declared_size, file_size) ELSE file_size END",
                declared_size = "COALESCE(?, declared_size)" => declared.file_size,
                provider_url = "COALESCE(?, provider_url)" => declared.provider_url.as_deref(),
                provider_url_at = "CASE WHEN ?provider_url IS NULL THEN provider_url_at ELSE ?updated_at END",
                updated_at => self.now(),
            }
            where { company_id => claimed.company_id, id => claimed.media_id }
            fenced { DOWNLOADS => claimed.lease }
        };
        Ok(self.db().execute(sql, args).await? > 0)
    }

    /// Releases a claimed download: it is due at once, as if it had not been started. False if the lease is lost.
    pub async fn release_download(&self, claimed: &ClaimedDownload) -> Result<bool> {
        let (sql, args) = update! {
            media_files set {
                download_status = "'pending'",
                due = "TRUE",
                next_attempt_at => self.now(),
                download_attempts = "download_attempts - 1",
                updated_at = "?next_attempt_at",
            } also [DOWNLOADS.ended()]
            where { company_id => claimed.company_id, id => claimed.media_id }
            fenced { DOWNLOADS => claimed.lease }
        };
        Ok(self.db().execute(sql, args).await? > 0)
    }
}
