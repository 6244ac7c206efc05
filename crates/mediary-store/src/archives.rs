//! Files chosen for an archive, and what an archive has to know of contents.

use std::collections::HashMap;

use mediary_core::{CompanyId, MediaId, MessageId, Scope, Sha256, Timestamp, limits};
use sqlx::AssertSqlSafe;

use crate::bulk::Bulk;
use crate::db::Tx;
use crate::people::audit;
use crate::record::{Record as _, record};
use crate::scope::and_seen;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::{insert, row};
use crate::{Actor, Error, MediaFile, Result, Store};

record! {
    struct ArchiveRow from archives as a {
        pub media_ids: serde_json::Value,
        pub expires_at: Timestamp,
    }
}

/// Asked when a link is used, so that no link is left which was made while its maker was being deactivated. The labels are those of
/// [`Actor::who`]; a company has few users and keys.
const MAKER_IS_IN: &str = "(a.created_by IS NULL
    OR NOT (a.created_by LIKE 'user:%' OR a.created_by LIKE 'api_key:%')
    OR EXISTS (SELECT 1 FROM users u WHERE u.company_id = a.company_id AND u.active AND 'user:' || u.id = a.created_by)
    OR EXISTS (SELECT 1 FROM api_keys k WHERE k.company_id = a.company_id AND k.revoked_at IS NULL AND 'api_key:' || k.id = a.created_by))";

/// What became of a choice of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddedArchive {
    /// It is kept, with this id.
    Added(i64),
    /// The company, or its maker, has as many that have not expired as it may have; the first of them expires then.
    Full { until: Timestamp },
}

/// When the first of those ends that are as many as a company, or the one who makes another, may have. Those that come at once may pass
/// the limit by a few: it is there to bound the rows, not to count them. The counts read hardly more than that: within the life of a link
/// no more are added, and the hourly sweep takes the expired ones.
async fn full_until(
    tx: &mut Tx,
    company: CompanyId,
    by: &Actor,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let of_member = limits::ARCHIVE_LINKS_PER_COMPANY / limits::MEMBER_SHARE as u64;
    let sql = "SELECT CAST(COUNT(*) AS BIGINT), MIN(a.expires_at) FROM archives a WHERE a.company_id = $1 AND a.expires_at > $2";
    let theirs = format!("{sql} AND a.created_by = $3");
    let of_all: Option<(u64, Option<Timestamp>)> = tx.first(sql, args![company, now]).await?;
    let theirs: Option<(u64, Option<Timestamp>)> =
        tx.first(AssertSqlSafe(theirs), args![company, now, by.who.as_str()]).await?;
    let full = |counted: Option<(u64, Option<Timestamp>)>, most: u64| {
        counted.filter(|(live, _)| *live >= most).and_then(|(_, until)| until)
    };
    Ok(full(of_all, limits::ARCHIVE_LINKS_PER_COMPANY).max(full(theirs, of_member)))
}

impl Store {
    /// Keeps the choice of files for an archive until then.
    pub async fn add_archive(
        &self,
        company: CompanyId,
        files: &[MediaId],
        expires_at: Timestamp,
        by: &Actor,
    ) -> Result<AddedArchive> {
        let now = self.now();
        let ids: Vec<i64> = files.iter().map(|id| id.0).collect();
        let ids = serde_json::Value::from(ids).to_string();
        transaction!(self.db(), |tx| {
            if let Some(until) = full_until(tx, company, by, now).await? {
                return Ok(AddedArchive::Full { until });
            }
            let (sql, args) = insert! {
                archives {
                    company_id => company,
                    media_ids => ids.as_str(),
                    created_by => by.who.as_str(),
                    expires_at => expires_at,
                    created_at => now,
                }
                "RETURNING id"
            };
            let row: Option<(i64,)> = tx.first(sql, args).await?;
            let (id,) = row.ok_or_else(|| Error::internal("an archive was not added"))?;
            audit::note(tx, now, company, by, "archive.created", &format!("archive:{id}")).await?;
            Ok(AddedArchive::Added(id))
        })
    }

