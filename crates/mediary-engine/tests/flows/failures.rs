//! Every row of the failure table, end to end.

use std::time::Duration;

use mediary_core::{AccountStatus, DownloadStatus, ErrorCode, Integrity, Provider, ScanStatus, Scope};
use mediary_engine::{AccountChange, Target};
use mediary_simulator::{FaultKind, FaultSpec, MediaRecord, MediaSpec, Place, Route, TokenState};
use mediary_store::{Actor, MediaFile};
use mediary_testing::eventually;
use mediary_testing::files::PNG;
use mediary_testing::installation::ACCESS_TOKEN;
use mediary_testing::simulator::media_node;
use mediary_testing::whatsapp::{message, webhook};
use secrecy::SecretString;

use crate::harness::{World, on_every_provider, read_all};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

pub(crate) fn assert_completed(record: &MediaFile, attempts: i64) {
    assert_eq!(record.download_status, DownloadStatus::Completed, "{:?}", record.last_error);
    assert_eq!(record.integrity, Some(Integrity::Verified));
    assert_eq!(record.download_attempts, attempts);
}

pub(crate) fn assert_failed(record: &MediaFile, code: ErrorCode, retryable: bool) {
    assert_eq!(record.download_status, DownloadStatus::Failed);
    assert_eq!((record.last_error_code, record.last_error_retryable), (Some(code), retryable));
    assert_eq!(record.next_attempt_at.is_some(), retryable);
}

/// Arms a fault and has a message with a picture arrive.
pub(crate) async fn arrive_with(world: &World, fault: FaultSpec) -> (MediaRecord, MediaFile) {
    let media = world.png(1).await;
    world.whatsapp.add_fault(fault.of(&media.id)).unwrap();
    let record = world.arrive("wamid.1", "image", &media).await;
    (media, record)
}

pub(crate) async fn run_after(world: &World, wait: Duration, media: &MediaRecord) -> MediaFile {
    world.advance(wait);
    world.engine.run_due().await.unwrap();
    world.media_of(&media.id).await
}

async fn download_without_failures_takes_one_attempt(provider: Provider) {
    let world = World::of(provider).await;
    let media = world.png(1).await;
    let record = world.arrive("wamid.1", "image", &media).await;
    assert_completed(&record, 1);
    assert_eq!(record.file_size, Some(i64::try_from(media.file_size).unwrap()));
    assert_eq!(record.detected_mime_type.as_deref(), Some("image/png"));
    let bytes = read_all(world.open(Target::Media(record.id)).await.unwrap()).await;
    assert_eq!(bytes, [PNG, &[1; 1000]].concat());
}

#[tokio::test]
async fn url_of_the_webhook_is_used_while_it_is_young() {
    for (age, resolves) in [(0, 0), (239, 0), (241, 1)] {
        let world = World::new().await;
        let media = world.png(1).await;
        let mut node = media_node(&media);
        node["url"] = world.graph.media_info(ACCESS_TOKEN, &media.id, None).await.unwrap().url.into();
        world.post(&webhook(message("wamid.1", "image", node))).await;
        world.advance(age * SECOND);
        world.engine.run_due().await.unwrap();
        assert_completed(&world.media_of(&media.id).await, 1);
        assert_eq!(world.whatsapp.media_stats(&media.id).resolves, 1 + resolves, "after {age} s");
    }
}

#[tokio::test]
async fn graph_is_asked_again_after_a_failure() {
    let world = World::new().await;
    let media = world.png(1).await;
    let mut node = media_node(&media);
    node["url"] = world.graph.media_info(ACCESS_TOKEN, &media.id, None).await.unwrap().url.into();
    node["sha256"] = "00".repeat(32).into();
    world.post(&webhook(message("wamid.1", "image", node))).await;
    world.engine.run_due().await.unwrap();
    assert_failed(&world.media_of(&media.id).await, ErrorCode::IntegrityMismatch, true);
    // Graph knows the right hash.
    assert_completed(&run_after(&world, 2 * SECOND, &media).await, 2);
}

