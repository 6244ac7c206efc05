//! How a download ends: kept, held back for an admin, tried again or given up.

use mediary_blob::{StorageKey, Stored};
use mediary_core::{DownloadStatus, ErrorCode, FileType, Integrity, ScanStatus, Timestamp};
use mediary_formats::{Verdict, verdict};
use mediary_store::{ClaimedDownload, FailedDownload, FinishedDownload, QuarantinedFile};
use metrics::counter;

use super::decide::{Decision, Problem, Situation, decide};
use super::judge::{Earlier, judge};
use super::transfer::{Failure, Fetched};
use crate::base::error::Result;
use crate::base::fault;
use crate::base::metrics::{DOWNLOAD_FAILED, STORAGE_ERRORS};
use crate::engine::Engine;
use crate::events::bus::{EventData, EventName};
use crate::transit::outcome::How;
use crate::whatsapp::accounts::KnownAccount;

/// Publishes a fetched file and records it, if its bytes are what they should be.
#[tracing::instrument(level = "debug", skip_all)]
pub(super) async fn keep(
    engine: &Engine,
    claim: &ClaimedDownload,
    fetched: Fetched,
    began: Timestamp,
) -> std::result::Result<(), Failure> {
    let Fetched { sealed, key, sample, declared } = fetched;
    let earlier = Earlier { sha256: claim.mismatch_sha256, times: claim.mismatch_count };
    let integrity = match judge(sealed.size(), sealed.sha256(), declared, earlier) {
        Ok(integrity) => integrity,
        Err(problem) => {
            sealed.discard().await?;
            return Err(problem.into());
        }
    };
    // A policy that keeps nothing took the lease away, so no record would name the bytes.
    let account = engine.account_of(claim.company_id, claim.account_id).await;
    if account.is_ok_and(|account| !account.policy.keeps_bytes()) {
        sealed.discard().await?;
        return Ok(());
    }
    let verdict = verdict(claim.file_type, claim.mime_type.as_deref(), &sample);
    let stored = sealed.publish().await?;
    fault::point("fetch.published");
    engine.gates().storage_well();
    engine.gates().account_well(claim.account_id);
    let recorded = match verdict {
        Verdict::OtherFamily(mime) => quarantine(engine, claim, &key, stored, mime).await,
        _ => {
            let finished = finished(engine, claim, &key, stored);
            let detected_mime_type = detected(claim, verdict);
            finish(engine, claim, FinishedDownload { integrity, detected_mime_type, ..finished }, began).await
        }
    };
    fault::point("fetch.finished");
    match recorded {
        Ok(true) => {}
        // The record was taken from us while we published. The bytes are in the trash.
        Ok(false) => engine.wake().sweep(),
        // The bytes stay. Once the lease has run out the file is fetched again, into the same place.
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a stored file could not be recorded")
        }
    }
    Ok(())
}

fn finished(engine: &Engine, claim: &ClaimedDownload, key: &StorageKey, stored: Stored) -> FinishedDownload {
    let storage = engine.parts().storages.primary();
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
        stored_at: engine.now(),
    }
}

async fn finish(
    engine: &Engine,
    claim: &ClaimedDownload,
    finished: FinishedDownload,
    began: Timestamp,
) -> Result<bool> {
    let size = finished.file_size;
    let recorded = engine.store().finish_download(finished).await?;
    if recorded {
        engine.meters().completed.increment(1);
        let took = engine.now().since(began);
        engine.meters().download_seconds.record(took);
        tracing::info!(
            size_bytes = size,
            duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "media_download_completed"
        );
        tell(engine, claim, How::Stored, Some(size));
    }
    Ok(recorded)
}

/// Keeps the bytes for an admin to look at, and the file from everybody else.
async fn quarantine(
    engine: &Engine,
    claim: &ClaimedDownload,
    key: &StorageKey,
    stored: Stored,
    mime: &'static str,
) -> Result<bool> {
    let storage = engine.parts().storages.primary();
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
    let recorded = record_failure(engine, claim, &failed).await?;
    if !recorded {
        let (company, media) = (claim.company_id, claim.media_id);
        engine.store().discard_bytes(company, media, storage.backend(), key.as_str()).await?;
    }
    Ok(recorded)
}

