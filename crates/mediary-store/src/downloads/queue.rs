//! Queues downloads, removes them from the queue, and reports the state of the queue.

use std::time::Duration;

use mediary_core::{
    CompanyId, ConversationId, DownloadStatus, ErrorCode, MediaId, MediaPolicy, MessageId, Timestamp,
};
use sqlx::AssertSqlSafe;

use super::NO_ERROR;
use super::types::{DownloadsOverview, RequeueOutcome};
use crate::db::Tx;
use crate::people::audit;
use crate::record::Record as _;
use crate::scan::UNSAVED;
use crate::transaction::transaction;
use crate::value::{Value, args};
use crate::writes::update;
use crate::{Actor, Change, ChangeKind, MediaFile, Result, Store, dialect, policies};

/// Failed downloads queued again by one call.
const REQUEUED_MAX: usize = 10_000;
const A_DAY: Duration = Duration::from_secs(24 * 3600);

async fn media_file(tx: &mut Tx, company: CompanyId, media: MediaId) -> Result<Option<MediaFile>> {
    let sql = format!(
        "SELECT {} FROM media_files f WHERE f.company_id = $1 AND f.id = $2{}",
        MediaFile::SELECT,
        dialect::hold_rows(tx.backend(), "f")
    );
    tx.first(AssertSqlSafe(sql), args![company, media]).await
}

/// The outcome, and whether anything changed.
async fn requeue(
    tx: &mut Tx,
    company: CompanyId,
    media: MediaId,
    now: Timestamp,
    reset_attempts: bool,
) -> Result<(RequeueOutcome, bool)> {
    // The account is locked before the file, as by a change of policy: in the other order the two could deadlock.
    let policy = policies::held(tx, company, media).await?;
    let file = match media_file(tx, company, media).await? {
        None => return Ok((RequeueOutcome::None, false)),
        Some(file) if !file.is_active => return Ok((RequeueOutcome::NotActive, false)),
        Some(file) if file.provider_media_id.is_none() => return Ok((RequeueOutcome::None, false)),
        Some(file) => file,
    };
    match file.download_status {
        DownloadStatus::Completed => return Ok((RequeueOutcome::AlreadyCompleted, false)),
        DownloadStatus::Downloading => return Ok((RequeueOutcome::InFlight(Box::new(file)), false)),
        DownloadStatus::Pending | DownloadStatus::Failed => {}
    }
    if !policy.is_some_and(MediaPolicy::keeps_bytes) {
        return Ok((RequeueOutcome::NotKept, false));
    }
    let (sql, args) = update! {
        media_files set {
            policy => policy,
            download_status = "'pending'",
            due = "TRUE",
            next_attempt_at => now,
            download_attempts = "CASE WHEN ?resets THEN 0 ELSE download_attempts END",
            updated_at = "?next_attempt_at",
        } also [NO_ERROR]
        where { company_id => company, id => media }
        given { resets => reset_attempts }
        and "(download_status <> 'pending' OR NOT due OR policy <> ?policy OR (?resets AND download_attempts <> 0))"
    };
    let changed = tx.execute(sql, args).await? > 0;
    let queued = media_file(tx, company, media).await?;
    Ok((queued.map_or(RequeueOutcome::None, |file| RequeueOutcome::Queued(Box::new(file))), changed))
}

impl Store {
    /// Makes a download due now.
    pub async fn requeue_download(
        &self,
        company: CompanyId,
        media: MediaId,
        reset_attempts: bool,
    ) -> Result<RequeueOutcome> {
        transaction!(self.db(), |tx| {
            let (outcome, _) = requeue(tx, company, media, self.now(), reset_attempts).await?;
            Ok(outcome)
        })
    }

    /// Makes a download due now because somebody requests the file. A request for a file that is due already leaves no audit row.
    pub async fn request_download(
        &self,
        company: CompanyId,
        media: MediaId,
        by: &Actor,
    ) -> Result<RequeueOutcome> {
        let now = self.now();
        transaction!(self.db(), |tx| {
            let (outcome, changed) = requeue(tx, company, media, now, true).await?;
            if changed {
                let record = format!("media:{media}");
                audit::note(tx, now, company, by, "media.download_requested", &record).await?;
            }
            Ok(outcome)
        })
    }

