//! One file's trouble is its own, and so is its progress.

use mediary_core::{DownloadStatus, ErrorCode};
use mediary_engine::AccountChange;
use mediary_simulator::{FaultKind, FaultSpec};

use crate::failures::{SECOND, assert_completed, assert_failed, run_after};
use crate::harness::World;
use mediary_store::Actor;
use mediary_testing::eventually;
use mediary_testing::files::PNG;
use mediary_testing::installation::ACCESS_TOKEN;
use mediary_testing::simulator::media_node;
use mediary_testing::whatsapp::{message, webhook};

#[tokio::test]
async fn obstacle_to_one_file_holds_up_no_other() {
    let world = World::new().await;
    let (blocked, other) = (world.png(1).await, world.png(2).await);
    world.announce("wamid.1", "image", &blocked).await;
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::ServerError).of(&blocked.id).times(1)).unwrap();
    world.engine.run_due().await.unwrap();
    let record = world.media_of(&blocked.id).await;
    let key = mediary_blob::StorageKey::media(world.company, record.message_id.unwrap(), &blocked.id);
    std::fs::create_dir_all(world.folder.path().join(key.as_str()).join("stranger")).unwrap();
    let record = run_after(&world, 2 * SECOND, &blocked).await;
    assert_failed(&record, ErrorCode::StorageError, true);
    assert_eq!(record.download_attempts, 2, "it is this file's failure");
    assert_completed(&world.arrive("wamid.2", "image", &other).await, 1);
}

#[tokio::test]
async fn account_whose_token_cannot_be_unsealed_holds_up_no_other() {
    let world = World::new().await;
    let second = world
        .engine
        .accounts()
        .create(world.company, &crate::harness::draft("2"), &Actor::command_line())
        .await
        .unwrap();
    let patch = mediary_store::AccountPatch {
        access_token: Some(b"sealed with another key".to_vec()),
        ..mediary_store::AccountPatch::default()
    };
    let (ours, theirs) = (world.png(1).await, world.png(2).await);
    let mut body = webhook(message("wamid.2", "image", media_node(&theirs)));
    body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "2".into();
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::ServerError).of(&theirs.id).times(1)).unwrap();
    world.post(&body).await;
    world.engine.run_due().await.unwrap();
    world.store.update_account(world.company, second.id, &patch, &Actor::command_line()).await.unwrap();
    world
        .engine
        .accounts()
        .update(world.company, world.account, &AccountChange::default(), &Actor::command_line())
        .await
        .unwrap();
    assert_failed(&run_after(&world, 2 * SECOND, &theirs).await, ErrorCode::Internal, true);
    assert_completed(&world.arrive("wamid.1", "image", &ours).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn download_by_the_webhooks_own_url_knows_its_end_from_the_answer() {
    let world = World::new().await;
    let size = 2 * 1024 * 1024;
    let media = world.upload([PNG, &vec![1; size - PNG.len()]].concat(), "image/png").await;
    let slow = FaultSpec { bytes_per_second: Some(1_000_000), ..FaultSpec::new(FaultKind::Slow) };
    world.whatsapp.add_fault(slow.of(&media.id).times(1)).unwrap();
    let mut node = media_node(&media);
    node["url"] = world.graph.media_info(ACCESS_TOKEN, &media.id, None).await.unwrap().url.into();
    world.post(&webhook(message("wamid.1", "image", node))).await;
    let engine = world.engine.clone();
    let running = tokio::spawn(async move { engine.run_due().await.unwrap() });
    let id = eventually("the record", async || {
        world.all_media().await.first().map(|record| record.id).ok_or("none")
    })
    .await;
    let status = eventually("some progress", async || {
        let status = world.engine.media_status(&world.may(), id).await.unwrap();
        match status.status {
            DownloadStatus::Downloading if status.bytes_downloaded > 0 => Ok(status),
            _ => Err(status),
        }
    })
    .await;
    assert_eq!(status.file_size, Some(size as u64));
    assert!(status.progress.is_some_and(|progress| 0.0 < progress && progress < 1.0), "{status:?}");
    assert_eq!(world.media_of(&media.id).await.file_size, None, "it is no declaration");
    running.await.unwrap();
    assert_completed(&world.media_of(&media.id).await, 1);
}
