//! Bytes in storage that nothing points to any more, and how a media file loses its bytes.

use crate::bulk::Bulk;
use crate::db::Tx;
use crate::record::record;
use crate::value::args;
use crate::{Result, Store};
use std::time::Duration;

use mediary_core::{CompanyId, MediaId, StorageBackend, Timestamp, UserId};

record! {
    /// Bytes that have to go from storage.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Trash from trash as t {
        pub id: i64,
        pub company_id: CompanyId,
        pub backend: StorageBackend = "t.storage_backend",
        pub key: String = "t.storage_key",
    }
}

/// How long a file that moved stays where it was: longer than anybody remembers where it is.
pub(crate) const MOVED_STAYS_FOR: Duration = Duration::from_secs(60);

/// Marks bytes for the first sweep from `due` on.
pub(crate) async fn put(
    tx: &mut Tx,
    due: Timestamp,
    company: CompanyId,
    media: MediaId,
    backend: StorageBackend,
    key: &str,
) -> Result<()> {
    let sql = "INSERT INTO trash (company_id, media_id, storage_backend, storage_key, due_at)
        VALUES ($1, $2, $3, $4, $5)";
    tx.execute(sql, args![company, media, backend, key, due]).await?;
    Ok(())
}

/// Deletes a media file: the record stays and says so, the bytes go with the next sweep. False if there is none, or
/// it was deleted before.
pub(crate) async fn delete_media(
    tx: &mut Tx,
    now: Timestamp,
    company: CompanyId,
    media: MediaId,
    by: Option<UserId>,
) -> Result<bool> {
    let sql = "UPDATE media_files SET is_active = FALSE, deleted_by = $3, updated_at = $4, due = FALSE,
            next_attempt_at = NULL, lease_owner = NULL, lease_until = NULL,
            download_status = CASE WHEN download_status = 'downloading' THEN 'pending' ELSE download_status END
        WHERE company_id = $1 AND id = $2 AND is_active
        RETURNING storage_backend, storage_key";
    let deleted: Vec<(Option<StorageBackend>, Option<String>)> =
        tx.all(sql, args![company, media, by, now]).await?;
    let Some((backend, key)) = deleted.into_iter().next() else {
        return Ok(false);
    };
    if let (Some(backend), Some(key)) = (backend, key) {
        put(tx, now, company, media, backend, &key).await?;
    }
    Ok(true)
}

impl Store {
    /// Bytes that can go from storage now. Those of a file that is being fetched again under the same key, or has
    /// been, are left out: the key is in use.
    pub async fn trash_take(&self, limit: u32) -> Result<Vec<Trash>> {
        let sql = "SELECT t.id, t.company_id, t.storage_backend, t.storage_key FROM trash t
            WHERE t.due_at <= $1 AND NOT EXISTS (SELECT 1 FROM media_files f
                WHERE f.company_id = t.company_id AND f.id = t.media_id AND f.is_active
                    AND ((f.storage_backend = t.storage_backend AND f.storage_key = t.storage_key)
                        OR f.download_status = 'downloading' OR f.next_attempt_at IS NOT NULL))
            ORDER BY t.id LIMIT $2";
        self.db().all(sql, args![self.now(), limit]).await
    }

    /// Forgets bytes that are gone from storage.
    pub async fn trash_done(&self, ids: &[i64]) -> Result<u64> {
        let mut delete = Bulk::new("WITH k(id) AS (", ") DELETE FROM trash WHERE id IN (SELECT k.id FROM k)");
        for id in ids {
            delete.push(args![*id]);
        }
        let mut tx = self.db().begin().await?;
        let deleted = delete.execute(&mut tx).await?;
        tx.commit().await?;
        Ok(deleted)
    }
}
