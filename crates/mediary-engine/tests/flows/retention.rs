//! Files whose retention ends.

use std::time::Duration;

use mediary_blob::{Storage, StorageKey, Storages};
use mediary_core::{DeletionReason, ErrorCode, Retention, RetentionMode, Scope, StorageBackend};
use mediary_engine::{
    AccountChange, Engine, EngineConfig, OpenRequest, RequestedContent, RetentionAct, Target,
};
use mediary_store::{Actor, MediaFile};

use crate::harness::{World, read_all};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn days(mode: RetentionMode, days: i64) -> Retention {
    Retention::new(mode, Some(days)).unwrap()
}

async fn keep(world: &World, retention: Retention) {
    world.store.set_retention(world.company, retention, &Actor::command_line()).await.unwrap();
}

async fn keep_account(world: &World, retention: Option<Retention>) {
    let change = AccountChange { retention: Some(retention), ..AccountChange::default() };
    world
        .engine
        .accounts()
        .update(world.company, world.account, &change, &Actor::command_line())
        .await
        .unwrap();
}

async fn arrive(world: &World, seed: u8) -> MediaFile {
    let png = world.png(seed).await;
    world.arrive(&format!("wamid.{seed}"), "image", &png).await
}

async fn now(world: &World, file: &MediaFile) -> MediaFile {
    world.store.media(&Scope::system(world.company), file.id).await.unwrap().unwrap()
}

async fn view(world: &World, file: &MediaFile) {
    read_all(world.open(Target::Media(file.id)).await.unwrap()).await;
}

/// By a process that has not seen it before.
async fn view_on(engine: &Engine, world: &World, file: &MediaFile) {
    let wanted = RequestedContent::Bytes { range: None };
    let request = OpenRequest { target: Target::Media(file.id), variant: None, wanted };
    read_all(engine.open(&world.may(), request).await.unwrap()).await;
}

/// What a preview lists, and then a sweep does: the same.
async fn swept(world: &World) -> Vec<RetentionAct> {
    let (mut previewed, mut done) = (Vec::new(), Vec::new());
    let preview = world.engine.sweep_preview(|act| previewed.push(act)).await.unwrap();
    let before = world.stored_files();
    assert_eq!(before, world.stored_files(), "a preview changes nothing");
    let report = world.engine.sweep_and_tell(|act| done.push(act)).await.unwrap();
    assert_eq!(previewed, done);
    assert_eq!(
        (preview.retention_deleted, preview.retention_archived, preview.files_removed),
        (report.retention_deleted, report.retention_archived, report.files_removed)
    );
    done
}

#[tokio::test]
async fn files_are_deleted_days_after_they_were_stored_and_say_so() {
    let world = World::new().await;
    let first = arrive(&world, 1).await;
    world.advance(10 * DAY);
    let second = arrive(&world, 2).await;
    world.advance(25 * DAY);
    assert!(swept(&world).await.is_empty(), "kept for ever unless somebody says otherwise");
    keep(&world, days(RetentionMode::DaysAfterStored, 30)).await;
    view(&world, &first).await;
    let ended: Vec<_> = swept(&world).await.iter().map(|act| (act.media_id, act.archives())).collect();
    assert_eq!(ended, [(first.id, false)], "a view does not count here");
    assert_eq!(world.stored_files(), 1);
    let record = now(&world, &first).await;
    assert!(!record.is_active && record.deletion_reason == Some(DeletionReason::Retention));
    assert_eq!(record.last_error_code, Some(ErrorCode::MediaDeleted));
    let gone = world.open(Target::Media(first.id)).await.unwrap_err();
    assert_eq!(gone.code(), ErrorCode::MediaDeleted);
    assert!(gone.to_string().contains("retention of 30 days ended"), "{gone}");
    view(&world, &second).await;
    world.advance(5 * DAY - Duration::from_millis(1));
    assert!(swept(&world).await.is_empty());
    world.advance(Duration::from_millis(1));
    assert_eq!(swept(&world).await.len(), 1);
    assert_eq!(world.stored_files(), 0);
}

#[tokio::test]
async fn files_are_deleted_days_after_they_were_last_viewed() {
    let world = World::new().await;
    keep(&world, days(RetentionMode::DaysAfterViewed, 7)).await;
    let (viewed, unseen) = (arrive(&world, 1).await, arrive(&world, 2).await);
    world.advance(6 * DAY);
    view(&world, &viewed).await;
    world.engine.sweep().await.unwrap();
    world.advance(DAY);
    let ended: Vec<_> = swept(&world).await.iter().map(|act| act.media_id).collect();
    assert_eq!(ended, [unseen.id], "what nobody viewed counts from when it was stored");
    world.advance(6 * DAY);
    assert_eq!(swept(&world).await[0].media_id, viewed.id);
    let sentence = now(&world, &viewed).await.last_error.unwrap();
    assert!(sentence.contains("7 days after it was last viewed"), "{sentence}");
}

