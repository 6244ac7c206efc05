//! What is put right from time to time, whoever was at work before.

use std::time::Duration;

use mediary_blob::StorageKey;
use mediary_core::{ErrorCode, MessageId, Scope};
use mediary_simulator::{FaultKind, FaultSpec, TokenState};
use mediary_store::Actor;
use mediary_testing::installation::ACCESS_TOKEN;
use mediary_testing::rows::new_company;
use mediary_testing::whatsapp::message;
use serde_json::json;

use crate::harness::World;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn preview_says_what_a_sweep_then_does() {
    let world = World::new().await;
    let (kept, late) = (world.png(1).await, world.png(2).await);
    let record = world.arrive("wamid.1", "image", &kept).await;
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::ServerError).of(&late.id)).unwrap();
    world.arrive("wamid.2", "image", &late).await;
    world.engine.delete_media(&world.may(), record.id, &Actor::command_line()).await.unwrap();
    world.advance(40 * DAY);
    let preview = world.engine.sweep_preview(|_| {}).await.unwrap();
    assert_eq!(world.stored_files(), 1, "a preview changes nothing");
    let report = world.engine.sweep().await.unwrap();
    assert_eq!(preview, report);
    assert_eq!((report.files_removed, report.expired_unsaved, report.webhooks_pruned), (1, 1, 2));
    assert_eq!(world.stored_files(), 0);
    assert_eq!(world.engine.sweep().await.unwrap(), Default::default(), "there is nothing left to do");
}

#[tokio::test]
async fn parked_items_and_old_audit_rows_are_deleted_as_the_preview_says() {
    let world = World::new().await;
    let parked = async || world.store.parked_items(world.company, &Default::default()).await.unwrap().items;
    let audits = async || {
        world.store.audits(world.company, &Default::default(), &Default::default()).await.unwrap().items.len()
    };
    let mut nobodys = message("wamid.1", "text", json!({"body": "hello"}));
    nobodys.as_object_mut().unwrap().remove("from");
    world.post_change("messages", json!({"messages": [nobodys]})).await;
    world.engine.run_due().await.unwrap();
    assert_eq!(
        (parked().await.len(), audits().await),
        (1, 2),
        "an item; the company and the account that were made"
    );
    world.advance(30 * DAY);
    world.engine.sweep().await.unwrap();
    assert_eq!(parked().await.len(), 1, "at the limit");
    world.advance(Duration::from_secs(1));
    let preview = world.engine.sweep_preview(|_| {}).await.unwrap();
    assert_eq!(world.engine.sweep().await.unwrap(), preview);
    assert_eq!((preview.parked_items_pruned, preview.webhooks_pruned, preview.audits_pruned), (1, 1, 0));
    assert!(parked().await.is_empty());
    world.advance(365 * DAY);
    world.engine.sweep().await.unwrap();
    assert_eq!(audits().await, 2, "a year is remembered, and another one");
    world.advance(366 * DAY);
    let preview = world.engine.sweep_preview(|_| {}).await.unwrap();
    assert_eq!(world.engine.sweep().await.unwrap(), preview);
    assert_eq!((preview.audits_pruned, audits().await), (2, 0));
}

#[tokio::test]
async fn bytes_stored_by_a_dead_worker_are_deleted_with_their_message() {
    let world = World::new().await;
    let media = world.png(1).await;
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::ServerError).of(&media.id)).unwrap();
    let record = world.arrive("wamid.1", "image", &media).await;
    // As if a worker had died between storing the file and recording it.
    let key = StorageKey::media(world.company, record.message_id.unwrap(), &media.id);
    world.storage.create(&key).await.unwrap().finish().await.unwrap();
    assert_eq!(world.stored_files(), 1);
    world.engine.delete_media(&world.may(), record.id, &Actor::command_line()).await.unwrap();
    assert_eq!(world.stored_files(), 0);
}

#[tokio::test]
async fn token_can_be_checked() {
    let world = World::new().await;
    world.engine.check_token(world.company, world.account).await.unwrap();
    world.whatsapp.set_token(ACCESS_TOKEN, TokenState::Revoked).unwrap();
    let refused = world.engine.check_token(world.company, world.account).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ProviderUnauthorized);
}

#[tokio::test]
async fn storage_is_checked_once_a_day_by_whichever_node_comes_first() {
    let world = World::new().await;
    let (whole, lost) = (world.png(1).await, world.png(2).await);
    world.arrive("wamid.1", "image", &whole).await;
    let lost = world.arrive("wamid.2", "image", &lost).await;
    let key: StorageKey = lost.storage_key.unwrap().parse().unwrap();
    world.storage.delete(&key).await.unwrap();
    let stray = StorageKey::media(world.company, lost.message_id.unwrap(), "stray");
    world.storage.create(&stray).await.unwrap().finish().await.unwrap();
    // Files that may be on their way to their record are left out.
    world.advance(3650 * DAY);
    assert_eq!(world.engine.check_storage_where_due().await.unwrap(), 1);
    assert_eq!(world.another_engine().check_storage_where_due().await.unwrap(), 0, "done for today");
    let check = world.store.storage_check(world.company).await.unwrap().unwrap();
    assert_eq!((check.whole, check.missing, check.wrong, check.untracked), (1, 1, 0, 1));
    let found: serde_json::Value = serde_json::from_str(&check.found.unwrap()).unwrap();
    assert_eq!(
        found,
        serde_json::json!({ "missing": [lost.id.0], "wrong": [], "untracked": [stray.as_str()] })
    );
    assert!(
        world.store.media(&Scope::system(world.company), lost.id).await.unwrap().unwrap().is_active,
        "only looked at"
    );
    world.advance(DAY + Duration::from_secs(1));
    assert_eq!(world.another_engine().check_storage_where_due().await.unwrap(), 1);
}

