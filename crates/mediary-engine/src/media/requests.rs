//! Requests of users about media files: download now, retry failures, delete, follow a download.

use std::collections::HashMap;
use std::time::Duration;

use mediary_core::{CompanyId, DownloadStatus, Error, ErrorCode, MediaId, Result, Scope, Timestamp};
use mediary_store::{Actor, MediaFile, RequeueOutcome};
use metrics::counter;
use tokio::time::Instant;

use crate::access::{May, rights};
use crate::base::metrics::RETRY_TRIGGERED;
use crate::base::work::Work;
use crate::context::Context;
use crate::events::event::{EventData, EventName};
use crate::events::outcomes::DownloadOutcome;
use crate::media::oversized;
use crate::storage::leftovers;

/// How long a retry of everything waits for the outcomes.
const OUTCOMES_WITHIN: Duration = Duration::from_secs(10);
/// After this long without an outcome, this many records are read instead.
const LOOK: Duration = Duration::from_millis(500);
const LOOKED_AT: usize = 200;

/// Imported rows whose id one retry of everything looks for.
const RESOLVED_AT_ONCE: u64 = 10_000;

/// The outcome of a retry of everything, as far as it ended in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryOutcome {
    pub retried: usize,
    pub succeeded: usize,
    pub failed: usize,
}

/// Where a download stands.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaStatus {
    pub status: DownloadStatus,
    /// From 0 to 1, where the size is known.
    pub progress: Option<f64>,
    pub bytes_downloaded: u64,
    pub file_size: Option<u64>,
    pub error: Option<MediaTrouble>,
}

/// What went wrong with a download, and whether and when it is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaTrouble {
    pub code: ErrorCode,
    pub message: String,
    pub retryable: bool,
    pub retry_after: Option<Duration>,
}

/// Queues a file's download to run next, whatever its policy waits for or its failures were.
pub(crate) async fn download_now(
    context: &Context,
    may: &May<rights::StartDownload>,
    id: MediaId,
    by: &Actor,
) -> Result<MediaFile> {
    let caller = may.caller();
    let company = caller.company_id;
    let record = record_of(context, &caller.scope(), id).await?;
    context.whatsapp().resolve_legacy_row(&record).await?;
    match context.store().request_download(company, id, by).await? {
        RequeueOutcome::Queued(record) => {
            counter!(RETRY_TRIGGERED).increment(1);
            tracing::info!(company.id = company.0, media.id = id.0, "media_retry_triggered");
            context.work().wake(Work::Fetch);
            Ok(*record)
        }
        RequeueOutcome::InFlight(record) => Ok(*record),
        RequeueOutcome::AlreadyCompleted => {
            Err(Error::refused(ErrorCode::Conflict, "the file is downloaded already"))
        }
        RequeueOutcome::NotKept => {
            Err(Error::refused(ErrorCode::Conflict, "under the policy `stream` no file is kept"))
        }
        RequeueOutcome::NotActive => Err(Error::plain(ErrorCode::MediaDeleted)),
        RequeueOutcome::None => Err(Error::plain(ErrorCode::MediaExpired)),
    }
}

/// Queues the company's failed downloads that a retry can help, however often they were tried (at most
/// `max_attempts` times where that is given), and what an import left without WhatsApp's id as far as that is found,
/// and waits for a while for how they go.
pub(crate) async fn retry_failed(
    context: &Context,
    may: &May<rights::RetryAll>,
    max_attempts: Option<i64>,
    by: &Actor,
) -> Result<RetryOutcome> {
    let company = may.caller().company_id;
    let mut ends = context.ended_downloads().listen();
    oversized::allow_within_limits(context, company).await?;
    let mut queued = context.whatsapp().resolve_legacy(company, true, RESOLVED_AT_ONCE).await?.due;
    queued.extend(context.store().requeue_failed(company, max_attempts, by).await?);
    counter!(RETRY_TRIGGERED).increment(queued.len() as u64);
    tracing::info!(company.id = company.0, files = queued.len(), "media_retry_triggered");
    context.work().wake(Work::Fetch);
    let mut outcome = RetryOutcome { retried: queued.len(), ..RetryOutcome::default() };
    let mut open: HashMap<MediaId, Option<DownloadOutcome>> =
        queued.into_iter().map(|id| (id, None)).collect();
    let until = Instant::now() + OUTCOMES_WITHIN;
    while !open.is_empty() && Instant::now() < until {
        let end = tokio::time::timeout_at(until.min(Instant::now() + LOOK), ends.recv()).await;
        match end {
            Ok(Ok(end)) => settle(&mut open, &mut outcome, end.media_id, end.outcome),
            // Nothing was received for a while, or too much at once: the records say what happened.
            Ok(Err(_)) | Err(_) => look(context, company, &mut open, &mut outcome).await?,
        }
    }
    outcome.failed += open.values().filter(|ended| **ended == Some(DownloadOutcome::FailedForNow)).count();
    Ok(outcome)
}