    /// The files chosen for an archive; `None` once it has expired, or its maker may not come in any more.
    pub async fn archive(&self, company: CompanyId, id: i64) -> Result<Option<Vec<MediaId>>> {
        let sql = format!(
            "SELECT {} FROM archives a WHERE a.company_id = $1 AND a.id = $2 AND {MAKER_IS_IN}",
            ArchiveRow::SELECT
        );
        let row: Option<ArchiveRow> = self.db().first(AssertSqlSafe(sql), args![company, id]).await?;
        let row = row.filter(|row| row.expires_at > self.now());
        let ids = |row: ArchiveRow| row.media_ids.as_array().cloned().unwrap_or_default();
        Ok(row.map(|row| ids(row).iter().filter_map(serde_json::Value::as_i64).map(MediaId).collect()))
    }

    /// Forgets archives that have expired; how many.
    pub async fn prune_archives(&self, expired_before: Timestamp, limit: u32) -> Result<u64> {
        let sql = "DELETE FROM archives WHERE (company_id, id) IN
            (SELECT a.company_id, a.id FROM archives a WHERE a.expires_at < $1 ORDER BY a.expires_at LIMIT $2)";
        self.db().execute(sql, args![expired_before, limit]).await
    }

    /// Media files by their ids, in that order, deleted ones among them. What is not there is left out.
    pub async fn media_of_ids(&self, scope: &Scope, ids: &[MediaId]) -> Result<Vec<MediaFile>> {
        let mut read = Bulk::with(format!(
            "SELECT {} FROM k CROSS JOIN media_files f WHERE f.company_id = k.company_id AND f.id = k.id{}",
            MediaFile::SELECT,
            and_seen(scope, "f.conversation_id")
        ));
        let mut order = HashMap::new();
        for (place, id) in ids.iter().enumerate() {
            read.push(row! { company_id => scope.company(), id => *id });
            order.insert(*id, place);
        }
        let mut files: Vec<MediaFile> = read.read(self.db()).await?;
        files.sort_unstable_by_key(|file| order.get(&file.id).copied());
        Ok(files)
    }

    /// When messages were sent, by WhatsApp's time.
    pub async fn sent_at(
        &self,
        company: CompanyId,
        messages: impl Iterator<Item = MessageId> + Send,
    ) -> Result<HashMap<MessageId, Timestamp>> {
        let mut read = Bulk::with(
            "SELECT m.id, m.sent_at FROM k CROSS JOIN messages m WHERE m.company_id = k.company_id AND m.id = k.id",
        );
        for message in messages {
            read.push(row! { company_id => company, id => message });
        }
        Ok(read.read::<(MessageId, Timestamp)>(self.db()).await?.into_iter().collect())
    }

    /// The CRC-32 of those contents of which it is known.
    pub async fn checksums(
        &self,
        company: CompanyId,
        contents: impl Iterator<Item = Sha256> + Send,
    ) -> Result<HashMap<Sha256, u32>> {
        let mut read = Bulk::with(
            "SELECT c.sha256, c.crc32 FROM k CROSS JOIN checksums c WHERE c.company_id = k.company_id AND c.sha256 = k.sha256",
        );
        for sha256 in contents {
            read.push(row! { company_id => company, sha256 => sha256 });
        }
        Ok(read.read::<(Sha256, u32)>(self.db()).await?.into_iter().collect())
    }

    /// Remembers the CRC-32 of a content. Two that write it at the same moment write the same.
    pub async fn note_checksum(&self, company: CompanyId, sha256: &Sha256, crc32: u32) -> Result<()> {
        let sql = "INSERT INTO checksums (company_id, sha256, crc32, created_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (company_id, sha256) DO NOTHING";
        self.db().execute(sql, args![company, *sha256, crc32, self.now()]).await?;
        Ok(())
    }

    /// Forgets checksums that were made before then; how many.
    pub async fn prune_checksums(&self, made_before: Timestamp, limit: u32) -> Result<u64> {
        let sql = "DELETE FROM checksums WHERE (company_id, sha256) IN
            (SELECT c.company_id, c.sha256 FROM checksums c WHERE c.created_at < $1 ORDER BY c.created_at LIMIT $2)";
        self.db().execute(sql, args![made_before, limit]).await
    }
}
