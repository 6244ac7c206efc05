//! Rows whose bytes can still be fetched, and rows whose media id is still to be found.

use std::fmt;

use mediary_core::{CompanyId, MediaId, MessageId};
use sqlx::AssertSqlSafe;

use crate::bulk::Bulk;
use crate::db::Tx;
use crate::locks::hold_files;
use crate::policies::OF_FILE;
use crate::record::{Columns, Read, ReadError, Record as _};
use crate::scan::UNSAVED;
use crate::transaction::transaction;
use crate::value::{Value, args};
use crate::writes::row;
use crate::{Backend, ExpiryPosition, MediaFile, Result, ScannedBatch, Store, dialect};

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
    /// Rows to be kept whose bytes are not here and may still be alive at WhatsApp: among the next `rows` of all
    /// companies, nearest expiry first. `None` if there are no more.
    pub async fn due_for_backfill(
        &self,
        company: Option<CompanyId>,
        after: Option<ExpiryPosition>,
        rows: u32,
    ) -> Result<Option<ScannedBatch<MediaFile, ExpiryPosition>>> {
        let after = self.alive(after);
        let Some(upto) = self.next_unsaved(after, rows).await? else { return Ok(None) };
        let sql = format!(
            "SELECT {} FROM media_files f WHERE {UNSAVED} AND ($1 IS NULL OR f.company_id = $1)
                AND (f.expires_at, f.id) > ($2, $3) AND (f.expires_at, f.id) <= ($4, $5)
                AND f.provider_media_id IS NOT NULL AND {OF_FILE} = 'store' ORDER BY f.expires_at, f.id",
            MediaFile::SELECT
        );
        let args = args![company, after.0, after.1, upto.0, upto.1];
        Ok(Some(ScannedBatch { found: self.db().all(AssertSqlSafe(sql), args).await?, upto }))
    }

    /// Imported rows without a provider media id whose media may still be alive, nearest expiry first; `after` is the
    /// last one seen.
    pub async fn legacy_rows(
        &self,
        company: CompanyId,
        after: Option<ExpiryPosition>,
        limit: u32,
    ) -> Result<Vec<LegacyRow>> {
        let (expires_at, id) = self.alive(after);
        let rest = "(f.expires_at, f.id) > ($2, $3) ORDER BY f.expires_at, f.id LIMIT $4";
        self.legacy_where(rest, args![company, expires_at, id, limit]).await
    }

    /// One row that [`Store::legacy_rows`] may return.
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

    /// Records the provider media ids that were found for imported rows; `queue` also makes those due whose policy keeps everything.
    /// Rows that have an id by now are left out.
    pub async fn set_provider_media(
        &self,
        company: CompanyId,
        found: &[(MediaId, String)],
        queue: bool,
    ) -> Result<Vec<NamedMedia>> {
        let now = self.now();
        transaction!(self.db(), |tx| {
            let mut files = Bulk::with(
                "UPDATE media_files SET provider_media_id = k.name, updated_at = k.at,
                    due = due OR (k.queue AND policy = 'store' AND download_status = 'pending' AND expires_at > k.at),
                    next_attempt_at = CASE WHEN k.queue AND policy = 'store' AND download_status = 'pending'
                        AND expires_at > k.at THEN k.at ELSE next_attempt_at END
                FROM k WHERE media_files.company_id = k.company_id AND media_files.id = k.id
                    AND media_files.provider_media_id IS NULL AND media_files.is_active
                RETURNING media_files.id, media_files.due",
            );
            let mut messages = Bulk::with(
                "UPDATE messages SET provider_media_id = k.name, updated_at = k.at FROM k
                WHERE messages.company_id = k.company_id AND messages.provider_media_id IS NULL
                    AND messages.id = (SELECT f.message_id FROM media_files f
                        WHERE f.company_id = k.company_id AND f.id = k.id AND f.part = 0)",
            );
            for (media, name) in found {
                files.push(row! {
                    company_id => company,
                    id => *media,
                    name => name.as_str(),
                    at => now,
                    queue => queue,
                });
                messages.push(row! {
                    company_id => company,
                    id => *media,
                    name => name.as_str(),
                    at => now,
                });
            }
            hold_messages_of(tx, company, found).await?;
            hold_files(tx, found.iter().map(|(media, _)| (company, *media))).await?;
            let named: Vec<(MediaId, bool)> = files.run(tx).await?;
            messages.execute(tx).await?;
            Ok(named.into_iter().map(|(media_id, due)| NamedMedia { media_id, due }).collect())
        })
    }
}

/// Locks the messages of files before the files, each in the order of their ids, as ingest does. The message of a file never
/// changes.
async fn hold_messages_of(tx: &mut Tx, company: CompanyId, files: &[(MediaId, String)]) -> Result<()> {
    if tx.backend() == Backend::Sqlite {
        return Ok(());
    }
    let hold = dialect::hold_rows(tx.backend(), "m");
    let mut select = Bulk::with(format!(
            "SELECT m.id FROM k CROSS JOIN media_files f CROSS JOIN messages m WHERE f.company_id = k.company_id
                AND f.id = k.id AND m.company_id = f.company_id AND m.id = f.message_id ORDER BY m.company_id, m.id{hold}"
        ),
    );
    for (media, _) in files {
        select.push(row! { company_id => company, id => *media });
    }
    select.run::<(MessageId,)>(tx).await?;
    Ok(())
}