/// Reads from the records what another process may have done.
async fn look(
    context: &Context,
    company: CompanyId,
    open: &mut HashMap<MediaId, Option<DownloadOutcome>>,
    outcome: &mut RetryOutcome,
) -> Result<()> {
    for id in open.keys().copied().take(LOOKED_AT).collect::<Vec<_>>() {
        let record = context.store().media(&Scope::system(company), id).await?;
        let ended = match record.map(|record| (record.download_status, record.last_error_retryable)) {
            Some((DownloadStatus::Completed, _)) => DownloadOutcome::Stored,
            Some((DownloadStatus::Failed, true)) => DownloadOutcome::FailedForNow,
            Some((DownloadStatus::Failed, false)) | None => DownloadOutcome::FailedForGood,
            Some((DownloadStatus::Pending | DownloadStatus::Downloading, _)) => continue,
        };
        settle(open, outcome, id, ended);
    }
    Ok(())
}

/// Deletes a file: at once for everybody, its bytes with the next sweep.
pub(crate) async fn delete_media(
    context: &Context,
    may: &May<rights::DeleteMedia>,
    id: MediaId,
    by: &Actor,
) -> Result<()> {
    let caller = may.caller();
    let company = caller.company_id;
    let record = record_of(context, &caller.scope(), id).await?;
    let deleted = context.store().delete_media(company, id, caller.user_id(), by).await?;
    if deleted {
        tracing::info!(company.id = company.0, media.id = id.0, by = caller.label(), "media_deleted");
        let data = EventData {
            id: id.0,
            conversation_id: record.conversation_id,
            message_id: record.message_id,
            media_id: Some(id),
            ..EventData::default()
        };
        // From here on it is no longer served.
        context.events().publish(company, EventName::MediaDeleted, data);
        leftovers::clear(context, company, id).await?;
    }
    Ok(())
}

/// Where a file's download stands.
pub(crate) async fn media_status(
    context: &Context,
    may: &May<rights::Read>,
    id: MediaId,
) -> Result<MediaStatus> {
    Ok(MediaStatus::of(&record_of(context, &may.caller().scope(), id).await?, context.now()))
}

async fn record_of(context: &Context, scope: &Scope, id: MediaId) -> Result<MediaFile> {
    context.store().media(scope, id).await?.ok_or_else(no_such_file)
}

impl MediaStatus {
    /// Reads it from the record.
    pub fn of(record: &MediaFile, now: Timestamp) -> Self {
        let status = record.download_status;
        let file_size = size_for_people(record).and_then(|size| u64::try_from(size).ok());
        let bytes_downloaded = match status {
            DownloadStatus::Completed => file_size.unwrap_or(0),
            _ => u64::try_from(record.bytes_downloaded).unwrap_or(0),
        };
        let progress = match (status, file_size) {
            (DownloadStatus::Completed, _) => Some(1.0),
            (_, Some(size)) if size > 0 => Some((bytes_downloaded as f64 / size as f64).min(1.0)),
            _ => None,
        };
        let error =
            record.last_error_code.filter(|_| status != DownloadStatus::Completed).map(|code| MediaTrouble {
                code,
                message: record.last_error.clone().unwrap_or_else(|| code.sentence().to_owned()),
                retryable: record.last_error_retryable,
                retry_after: record.next_attempt_at.map(|next| next.since(now)),
            });
        Self { status, progress, bytes_downloaded, file_size, error }
    }
}

/// The size of a file: counted, else declared, else what its running download works towards.
pub fn size_for_people(record: &MediaFile) -> Option<i64> {
    let announced = record.announced_size.filter(|_| record.download_status == DownloadStatus::Downloading);
    record.file_size.or(announced)
}

/// Counts the outcome of one file. A file that is retried automatically may still end otherwise.
fn settle(
    open: &mut HashMap<MediaId, Option<DownloadOutcome>>,
    outcome: &mut RetryOutcome,
    id: MediaId,
    ended: DownloadOutcome,
) {
    let Some(known) = open.get_mut(&id) else { return };
    match ended {
        DownloadOutcome::FailedForNow => {
            *known = Some(ended);
            return;
        }
        DownloadOutcome::Stored => outcome.succeeded += 1,
        DownloadOutcome::FailedForGood => outcome.failed += 1,
    }
    open.remove(&id);
}

fn no_such_file() -> Error {
    Error::not_found("there is no such media file")
}