async fn media_unknown_to_graph_has_expired_for_good(provider: Provider) {
    let world = World::of(provider).await;
    let (media, record) = arrive_with(&world, FaultSpec::new(FaultKind::Expired)).await;
    assert_failed(&record, ErrorCode::MediaExpired, false);
    world.whatsapp.clear_faults();
    let record = run_after(&world, DAY, &media).await;
    assert_failed(&record, ErrorCode::MediaExpired, false);
    assert_eq!(world.whatsapp.media_stats(&media.id).resolves, 1, "it is never asked for again");
}

async fn stale_url_is_replaced_once_within_the_attempt(provider: Provider) {
    for status in [401, 403, 404, 410] {
        let world = World::of(provider).await;
        let stale = FaultSpec::new(FaultKind::StaleUrl).status(status).times(1);
        let (media, record) = arrive_with(&world, stale).await;
        assert_completed(&record, 1);
        assert_eq!(world.whatsapp.media_stats(&media.id).resolves, 2, "HTTP {status}");
        let account = world.store.account(world.company, world.account).await.unwrap().unwrap();
        assert_eq!(account.status, AccountStatus::Active, "the URL is stale, not the token");
    }
}

async fn url_that_stays_stale_is_an_outage(provider: Provider) {
    let world = World::of(provider).await;
    let stale = FaultSpec::new(FaultKind::StaleUrl).times(2);
    let (media, record) = arrive_with(&world, stale).await;
    assert_failed(&record, ErrorCode::ProviderUnavailable, true);
    assert_completed(&run_after(&world, 2 * SECOND, &media).await, 2);
}

async fn throttling_pauses_the_whole_account_and_costs_no_attempt(provider: Provider) {
    for code in [4, 80007, 130_429, 131_056] {
        let world = World::of(provider).await;
        let throttled = FaultSpec::new(FaultKind::Throttled).code(code).times(1);
        let (media, record) = arrive_with(&world, throttled).await;
        assert_failed(&record, ErrorCode::ProviderRateLimited, true);
        assert_eq!(record.download_attempts, 0);
        let other = world.png(2).await;
        let waits = world.arrive("wamid.2", "image", &other).await;
        assert_eq!(waits.download_status, DownloadStatus::Pending, "code {code}");
        assert_eq!(world.whatsapp.media_stats(&other.id).resolves, 0);
        assert_completed(&run_after(&world, 7 * SECOND, &media).await, 1);
        assert_completed(&world.media_of(&other.id).await, 1);
    }
}

async fn throttling_waits_as_long_as_requested(provider: Provider) {
    let world = World::of(provider).await;
    let mut told = FaultSpec::new(FaultKind::TooManyRequests).times(1);
    told.retry_after_seconds = Some(40);
    let (media, record) = arrive_with(&world, told).await;
    assert_failed(&record, ErrorCode::ProviderRateLimited, true);
    let record = run_after(&world, 39 * SECOND, &media).await;
    assert_failed(&record, ErrorCode::ProviderRateLimited, true);
    assert_completed(&run_after(&world, SECOND, &media).await, 1);
}

async fn throttling_without_a_requested_wait_waits_longer_each_time(provider: Provider) {
    let world = World::of(provider).await;
    let (media, _) = arrive_with(&world, FaultSpec::new(FaultKind::Throttled).times(3)).await;
    for wait in [5, 10, 20] {
        let early = run_after(&world, (wait - 1) * SECOND, &media).await;
        assert_failed(&early, ErrorCode::ProviderRateLimited, true);
        let resolves = world.whatsapp.media_stats(&media.id).resolves;
        // Up to a quarter is added to each wait.
        run_after(&world, (1 + wait / 4 + 1) * SECOND, &media).await;
        assert_eq!(world.whatsapp.media_stats(&media.id).resolves, resolves + 1, "after {wait} s");
    }
    assert_completed(&world.media_of(&media.id).await, 1);
}

