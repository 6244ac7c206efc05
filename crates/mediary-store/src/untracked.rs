//! Files in storage that no record names, remembered from one daily check to the next.

use mediary_core::{CompanyId, MessageId, StorageBackend, Timestamp};

use crate::bulk::Bulk;
use crate::moves::{FoundFile, MEDIA_HAVE_COME, NAMED_BY_A_VARIANT, NAMED_BY_AN_UPLOAD, media_of};
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::row;
use crate::{Result, Store};

impl Store {
    /// Remembers files that no record names, as found by the check that began then, up to `max_files` of a company; the others are
    /// remembered once there is room. Files whose message is stored without media are left out: the media may still come and be
    /// stored under this key.
    pub async fn remember_untracked(
        &self,
        company: CompanyId,
        backend: StorageBackend,
        files: &[FoundFile],
        look: Timestamp,
        max_files: u64,
    ) -> Result<()> {
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM untracked_files u WHERE u.company_id = $1";
        let known: u64 = self.db().first::<(u64,)>(sql, args![company]).await?.map_or(0, |(known,)| known);
        let room = usize::try_from(max_files.saturating_sub(known)).unwrap_or(usize::MAX);
        transaction!(self.db(), |tx| {
            let mut seen = Bulk::with(
                "UPDATE untracked_files SET last_seen_at = k.at FROM k WHERE untracked_files.company_id = k.company_id
                    AND untracked_files.storage_backend = k.backend AND untracked_files.storage_key = k.key
                    RETURNING untracked_files.storage_key",
            );
            for file in files {
                seen.push(row! {
                    company_id => company,
                    backend => backend,
                    key => file.key.as_str(),
                    at => look,
                });
            }
            let seen: Vec<(String,)> = seen.run(tx).await?;
            let mut insert = Bulk::with(format!(
                "INSERT INTO untracked_files (company_id, message_id, storage_backend, storage_key, first_seen_at, last_seen_at)
                    SELECT k.company_id, k.message_id, k.backend, k.key, k.at, k.at FROM k
                    WHERE {MEDIA_HAVE_COME} AND NOT {NAMED_BY_A_VARIANT} AND NOT {NAMED_BY_AN_UPLOAD} ON CONFLICT DO NOTHING"
            ));
            let new = files.iter().filter(|file| !seen.iter().any(|(key,)| *key == file.key));
            for file in new.take(room) {
                insert.push(row! {
                    company_id => company,
                    message_id => file.message_id,
                    media_id => media_of(file),
                    backend => backend,
                    key => file.key.as_str(),
                    at => look,
                });
            }
            insert.execute(tx).await?;
            Ok(())
        })
    }

    /// Deletes the rows of files that this finished check did not find: they are gone, or a record names them.
    pub async fn forget_tracked(&self, company: CompanyId, look: Timestamp) -> Result<u64> {
        let sql = "DELETE FROM untracked_files WHERE company_id = $1 AND last_seen_at < $2";
        self.db().execute(sql, args![company, look]).await
    }

    /// The next files that were found by this check and by one that began at `before` or earlier; the id is the position to resume
    /// after.
    pub async fn untracked_since(
        &self,
        company: CompanyId,
        (before, look): (Timestamp, Timestamp),
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, StorageBackend, FoundFile)>> {
        let sql = "SELECT u.id, u.storage_backend, u.message_id, u.storage_key FROM untracked_files u
            WHERE u.company_id = $1 AND u.first_seen_at <= $2 AND u.last_seen_at >= $3 AND u.id > $4
            ORDER BY u.company_id, u.id LIMIT $5";
        let rows: Vec<(i64, StorageBackend, MessageId, String)> =
            self.db().all(sql, args![company, before, look, after, limit]).await?;
        let found = |(id, backend, message_id, key)| {
            (id, backend, FoundFile { company_id: company, message_id, key })
        };
        Ok(rows.into_iter().map(found).collect())
    }
}
