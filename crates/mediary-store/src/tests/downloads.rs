//! A download from its lease to its end.

use std::time::Duration;

use mediary_core::{
    DownloadStatus, ErrorCode, Integrity, MediaId, MediaPolicy, ScanStatus, Sha256, StorageBackend, Timestamp,
};
use mediary_testing::START;

use super::harness::{CLAIM, Test};
use super::on_both;
use super::rows::{WEEK, failed, finished, item, new_media, picture};
use crate::*;

const MINUTE: Duration = Duration::from_secs(60);

async fn finished_download_records_key_size_and_hash(test: &Test) {
    let media = test.stored("m1").await;
    assert_eq!(media.download_status, DownloadStatus::Completed);
    assert_eq!(
        (media.file_size, media.sha256, media.bytes_downloaded),
        (Some(1234), Some(Sha256([7; 32])), 1234)
    );
    assert_eq!((media.storage_backend, media.stored_at), (Some(StorageBackend::Local), Some(START)));
    assert_eq!((media.integrity, media.download_attempts), (Some(Integrity::Verified), 1));
    assert_eq!((media.lease_until, media.last_error_code, media.next_attempt_at), (None, None, None));
    assert!(test.trash().await.is_empty());
}

async fn download_finished_twice_is_recorded_once(test: &Test) {
    let claimed = test.claimed("m1").await;
    assert!(test.store.finish_download(finished(&claimed)).await.unwrap());
    assert!(
        test.store.finish_download(finished(&claimed)).await.unwrap(),
        "the answer of the first was lost"
    );
    assert!(test.trash().await.is_empty());
}

async fn downloads_finish_in_batches(test: &Test) {
    let limits = ClaimLimits { batch: 100, per_company: 100, ..CLAIM };
    let pictures = (0..100).map(|number| item(picture(test.acme, &format!("m{number}"))));
    test.ingest(pictures.collect()).await;
    let claimed = test.store.claim_downloads("worker", &limits).await.unwrap();
    assert_eq!(claimed.len(), 100);
    let all = claimed.iter().map(|one| test.store.finish_download(finished(one)));
    assert!(futures_util::future::join_all(all).await.into_iter().all(|done| done.unwrap()));
    let completed = "SELECT CAST(COUNT(*) AS BIGINT) FROM media_files WHERE download_status = 'completed'";
    assert_eq!(test.number(completed).await, 100);
}

async fn expired_lease_is_taken_over_and_fenced(test: &Test) {
    let slow = test.claimed("m1").await;
    assert!(test.store.renew_lease(&slow, START.plus(MINUTE), 500, None).await.unwrap());
    assert_eq!(test.media_of(test.acme, "m1").await.bytes_downloaded, 500);
    test.clock.advance(MINUTE);
    assert_eq!(test.store.release_expired_leases(test.now(), 10).await.unwrap(), 0, "not before its end");
    test.clock.advance(MINUTE);
    assert_eq!(test.store.release_expired_leases(test.now(), 10).await.unwrap(), 1);
    let second = test.store.claim_downloads("worker", &CLAIM).await.unwrap().remove(0);
    assert_eq!((second.media_id, second.attempts), (slow.media_id, 2));
    // The first owner, of the same name, changes nothing any more.
    assert!(!test.store.renew_lease(&slow, test.now().plus(MINUTE), 1, None).await.unwrap());
    assert!(!test.store.fail_download(&failed(&slow, None)).await.unwrap());
    assert!(!test.store.release_download(&slow).await.unwrap());
    let zombie = FinishedDownload { sha256: Sha256([9; 32]), ..finished(&slow) };
    assert!(!test.store.finish_download(zombie).await.unwrap());
    // The second one stores under the same key: the zombie's trash must not take it along.
    assert!(test.trash().await.is_empty());
    assert!(test.store.finish_download(finished(&second)).await.unwrap());
    assert!(test.trash().await.is_empty());
    assert_eq!(test.media_of(test.acme, "m1").await.sha256, Some(Sha256([7; 32])));
}

async fn file_deleted_during_its_download_leaves_its_bytes_in_the_trash(test: &Test) {
    let claimed = test.claimed("m1").await;
    assert!(
        test.store
            .delete_media(test.acme.company, claimed.media_id, None, &Actor::command_line())
            .await
            .unwrap()
    );
    assert!(!test.store.renew_lease(&claimed, START.plus(MINUTE), 1, None).await.unwrap());
    assert!(!test.store.finish_download(finished(&claimed)).await.unwrap());
    let trash = test.trash().await;
    assert_eq!(trash.len(), 1);
    assert_eq!((&trash[0].key, trash[0].backend), (&finished(&claimed).storage_key, StorageBackend::Local));
    assert!(test.store.release_expired_leases(START.plus(WEEK), 10).await.unwrap() == 0);
}