async fn refused_token_pauses_the_account_until_it_is_renewed(provider: Provider) {
    for code in [190, 0] {
        let world = World::of(provider).await;
        let refused = FaultSpec::new(FaultKind::TokenExpired).code(code);
        let (media, record) = arrive_with(&world, refused).await;
        assert_failed(&record, ErrorCode::ProviderUnauthorized, true);
        assert_eq!(record.download_attempts, 0);
        let account = world.store.account(world.company, world.account).await.unwrap().unwrap();
        assert_eq!(account.status, AccountStatus::NeedsToken, "code {code}");
        let other = world.png(2).await;
        world.arrive("wamid.2", "image", &other).await;
        assert_eq!(run_after(&world, DAY, &other).await.download_status, DownloadStatus::Pending);
        assert_eq!(world.whatsapp.media_stats(&other.id).resolves, 0, "a bad token is not used again");
        world.whatsapp.clear_faults();
        let renewed = AccountChange { access_token: Some(world.renewed_token()), ..AccountChange::default() };
        world
            .engine
            .accounts()
            .update(world.company, world.account, &renewed, &Actor::command_line())
            .await
            .unwrap();
        assert_completed(&run_after(&world, Duration::ZERO, &media).await, 1);
        assert_completed(&world.media_of(&other.id).await, 1);
    }
}

async fn token_renewed_during_a_download_is_not_blamed(provider: Provider) {
    let world = World::of(provider).await;
    world.whatsapp.take_unknown_tokens(false);
    world.whatsapp.set_token("new", TokenState::Valid).unwrap();
    world.whatsapp.set_token(ACCESS_TOKEN, TokenState::Expired).unwrap();
    // The old token is still remembered when another process renews it.
    world.engine.accounts().by_id(world.company, world.account).await.unwrap();
    let elsewhere = world.another_engine();
    let renewed = AccountChange { access_token: Some(SecretString::from("new")), ..AccountChange::default() };
    elsewhere
        .accounts()
        .update(world.company, world.account, &renewed, &Actor::command_line())
        .await
        .unwrap();
    let media = world.png(1).await;
    let record = world.arrive("wamid.1", "image", &media).await;
    assert_completed(&record, 1);
}

async fn temporary_failures_are_retried_with_growing_waits(provider: Provider) {
    let timeout = ErrorCode::ProviderTimeout;
    let outage = ErrorCode::ProviderUnavailable;
    let table = [
        (FaultSpec::new(FaultKind::ServerError).at(Place::Resolve), outage),
        (FaultSpec::new(FaultKind::ServerError).at(Place::Download), outage),
        (FaultSpec::new(FaultKind::Html).at(Place::Resolve), outage),
        (FaultSpec::new(FaultKind::Cut), outage),
        (FaultSpec::new(FaultKind::Gzip), outage),
        (FaultSpec::new(FaultKind::RedirectLoop), outage),
        (FaultSpec::new(FaultKind::Stalled), timeout),
    ];
    for (fault, code) in table {
        let kind = fault.kind;
        let world = World::of(provider).await;
        let (media, record) = arrive_with(&world, fault).await;
        assert_eq!(record.last_error_code, Some(code), "{kind:?}");
        world.whatsapp.clear_faults();
        assert_failed(&record, code, true);
        assert_eq!((record.download_attempts, world.stored_files()), (1, 0), "{kind:?} leaves nothing");
        assert_completed(&run_after(&world, 2 * SECOND, &media).await, 2);
    }
}

async fn download_retries_slowly_after_five_quick_attempts_until_the_media_expires(provider: Provider) {
    let world = World::of(provider).await;
    let (media, _) = arrive_with(&world, FaultSpec::new(FaultKind::ServerError).at(Place::Resolve)).await;
    let mut waits = Vec::new();
    for _ in 0..7 {
        let record = world.media_of(&media.id).await;
        let wait = record.next_attempt_at.unwrap().since(world.engine.now());
        waits.push(wait.as_secs());
        run_after(&world, wait, &media).await;
    }
    let least = [1, 2, 4, 8, 16, 300, 300];
    for (wait, least) in waits.iter().zip(least) {
        assert!((least..=least + least / 4).contains(wait), "waits were {waits:?}");
    }
    world.advance(7 * DAY);
    world.engine.sweep().await.unwrap();
    assert_failed(&world.media_of(&media.id).await, ErrorCode::MediaExpired, false);
}

#[tokio::test]
async fn file_that_is_too_large_is_not_fetched() {
    let world = World::with(|config| config.inbound_limits.image = 500).await;
    let media = world.png(1).await;
    let record = world.arrive("wamid.1", "image", &media).await;
    assert_failed(&record, ErrorCode::PayloadTooLarge, false);
    assert!(record.last_error.unwrap().contains("500 bytes"));
    assert_eq!(world.whatsapp.stats().requests(Route::DownloadMedia), 0);
    let document = world.upload([PNG, &[1; 1000]].concat(), "image/png").await;
    assert_completed(&world.arrive("wamid.2", "document", &document).await, 1);
}

