//! The end of a download: stored, quarantined for an admin, retried or given up.

use mediary_blob::{StorageKey, UploadedFile};
use mediary_core::{DownloadStatus, ErrorCode, FileType, Integrity, Result, ScanStatus, Timestamp};
use mediary_formats::{Verdict, verdict};
use mediary_store::{ClaimedDownload, FailedDownload, FinishedDownload, QuarantinedFile};
use metrics::counter;

use super::decide::{Decision, Problem, Situation, decide};
use super::judge::{EarlierMismatch, judge};
use super::transfer::{Failure, FetchedBody};
use crate::base::fault;
use crate::base::metrics::{DOWNLOAD_FAILED, STORAGE_ERRORS};
use crate::base::work::Work;
use crate::context::Context;
use crate::events::event::{EventData, EventName};
use crate::events::outcomes::DownloadOutcome;
use crate::whatsapp::accounts::KnownAccount;

/// Publishes a fetched file and records it, if its bytes are what they should be.
#[tracing::instrument(level = "debug", skip_all)]
pub(super) async fn keep(
    context: &Context,
    claim: &ClaimedDownload,
    fetched: FetchedBody,
    began: Timestamp,
) -> std::result::Result<(), Failure> {
    let FetchedBody { staged, key, sample, declared } = fetched;
    let earlier = EarlierMismatch { sha256: claim.mismatch_sha256, times: claim.mismatch_count };
    let integrity = match judge(staged.size(), staged.sha256(), declared, earlier) {
        Ok(integrity) => integrity,
        Err(problem) => {
            staged.discard().await?;
            return Err(problem.into());
        }
    };
    // A policy that keeps nothing took the lease away, so no record would name the bytes.
    let account = context.whatsapp().account_of(claim.company_id, claim.account_id).await;
    if account.is_ok_and(|account| !account.policy.keeps_bytes()) {
        staged.discard().await?;
        return Ok(());
    }
    let verdict = verdict(claim.file_type, claim.mime_type.as_deref(), &sample);
    let stored = staged.publish().await?;
    fault::point("fetch.published");
    context.pauses().storage_recovered();
    context.pauses().mark_account_ok(claim.account_id);
    let recorded = match verdict {
        Verdict::OtherFamily(mime) => quarantine(context, claim, &key, stored, mime).await,
        _ => {
            let finished = finished(context, claim, &key, stored);
            let detected_mime_type = detected(claim, verdict);
            finish(context, claim, FinishedDownload { integrity, detected_mime_type, ..finished }, began)
                .await
        }
    };
    fault::point("fetch.finished");
    match recorded {
        Ok(true) => {}
        // The lease was lost during the publication. The bytes are in the trash.
        Ok(false) => context.work().wake(Work::Trash),
        // The bytes stay. Once the lease has expired the file is fetched again, under the same key.
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a stored file could not be recorded");
        }
    }
    Ok(())
}

fn finished(
    context: &Context,
    claim: &ClaimedDownload,
    key: &StorageKey,
    stored: UploadedFile,
) -> FinishedDownload {
    let storage = context.storages().primary();
    FinishedDownload {
        media_id: claim.media_id,
        company_id: claim.company_id,
        lease: claim.lease.clone(),
        storage_backend: storage.backend(),
        storage_key: key.to_string(),
        file_url: storage.location(key),
        file_size: stored.size,
        sha256: stored.sha256,
        detected_mime_type: None,
        integrity: Integrity::Undeclared,
        scan_status: ScanStatus::Unscanned,
        stored_at: context.now(),
    }
}

async fn finish(
    context: &Context,
    claim: &ClaimedDownload,
    finished: FinishedDownload,
    began: Timestamp,
) -> Result<bool> {
    let size = finished.file_size;
    let recorded = context.store().finish_download(finished).await?;
    if recorded {
        context.meters().completed.increment(1);
        let took = context.now().since(began);
        context.meters().download_seconds.record(took);
        tracing::info!(
            size_bytes = size,
            duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "media_download_completed"
        );
        tell(context, claim, DownloadOutcome::Stored, Some(size));
        context.work().wake(Work::Derive);
    }
    Ok(recorded)
}

/// Keeps the bytes for an admin to look at, and the file from everybody else.
async fn quarantine(
    context: &Context,
    claim: &ClaimedDownload,
    key: &StorageKey,
    stored: UploadedFile,
    mime: &'static str,
) -> Result<bool> {
    let storage = context.storages().primary();
    let held_back = QuarantinedFile {
        storage_backend: storage.backend(),
        storage_key: key.to_string(),
        file_url: storage.location(key),
        file_size: stored.size,
        sha256: stored.sha256,
        detected_mime_type: Some(mime.to_owned()),
    };
    let detail = format!("The message says {}, the bytes are {mime}.", claim.file_type);
    let failed =
        FailedDownload { quarantined: Some(held_back), ..failed(claim, ErrorCode::MediaQuarantined, detail) };
    let recorded = record_failure(context, claim, &failed).await?;
    if !recorded {
        let (company, media) = (claim.company_id, claim.media_id);
        context.store().discard_bytes(company, media, storage.backend(), key.as_str()).await?;
    }
    Ok(recorded)
}

