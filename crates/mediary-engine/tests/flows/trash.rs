//! Deleted bytes that leave storage, and files that are stored again meanwhile.

use std::time::Duration;

use mediary_blob::{StorageKey, Storages};
use mediary_core::{DownloadStatus, MediaId, MediaPolicy, StorageBackend};
use mediary_engine::{Engine, Target};
use mediary_simulator::MediaRecord;
use mediary_store::{Actor, MediaFile};
use mediary_testing::bucket::Bucket;
use mediary_testing::eventually;
use mediary_testing::files::PNG;

use crate::harness::{World, read_all};

/// Has a file stored, dropped and stored again while its old bytes are being deleted, the bucket taking its time.
async fn stored_again_while_deleted(world: &World, bucket: &Bucket, engine: Engine, png: &MediaRecord) {
    world.announce("wamid.1", "image", png).await;
    engine.run_due().await.unwrap();
    let before = world.media_of(&png.id).await;
    assert_eq!(before.download_status, DownloadStatus::Completed);
    let held = bucket.server().hold_deletions().await;
    // One that waits in the bucket, and before the file's own where that lies in the folder.
    let stray = StorageKey::media(world.company, before.message_id.unwrap(), "stray");
    bucket.storage().create(&stray).await.unwrap().finish().await.unwrap();
    drop_bytes(world, &before, StorageBackend::S3, stray.as_str()).await;
    world.set_policy(MediaPolicy::Stream).await;
    assert_eq!(world.store.erase_files(world.company, &[before.id]).await.unwrap().len(), 1);
    world.set_policy(MediaPolicy::Store).await;
    world.store.requeue_download(world.company, before.id, true).await.unwrap();
    let sweeping = tokio::spawn({
        let engine = engine.clone();
        async move { engine.sweep().await }
    });
    let given_up = async || match world.media_of(&png.id).await.key_generation {
        0 => Err("the same key"),
        _ => Ok(()),
    };
    eventually("the deletion to begin", given_up).await;
    engine.run_due().await.unwrap();
    let again = world.media_of(&png.id).await;
    assert_eq!(again.download_status, DownloadStatus::Completed, "stored again meanwhile");
    drop(held);
    assert_eq!(sweeping.await.unwrap().unwrap().files_removed, 2);
    let opened = engine.open(&world.may(), request(again.id)).await.unwrap();
    assert_eq!(read_all(opened).await, [PNG, &[1; 1000]].concat());
    let storage = match again.storage_backend {
        Some(StorageBackend::S3) => bucket.storage(),
        _ => world.storage.clone(),
    };
    let key: StorageKey = again.storage_key.unwrap().parse().unwrap();
    assert!(storage.open(&key).await.is_ok(), "it is in storage, not fetched again for the view");
    let old: StorageKey = before.storage_key.unwrap().parse().unwrap();
    assert!(storage.open(&old).await.is_err(), "and the old bytes are gone");
}

fn request(media: MediaId) -> mediary_engine::OpenRequest {
    let wanted = mediary_engine::RequestedContent::Bytes { range: None };
    mediary_engine::OpenRequest { target: Target::Media(media), variant: None, wanted }
}

async fn drop_bytes(world: &World, file: &MediaFile, backend: StorageBackend, key: &str) {
    world.store.discard_bytes(world.company, file.id, backend, key).await.unwrap();
}

#[tokio::test]
async fn file_stored_again_in_a_bucket_while_its_old_bytes_are_deleted_stays() {
    let (world, bucket) = (World::new().await, Bucket::start().await);
    let engine = world.engine_with(bucket.storage().into());
    let png = world.png(1).await;
    stored_again_while_deleted(&world, &bucket, engine, &png).await;
}

#[tokio::test]
async fn file_stored_again_in_a_folder_while_its_old_bytes_are_deleted_stays() {
    let (world, bucket) = (World::new().await, Bucket::start().await);
    let engine = world.engine_with(Storages::new(world.storage.clone(), vec![bucket.storage()]));
    let png = world.png(1).await;
    stored_again_while_deleted(&world, &bucket, engine, &png).await;
}

#[tokio::test]
async fn deletions_that_fail_hold_up_no_other() {
    let world = World::new().await;
    let media = world.png(1).await;
    let record = world.arrive("wamid.1", "image", &media).await;
    for number in 0..600 {
        let nobody = MediaFile { id: MediaId(0), ..record.clone() };
        // A storage without settings, and names that no storage takes.
        drop_bytes(&world, &nobody, StorageBackend::R2, &format!("media/1/2/{number}")).await;
        drop_bytes(&world, &nobody, StorageBackend::Local, &format!("bad {number}")).await;
    }
    world.engine.delete_media(&world.may(), record.id, &Actor::command_line()).await.unwrap();
    let mut removed = 0;
    for _ in 0..40 {
        removed += world.engine.sweep().await.unwrap().files_removed;
    }
    assert_eq!((removed, world.stored_files()), (1, 0), "within a few passes, each of them seconds apart");
    world.advance(Duration::from_secs(60));
    assert_eq!(world.engine.sweep().await.unwrap().files_removed, 0);
}