async fn endless_body_is_cut(provider: Provider) {
    let world = World::of(provider).await;
    let (media, record) = arrive_with(&world, FaultSpec::new(FaultKind::Endless).times(1)).await;
    assert_failed(&record, ErrorCode::IntegrityMismatch, true);
    assert_eq!(world.stored_files(), 0);
    assert!(world.whatsapp.media_stats(&media.id).bytes_sent < 64 * 1024 * 1024);
    assert_completed(&run_after(&world, 2 * SECOND, &media).await, 2);
}

async fn file_of_another_type_of_its_family_is_kept_with_a_warning(provider: Provider) {
    let world = World::of(provider).await;
    let media = world.upload([PNG, &[1; 1000]].concat(), "image/jpeg").await;
    let record = world.arrive("wamid.1", "image", &media).await;
    assert_completed(&record, 1);
    assert_eq!(record.mime_type.as_deref(), Some("image/jpeg"));
    assert_eq!(record.detected_mime_type.as_deref(), Some("image/png"));
    let opened = world.open(Target::Media(record.id)).await.unwrap();
    assert_eq!(opened.info.mime_type, "image/png", "it is served as what it is");
}

async fn file_of_another_family_is_quarantined_with_its_bytes(provider: Provider) {
    let world = World::of(provider).await;
    let media = world.upload("<!DOCTYPE html><html><script>alert(1)</script>", "image/jpeg").await;
    let record = world.arrive("wamid.1", "image", &media).await;
    assert_failed(&record, ErrorCode::MediaQuarantined, false);
    assert_eq!(record.scan_status, ScanStatus::Quarantined);
    assert_eq!(record.detected_mime_type.as_deref(), Some("text/html"));
    assert!(record.storage_key.is_some() && world.stored_files() == 1, "an admin can look at them");
    let refused = world.open(Target::Media(record.id)).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::MediaQuarantined);
    world.engine.delete_media(&world.may(), record.id, &Actor::command_line()).await.unwrap();
    world.engine.sweep().await.unwrap();
    assert_eq!(world.stored_files(), 0);
}

async fn wrong_bytes_are_discarded_and_fetched_again(provider: Provider) {
    for kind in [FaultKind::WrongHash, FaultKind::Short] {
        let world = World::of(provider).await;
        let (media, record) = arrive_with(&world, FaultSpec::new(kind).times(2)).await;
        assert_failed(&record, ErrorCode::IntegrityMismatch, true);
        assert_eq!(world.stored_files(), 0);
        let record = run_after(&world, 2 * SECOND, &media).await;
        assert_failed(&record, ErrorCode::IntegrityMismatch, true);
        assert_completed(&run_after(&world, 3 * SECOND, &media).await, 3);
    }
}

async fn wrong_bytes_that_come_three_times_running_are_kept_with_a_warning(provider: Provider) {
    let world = World::of(provider).await;
    let (media, _) = arrive_with(&world, FaultSpec::new(FaultKind::WrongHash)).await;
    run_after(&world, 2 * SECOND, &media).await;
    let record = run_after(&world, 3 * SECOND, &media).await;
    assert_eq!(record.download_status, DownloadStatus::Completed);
    assert_eq!(record.integrity, Some(Integrity::Mismatch));
    assert_ne!(record.sha256, record.declared_sha256);
}

async fn hash_of_graph_wins_and_one_of_another_length_is_ignored(provider: Provider) {
    let world = World::of(provider).await;
    let media = world.png(1).await;
    for (wamid, declared) in [("wamid.1", "bm90IGEgaGFzaA=="), ("wamid.2", &*"0".repeat(64))] {
        let mut node = media_node(&media);
        node["sha256"] = declared.into();
        world.post(&webhook(message(wamid, "image", node))).await;
    }
    world.engine.run_due().await.unwrap();
    let all = world.all_media().await;
    assert_eq!(all.len(), 2);
    for record in all {
        assert_completed(&record, 1);
    }
}

