//! Files whose retention has ended: found in batches, and deleted if that is still true.

use mediary_core::{
    AccountId, CompanyId, ConversationId, MediaId, MessageId, Retention, StorageBackend, Timestamp,
};
use sqlx::AssertSqlSafe;

use crate::bulk::Bulk;
use crate::db::Tx;
use crate::locks::hold_files;
use crate::media::MediaFile;
use crate::record::{Columns, Read, ReadError, Record as _};
use crate::sends::not_leaving;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::row;
use crate::{Change, ChangeKind, Result, ScannedBatch, Store, Tally, policies};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

macro_rules! days {
    () => {
        "CASE WHEN a.retention_mode IS NULL THEN c.retention_days ELSE a.retention_days END"
    };
}
macro_rules! mode {
    () => {
        "COALESCE(a.retention_mode, CASE WHEN c.retention_days IS NULL THEN 'forever'
            ELSE COALESCE(c.retention_mode, 'days_after_stored') END)"
    };
}
/// The retention of an account `a` of the company `c`: an account's own, or else the company's.
const EFFECTIVE: &str = concat!(mode!(), ", ", days!());
/// With the account and the company of each file `f`, looked up in this order: so the files come in the order of their own index.
const ITS_ACCOUNT: &str = "CROSS JOIN whatsapp_accounts a CROSS JOIN companies c";
const OF_FILE: &str = "a.company_id = f.company_id AND a.id = f.account_id AND c.id = a.company_id";

/// The condition that the retention of a stored file `f` has ended by `now`, and that it is still to be deleted or archived. A
/// retention without an end has no days, so no comparison with it is true; nor is any with an archive that is null. A file without a
/// view counts from when it was stored, and so does one that was stored again after its last view.
fn ended(now: &str, archive: &str) -> String {
    let (mode, days) = (mode!(), days!());
    format!(
        "f.is_active AND f.storage_key IS NOT NULL AND f.download_status <> 'downloading' AND {}
            AND COALESCE(f.stored_at, f.created_at) <= {now} - {DAY_MS} * {days}
            AND ({mode} <> 'days_after_viewed' OR f.last_accessed_at IS NULL
                OR f.last_accessed_at <= {now} - {DAY_MS} * {days})
            AND ({mode} <> 'archive_after' OR f.storage_backend <> {archive})",
        not_leaving!()
    )
}

/// The position of a scan in the order of arrival.
pub type ArrivalPosition = (Timestamp, MediaId);

/// A file whose retention has ended, and that retention.
#[derive(Clone, Debug)]
pub struct FilePastRetention {
    pub file: MediaFile,
    pub retention: Retention,
}

impl Read for FilePastRetention {
    const WIDTH: usize = MediaFile::WIDTH + Retention::WIDTH;
    fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
        Ok(Self { file: Read::read(columns)?, retention: Read::read(columns)? })
    }
}