/// A stored file of this message that no record names.
async fn stray(world: &World, message: MessageId, name: &str) -> StorageKey {
    let key = StorageKey::media(world.company, message, name);
    world.storage.create(&key).await.unwrap().finish().await.unwrap();
    key
}

async fn removed(world: &World) -> i64 {
    assert_eq!(world.engine.check_storage_where_due().await.unwrap(), 1);
    let removed = world.store.storage_check(world.company).await.unwrap().unwrap().removed;
    // They go a minute later.
    world.advance(Duration::from_secs(60));
    world.engine.sweep().await.unwrap();
    removed
}

#[tokio::test]
async fn files_without_a_record_on_two_checks_a_day_apart_are_removed() {
    let world = World::new().await;
    let media = world.png(1).await;
    let record = world.arrive("wamid.1", "image", &media).await;
    let (one, other) = (
        stray(&world, record.message_id.unwrap(), "one").await,
        stray(&world, MessageId(999), "other").await,
    );
    world.advance(3650 * DAY);
    assert_eq!((removed(&world).await, world.stored_files()), (0, 3), "seen once");
    let late = stray(&world, record.message_id.unwrap(), "late").await;
    world.advance(DAY);
    assert_eq!((removed(&world).await, world.stored_files()), (2, 2));
    for gone in [&one, &other] {
        assert!(world.storage.open(gone).await.is_err());
    }
    world.advance(DAY);
    assert_eq!(removed(&world).await, 1);
    assert!(world.storage.open(&late).await.is_err());
    let key: StorageKey = record.storage_key.unwrap().parse().unwrap();
    assert!(world.storage.open(&key).await.is_ok(), "the file of the record stays");
    world.advance(DAY);
    assert_eq!(removed(&world).await, 0);
}

#[tokio::test]
async fn file_that_gets_its_record_between_two_checks_stays() {
    let world = World::new().await;
    let media = world.png(1).await;
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::ServerError).of(&media.id).times(1)).unwrap();
    let record = world.arrive("wamid.1", "image", &media).await;
    let key = stray(&world, record.message_id.unwrap(), &media.id).await;
    // Old enough to be looked at.
    let file = std::fs::File::options().write(true).open(world.folder.path().join(key.as_str())).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    world.advance(DAY);
    assert_eq!(removed(&world).await, 0);
    world.engine.run_due().await.unwrap();
    assert_eq!(world.media_of(&media.id).await.storage_key.as_deref(), Some(key.as_str()));
    world.advance(2 * DAY);
    assert_eq!(removed(&world).await, 0);
    assert!(world.storage.open(&key).await.is_ok());
}

#[tokio::test]
async fn storage_that_seems_to_belong_to_another_database_is_left_alone() {
    let world = World::new().await;
    for number in 0..=100 {
        stray(&world, MessageId(number), "x").await;
    }
    world.advance(3650 * DAY);
    assert_eq!(removed(&world).await, 0);
    world.advance(DAY + Duration::from_secs(1));
    assert_eq!((removed(&world).await, world.stored_files()), (0, 101));
    let one = StorageKey::media(world.company, MessageId(0), "x");
    world.storage.delete(&one).await.unwrap();
    world.advance(DAY + Duration::from_secs(1));
    assert_eq!((removed(&world).await, world.stored_files()), (100, 0));
}

#[tokio::test]
async fn company_whose_storage_cannot_be_checked_does_not_hold_up_the_others() {
    let world = World::new().await;
    let media = world.png(1).await;
    world.arrive("wamid.1", "image", &media).await;
    let other = world.store.add_company(&new_company("other")).await.unwrap().id;
    let folder = world.folder.path().join(format!("media/{}", world.company));
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    assert_eq!(world.engine.check_storage_where_due().await.unwrap(), 1);
    let finished = async |company| world.store.storage_check(company).await.unwrap().unwrap().finished_at;
    assert!(finished(world.company).await.is_none());
    assert!(finished(other).await.is_some());
}

#[tokio::test]
async fn download_that_failed_while_the_clock_was_days_ahead_is_tried_at_once_when_it_is_right() {
    let world = World::new().await;
    let media = world.png(1).await;
    world.advance(2 * DAY);
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::ServerError).of(&media.id).times(1)).unwrap();
    let failed = world.arrive("wamid.1", "image", &media).await;
    assert!(failed.next_attempt_at.is_some(), "{failed:?}");
    world.clock.set_back(2 * DAY);
    world.engine.run_due().await.unwrap();
    assert!(world.media_of(&media.id).await.next_attempt_at.is_some(), "it waits for two days");
    world.engine.sweep().await.unwrap();
    world.engine.run_due().await.unwrap();
    assert_eq!(world.stored_files(), 1);
}
