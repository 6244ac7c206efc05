//! Files that a limit of ours refused.

use mediary_core::{DownloadStatus, ErrorCode, FileType, MediaPolicy};
use mediary_testing::START;

use super::harness::Test;
use super::on_both;
use super::rows::{WEEK, failed};
use crate::*;

/// A picture that was refused for its size, of which so much is known.
async fn refused(test: &Test, id: &str, announced_size: Option<u64>) -> MediaFile {
    let claimed = test.claimed(id).await;
    let code = ErrorCode::PayloadTooLarge;
    let failure = FailedDownload { code, retryable: false, announced_size, ..failed(&claimed, None) };
    assert!(test.store.fail_download(&failure).await.unwrap());
    test.media_of(test.acme, id).await
}

async fn allow(test: &Test, limit: u64) -> Vec<Change> {
    test.store.allow_oversized(test.acme.company, FileType::Image, limit, None, 10).await.unwrap()
}

async fn file_refused_for_its_size_fails_for_now_once_the_limit_allows_it(test: &Test) {
    let company = test.acme.company;
    let known = refused(test, "known", Some(5000)).await;
    assert!(allow(test, 4999).await.is_empty());
    let count = async |limit| test.store.count_oversized(company, FileType::Image, limit).await.unwrap();
    assert_eq!((count(4999).await, count(5000).await), (1, 0));
    assert_eq!(test.store.count_oversized(company, FileType::Video, 1).await.unwrap(), 0);
    assert!(
        test.store.requeue_failed(company, None, &Actor::command_line()).await.unwrap().is_empty(),
        "it is above the limit"
    );

    let unknown = refused(test, "unknown", None).await;
    let allowed: Vec<_> = allow(test, 10).await.into_iter().map(|change| change.media_id).collect();
    assert_eq!(allowed, [Some(unknown.id)], "an older program did not write down how large it is");
    assert_eq!(allow(test, 5000).await.len(), 1);
    assert!(allow(test, 5000).await.is_empty() && count(10).await == 0);

    let now = test.media_of(test.acme, "known").await;
    assert_eq!(
        (now.download_status, now.last_error_retryable, now.next_attempt_at),
        (DownloadStatus::Failed, true, Some(START))
    );
    assert_eq!(now.id, known.id);
    assert_eq!(test.store.downloads_overview().await.unwrap().failed, 2);
    assert_eq!(test.claim().await.len(), 2, "they are fetched without being asked for");
}

async fn file_refused_for_its_size_waits_for_a_view_under_stream(test: &Test) {
    refused(test, "m1", Some(5000)).await;
    let patch = MediaSettingsPatch { policy: Some(MediaPolicy::Stream), ..Default::default() };
    test.store.update_company_settings(test.acme.company, &patch, &Actor::command_line()).await.unwrap();
    assert_eq!(allow(test, 5000).await.len(), 1);
    let now = test.media_of(test.acme, "m1").await;
    assert_eq!((now.download_status, now.policy), (DownloadStatus::Pending, MediaPolicy::Stream));
    assert_eq!((now.last_error_code, now.next_attempt_at), (None, None));
}

async fn file_refused_for_its_size_that_has_expired_stays_refused(test: &Test) {
    refused(test, "m1", Some(5000)).await;
    test.clock.advance(WEEK);
    assert!(allow(test, 5000).await.is_empty());
    assert_eq!(test.store.count_oversized(test.acme.company, FileType::Image, 1).await.unwrap(), 0);
}

on_both!(
    file_refused_for_its_size_fails_for_now_once_the_limit_allows_it,
    file_refused_for_its_size_waits_for_a_view_under_stream,
    file_refused_for_its_size_that_has_expired_stays_refused,
);