async fn failure_is_recorded_and_tried_again(test: &Test) {
    let claimed = test.claimed("m1").await;
    let again = START.plus(MINUTE);
    assert!(test.store.fail_download(&failed(&claimed, Some(again))).await.unwrap());
    let media = test.media_of(test.acme, "m1").await;
    assert_eq!((media.download_status, media.download_attempts), (DownloadStatus::Failed, 1));
    assert_eq!(media.last_error_code, Some(ErrorCode::ProviderUnavailable));
    assert_eq!(media.last_error.as_deref(), Some("WhatsApp answered 503"));
    assert_eq!((media.last_error_retryable, media.next_attempt_at), (true, Some(again)));
}

async fn file_that_is_queued_again_shows_no_failure(test: &Test) {
    let told = async |test: &Test| {
        let media = test.media_of(test.acme, "m1").await;
        let error = (media.last_error_code, media.last_error, media.last_error_retryable);
        (media.download_status, error == (None, None, false))
    };
    let expired = async |test: &Test, claimed: &ClaimedDownload, retryable: bool| {
        let code = ErrorCode::MediaExpired;
        let failed = FailedDownload { code, retryable, ..failed(claimed, retryable.then_some(START)) };
        assert!(test.store.fail_download(&failed).await.unwrap());
        assert_eq!(told(test).await, (DownloadStatus::Failed, false));
    };
    let (company, by) = (test.acme.company, Actor::command_line());
    let claimed = test.claimed("m1").await;
    expired(test, &claimed, false).await;
    let RequeueOutcome::Queued(queued) =
        test.store.request_download(company, claimed.media_id, &by).await.unwrap()
    else {
        panic!("a failed file can be asked for");
    };
    assert_eq!((queued.download_status, queued.last_error_code), (DownloadStatus::Pending, None));
    assert_eq!(told(test).await, (DownloadStatus::Pending, true));
    let claimed = test.claim().await.remove(0);
    expired(test, &claimed, true).await;
    assert_eq!(test.store.requeue_failed(company, None, &by).await.unwrap(), [claimed.media_id]);
    assert_eq!(told(test).await, (DownloadStatus::Pending, true));
    // By itself, too, and when somebody looks.
    let claimed = test.claim().await.remove(0);
    expired(test, &claimed, true).await;
    let claimed = test.claim().await.remove(0);
    assert_eq!(told(test).await, (DownloadStatus::Downloading, true));
    expired(test, &claimed, true).await;
    let viewer = test.store.claim_for_viewer("viewer", company, claimed.media_id, MINUTE).await.unwrap();
    assert_eq!(told(test).await, (DownloadStatus::Downloading, true));
    assert!(test.store.release_download(&viewer.unwrap()).await.unwrap());
    assert_eq!(told(test).await, (DownloadStatus::Pending, true));
}

async fn refunded_start_does_not_count_but_fences(test: &Test) {
    let first = test.claimed("m1").await;
    let refunded = FailedDownload { refund_attempt: true, ..failed(&first, Some(START)) };
    assert!(test.store.fail_download(&refunded).await.unwrap());
    assert_eq!(test.media_of(test.acme, "m1").await.download_attempts, 0);
    let second = test.claim().await.remove(0);
    assert_eq!(second.attempts, 1);
    assert_ne!(first.lease, second.lease);
    assert!(!test.store.renew_lease(&first, START.plus(MINUTE), 1, None).await.unwrap());
}

async fn released_download_is_due_as_if_never_started(test: &Test) {
    let claimed = test.claimed("m1").await;
    assert!(test.store.release_download(&claimed).await.unwrap());
    let media = test.media_of(test.acme, "m1").await;
    assert_eq!((media.download_status, media.download_attempts), (DownloadStatus::Pending, 0));
    assert_eq!(test.claim().await.len(), 1);
}