/// Views are kept in memory until the next sweep of their own process.
#[tokio::test]
async fn file_that_is_viewed_on_one_node_is_not_deleted_by_another() {
    let world = World::new().await;
    let others = world.another_engine();
    let sweeps = async || others.sweep().await.unwrap().retention_deleted;
    keep(&world, days(RetentionMode::DaysAfterViewed, 1)).await;
    let file = arrive(&world, 1).await;
    world.advance(8 * DAY);
    view_on(&world.another_engine(), &world, &file).await;
    assert_eq!(sweeps().await, 0, "the first view");
    world.advance(DAY);
    view_on(&world.another_engine(), &world, &file).await;
    assert_eq!(sweeps().await, 0, "one when the last on record is a day old");
    // What was viewed within half a day costs no write.
    world.advance(DAY / 3);
    let noted = now(&world, &file).await.last_accessed_at;
    view_on(&world.another_engine(), &world, &file).await;
    assert_eq!(now(&world, &file).await.last_accessed_at, noted);
    world.advance(DAY);
    assert_eq!(sweeps().await, 1);
    let gone = world.open(Target::Media(file.id)).await.unwrap_err();
    assert_eq!(gone.code(), ErrorCode::MediaDeleted);
}

#[tokio::test]
async fn view_is_recorded_at_once_only_where_views_count() {
    let world = World::new().await;
    keep(&world, days(RetentionMode::DaysAfterStored, 30)).await;
    let file = arrive(&world, 1).await;
    world.advance(8 * DAY);
    view(&world, &file).await;
    assert_eq!(now(&world, &file).await.last_accessed_at, None);
    world.engine.sweep().await.unwrap();
    assert_eq!(now(&world, &file).await.last_accessed_at, Some(world.engine.now()));
    keep_account(&world, Some(days(RetentionMode::DaysAfterViewed, 30))).await;
    world.advance(DAY);
    view_on(&world.another_engine(), &world, &file).await;
    assert_eq!(now(&world, &file).await.last_accessed_at, Some(world.engine.now()));
}

#[tokio::test]
async fn account_has_its_own_retention_or_that_of_its_company() {
    let world = World::new().await;
    keep(&world, days(RetentionMode::DaysAfterStored, 5)).await;
    keep_account(&world, Some(Retention::FOREVER)).await;
    let file = arrive(&world, 1).await;
    world.advance(100 * DAY);
    assert!(swept(&world).await.is_empty());
    keep_account(&world, Some(days(RetentionMode::DaysAfterStored, 101))).await;
    assert!(swept(&world).await.is_empty());
    keep_account(&world, None).await;
    assert_eq!(swept(&world).await[0].media_id, file.id);
}

#[tokio::test]
async fn file_is_not_deleted_if_a_view_or_another_retention_follows_the_selection() {
    let world = World::new().await;
    let retention = days(RetentionMode::DaysAfterViewed, 7);
    keep(&world, retention).await;
    let file = arrive(&world, 1).await;
    world.advance(8 * DAY);
    // Selected by one process, then viewed through another.
    let selected = world.store.outlived(world.company, None, None, 10).await.unwrap().unwrap();
    assert_eq!(selected.found.len(), 1);
    world.store.touch_media(world.company, file.id, world.engine.now()).await.unwrap();
    assert!(world.store.delete_past_retention(world.company, &[file.id]).await.unwrap().is_empty());
    world.advance(8 * DAY);
    keep(&world, Retention::FOREVER).await;
    assert!(world.store.delete_past_retention(world.company, &[file.id]).await.unwrap().is_empty());
    keep(&world, retention).await;
    assert_eq!(world.store.delete_past_retention(world.company, &[file.id]).await.unwrap().len(), 1);
    assert!(world.store.delete_past_retention(world.company, &[file.id]).await.unwrap().is_empty(), "once");
}

#[tokio::test]
async fn files_move_to_the_archive_and_are_served_from_there() {
    let world = World::new().await;
    let archive = days(RetentionMode::ArchiveAfter, 30);
    let refused = world.engine.check_retention(archive).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ValidationError, "without an archive there is nothing to move to");
    keep(&world, archive).await;
    let file = arrive(&world, 1).await;
    world.advance(31 * DAY);
    assert!(swept(&world).await.is_empty());
    let bucket = Storage::in_memory();
    let storages = Storages::new(world.storage.clone(), vec![bucket.clone()]);
    let config = EngineConfig { archive: Some(bucket.backend()), ..EngineConfig::default() };
    let engine = world.engine_as(storages, config);
    engine.check_retention(archive).unwrap();
    let mut done = Vec::new();
    let report = engine.sweep_and_tell(|act| done.push(act)).await.unwrap();
    assert_eq!((report.retention_archived, report.retention_deleted, done[0].archives()), (1, 0, true));
    let record = now(&world, &file).await;
    assert!(record.is_active && record.storage_backend != Some(StorageBackend::Local));
    let key: StorageKey = record.storage_key.unwrap().parse().unwrap();
    assert!(bucket.open(&key).await.is_ok());
    world.advance(DAY);
    assert_eq!(engine.sweep_and_tell(|_| {}).await.unwrap().retention_archived, 0, "once");
    assert_eq!(world.stored_files(), 0);
}