async fn storage_that_refuses_pauses_all_downloads_and_readiness_says_so(provider: Provider) {
    let world = World::of(provider).await;
    // A file where the folder belongs.
    let in_the_way = world.folder.path().join("media");
    let _ = std::fs::remove_dir_all(&in_the_way);
    std::fs::write(&in_the_way, "").unwrap();
    let media = world.png(1).await;
    let record = world.arrive("wamid.1", "image", &media).await;
    assert_failed(&record, ErrorCode::StorageError, true);
    assert_eq!(record.download_attempts, 0);
    let storage = world.engine.health().await.into_iter().find(|check| check.name == "storage").unwrap();
    assert!(!storage.ok && storage.detail.is_some());
    std::fs::remove_file(&in_the_way).unwrap();
    assert_completed(&run_after(&world, 2 * SECOND, &media).await, 1);
    assert!(world.engine.health().await.iter().all(|check| check.ok));
}

async fn message_deleted_during_its_download_leaves_nothing(provider: Provider) {
    let world = World::of(provider).await;
    let media = world.png(1).await;
    let mut slow = FaultSpec::new(FaultKind::Slow).of(&media.id);
    slow.delay_ms = Some(300);
    world.whatsapp.add_fault(slow).unwrap();
    world.announce("wamid.1", "image", &media).await;
    let engine = world.engine.clone();
    let running = tokio::spawn(async move { engine.run_due().await.unwrap() });
    eventually("the download to begin", async || match world.whatsapp.media_stats(&media.id).in_flight {
        0 => Err("nothing in flight"),
        _ => Ok(()),
    })
    .await;
    let record = world.media_of(&media.id).await;
    world.engine.delete_media(&world.may(), record.id, &Actor::command_line()).await.unwrap();
    running.await.unwrap();
    world.engine.sweep().await.unwrap();
    let record = world.store.media(&Scope::system(world.company), record.id).await.unwrap().unwrap();
    assert!(!record.is_active);
    assert_ne!(record.download_status, DownloadStatus::Completed);
    assert_eq!(world.stored_files(), 0);
}

async fn large_files_report_their_size_before_they_are_stored(provider: Provider) {
    let world = World::of(provider).await;
    let spec = MediaSpec::generated(3 * 1024 * 1024, 7, "video/mp4");
    let media = world.whatsapp.add_media(&spec).await.unwrap();
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::Cut).of(&media.id).times(1)).unwrap();
    let record = world.arrive("wamid.1", "video", &media).await;
    assert_failed(&record, ErrorCode::ProviderUnavailable, true);
    assert_eq!(record.file_size, Some(3 * 1024 * 1024));
    assert_completed(&run_after(&world, 2 * SECOND, &media).await, 2);
}

on_every_provider! {
    download_without_failures_takes_one_attempt,
    media_unknown_to_graph_has_expired_for_good,
    throttling_pauses_the_whole_account_and_costs_no_attempt,
    throttling_waits_as_long_as_requested,
    throttling_without_a_requested_wait_waits_longer_each_time,
    refused_token_pauses_the_account_until_it_is_renewed,
    download_retries_slowly_after_five_quick_attempts_until_the_media_expires,
    file_of_another_type_of_its_family_is_kept_with_a_warning,
    file_of_another_family_is_quarantined_with_its_bytes,
    wrong_bytes_are_discarded_and_fetched_again,
    wrong_bytes_that_come_three_times_running_are_kept_with_a_warning,
    storage_that_refuses_pauses_all_downloads_and_readiness_says_so,
}

/// What only temporary URLs can do.
mod urls {
    use super::{
        endless_body_is_cut, hash_of_graph_wins_and_one_of_another_length_is_ignored,
        large_files_report_their_size_before_they_are_stored,
        message_deleted_during_its_download_leaves_nothing, stale_url_is_replaced_once_within_the_attempt,
        temporary_failures_are_retried_with_growing_waits, token_renewed_during_a_download_is_not_blamed,
        url_that_stays_stale_is_an_outage,
    };
    use crate::harness::on_graph_providers;

    on_graph_providers! {
        stale_url_is_replaced_once_within_the_attempt,
        url_that_stays_stale_is_an_outage,
        token_renewed_during_a_download_is_not_blamed,
        temporary_failures_are_retried_with_growing_waits,
        endless_body_is_cut,
        hash_of_graph_wins_and_one_of_another_length_is_ignored,
        message_deleted_during_its_download_leaves_nothing,
        large_files_report_their_size_before_they_are_stored,
    }
}