/// Does what the failure table says about a download that did not work.
pub(super) async fn fail(
    engine: &Engine,
    claim: &ClaimedDownload,
    account: Option<&KnownAccount>,
    failure: Failure,
) -> Result<()> {
    let Failure { problem, cause } = failure;
    let now = engine.now();
    let gates = engine.gates();
    let situation = Situation {
        attempts: claim.attempts,
        throttled_in_row: gates.throttled_in_row(claim.account_id, now),
        storage_failed_in_row: gates.storage_failed_in_row(now),
        random: rand::random(),
        now,
        expires_at: claim.expires_at,
    };
    let decision = decide(&problem, &engine.config().rules, situation);
    tracing::warn!(
        code = %decision.code(),
        attempts = claim.attempts,
        error = cause.as_ref().map(|cause| cause as &dyn std::error::Error),
        "media_download_failed"
    );
    let mut failed = failed(claim, decision.code(), explain(&problem, decision.code(), claim.file_type));
    match decision {
        Decision::GiveUp(_) => {}
        Decision::TryAgain { wait, .. } => {
            failed.next_attempt_at = Some(now.plus(wait));
            failed.mismatch = match problem {
                Problem::WrongBytes { sha256 } => Some(sha256),
                _ => None,
            };
        }
        Decision::PauseAccount { wait, .. } => {
            failed.next_attempt_at = Some(match account {
                Some(account) => engine.pause_account(account, wait).await?,
                None => now.plus(wait),
            });
            failed.refund_attempt = true;
        }
        Decision::AskForToken => {
            if let Some(account) = account {
                engine.token_refused(account).await?;
            }
            failed.next_attempt_at = Some(now);
            failed.refund_attempt = true;
        }
        Decision::PauseStorage { code, wait } => {
            let kind = if code == ErrorCode::StorageFull { "full" } else { "io" };
            counter!(STORAGE_ERRORS, "kind" => kind).increment(1);
            failed.next_attempt_at = Some(gates.pause_storage(code, now, wait));
            failed.refund_attempt = true;
        }
    }
    failed.retryable = failed.next_attempt_at.is_some();
    record_failure(engine, claim, &failed).await?;
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
        refund_attempt: false,
        mismatch: None,
        quarantined: None,
    }
}

async fn record_failure(engine: &Engine, claim: &ClaimedDownload, failed: &FailedDownload) -> Result<bool> {
    let recorded = engine.store().fail_download(failed).await?;
    if recorded {
        counter!(DOWNLOAD_FAILED, "code" => failed.code.as_str()).increment(1);
        let how = if failed.retryable { How::FailedForNow } else { How::FailedForGood };
        tell(engine, claim, how, None);
    }
    Ok(recorded)
}

fn tell(engine: &Engine, claim: &ClaimedDownload, how: How, file_size: Option<u64>) {
    let (name, status) = match how {
        How::Stored => (EventName::MediaCompleted, DownloadStatus::Completed),
        How::FailedForNow | How::FailedForGood => (EventName::MediaFailed, DownloadStatus::Failed),
    };
    let data = EventData { status: Some(status), file_size, ..EventData::media(claim) };
    engine.events().publish(claim.company_id, name, data);
    engine.ended().tell(claim.media_id, how);
}

/// The type by the bytes; where they agree with what was declared, what was declared, without its parameters.
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

/// What happened, for the person who looks at the file.
fn explain(problem: &Problem, code: ErrorCode, kind: FileType) -> String {
    match problem {
        Problem::TooLarge { limit } => {
            format!(
                "The file is larger than {limit} bytes, the limit for {kind} files. An operator can raise it."
            )
        }
        Problem::Empty => "WhatsApp has an empty file for this message.".to_owned(),
        _ => code.sentence().to_owned(),
    }
}
