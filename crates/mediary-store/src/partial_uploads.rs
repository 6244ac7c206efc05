//! Files that come in several requests, each of which adds parts at the end.
//!
//! The bytes of a part are deleted by the trash, where its key stands from before they are written: at first for an hour, and from
//! the moment that a row names it until the upload is over. Why no upload that can be used lacks bytes: its rows are read only
//! before `expires_at`, or until it is ended, and its keys are due no sooner.

use std::time::Duration;

use mediary_core::{CompanyId, StorageBackend, Timestamp, UploadId, limits};

use crate::db::Tx;
use crate::record::{Record as _, record};
use crate::reservations::{RESERVED_FOR, Reservations};
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::{insert, update};
use crate::{Result, Store, dialect};
use sqlx::AssertSqlSafe;

/// How long an upload may take from its first request to its last, and how long it may wait to be used.
pub const PARTIAL_UPLOAD_LIFE: Duration = Duration::from_secs(24 * 3600);
/// How far ahead the key of a part may be due: no other bytes in the trash wait for so long.
pub(crate) const PART_KEY_LIFE: Duration = PARTIAL_UPLOAD_LIFE.saturating_add(RESERVED_FOR);
/// The constraint that a message breaks whose upload another one used, or somebody ended.
pub const USED_UPLOAD: &str = "partial_uploads_used";

record! {
    /// A file as far as it has come.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PartialUpload from partial_uploads as u {
        pub id: UploadId,
        pub company_id: CompanyId,
        /// Bytes of the whole file.
        pub size: u64,
        /// Bytes that are here.
        pub received: u64,
        pub parts: i64,
        pub file_name: Option<String>,
        pub expires_at: Timestamp,
    }
}

record! {
    /// Where a part is stored. Parts follow each other without gaps.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct UploadPart from upload_parts as p {
        pub starts_at: u64,
        pub size: u64,
        pub backend: StorageBackend = "p.storage_backend",
        pub key: String = "p.storage_key",
    }
}

/// What became of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddedPart {
    /// It is the end of the file as far as it has come.
    Added(PartialUpload),
    /// Another request has added bytes since, or the upload is over: nothing names the part.
    Refused,
}

impl Store {
    /// Begins an upload of the caller with this label, who alone may continue and use it, unless they have too many that are not over, or
    /// their company has.
    pub async fn create_partial_upload(
        &self,
        company: CompanyId,
        by: &str,
        size: u64,
        file_name: Option<&str>,
    ) -> Result<Option<PartialUpload>> {
        let now = self.now();
        transaction!(self.db(), |tx| {
            // Of two that come together, the second one counts the first: it waits here.
            let hold = dialect::hold_rows(tx.backend(), "c");
            let sql = format!("SELECT c.id FROM companies c WHERE c.id = $1{hold}");
            tx.all::<(CompanyId,)>(AssertSqlSafe(sql), args![company]).await?;
            let sql =
                "SELECT u.created_by FROM partial_uploads u WHERE u.company_id = $1 AND u.expires_at > $2";
            let open: Vec<(String,)> = tx.all(sql, args![company, now]).await?;
            let theirs = open.iter().filter(|(of,)| of == by).count();
            if open.len() >= limits::PARTIAL_UPLOADS_PER_COMPANY
                || theirs >= limits::PARTIAL_UPLOADS_PER_COMPANY / limits::MEMBER_SHARE
            {
                return Ok(None);
            }
            let (sql, args) = insert! {
                partial_uploads {
                    company_id => company,
                    created_by => by,
                    size => size,
                    file_name => file_name.map(str::to_owned),
                    expires_at => now.plus(PARTIAL_UPLOAD_LIFE),
                    created_at => now,
                }
                "RETURNING id, company_id, size, received, parts, file_name, expires_at"
            };
            tx.first(sql, args).await
        })
    }

    /// An upload that is not over, if this caller began it.
    pub async fn partial_upload(
        &self,
        company: CompanyId,
        by: &str,
        id: UploadId,
    ) -> Result<Option<PartialUpload>> {
        let sql = format!(
            "SELECT {} FROM partial_uploads u
                WHERE u.company_id = $1 AND u.id = $2 AND u.created_by = $3 AND u.expires_at > $4",
            PartialUpload::SELECT
        );
        self.db().first(AssertSqlSafe(sql), args![company, id, by, self.now()]).await
    }

    /// The parts of an upload, from the first byte on.
    pub async fn upload_parts(&self, company: CompanyId, id: UploadId) -> Result<Vec<UploadPart>> {
        let sql = format!(
            "SELECT {} FROM upload_parts p WHERE p.company_id = $1 AND p.upload_id = $2 ORDER BY p.starts_at",
            UploadPart::SELECT
        );
        self.db().all(AssertSqlSafe(sql), args![company, id]).await
    }