impl Store {
    /// Companies that keep some files for a time only.
    pub async fn companies_with_retention(&self) -> Result<Vec<CompanyId>> {
        let sql = "SELECT c.id FROM companies c WHERE c.retention_days IS NOT NULL OR EXISTS (SELECT 1
            FROM whatsapp_accounts a WHERE a.company_id = c.id AND a.retention_days IS NOT NULL) ORDER BY c.id";
        let found: Vec<(CompanyId,)> = self.db().all(sql, args![]).await?;
        Ok(found.into_iter().map(|(company,)| company).collect())
    }

    /// Files of a company whose retention has ended, among the next `rows` in order of arrival; `None` if there are no more.
    /// Files to be archived are included if they are stored elsewhere than in `archive`.
    pub async fn outlived(
        &self,
        company: CompanyId,
        archive: Option<StorageBackend>,
        after: Option<ArrivalPosition>,
        rows: u32,
    ) -> Result<Option<ScannedBatch<FilePastRetention, ArrivalPosition>>> {
        let now = self.now();
        let after = after.unwrap_or((Timestamp(i64::MIN), MediaId(0)));
        // No file is stored before it arrives, so the retention of a later arrival cannot have ended.
        let Some(latest) = self.latest_arrival(company, now).await? else { return Ok(None) };
        let sql = "SELECT n.created_at, n.id FROM (SELECT f.created_at, f.id FROM media_files f
                WHERE f.company_id = $1 AND f.is_active AND (f.created_at, f.id) > ($2, $3) AND f.created_at <= $4
                ORDER BY f.created_at, f.id LIMIT $5) n
            ORDER BY n.created_at DESC, n.id DESC LIMIT 1";
        let upto: Option<ArrivalPosition> =
            self.db().first(sql, args![company, after.0, after.1, latest, rows]).await?;
        let Some(upto) = upto else { return Ok(None) };
        let sql = format!(
            "SELECT {}, {EFFECTIVE} FROM media_files f {ITS_ACCOUNT} WHERE {OF_FILE} AND f.company_id = $1 AND f.is_active
                AND (f.created_at, f.id) > ($2, $3) AND (f.created_at, f.id) <= ($4, $5) AND {}
            ORDER BY f.created_at, f.id",
            MediaFile::SELECT,
            ended("$6", "$7")
        );
        let args = args![company, after.0, after.1, upto.0, upto.1, now, archive];
        Ok(Some(ScannedBatch { found: self.db().all(AssertSqlSafe(sql), args).await?, upto }))
    }

    /// Counts the stored files that a retention would end for at once: of one account, or of all accounts without their own. Files to
    /// be archived count if they are stored elsewhere than in `archive`. Reads every file of the company.
    pub async fn retention_preview(
        &self,
        company: CompanyId,
        account: Option<AccountId>,
        retention: Retention,
        archive: Option<StorageBackend>,
    ) -> Result<Tally> {
        let Some(days) = retention.days() else { return Ok(Tally::default()) };
        let mode = retention.mode();
        let ended = format!(
            "f.storage_key IS NOT NULL AND f.download_status <> 'downloading' AND {}
                AND COALESCE(f.stored_at, f.created_at) <= $2
                AND ('{mode}' <> 'days_after_viewed' OR f.last_accessed_at IS NULL OR f.last_accessed_at <= $2)
                AND ('{mode}' <> 'archive_after' OR f.storage_backend <> $4)",
            not_leaving!()
        );
        let sql = format!(
            "SELECT {} FROM media_files f
                JOIN whatsapp_accounts a ON a.company_id = f.company_id AND a.id = f.account_id
            WHERE f.company_id = $1 AND f.is_active
                AND (a.id = $3 OR ($3 IS NULL AND a.retention_mode IS NULL))",
            policies::tallies([ended.as_str()])
        );
        let end = Timestamp(self.now().millis() - DAY_MS * days);
        let counted: Option<(u64, u64)> =
            self.db().first(AssertSqlSafe(sql), args![company, end, account, archive]).await?;
        let (files, bytes) = counted.unwrap_or_default();
        Ok(Tally { files, bytes })
    }

    /// The latest arrival that some retention of the company may have ended for.
    async fn latest_arrival(&self, company: CompanyId, now: Timestamp) -> Result<Option<Timestamp>> {
        let sql = format!(
            "SELECT MIN({}) FROM whatsapp_accounts a JOIN companies c ON c.id = a.company_id WHERE a.company_id = $1",
            days!()
        );
        let shortest: Option<(Option<i64>,)> = self.db().first(AssertSqlSafe(sql), args![company]).await?;
        Ok(shortest.and_then(|(days,)| days).map(|days| Timestamp(now.millis() - DAY_MS * days)))
    }

    /// Deletes these files if their retention has still ended: the records stay and say so, the bytes are deleted by the next sweep.
    ///
    /// The company and its accounts are locked, as by every change of a retention: what the next statement reads of them stays true
    /// until the end. So are the files, before their condition is checked, so that a view recorded meanwhile, on any node, counts.
    pub async fn delete_past_retention(&self, company: CompanyId, files: &[MediaId]) -> Result<Vec<Change>> {
        let now = self.now();
        let held = transaction!(self.db(), |tx| {
            policies::hold(tx, company).await?;
            hold_files(tx, files.iter().map(|media| (company, *media))).await?;
            let mut held = Bulk::with(format!(
                    "SELECT f.id, f.conversation_id, f.message_id, f.storage_backend, f.storage_key, {EFFECTIVE}
                    FROM k CROSS JOIN media_files f {ITS_ACCOUNT} WHERE {OF_FILE} AND f.company_id = k.company_id AND f.id = k.id
                        AND {}",
                    ended("k.at", "CAST(NULL AS TEXT)")
                ),
            );
            for media in files {
                held.push(row! { company_id => company, id => *media, at => now });
            }
            let held: Vec<DeletedFile> = held.run(tx).await?;
            mark_deleted(tx, now, company, &held).await?;
            Ok(held)
        })?;
        let change = |(media, conversation_id, message, ..): DeletedFile| Change {
            company_id: company,
            conversation_id,
            message_id: Some(message),
            media_id: Some(media),
            kind: ChangeKind::MediaDeleted,
        };
        Ok(held.into_iter().map(change).collect())
    }
}

/// A file that is deleted: where its bytes are, and the retention that ended.
type DeletedFile = (MediaId, ConversationId, MessageId, StorageBackend, String, Retention);

async fn mark_deleted(tx: &mut Tx, now: Timestamp, company: CompanyId, held: &[DeletedFile]) -> Result<()> {
    let mut trash = Bulk::insert("trash", "");
    let mut update = Bulk::with(
        "UPDATE media_files SET is_active = FALSE, due = FALSE, next_attempt_at = NULL, updated_at = k.at,
                deletion_reason = 'retention', last_error_code = 'media_deleted', last_error = k.sentence,
                last_error_retryable = FALSE
            FROM k WHERE media_files.company_id = k.company_id AND media_files.id = k.id",
    );
    for (media, _, _, backend, key, retention) in held {
        trash.push(row! {
            company_id => company,
            media_id => *media,
            storage_backend => *backend,
            storage_key => key.as_str(),
            due_at => now,
        });
        update.push(row! {
            company_id => company,
            id => *media,
            sentence => retention.deleted_sentence(),
            at => now,
        });
    }
    trash.execute(tx).await?;
    update.execute(tx).await?;
    Ok(())
}
