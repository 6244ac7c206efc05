//! An empty file is no file: never kept, never served.

use mediary_core::{DownloadStatus, ErrorCode, MediaPolicy};
use mediary_engine::Target;
use mediary_simulator::{FaultKind, FaultSpec};
use mediary_testing::eventually;
use mediary_testing::files::PNG;

use crate::failures::{SECOND, arrive_with, assert_completed, assert_failed, run_after};
use crate::harness::{World, read_all};

#[tokio::test]
async fn empty_file_that_comes_repeatedly_is_never_kept() {
    let world = World::new().await;
    let (media, _) = arrive_with(&world, FaultSpec::new(FaultKind::ZeroBytes)).await;
    for _ in 0..6 {
        let record = world.media_of(&media.id).await;
        assert_failed(&record, ErrorCode::IntegrityMismatch, true);
        let wait = record.next_attempt_at.unwrap().since(world.engine.now());
        run_after(&world, wait, &media).await;
    }
    assert_eq!(world.stored_files(), 0);
    world.whatsapp.clear_faults();
    let wait = world.media_of(&media.id).await.next_attempt_at.unwrap().since(world.engine.now());
    assert_completed(&run_after(&world, wait, &media).await, 8);
}

#[tokio::test]
async fn empty_file_from_whatsapp_is_served_to_nobody() {
    for policy in [MediaPolicy::OnView, MediaPolicy::Stream] {
        let world = World::new().await;
        world.set_policy(policy).await;
        let (_, record) = arrive_with(&world, FaultSpec::new(FaultKind::ZeroBytes)).await;
        let seen = world.open(Target::Media(record.id)).await;
        let refused = seen.expect_err("an empty file was served");
        assert_eq!(refused.code(), ErrorCode::IntegrityMismatch, "{policy}");
        assert_eq!(world.stored_files(), 0, "{policy}");
    }
}

#[tokio::test]
async fn stored_file_that_is_empty_or_of_another_size_is_fetched_again_and_never_served() {
    let world = World::new().await;
    let media = world.png(1).await;
    let record = world.arrive("wamid.1", "image", &media).await;
    let path = world.folder.path().join(record.storage_key.as_deref().unwrap());
    std::fs::write(&path, "").unwrap();
    let bytes = read_all(world.open(Target::Media(record.id)).await.unwrap()).await;
    assert_eq!(bytes, [PNG, &[1; 1000]].concat());
    let record = eventually("the file to be stored again", async || {
        let record = world.media_of(&media.id).await;
        match record.download_status {
            DownloadStatus::Completed => Ok(record),
            other => Err(other),
        }
    })
    .await;
    std::fs::write(&path, PNG).unwrap();
    let engine = world.another_engine();
    let wanted = mediary_engine::RequestedContent::Bytes { range: None };
    let request = mediary_engine::OpenRequest { target: Target::Media(record.id), variant: None, wanted };
    let bytes = read_all(engine.open(&world.may(), request).await.unwrap()).await;
    assert_eq!(bytes, [PNG, &[1; 1000]].concat(), "while WhatsApp has it");
    eventually("the file to be stored again", async || {
        let length = std::fs::metadata(&path).unwrap().len();
        if length == bytes.len() as u64 { Ok(()) } else { Err(length) }
    })
    .await;
    std::fs::write(&path, PNG).unwrap();
    world.advance(8 * 24 * 3600 * SECOND);
    let engine = world.another_engine();
    let request = mediary_engine::OpenRequest { target: Target::Media(record.id), variant: None, wanted };
    let refused = engine.open(&world.may(), request).await.expect_err("other bytes were served");
    assert_eq!(refused.code(), ErrorCode::StorageError);
    assert_eq!(world.media_of(&media.id).await.download_status, DownloadStatus::Completed);
}

#[tokio::test]
async fn empty_file_of_declared_size_is_tried_again() {
    let world = World::new().await;
    let (media, record) = arrive_with(&world, FaultSpec::new(FaultKind::ZeroBytes).times(1)).await;
    assert_failed(&record, ErrorCode::IntegrityMismatch, true);
    assert_completed(&run_after(&world, 2 * SECOND, &media).await, 2);
}

#[tokio::test]
async fn empty_file_of_undeclared_size_is_final() {
    let world = World::new().await;
    let media = world.upload("", "image/png").await;
    let record = world.arrive("wamid.1", "image", &media).await;
    assert_failed(&record, ErrorCode::IntegrityMismatch, false);
    assert_eq!(world.stored_files(), 0);
}
