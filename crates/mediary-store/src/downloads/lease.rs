//! Keeping, giving back and losing a lease.

use mediary_core::{MediaId, Timestamp};
use sqlx::AssertSqlSafe;

use super::types::{ClaimedDownload, DeclaredMedia};
use crate::db::Tx;
use crate::value::args;
use crate::{Backend, Result, Store, dialect};

impl Store {
    /// Prolongs a lease and notes the progress, and the size that it works towards where that is known. False if the download was taken over or deleted: stop.
    pub async fn renew_lease(
        &self,
        claimed: &ClaimedDownload,
        lease_until: Timestamp,
        bytes_downloaded: u64,
        announced_size: Option<u64>,
    ) -> Result<bool> {
        let sql = "UPDATE media_files SET lease_until = $5, bytes_downloaded = $6, updated_at = $7,
                announced_size = COALESCE($8, announced_size)
            WHERE company_id = $1 AND id = $2 AND lease_owner = $3 AND lease_number = $4
                AND download_status = 'downloading' AND is_active";
        let (company, media, lease) = (claimed.company_id, claimed.media_id, &claimed.lease);
        let args = args![
            company,
            media,
            lease.owner.as_str(),
            lease.number,
            lease_until,
            bytes_downloaded,
            self.now(),
            announced_size,
        ];
        Ok(self.db().execute(sql, args).await? > 0)
    }

    /// Keeps what Graph says of the file, for progress and for the next try. False if the lease is lost.
    pub async fn declare_media(&self, claimed: &ClaimedDownload, declared: &DeclaredMedia) -> Result<bool> {
        let sql = "UPDATE media_files SET mime_type = COALESCE($5, mime_type),
                declared_sha256 = COALESCE($6, declared_sha256), file_size = COALESCE($7, file_size),
                provider_url = COALESCE($8, provider_url),
                provider_url_at = CASE WHEN $8 IS NULL THEN provider_url_at ELSE $9 END, updated_at = $9
            WHERE company_id = $1 AND id = $2 AND lease_owner = $3 AND lease_number = $4
                AND download_status = 'downloading' AND is_active";
        let args = args![
            claimed.company_id,
            claimed.media_id,
            claimed.lease.owner.as_str(),
            claimed.lease.number,
            declared.mime_type.as_deref(),
            declared.sha256,
            declared.file_size,
            declared.provider_url.as_deref(),
            self.now(),
        ];
        Ok(self.db().execute(sql, args).await? > 0)
    }

    /// Gives a claimed download back, due at once, as if it had not been started. False if the lease is lost.
    pub async fn release_download(&self, claimed: &ClaimedDownload) -> Result<bool> {
        let sql = "UPDATE media_files SET download_status = 'pending', due = TRUE, next_attempt_at = $5,
                download_attempts = download_attempts - 1, lease_owner = NULL, lease_until = NULL, updated_at = $5
            WHERE company_id = $1 AND id = $2 AND lease_owner = $3 AND lease_number = $4
                AND download_status = 'downloading' AND is_active";
        let (company, media, lease) = (claimed.company_id, claimed.media_id, &claimed.lease);
        let args = args![company, media, lease.owner.as_str(), lease.number, self.now()];
        Ok(self.db().execute(sql, args).await? > 0)
    }

    /// Voids all leases of an embedded database, whose owners ended with the program that starts now; how many. Where
    /// several nodes share a database, nothing happens.
    pub async fn release_leases_at_start(&self) -> Result<u64> {
        if self.backend() == Backend::Postgres {
            return Ok(0);
        }
        let sql = "UPDATE media_files SET download_status = 'pending', due = TRUE, next_attempt_at = $1,
                lease_owner = NULL, lease_until = NULL, updated_at = $1
            WHERE download_status = 'downloading' AND is_active";
        self.db().execute(sql, args![self.now()]).await
    }

    /// Puts downloads whose lease ran out back into the queue.
    pub async fn release_expired_leases(&self, now: Timestamp, limit: u32) -> Result<Vec<MediaId>> {
        let sql = release_where("f.lease_until < $1", self.backend());
        let released: Vec<(MediaId,)> = self.db().change(AssertSqlSafe(sql), args![now, limit]).await?;
        Ok(released.into_iter().map(|(media,)| media).collect())
    }
}

/// Puts downloads of an owner that is gone back into the queue; how many. Rows that a transaction of its own still holds
/// are left to the next call.
pub(crate) async fn release_leases_of(tx: &mut Tx, owner: &str, now: Timestamp, limit: u32) -> Result<u64> {
    let sql = release_where("f.lease_owner = $3", tx.backend());
    let released: Vec<(MediaId,)> = tx.all(AssertSqlSafe(sql), args![now, limit, owner]).await?;
    Ok(released.len() as u64)
}

/// Puts downloads back into the queue whose lease ends later than any that is claimed or renewed now; how many.
pub(crate) async fn release_leases_beyond(
    store: &Store,
    now: Timestamp,
    beyond: Timestamp,
    limit: u32,
) -> Result<u64> {
    let sql = release_where("f.lease_until > $3", store.backend());
    let released: Vec<(MediaId,)> = store.db().change(AssertSqlSafe(sql), args![now, limit, beyond]).await?;
    Ok(released.len() as u64)
}

/// The number of the lease stays: the next claim's is higher, and until then no owner matches.
fn release_where(condition: &str, backend: Backend) -> String {
    format!(
        "WITH ended AS MATERIALIZED (SELECT f.company_id, f.id FROM media_files f
                WHERE f.download_status = 'downloading' AND {condition} AND f.is_active
                ORDER BY f.lease_until, f.id LIMIT $2{})
            UPDATE media_files SET download_status = 'pending', due = TRUE, next_attempt_at = $1,
                lease_owner = NULL, lease_until = NULL, updated_at = $1
            WHERE (company_id, id) IN (SELECT e.company_id, e.id FROM ended e)
            RETURNING id",
        dialect::lock_rows(backend)
    )
}