async fn wrong_hash_that_repeats_is_counted(test: &Test) {
    test.picture(test.acme, "m1").await;
    for (hash, count) in
        [(Sha256([1; 32]), 1), (Sha256([1; 32]), 2), (Sha256([2; 32]), 1), (Sha256([2; 32]), 2)]
    {
        let claimed = test.claim().await.remove(0);
        let mismatch = FailedDownload { mismatch: Some(hash), ..failed(&claimed, Some(START)) };
        assert!(test.store.fail_download(&mismatch).await.unwrap());
        let claimed = test.claim().await.remove(0);
        assert_eq!((claimed.mismatch_sha256, claimed.mismatch_count), (Some(hash), count));
        assert!(test.store.release_download(&claimed).await.unwrap());
    }
}

async fn values_declared_by_graph_replace_those_of_the_webhook(test: &Test) {
    let claimed = test.claimed("m1").await;
    let declared = DeclaredMedia {
        mime_type: Some("image/png".into()),
        sha256: Some(Sha256([3; 32])),
        file_size: Some(99),
        provider_url: None,
    };
    assert!(test.store.declare_media(&claimed, &declared).await.unwrap());
    let media = test.media_of(test.acme, "m1").await;
    assert_eq!((media.mime_type.as_deref(), media.file_size), (Some("image/png"), Some(99)));
    assert_eq!(media.declared_sha256, Some(Sha256([3; 32])));
    assert_eq!(
        media.provider_url.as_deref(),
        Some("https://lookaside.example/1"),
        "nothing said, nothing changed"
    );
    assert!(test.store.release_download(&claimed).await.unwrap());
    assert!(!test.store.declare_media(&claimed, &declared).await.unwrap());
}

async fn quarantined_bytes_are_kept_until_their_release(test: &Test) {
    let claimed = test.claimed("m1").await;
    let aside = QuarantinedFile {
        storage_backend: StorageBackend::Local,
        storage_key: "media/1/1/x".into(),
        file_url: "file:///x".into(),
        file_size: 10,
        sha256: Sha256([5; 32]),
        detected_mime_type: Some("text/html".into()),
    };
    let failure = FailedDownload {
        code: ErrorCode::MediaQuarantined,
        retryable: false,
        quarantined: Some(aside),
        ..failed(&claimed, None)
    };
    assert!(test.store.fail_download(&failure).await.unwrap());
    let media = test.media_of(test.acme, "m1").await;
    assert_eq!((media.download_status, media.scan_status), (DownloadStatus::Failed, ScanStatus::Quarantined));
    let (company, id) = (test.acme.company, media.id);
    assert!(
        test.store
            .release_quarantine(test.other.company, id, &Actor::command_line())
            .await
            .unwrap()
            .is_none()
    );
    let released = test.store.release_quarantine(company, id, &Actor::command_line()).await.unwrap().unwrap();
    assert_eq!(
        (released.download_status, released.scan_status),
        (DownloadStatus::Completed, ScanStatus::Released)
    );
    assert!(test.store.release_quarantine(company, id, &Actor::command_line()).await.unwrap().is_none());
}

async fn download_request_queues_what_can_be_fetched(test: &Test) {
    let company = test.acme.company;
    let media = NewMedia { policy: MediaPolicy::OnView, download_now: false, ..new_media("m1") };
    test.ingest(vec![item(IncomingMessage { media: Some(media), ..picture(test.acme, "m1") })]).await;
    let id = test.media_of(test.acme, "m1").await.id;
    let ask = |reset| test.store.requeue_download(company, id, reset);
    let RequeueOutcome::Queued(queued) = ask(false).await.unwrap() else { panic!("queued") };
    assert_eq!((queued.download_status, queued.next_attempt_at), (DownloadStatus::Pending, Some(START)));
    let claimed = test.claim().await.remove(0);
    assert!(matches!(ask(false).await.unwrap(), RequeueOutcome::InFlight(_)));
    assert!(
        test.store
            .fail_download(&FailedDownload { retryable: false, ..failed(&claimed, None) })
            .await
            .unwrap()
    );
    let RequeueOutcome::Queued(queued) = ask(true).await.unwrap() else { panic!("queued") };
    assert_eq!(queued.download_attempts, 0);
    let claimed = test.claim().await.remove(0);
    assert!(test.store.finish_download(finished(&claimed)).await.unwrap());
    assert!(matches!(ask(false).await.unwrap(), RequeueOutcome::AlreadyCompleted));
    assert!(test.store.delete_media(company, id, None, &Actor::command_line()).await.unwrap());
    assert!(matches!(ask(false).await.unwrap(), RequeueOutcome::NotActive));
    assert!(matches!(
        test.store.requeue_download(company, MediaId(999_999), false).await.unwrap(),
        RequeueOutcome::None
    ));
}