    /// Adds a part whose bytes are stored under a key that was reserved ([`Store::reserve_upload`]).
    ///
    /// Of two requests that continue at the same place one adds its part: the row is changed only while it ends where the part
    /// begins. The other's key is due in an hour at the latest, as it was reserved.
    pub async fn add_upload_part(&self, upload: &PartialUpload, part: &UploadPart) -> Result<AddedPart> {
        let now = self.now();
        transaction!(self.db(), |tx| {
            let key = [(part.backend, part.key.as_str())];
            let reserved = Reservations::hold(tx, upload.company_id, key).await?;
            if !reserved.are_complete() {
                return Ok(AddedPart::Refused);
            }
            let added = lengthen(tx, upload, part, now).await?;
            let Some(added) = added else { return added_before(tx, upload, part, now).await };
            let (sql, args) = insert! {
                upload_parts {
                    company_id => upload.company_id,
                    upload_id => upload.id,
                    starts_at => part.starts_at,
                    size => part.size,
                    storage_backend => part.backend,
                    storage_key => part.key.as_str(),
                }
            };
            tx.execute(sql, args).await?;
            // A copy that began in the last moment has an hour.
            reserved.last_until(tx, added.expires_at.plus(RESERVED_FOR)).await?;
            Ok(AddedPart::Added(added))
        })
    }

    /// Ends an upload that this caller began: its bytes go with the next sweep. False if there is none.
    pub async fn end_partial_upload(&self, company: CompanyId, by: &str, id: UploadId) -> Result<bool> {
        let now = self.now();
        transaction!(self.db(), |tx| { end(tx, now, company, by, id).await })
    }

    /// Deletes uploads whose time was over by then, at most so many; how many. Their bytes are due by themselves.
    pub async fn prune_partial_uploads(&self, expired_before: Timestamp, limit: u32) -> Result<u64> {
        let sql = "DELETE FROM partial_uploads WHERE (company_id, id) IN
            (SELECT u.company_id, u.id FROM partial_uploads u
                WHERE u.expires_at <= $1 ORDER BY u.expires_at LIMIT $2)";
        self.db().execute(sql, args![expired_before, limit]).await
    }
}

/// Ends an upload: of all who use or end it at once, one gets true.
pub(crate) async fn end(
    tx: &mut Tx,
    now: Timestamp,
    company: CompanyId,
    by: &str,
    id: UploadId,
) -> Result<bool> {
    // Parts that are being added wait for this row, and find it gone; and so do others who end it.
    let hold = dialect::hold_rows(tx.backend(), "u");
    let sql = format!(
        "SELECT u.id FROM partial_uploads u WHERE u.company_id = $1 AND u.id = $2 AND u.created_by = $3{hold}"
    );
    let found: Vec<(UploadId,)> = tx.all(AssertSqlSafe(sql), args![company, id, by]).await?;
    if found.is_empty() {
        return Ok(false);
    }
    let sql = "SELECT p.storage_backend, p.storage_key FROM upload_parts p
        WHERE p.company_id = $1 AND p.upload_id = $2";
    let keys: Vec<(StorageBackend, String)> = tx.all(sql, args![company, id]).await?;
    let sql = "DELETE FROM partial_uploads WHERE company_id = $1 AND id = $2";
    let ended = tx.execute(sql, args![company, id]).await?;
    let keys = keys.iter().map(|(backend, key)| (*backend, key.as_str()));
    Reservations::hold(tx, company, keys).await?.are_due(tx, now).await?;
    Ok(ended > 0)
}

async fn lengthen(
    tx: &mut Tx,
    upload: &PartialUpload,
    part: &UploadPart,
    now: Timestamp,
) -> Result<Option<PartialUpload>> {
    let (sql, args) = update! {
        partial_uploads set { received => part.starts_at + part.size, parts = "parts + 1" }
        where { company_id => upload.company_id, id => upload.id, received => part.starts_at }
        given { now => now }
        and "expires_at > ?now RETURNING id, company_id, size, received, parts, file_name, expires_at"
    };
    tx.first(sql, args).await
}

/// A commit whose answer was lost is tried again, and then finds its own part.
async fn added_before(
    tx: &mut Tx,
    upload: &PartialUpload,
    part: &UploadPart,
    now: Timestamp,
) -> Result<AddedPart> {
    let sql = format!(
        "SELECT {} FROM partial_uploads u JOIN upload_parts p ON p.company_id = u.company_id AND p.upload_id = u.id
            WHERE u.company_id = $1 AND u.id = $2 AND u.expires_at > $3 AND p.starts_at = $4 AND p.storage_key = $5",
        PartialUpload::SELECT
    );
    let args = args![upload.company_id, upload.id, now, part.starts_at, part.key.as_str()];
    let found = tx.first(AssertSqlSafe(sql), args).await?;
    Ok(found.map_or(AddedPart::Refused, AddedPart::Added))
}
