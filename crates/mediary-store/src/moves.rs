//! Files that move from one storage to another, their records with them, and files that no record names.

use std::collections::HashSet;

use mediary_core::{CompanyId, MediaId, MessageId, StorageBackend};
use sqlx::AssertSqlSafe;

use crate::bulk::Bulk;
use crate::keys::{is_upload, variant_of};
use crate::media::MediaFile;
use crate::record::Record as _;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::{row, update};
use crate::{Result, ScannedBatch, Store, trash};

/// The location of a file's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLocation {
    pub backend: StorageBackend,
    pub key: String,
    /// For admins, like `s3://bucket/key`.
    pub url: String,
}

/// A file in storage by the record that it should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    pub company_id: CompanyId,
    /// Zero for an upload, whose key names none.
    pub message_id: MessageId,
    pub key: String,
}

/// Conditions on a found file `k`: what names it.
const NAMED_BY_A_FILE: &str = "EXISTS (SELECT 1 FROM media_files f WHERE f.company_id = k.company_id
    AND f.message_id = k.message_id AND f.storage_backend = k.backend AND f.storage_key = k.key)";
/// The key of an upload names no message.
pub(crate) const NAMED_BY_AN_UPLOAD: &str =
    "EXISTS (SELECT 1 FROM media_files f WHERE f.company_id = k.company_id
    AND f.uploaded AND f.storage_key = k.key AND f.storage_backend = k.backend)";
/// `k.media_id` is the file that the key of a variant names ([`media_of`]).
pub(crate) const NAMED_BY_A_VARIANT: &str =
    "EXISTS (SELECT 1 FROM media_variants v WHERE v.company_id = k.company_id
    AND v.media_id = k.media_id AND v.storage_backend = k.backend AND v.storage_key = k.key)";
const IN_THE_TRASH: &str = "EXISTS (SELECT 1 FROM trash t WHERE t.company_id = k.company_id
    AND t.storage_key = k.key AND t.storage_backend = k.backend)";
/// The condition that no media of its message can still come and be stored under its key.
pub(crate) const MEDIA_HAVE_COME: &str =
    "(EXISTS (SELECT 1 FROM media_files f WHERE f.company_id = k.company_id
        AND f.message_id = k.message_id)
    OR NOT EXISTS (SELECT 1 FROM messages m WHERE m.company_id = k.company_id AND m.id = k.message_id))";

/// The file of which a found one is a variant by its key; zero where it is none.
pub(crate) fn media_of(file: &FoundFile) -> MediaId {
    variant_of(&file.key).unwrap_or(MediaId(0))
}

impl Store {
    /// Of files found in a storage, those that a record, a variant or the trash names. One statement asks for all three: a key that
    /// goes from one to another at that moment is in one of them.
    pub async fn known_files(&self, backend: StorageBackend, found: &[FoundFile]) -> Result<HashSet<String>> {
        let mut select = Bulk::with(format!(
            "SELECT k.key FROM k WHERE {NAMED_BY_A_FILE} OR {NAMED_BY_AN_UPLOAD} OR {NAMED_BY_A_VARIANT} OR {IN_THE_TRASH}"
        ));
        for file in found {
            select.push(row! {
                company_id => file.company_id,
                message_id => file.message_id,
                media_id => media_of(file),
                backend => backend,
                key => file.key.as_str(),
            });
        }
        Ok(select.read::<(String,)>(self.db()).await?.into_iter().map(|(key,)| key).collect())
    }