async fn only_failures_that_a_retry_can_help_are_queued_again(test: &Test) {
    let limits = ClaimLimits { per_company: 100, ..CLAIM };
    let pictures = ["once", "twice", "lasting"].map(|id| item(picture(test.acme, id)));
    test.ingest(pictures.into()).await;
    for round in 0..2 {
        for claimed in test.store.claim_downloads("worker", &limits).await.unwrap() {
            let id = claimed.provider_media_id.as_deref().unwrap();
            let later = Some(START.plus(MINUTE));
            let failure = match (id, round) {
                ("media-lasting", _) => FailedDownload { retryable: false, ..failed(&claimed, None) },
                ("media-twice", 0) => failed(&claimed, Some(START)),
                _ => failed(&claimed, later),
            };
            assert!(test.store.fail_download(&failure).await.unwrap());
        }
    }
    let (once, twice) =
        (test.media_of(test.acme, "once").await.id, test.media_of(test.acme, "twice").await.id);
    let company = test.acme.company;
    assert_eq!(test.store.requeue_failed(company, Some(1), &Actor::command_line()).await.unwrap(), [once]);
    assert_eq!(test.store.requeue_failed(company, None, &Actor::command_line()).await.unwrap(), [twice]);
    assert!(test.store.requeue_failed(company, None, &Actor::command_line()).await.unwrap().is_empty());
}

async fn lost_file_of_the_storage_is_fetched_again(test: &Test) {
    let media = test.stored("m1").await;
    let (company, place) = (test.acme.company, media.location().unwrap());
    // Somebody looked at another place, or for other bytes: they were replaced meanwhile.
    let moved = RecordedLocation { key: "media/1/1/before".into(), ..place.clone() };
    assert!(!test.store.store_lost_file(company, media.id, &moved).await.unwrap());
    let replaced = RecordedLocation { sha256: Sha256([9; 32]), ..place.clone() };
    assert!(!test.store.store_lost_file(company, media.id, &replaced).await.unwrap());
    assert!(test.store.store_lost_file(company, media.id, &place).await.unwrap());
    assert!(!test.store.store_lost_file(company, media.id, &place).await.unwrap());
    let lost = test.media_of(test.acme, "m1").await;
    assert_eq!((lost.download_status, lost.location()), (DownloadStatus::Pending, Some(place.clone())));
    let claimed = test.claim().await;
    assert_eq!(claimed.len(), 1);
    assert!(test.store.fail_download(&failed(&claimed[0], None)).await.unwrap());
    let given_up = test.media_of(test.acme, "m1").await;
    assert_eq!(
        (given_up.download_status, given_up.location()),
        (DownloadStatus::Failed, Some(place.clone()))
    );
    let url = media.file_url.as_deref().unwrap();
    assert!(!test.store.found_again(company, media.id, &replaced, 1234, url).await.unwrap());
    assert!(!test.store.found_again(test.other.company, media.id, &place, 1234, url).await.unwrap());
    assert!(test.store.found_again(company, media.id, &place, 1234, url).await.unwrap());
    let found = test.media_of(test.acme, "m1").await;
    assert_eq!((found.download_status, found.file_url.as_deref()), (DownloadStatus::Completed, Some(url)));
    assert!(found.last_error_code.is_none() && found.next_attempt_at.is_none());
    let old = test.stored("m2").await;
    test.clock.advance(WEEK);
    assert!(!test.store.store_lost_file(company, old.id, &old.location().unwrap()).await.unwrap());
    let kept = test.media_of(test.acme, "m2").await;
    assert_eq!(
        (kept.storage_key, kept.sha256),
        (old.storage_key, old.sha256),
        "nobody else knows where it is"
    );
}

async fn files_expired_at_whatsapp_are_given_up(test: &Test) {
    test.stored("kept").await;
    let media = test.picture(test.acme, "m1").await;
    assert!(test.store.expire_unsaved(START.plus(WEEK - MINUTE), 10).await.unwrap().is_empty());
    let changes = test.store.expire_unsaved(START.plus(WEEK), 10).await.unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].media_id, changes[0].message_id), (Some(media.id), media.message_id));
    let media = test.media_of(test.acme, "m1").await;
    assert_eq!(media.last_error_code, Some(ErrorCode::MediaExpired));
    assert!(!media.last_error_retryable && media.next_attempt_at.is_none());
    assert!(test.store.expire_unsaved(START.plus(WEEK), 10).await.unwrap().is_empty());
    assert!(test.claim().await.is_empty());
}

