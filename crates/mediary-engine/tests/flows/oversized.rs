//! Files that a limit of ours refused, after the limit was raised and the program started again.

use mediary_core::{DownloadStatus, ErrorCode, FileType, MediaPolicy};
use mediary_engine::{
    BackfillOptions, BackfillReport, Engine, EngineConfig, OpenRequest, OversizedFiles, RequestedContent,
    Target,
};
use mediary_simulator::MediaRecord;
use mediary_store::Actor;

use crate::failures::{assert_completed, assert_failed};
use crate::harness::{World, read_all};

/// A picture of a thousand bytes and some, refused by a limit of 500.
async fn refused() -> (World, MediaRecord) {
    let world = World::with(|config| config.inbound_limits.image = 500).await;
    let media = world.png(1).await;
    assert_failed(&world.arrive("wamid.1", "image", &media).await, ErrorCode::PayloadTooLarge, false);
    (world, media)
}

/// The next start, with another limit.
fn restarted(world: &World, limit: u64) -> Engine {
    let mut config = EngineConfig::default();
    config.inbound_limits.image = limit;
    world.engine_as(world.storage.clone().into(), config)
}

async fn view(world: &World, engine: &Engine, media: &MediaRecord) -> Result<Vec<u8>, ErrorCode> {
    let target = Target::Media(world.media_of(&media.id).await.id);
    let request = OpenRequest { target, variant: None, wanted: RequestedContent::Bytes { range: None } };
    match engine.open(&world.may(), request).await {
        Ok(opened) => Ok(read_all(opened).await),
        Err(error) => Err(error.code()),
    }
}

#[tokio::test]
async fn file_that_was_too_large_is_fetched_by_the_next_start_with_a_larger_limit() {
    let (world, media) = refused().await;
    let engine = restarted(&world, 10_000);
    engine.sweep().await.unwrap();
    let overview = world.store.downloads_overview().await.unwrap();
    assert_eq!(overview.failed, 1, "the metrics count what can still be lost");
    engine.run_due().await.unwrap();
    assert_completed(&world.media_of(&media.id).await, 2);
}

#[tokio::test]
async fn file_that_was_too_large_is_seen_and_kept_once_the_limit_allows_it() {
    let (world, media) = refused().await;
    assert_eq!(view(&world, &world.engine, &media).await, Err(ErrorCode::PayloadTooLarge));
    let seen = view(&world, &restarted(&world, 10_000), &media).await.unwrap();
    assert!(seen.len() > 1000);
}

#[tokio::test]
async fn file_that_was_too_large_is_fetched_by_backfill_once_the_limit_allows_it() {
    let (world, media) = refused().await;
    let options = BackfillOptions::default;
    let still = restarted(&world, 800).backfill(options(), |_, _| {}).await.unwrap();
    assert_eq!(still, BackfillReport::default());
    let report = restarted(&world, 10_000).backfill(options(), |_, _| {}).await.unwrap();
    assert_eq!(report, BackfillReport { saved: 1, ..BackfillReport::default() });
    assert_completed(&world.media_of(&media.id).await, 1);
}

#[tokio::test]
async fn file_that_was_too_large_is_retried_in_bulk_once_the_limit_allows_it() {
    let (world, media) = refused().await;
    let still = restarted(&world, 800);
    let outcome = still.retry_failed(&world.may(), None, &Actor::command_line()).await.unwrap();
    assert_eq!(outcome.retried, 0);
    let left = OversizedFiles { file_type: FileType::Image, limit: 800, files: 1 };
    assert_eq!(still.oversized(world.company).await.unwrap(), [left]);

    let engine = restarted(&world, 10_000);
    let shutdown = mediary_engine::Shutdown::default();
    let (running, stop) = (engine.clone(), shutdown.clone());
    let (outcome, ran) = tokio::join!(
        async {
            let outcome = engine.retry_failed(&world.may(), None, &Actor::command_line()).await;
            shutdown.soft.cancel();
            outcome
        },
        async {
            // Not before the retry has queued it, for the start fetches it, too.
            while world.media_of(&media.id).await.download_status == DownloadStatus::Failed {
                tokio::task::yield_now().await;
            }
            running.run(stop).await
        },
    );
    ran.unwrap();
    let outcome = outcome.unwrap();
    assert_eq!((outcome.retried, outcome.succeeded), (1, 1));
    assert_completed(&world.media_of(&media.id).await, 2);
    assert_eq!(engine.oversized(world.company).await.unwrap(), []);
}

#[tokio::test]
async fn file_that_was_too_large_follows_a_change_of_policy_once_the_limit_allows_it() {
    let (world, media) = refused().await;
    world.set_policy(MediaPolicy::Stream).await;
    let engine = restarted(&world, 10_000);
    engine.sweep().await.unwrap();
    assert_eq!(world.media_of(&media.id).await.download_status, DownloadStatus::Pending);
    world.set_policy(MediaPolicy::Store).await;
    engine.sweep().await.unwrap();
    engine.run_due().await.unwrap();
    assert_completed(&world.media_of(&media.id).await, 2);
}
