//! What is put right from time to time, whoever was at work before.

use std::time::Duration;

use mediary_blob::StorageKey;
use mediary_core::{ErrorCode, MediaPolicy};
use mediary_simulator::{FaultKind, FaultSpec, TokenState};
use mediary_store::NewCompany;

use crate::harness::{TOKEN, World};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn a_preview_says_what_a_sweep_then_does() {
    let world = World::new().await;
    let (kept, late) = (world.png(1).await, world.png(2).await);
    let record = world.arrive("wamid.1", "image", &kept).await;
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::ServerError).of(&late.id)).unwrap();
    world.arrive("wamid.2", "image", &late).await;
    world.engine.delete_media(&world.caller, record.id).await.unwrap();
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
async fn bytes_that_a_dead_worker_stored_go_with_their_message() {
    let world = World::new().await;
    let media = world.png(1).await;
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::ServerError).of(&media.id)).unwrap();
    let record = world.arrive("wamid.1", "image", &media).await;
    // As if a worker had died between storing the file and recording it.
    let key = StorageKey::media(world.company, record.message_id, &media.id);
    world.storage.create(&key).await.unwrap().finish().await.unwrap();
    assert_eq!(world.stored_files(), 1);
    world.engine.delete_media(&world.caller, record.id).await.unwrap();
    assert_eq!(world.stored_files(), 0);
}

#[tokio::test]
async fn a_token_can_be_checked() {
    let world = World::new().await;
    world.engine.check_token(world.company, world.account).await.unwrap();
    world.whatsapp.set_token(TOKEN, TokenState::Revoked).unwrap();
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
    let stray = StorageKey::media(world.company, lost.message_id, "stray");
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
    assert!(world.store.media(world.company, lost.id).await.unwrap().unwrap().is_active, "only looked at");
    world.advance(DAY + Duration::from_secs(1));
    assert_eq!(world.another_engine().check_storage_where_due().await.unwrap(), 1);
}

#[tokio::test]
async fn a_company_whose_storage_cannot_be_checked_does_not_hold_up_the_others() {
    let world = World::new().await;
    let media = world.png(1).await;
    world.arrive("wamid.1", "image", &media).await;
    let new = NewCompany { name: "Other".into(), slug: "other".into(), media_policy: MediaPolicy::Store };
    let other = world.store.add_company(&new).await.unwrap().id;
    let folder = world.folder.path().join(format!("media/{}", world.company));
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    assert_eq!(world.engine.check_storage_where_due().await.unwrap(), 1);
    let finished = async |company| world.store.storage_check(company).await.unwrap().unwrap().finished_at;
    assert!(finished(world.company).await.is_none());
    assert!(finished(other).await.is_some());
}