    /// Schedules the deletion of a file that no record and no variant names; the sweep checks that again. False if its message is stored
    /// without media, which may still come and be stored under this key, or if the key is reserved for a variant or an upload.
    pub async fn discard_file(&self, backend: StorageBackend, file: &FoundFile) -> Result<bool> {
        let sql = format!(
            "WITH k(company_id, message_id, backend, key, media_id) AS
                (SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($7 AS BIGINT))
            INSERT INTO trash (company_id, media_id, storage_backend, storage_key, due_at)
            SELECT k.company_id, COALESCE((SELECT f.id FROM media_files f
                    WHERE f.company_id = k.company_id AND f.message_id = k.message_id
                    ORDER BY CASE WHEN f.id = $7 THEN 0 WHEN f.provider_media_id = $6 THEN 1 ELSE 2 END, f.part LIMIT 1), 0),
                k.backend, k.key, $5
            FROM k WHERE NOT {NAMED_BY_A_FILE} AND NOT {NAMED_BY_AN_UPLOAD} AND NOT {NAMED_BY_A_VARIANT}
                AND (NOT $8 OR NOT {IN_THE_TRASH}) AND {MEDIA_HAVE_COME}"
        );
        let due = self.now().plus(trash::MOVED_STAYS_FOR);
        // Only a download of the same part of the message may still store under this key.
        let name = file.key.rsplit('/').next().unwrap_or_default();
        let provider_media_id = name.split(".g").next().unwrap_or_default();
        let args = args![
            file.company_id,
            file.message_id,
            backend,
            file.key.as_str(),
            due,
            provider_media_id,
            media_of(file),
            variant_of(&file.key).is_some() || is_upload(&file.key)
        ];
        Ok(self.db().execute(AssertSqlSafe(sql), args).await? > 0)
    }

    /// Files of a company that are stored elsewhere than in `backend`, among the next `rows` after `after`; `None` if
    /// there are no more.
    pub async fn files_elsewhere(
        &self,
        company: CompanyId,
        backend: StorageBackend,
        after: MediaId,
        rows: u32,
    ) -> Result<Option<ScannedBatch<MediaFile, MediaId>>> {
        let Some(upto) = self.next_files(company, after, rows).await? else { return Ok(None) };
        let sql = format!(
            "SELECT {} FROM media_files f WHERE f.company_id = $1 AND f.id > $2 AND f.id <= $3
                AND f.storage_key IS NOT NULL AND f.is_active AND f.storage_backend <> $4
            ORDER BY f.company_id, f.id",
            MediaFile::SELECT
        );
        let found = self.db().all(AssertSqlSafe(sql), args![company, after, upto, backend]).await?;
        Ok(Some(ScannedBatch { found, upto }))
    }

    /// Whether any record or variant names a file in this storage.
    pub async fn has_files_in(&self, backend: StorageBackend) -> Result<bool> {
        let sql = "SELECT f.id FROM media_files f
            WHERE f.storage_backend = $1 AND f.is_active AND f.download_status = 'completed'
            UNION ALL SELECT v.media_id FROM media_variants v WHERE v.storage_backend = $1 LIMIT 1";
        Ok(self.db().first::<(MediaId,)>(sql, args![backend]).await?.is_some())
    }

    /// Records that a file's bytes are completely at another location; those at the old one are deleted by a later sweep. False if the
    /// record changed meanwhile; then the bytes at the new location are deleted instead. A new generation of the key is a change, too:
    /// bytes under the key of the old one may be in deletion ([`Store::trash_claim`]).
    pub async fn file_moved(&self, file: &MediaFile, to: &StoredLocation) -> Result<bool> {
        let (Some(backend), Some(key), Some(sha256)) = (file.storage_backend, &file.storage_key, file.sha256)
        else {
            return Ok(false);
        };
        let now = self.now();
        transaction!(self.db(), |tx| {
            let (sql, args) = update! {
                media_files set {
                    storage_backend => to.backend,
                    storage_key => to.key.as_str(),
                    file_url => to.url.as_str(),
                    updated_at => now,
                }
                where { company_id => file.company_id, id => file.id, key_generation => file.key_generation }
                given { from_backend => backend, from_key => key.as_str(), of_bytes => sha256 }
                and "is_active AND storage_backend = ?from_backend AND storage_key = ?from_key AND sha256 = ?of_bytes",
                    "download_status <> 'downloading'"
            };
            let moved = tx.execute(sql, args).await? > 0;
            let (gone_backend, gone_key) =
                if moved { (backend, key.as_str()) } else { (to.backend, to.key.as_str()) };
            let due = now.plus(trash::MOVED_STAYS_FOR);
            trash::put(tx, due, file.company_id, file.id, gone_backend, gone_key).await?;
            Ok(moved)
        })
    }
}
