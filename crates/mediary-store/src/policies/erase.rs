//! Erasing files that were stored before the policy became to keep nothing; only as long as that policy applies.

use mediary_core::{AccountId, CompanyId, ConversationId, MediaId, MediaTask, MessageId, StorageBackend};
use sqlx::AssertSqlSafe;

use super::preview::{ONLY_HERE, STORED, StoredTally, Tally, tallies};
use super::{EFFECTIVE, OF_FILE, tasks};
use crate::bulk::Bulk;
use crate::locks::hold_files;
use crate::people::audit;
use crate::sends::not_leaving;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::row;
use crate::{Actor, Change, Result, ScannedBatch, Store};

/// A condition on files `f`: stored, and neither being fetched again nor of a message that still has to leave.
const KEPT: &str = concat!(
    "f.is_active AND f.storage_key IS NOT NULL AND f.download_status <> 'downloading' AND ",
    not_leaving!()
);

impl Store {
    /// Whether the policy of this account, or of any, is to keep nothing.
    pub async fn keeps_nothing(&self, company: CompanyId, account: Option<AccountId>) -> Result<bool> {
        let sql = format!(
            "SELECT c.id FROM companies c
                LEFT JOIN whatsapp_accounts a ON a.company_id = c.id AND ($2 IS NULL OR a.id = $2)
            WHERE c.id = $1 AND {EFFECTIVE} = 'stream' LIMIT 1"
        );
        let found: Option<(CompanyId,)> =
            self.db().first(AssertSqlSafe(sql), args![company, account]).await?;
        Ok(found.is_some())
    }

    /// How much would be erased. Reads every file of the company.
    pub async fn kept_against_policy(
        &self,
        company: CompanyId,
        account: Option<AccountId>,
    ) -> Result<StoredTally> {
        let sql = format!(
            "SELECT {} FROM media_files f
                JOIN whatsapp_accounts a ON a.company_id = f.company_id AND a.id = f.account_id
                JOIN companies c ON c.id = a.company_id
            WHERE f.company_id = $1 AND ($3 IS NULL OR a.id = $3) AND {KEPT} AND {EFFECTIVE} = 'stream'",
            tallies([STORED, ONLY_HERE])
        );
        let counted: Option<(u64, u64, u64, u64)> =
            self.db().first(AssertSqlSafe(sql), args![company, self.now(), account]).await?;
        let (stored, stored_bytes, only_here, only_here_bytes) = counted.unwrap_or_default();
        Ok(StoredTally {
            stored: Tally { files: stored, bytes: stored_bytes },
            only_here: Tally { files: only_here, bytes: only_here_bytes },
        })
    }

    /// Plans to erase files that were stored before the policy became to keep nothing. A task that is planned and has not begun is not
    /// planned again.
    pub async fn plan_erasing(
        &self,
        company: CompanyId,
        account: Option<AccountId>,
        by: &Actor,
    ) -> Result<()> {
        transaction!(self.db(), |tx| {
            // If two plan it at once, on any nodes, the second one waits here and finds it planned.
            super::hold(tx, company).await?;
            let same =
                "company_id = $1 AND kind = $2 AND (account_id = $3 OR (account_id IS NULL AND $3 IS NULL))";
            let args = args![company, MediaTask::Erase, account];
            let sql = format!("SELECT t.id FROM media_tasks t WHERE t.reached_id IS NULL AND {same}");
            if tx.first::<(i64,)>(AssertSqlSafe(sql), args.clone()).await?.is_some() {
                return Ok(());
            }
            // A task that has begun starts over.
            tx.execute(AssertSqlSafe(format!("DELETE FROM media_tasks WHERE {same}")), args).await?;
            let now = self.now();
            tasks::plan(tx, company, account, MediaTask::Erase, now).await?;
            let record = match account {
                Some(id) => format!("account:{id}"),
                None => format!("company:{company}"),
            };
            audit::note(tx, now, company, by, "media.erased", &record).await?;
            Ok(())
        })
    }

    /// Files that are to be erased, among the next `rows` of a company after `after`; `None` if there are no more.
    pub async fn files_to_erase(
        &self,
        company: CompanyId,
        account: Option<AccountId>,
        after: MediaId,
        rows: u32,
    ) -> Result<Option<ScannedBatch<MediaId, MediaId>>> {
        let Some(upto) = self.next_files(company, after, rows).await? else { return Ok(None) };
        let sql = format!(
            "SELECT f.id FROM media_files f WHERE f.company_id = $1 AND ($2 IS NULL OR f.account_id = $2)
                AND f.id > $3 AND f.id <= $4 AND {KEPT} AND {OF_FILE} = 'stream' ORDER BY f.company_id, f.id"
        );
        let found: Vec<(MediaId,)> =
            self.db().all(AssertSqlSafe(sql), args![company, account, after, upto]).await?;
        Ok(Some(ScannedBatch { found: found.into_iter().map(|(media,)| media).collect(), upto }))
    }

    /// Erases the stored bytes of these files if the policy still says so: the bytes are deleted by the next sweep, the records say
    /// that the files are at WhatsApp.
    ///
    /// The company and its accounts are locked, as by every change of a policy: once such a change has returned, nothing is erased by
    /// the previous policy, on any node.
    pub async fn erase_files(&self, company: CompanyId, files: &[MediaId]) -> Result<Vec<Change>> {
        let now = self.now();
        transaction!(self.db(), |tx| {
            super::hold(tx, company).await?;
            hold_files(tx, files.iter().map(|media| (company, *media))).await?;
            let mut held = Bulk::with(format!(
                "SELECT f.id, f.storage_backend, f.storage_key FROM k CROSS JOIN media_files f
                    WHERE f.company_id = k.company_id AND f.id = k.id AND {KEPT} AND {OF_FILE} = 'stream'"
            ));
            for media in files {
                held.push(row! { company_id => company, id => *media });
            }
            let held: Vec<(MediaId, StorageBackend, String)> = held.run(tx).await?;
            let mut trash = Bulk::insert("trash", "");
            let mut update = Bulk::with(FORGET_BYTES);
            for (media, backend, key) in &held {
                trash.push(row! {
                    company_id => company,
                    media_id => *media,
                    storage_backend => *backend,
                    storage_key => key.as_str(),
                    due_at => now,
                });
                update.push(row! { company_id => company, id => *media, at => now });
            }
            trash.execute(tx).await?;
            let erased: Vec<(ConversationId, MessageId, MediaId)> = update.run(tx).await?;
            Ok(super::changes(company, erased))
        })
    }
}

/// The assignments of an erased file. A quarantined file stays quarantined, without its bytes.
const FORGET_BYTES: &str =
    "UPDATE media_files SET policy = 'stream', storage_backend = NULL, storage_key = NULL,
        file_url = NULL, stored_at = NULL, file_size = COALESCE(declared_size, file_size), sha256 = NULL,
        thumbhash = NULL, integrity = NULL, bytes_downloaded = 0,
        download_attempts = 0, due = FALSE, next_attempt_at = NULL, updated_at = k.at,
        download_status = CASE WHEN download_status = 'completed' THEN 'pending' ELSE download_status END
    FROM k WHERE media_files.company_id = k.company_id AND media_files.id = k.id
    RETURNING media_files.conversation_id, media_files.message_id, media_files.id";