/// Applies the failure table to a failed download.
pub(super) async fn fail(
    context: &Context,
    claim: &ClaimedDownload,
    account: Option<&KnownAccount>,
    failure: Failure,
) -> Result<()> {
    let Failure { problem, cause } = failure;
    let now = context.now();
    let pauses = context.pauses();
    let situation = Situation {
        attempts: claim.attempts,
        throttled_in_row: pauses.throttled_in_row(claim.account_id, now),
        storage_failed_in_row: pauses.storage_failed_in_row(now),
        random: rand::random(),
        now,
        expires_at: claim.expires_at,
    };
    let decision = decide(&problem, &context.config().rules, situation);
    tracing::warn!(
        code = %decision.code(),
        attempts = claim.attempts,
        error = cause.as_ref().map(|cause| cause as &dyn std::error::Error),
        "media_download_failed"
    );
    let mut failed = failed(claim, decision.code(), explain(&problem, decision.code(), claim.file_type));
    match decision {
        Decision::GiveUp(_) => {
            // By this it is known later whether another limit allows it.
            failed.announced_size = match problem {
                Problem::TooLarge { size, .. } => Some(size),
                _ => None,
            };
        }
        Decision::TryAgain { wait, .. } => {
            failed.next_attempt_at = Some(now.plus(wait));
            failed.mismatch = match problem {
                Problem::WrongBytes { sha256 } => Some(sha256),
                _ => None,
            };
        }
        Decision::PauseAccount { wait, .. } => {
            failed.next_attempt_at = Some(match account {
                Some(account) => context.whatsapp().pause_account(account, wait).await?,
                None => now.plus(wait),
            });
            failed.refund_attempt = true;
        }
        Decision::AskForToken => {
            if let Some(account) = account {
                context.whatsapp().token_refused(account).await?;
            }
            failed.next_attempt_at = Some(now);
            failed.refund_attempt = true;
        }
        Decision::PauseStorage { code, wait } => {
            let kind = if code == ErrorCode::StorageFull { "full" } else { "io" };
            counter!(STORAGE_ERRORS, "kind" => kind).increment(1);
            failed.next_attempt_at = Some(pauses.pause_storage(code, now, wait));
            failed.refund_attempt = true;
        }
    }
    failed.retryable = failed.next_attempt_at.is_some();
    record_failure(context, claim, &failed).await?;
    Ok(())
}

fn failed(claim: &ClaimedDownload, code: ErrorCode, detail: String) -> FailedDownload {
    FailedDownload {
        media_id: claim.media_id,
        company_id: claim.company_id,
        lease: claim.lease.clone(),
        code,
        detail,
        retryable: false,
        next_attempt_at: None,
        announced_size: None,
        refund_attempt: false,
        mismatch: None,
        quarantined: None,
    }
}

async fn record_failure(context: &Context, claim: &ClaimedDownload, failed: &FailedDownload) -> Result<bool> {
    let recorded = context.store().fail_download(failed).await?;
    if recorded {
        counter!(DOWNLOAD_FAILED, "code" => failed.code.as_str()).increment(1);
        let outcome =
            if failed.retryable { DownloadOutcome::FailedForNow } else { DownloadOutcome::FailedForGood };
        tell(context, claim, outcome, None);
    }
    Ok(recorded)
}

fn tell(context: &Context, claim: &ClaimedDownload, outcome: DownloadOutcome, file_size: Option<u64>) {
    let (name, status) = match outcome {
        DownloadOutcome::Stored => (EventName::MediaCompleted, DownloadStatus::Completed),
        DownloadOutcome::FailedForNow | DownloadOutcome::FailedForGood => {
            (EventName::MediaFailed, DownloadStatus::Failed)
        }
    };
    let data = EventData { status: Some(status), file_size, ..EventData::media(claim) };
    context.events().publish(claim.company_id, name, data);
    context.ended_downloads().publish(claim.media_id, outcome);
}

/// The type according to the bytes; if they agree with the declared type, the declared one without its parameters.
fn detected(claim: &ClaimedDownload, verdict: Verdict) -> Option<String> {
    match verdict {
        Verdict::Same => {
            let declared = claim.mime_type.as_deref()?.split(';').next()?;
            Some(declared.trim().to_ascii_lowercase())
        }
        Verdict::SameFamily(mime) | Verdict::OtherFamily(mime) => Some(mime.to_owned()),
        Verdict::Unknown => None,
    }
}

/// A sentence about the failure, for people who view the file.
fn explain(problem: &Problem, code: ErrorCode, kind: FileType) -> String {
    match problem {
        Problem::TooLarge { limit, .. } => {
            format!(
                "The file is larger than {limit} bytes, the limit for {kind} files. An operator can raise it."
            )
        }
        Problem::Empty => "WhatsApp has an empty file for this message.".to_owned(),
        _ => code.sentence().to_owned(),
    }
}
