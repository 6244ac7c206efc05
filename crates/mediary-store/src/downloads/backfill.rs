//! Rows whose bytes can still be saved, and rows whose media id has still to be found.

use std::fmt;

use mediary_core::{CompanyId, MediaId, Timestamp};
use sqlx::AssertSqlSafe;

use crate::bulk::Bulk;
use crate::policies::OF_FILE;
use crate::record::{Columns, Read, ReadError, Record as _};
use crate::value::{Value, args};
use crate::{MediaFile, Result, Store};

/// An imported row without WhatsApp's media id, with what that can be found from.
#[derive(Clone)]
pub struct LegacyRow {
    pub media: MediaFile,
    pub legacy_media_url: Option<String>,
    pub raw_payload: Option<String>,
}

/// What became of a row whose media id was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedMedia {
    pub media_id: MediaId,
    /// Whether its download is due now.
    pub due: bool,
}

impl fmt::Debug for LegacyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegacyRow").field("media", &self.media).finish_non_exhaustive()
    }
}

impl Read for LegacyRow {
    const WIDTH: usize = MediaFile::WIDTH + 2;
    fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
        Ok(Self {
            media: Read::read(columns)?,
            legacy_media_url: Read::read(columns)?,
            raw_payload: Read::read(columns)?,
        })
    }
}

impl Store {
    /// Rows to be kept whose bytes are not here and may still be alive at WhatsApp, nearest expiry first; `after` is
    /// the last row seen.
    pub async fn due_for_backfill(
        &self,
        company: Option<CompanyId>,
        after: Option<(Timestamp, MediaId)>,
        limit: u32,
    ) -> Result<Vec<MediaFile>> {
        let sql = format!(
            "SELECT {} FROM media_files f WHERE f.is_active
                AND (f.download_status = 'pending' OR (f.download_status = 'failed' AND f.last_error_retryable))
                AND {OF_FILE} = 'store' AND f.provider_media_id IS NOT NULL AND (f.expires_at, f.id) > ($3, $4)
                AND ($1 IS NULL OR f.company_id = $1) ORDER BY f.expires_at, f.id LIMIT $2",
            MediaFile::SELECT
        );
        let (expires_at, id) = self.alive(after);
        self.db().all(AssertSqlSafe(sql), args![company, limit, expires_at, id]).await
    }

    /// Imported rows without a provider media id whose media may still be alive, nearest expiry first; `after` is the
    /// last one seen.
    pub async fn legacy_rows(
        &self,
        company: CompanyId,
        after: Option<(Timestamp, MediaId)>,
        limit: u32,
    ) -> Result<Vec<LegacyRow>> {
        let (expires_at, id) = self.alive(after);
        let rest = "(f.expires_at, f.id) > ($2, $3) ORDER BY f.expires_at, f.id LIMIT $4";
        self.legacy_where(rest, args![company, expires_at, id, limit]).await
    }

    /// One of these rows.
    pub async fn legacy_row(&self, company: CompanyId, media: MediaId) -> Result<Option<LegacyRow>> {
        Ok(self.legacy_where("f.id = $2", args![company, media]).await?.into_iter().next())
    }

    async fn legacy_where(&self, rest: &str, args: Vec<Value>) -> Result<Vec<LegacyRow>> {
        let sql = format!(
            "SELECT {}, m.legacy_media_url, m.raw_payload FROM media_files f
                JOIN messages m ON m.company_id = f.company_id AND m.id = f.message_id
                WHERE f.company_id = $1 AND f.provider_media_id IS NULL AND f.is_active AND {rest}",
            MediaFile::SELECT
        );
        self.db().all(AssertSqlSafe(sql), args).await
    }

    /// Where a walk over rows by expiry goes on. What has expired is lost; what expires at this very moment is, too.
    pub(crate) fn alive(&self, after: Option<(Timestamp, MediaId)>) -> (Timestamp, MediaId) {
        after.unwrap_or((self.now(), MediaId(i64::MAX)))
    }

    /// Notes the provider media ids that were found for imported rows, and with `queue` makes those due whose policy
    /// keeps everything. Rows that have an id by now are left out.
    pub async fn set_provider_media(
        &self,
        company: CompanyId,
        found: &[(MediaId, String)],
        queue: bool,
    ) -> Result<Vec<NamedMedia>> {
        let mut files = Bulk::new(
            "WITH k(company_id, id, name, at, queue) AS (",
            ") UPDATE media_files SET provider_media_id = k.name, updated_at = k.at,
                    due = due OR (k.queue AND policy = 'store' AND download_status = 'pending' AND expires_at > k.at),
                    next_attempt_at = CASE WHEN k.queue AND policy = 'store' AND download_status = 'pending'
                        AND expires_at > k.at THEN k.at ELSE next_attempt_at END
                FROM k WHERE media_files.company_id = k.company_id AND media_files.id = k.id
                    AND media_files.provider_media_id IS NULL AND media_files.is_active
                RETURNING media_files.id, media_files.due",
        );
        let mut messages = Bulk::new(
            "WITH k(company_id, id, name, at) AS (",
            ") UPDATE messages SET provider_media_id = k.name, updated_at = k.at FROM k
                WHERE messages.company_id = k.company_id AND messages.provider_media_id IS NULL
                    AND messages.id = (SELECT f.message_id FROM media_files f
                        WHERE f.company_id = k.company_id AND f.id = k.id)",
        );
        let now = self.now();
        for (media, name) in found {
            files.push(args![company, *media, name.as_str(), now, queue]);
            messages.push(args![company, *media, name.as_str(), now]);
        }
        let mut tx = self.db().begin().await?;
        let named: Vec<(MediaId, bool)> = files.run(&mut tx).await?;
        messages.execute(&mut tx).await?;
        tx.commit().await?;
        Ok(named.into_iter().map(|(media_id, due)| NamedMedia { media_id, due }).collect())
    }
}