async fn leases_are_void_when_the_only_program_starts(test: &Test) {
    test.claimed("m1").await;
    let released = test.store.release_leases_at_start().await.unwrap();
    // Where nodes share a database, another one may well be at it.
    let alone = test.store.backend() == Backend::Sqlite;
    assert_eq!(released, u64::from(alone));
    assert_eq!(test.claim().await.len(), usize::from(alone));
}

async fn overview_counts_files_by_status(test: &Test) {
    let claimed = test.claimed("failing").await;
    assert!(test.store.fail_download(&failed(&claimed, Some(START.plus(MINUTE)))).await.unwrap());
    test.claimed("running").await;
    test.picture(test.other, "waiting").await;
    let overview = test.store.downloads_overview().await.unwrap();
    assert_eq!((overview.pending_due, overview.downloading, overview.failed), (1, 1, 1));
    assert_eq!((overview.oldest_due_at, overview.expiring_within_a_day), (Some(START), 0));
    test.clock.advance(WEEK - MINUTE);
    assert_eq!(test.store.downloads_overview().await.unwrap().expiring_within_a_day, 2);
}

async fn backfill_finds_the_files_that_can_be_fetched(test: &Test) {
    test.stored("kept").await;
    let expiring = |id: &str, at: Timestamp| {
        let media = NewMedia { expires_at: at, ..new_media(id) };
        item(IncomingMessage { media: Some(media), ..picture(test.acme, id) })
    };
    let at = |minutes: u32| START.plus(MINUTE * minutes);
    test.ingest(vec![expiring("lost", START), expiring("second", at(9)), expiring("first", at(3))]).await;
    test.ingest(vec![item(picture(test.other, "others"))]).await;
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let stretch = test.store.due_for_backfill(Some(test.acme.company), after, 1).await.unwrap();
        let Some(ScannedBatch { found, upto }) = stretch else { break };
        assert!(found.len() <= 1 && Some(upto) > after);
        after = Some(upto);
        seen.extend(found.into_iter().map(|row| row.provider_media_id.unwrap()));
    }
    assert_eq!(seen, ["media-first", "media-second"]);
    assert_eq!(test.store.due_for_backfill(None, None, 10).await.unwrap().unwrap().found.len(), 3);
}

async fn sweep_preview_counts_without_changes(test: &Test) {
    let deleted = test.stored("deleted").await;
    assert!(
        test.store.delete_media(test.acme.company, deleted.id, None, &Actor::command_line()).await.unwrap()
    );
    test.claimed("running").await;
    test.picture(test.other, "waiting").await;
    let past = |now| SweepTimes { now, processed_before: now, parked_before: now, done_before: START };
    let due = test.store.sweep_preview(past(START)).await.unwrap();
    assert_eq!(due, SweepPreview { trash: 1, ..SweepPreview::default() });
    test.clock.advance(WEEK);
    let due = test.store.sweep_preview(past(test.now())).await.unwrap();
    assert_eq!(
        due,
        SweepPreview { leases: 1, expired_unsaved: 1, trash: 1, webhooks: 3, ..SweepPreview::default() }
    );
    assert_eq!(test.store.release_expired_leases(test.now(), 10).await.unwrap(), 1, "nothing was done");
}

on_both!(
    sweep_preview_counts_without_changes,
    finished_download_records_key_size_and_hash,
    download_finished_twice_is_recorded_once,
    downloads_finish_in_batches,
    expired_lease_is_taken_over_and_fenced,
    file_deleted_during_its_download_leaves_its_bytes_in_the_trash,
    failure_is_recorded_and_tried_again,
    file_that_is_queued_again_shows_no_failure,
    refunded_start_does_not_count_but_fences,
    released_download_is_due_as_if_never_started,
    wrong_hash_that_repeats_is_counted,
    values_declared_by_graph_replace_those_of_the_webhook,
    quarantined_bytes_are_kept_until_their_release,
    download_request_queues_what_can_be_fetched,
    only_failures_that_a_retry_can_help_are_queued_again,
    lost_file_of_the_storage_is_fetched_again,
    files_expired_at_whatsapp_are_given_up,
    leases_are_void_when_the_only_program_starts,
    overview_counts_files_by_status,
    backfill_finds_the_files_that_can_be_fetched,
);
