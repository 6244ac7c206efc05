//! Rows whose bytes can still be saved, and rows whose media id has still to be found.

use std::fmt;

use mediary_core::{CompanyId, MediaId, Timestamp};
use sqlx::AssertSqlSafe;

use crate::record::{Columns, Read, ReadError, Record as _};
use crate::value::args;
use crate::{MediaFile, Result, Store};

/// A row without bytes, with what its media id can be found from.
#[derive(Clone)]
pub struct BackfillRow {
    pub media: MediaFile,
    pub legacy_media_url: Option<String>,
    pub raw_payload: Option<String>,
}

impl fmt::Debug for BackfillRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackfillRow").field("media", &self.media).finish_non_exhaustive()
    }
}

impl Read for BackfillRow {
    const WIDTH: usize = MediaFile::WIDTH + 2;
    fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
        Ok(Self {
            media: Read::read(columns)?,
            legacy_media_url: Read::read(columns)?,
            raw_payload: Read::read(columns)?,
        })
    }
}

fn select(condition: &str, order: &str) -> String {
    format!(
        "SELECT {}, m.legacy_media_url, m.raw_payload FROM media_files f
            JOIN messages m ON m.company_id = f.company_id AND m.id = f.message_id
            WHERE {condition} AND ($1 IS NULL OR f.company_id = $1) ORDER BY {order} LIMIT $2",
        MediaFile::SELECT
    )
}

impl Store {
    /// Rows to be kept whose bytes are not here and may still be alive at WhatsApp, nearest expiry first; `after` is
    /// the last row seen.
    pub async fn due_for_backfill(
        &self,
        company: Option<CompanyId>,
        after: Option<(Timestamp, MediaId)>,
        limit: u32,
    ) -> Result<Vec<BackfillRow>> {
        let sql = select(
            "f.is_active AND (f.download_status = 'pending' OR (f.download_status = 'failed' AND f.last_error_retryable))
                AND f.policy = 'store' AND (f.expires_at, f.id) > ($3, $4)",
            "f.expires_at, f.id",
        );
        // What has expired is lost; what expires at this very moment is, too.
        let (expires_at, id) = after.unwrap_or((self.now(), MediaId(i64::MAX)));
        self.db().all(AssertSqlSafe(sql), args![company, limit, expires_at, id]).await
    }

    /// Imported rows without a provider media id, by id; `after` is the last one seen.
    pub async fn legacy_rows(
        &self,
        company: Option<CompanyId>,
        after: MediaId,
        limit: u32,
    ) -> Result<Vec<BackfillRow>> {
        let sql = select("f.provider_media_id IS NULL AND f.is_active AND f.id > $3", "f.id");
        self.db().all(AssertSqlSafe(sql), args![company, limit, after]).await
    }

    /// Notes the provider media id that was found for an imported row. False if there is no such row.
    pub async fn set_provider_media(
        &self,
        company: CompanyId,
        media: MediaId,
        provider_media_id: &str,
    ) -> Result<bool> {
        let mut tx = self.db().begin().await?;
        let args = args![company, media, provider_media_id, self.now()];
        let sql = "UPDATE media_files SET provider_media_id = $3, updated_at = $4 WHERE company_id = $1 AND id = $2";
        let found = tx.execute(sql, args.clone()).await? > 0;
        let sql = "UPDATE messages SET provider_media_id = $3, updated_at = $4 WHERE company_id = $1
            AND id = (SELECT f.message_id FROM media_files f WHERE f.company_id = $1 AND f.id = $2)";
        tx.execute(sql, args).await?;
        tx.commit().await?;
        Ok(found)
    }
}