    /// Makes a company's failed downloads due that a retry can help and that WhatsApp still has; `max_attempts` limits them to those
    /// that were tried no more often. If there are none, no audit row is written.
    pub async fn requeue_failed(
        &self,
        company: CompanyId,
        max_attempts: Option<i64>,
        by: &Actor,
    ) -> Result<Vec<MediaId>> {
        let sql = format!(
            "WITH helpable AS MATERIALIZED (SELECT f.id FROM media_files f
                    WHERE f.company_id = $1 AND f.is_active AND f.download_status = 'failed'
                        AND f.last_error_retryable AND f.download_attempts <= COALESCE($2, f.download_attempts)
                        AND f.expires_at > $3
                    ORDER BY f.download_attempts, f.id LIMIT $4{})
                UPDATE media_files SET download_status = 'pending', due = TRUE, next_attempt_at = $3, {NO_ERROR},
                    updated_at = $3
                WHERE company_id = $1 AND id IN (SELECT h.id FROM helpable h)
                RETURNING id",
            dialect::lock_rows(self.backend())
        );
        let now = self.now();
        transaction!(self.db(), |tx| {
            let args = args![company, max_attempts, now, REQUEUED_MAX];
            let queued: Vec<(MediaId,)> = tx.all(AssertSqlSafe(sql.clone()), args).await?;
            if !queued.is_empty() {
                audit::note(tx, now, company, by, "media.retried", &format!("company:{company}")).await?;
            }
            Ok(queued.into_iter().map(|(media,)| media).collect())
        })
    }

    /// Gives up on media that has expired at WhatsApp.
    pub async fn expire_unsaved(&self, now: Timestamp, limit: u32) -> Result<Vec<Change>> {
        let sql = format!(
            "WITH expired AS MATERIALIZED (SELECT f.company_id, f.id FROM media_files f
                    WHERE {UNSAVED} AND f.expires_at <= $1 ORDER BY f.expires_at, f.id LIMIT $2{})
                UPDATE media_files SET download_status = 'failed', due = FALSE, next_attempt_at = NULL,
                    last_error_code = $3, last_error = $4, last_error_retryable = FALSE, updated_at = $1
                WHERE (company_id, id) IN (SELECT o.company_id, o.id FROM expired o)
                RETURNING company_id, conversation_id, message_id, id",
            dialect::lock_rows(self.backend())
        );
        let code = ErrorCode::MediaExpired;
        let args = args![now, limit, code, code.sentence()];
        let expired: Vec<(CompanyId, ConversationId, MessageId, MediaId)> =
            self.db().change(AssertSqlSafe(sql), args).await?;
        let change = |(company_id, conversation_id, message, media)| Change {
            company_id,
            conversation_id,
            message_id: Some(message),
            media_id: Some(media),
            kind: ChangeKind::MessageUpdated,
        };
        Ok(expired.into_iter().map(change).collect())
    }

    /// The state of the queue on all nodes together, of all companies.
    pub async fn downloads_overview(&self) -> Result<DownloadsOverview> {
        self.overview("", args![self.now().plus(A_DAY)]).await
    }

    /// The state of the queue on all nodes together, as far as it is about one company.
    pub async fn downloads_of_company(&self, company: CompanyId) -> Result<DownloadsOverview> {
        self.overview("company_id = $2 AND ", args![self.now().plus(A_DAY), company]).await
    }

    /// `of` is the condition on whose downloads are counted.
    async fn overview(&self, of: &str, args: Vec<Value>) -> Result<DownloadsOverview> {
        let sql = format!(
            "SELECT
            (SELECT CAST(COUNT(*) AS BIGINT) FROM media_files WHERE {of}due),
            (SELECT CAST(COUNT(*) AS BIGINT) FROM media_files WHERE {of}download_status = 'downloading'),
            (SELECT CAST(COUNT(*) AS BIGINT) FROM media_files
                WHERE {of}is_active AND download_status = 'failed' AND last_error_retryable),
            (SELECT MIN(next_attempt_at) FROM media_files WHERE {of}due),
            (SELECT CAST(COUNT(*) AS BIGINT) FROM media_files
                WHERE {of}is_active AND (download_status = 'pending'
                        OR (download_status = 'failed' AND last_error_retryable))
                    AND expires_at <= $1 AND policy = 'store')"
        );
        let row: Option<(u64, u64, u64, Option<Timestamp>, u64)> =
            self.db().first(AssertSqlSafe(sql), args).await?;
        let (pending_due, downloading, failed, oldest_due_at, expiring_within_a_day) =
            row.unwrap_or_default();
        Ok(DownloadsOverview { pending_due, downloading, failed, oldest_due_at, expiring_within_a_day })
    }
}
