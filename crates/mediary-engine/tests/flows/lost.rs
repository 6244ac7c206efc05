//! Files that storage does not have where their record says, and that come back.

use std::time::Duration;

use mediary_core::{DownloadStatus, ErrorCode};
use mediary_engine::{InspectOptions, Inspection, Target};
use mediary_simulator::{FaultKind, FaultSpec, MediaRecord};
use mediary_store::MediaFile;
use mediary_testing::eventually;
use mediary_testing::files::PNG;

use crate::harness::{World, read_all};

const REPAIR: InspectOptions = InspectOptions { deep: true, repair: true, look: None };

struct Scene {
    world: World,
    media: MediaRecord,
    record: MediaFile,
    path: std::path::PathBuf,
    away: std::path::PathBuf,
}

impl Scene {
    /// Two stored files, for a folder without any is taken for one that is not mounted.
    async fn new() -> Self {
        let world = World::new().await;
        let (media, other) = (world.png(1).await, world.png(2).await);
        let record = world.arrive("wamid.1", "image", &media).await;
        world.arrive("wamid.2", "image", &other).await;
        let path = world.folder.path().join(record.storage_key.as_deref().unwrap());
        let away = world.folder.path().join("away");
        Self { world, media, record, path, away }
    }

    async fn seen(&self) -> Result<Vec<u8>, ErrorCode> {
        let target = Target::Media(self.record.id);
        let wanted = mediary_engine::RequestedContent::Bytes { range: None };
        let request = mediary_engine::OpenRequest { target, variant: None, wanted };
        // One that has no open file of before.
        match self.world.another_engine().open(&self.world.may(), request).await {
            Ok(opened) => Ok(read_all(opened).await),
            Err(error) => Err(error.code()),
        }
    }

    async fn now(&self) -> MediaFile {
        self.world.media_of(&self.media.id).await
    }

    async fn inspected(&self) -> Inspection {
        let mut found = Inspection::default();
        self.world.engine.inspect_records(self.world.company, REPAIR, &mut found).await.unwrap();
        found
    }
}

fn whole() -> Vec<u8> {
    [PNG, &[1; 1000]].concat()
}

/// Lost while WhatsApp forgets it early: given up, with its place.
async fn given_up() -> Scene {
    let scene = Scene::new().await;
    std::fs::rename(&scene.path, &scene.away).unwrap();
    scene.world.whatsapp.add_fault(FaultSpec::new(FaultKind::Expired)).unwrap();
    assert_eq!(scene.seen().await, Err(ErrorCode::MediaExpired));
    scene.world.engine.run_due().await.unwrap();
    assert_eq!(scene.now().await.download_status, DownloadStatus::Failed);
    scene.world.engine.sweep().await.unwrap();
    std::fs::create_dir_all(scene.path.parent().unwrap()).unwrap();
    scene
}

#[tokio::test]
async fn lost_file_that_comes_back_is_served_though_it_expired_at_whatsapp() {
    let scene = given_up().await;
    std::fs::write(&scene.path, [PNG, &[9; 1000]].concat()).unwrap();
    assert_eq!(
        scene.seen().await,
        Err(ErrorCode::MediaExpired),
        "other bytes of the right length are not it"
    );
    std::fs::rename(&scene.away, &scene.path).unwrap();
    assert_eq!(scene.seen().await, Ok(whole()));
    let now = scene.now().await;
    assert_eq!((now.download_status, now.sha256), (DownloadStatus::Completed, scene.record.sha256));
    assert_eq!((now.last_error_code, &now.file_url), (None, &scene.record.file_url));
}

#[tokio::test]
async fn lost_file_that_comes_back_is_found_by_a_check() {
    let scene = given_up().await;
    assert_eq!(scene.inspected().await.repaired, 0);
    std::fs::rename(&scene.away, &scene.path).unwrap();
    assert_eq!(scene.inspected().await.repaired, 1);
    assert_eq!(scene.now().await.download_status, DownloadStatus::Completed);
}

#[tokio::test]
async fn folder_that_is_away_costs_no_file_its_record() {
    let scene = Scene::new().await;
    let media = scene.world.folder.path().join("media");
    std::fs::rename(&media, &scene.away).unwrap();
    assert_eq!(scene.seen().await, Err(ErrorCode::StorageError));
    assert_eq!(scene.now().await.download_status, DownloadStatus::Completed);
    std::fs::rename(&scene.away, &media).unwrap();
    assert_eq!(scene.seen().await, Ok(whole()));
}

#[tokio::test]
async fn volume_that_is_away_loses_nothing_and_hides_nothing_until_it_is_back() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let media = world.folder.path().join("media");
    let never_stored = world.png(4).await;
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::ServerError).of(&never_stored.id)).unwrap();
    let failed = world.arrive("wamid.4", "image", &never_stored).await;
    assert_eq!(failed.download_attempts, 1, "whose bytes a worker that died may have left");
    std::fs::rename(&media, &scene.away).unwrap();
    // The bare mount point.
    std::fs::create_dir(&media).unwrap();
    assert_eq!(scene.seen().await, Err(ErrorCode::StorageError));
    let storage = world.engine.health().await.into_iter().find(|check| check.name == "storage").unwrap();
    let detail = storage.detail.unwrap();
    assert!(!storage.ok && detail.contains(media.to_str().unwrap()) && detail.contains("mount"), "{detail}");
    let mut found = Inspection::default();
    world.engine.inspect_records(world.company, REPAIR, &mut found).await.unwrap_err();
    assert_eq!(found.missing.count, 0, "a repair takes none for lost");

    let png = world.png(3).await;
    let waiting = world.arrive("wamid.3", "image", &png).await;
    assert_eq!((waiting.last_error_code, waiting.download_attempts), (Some(ErrorCode::StorageError), 0));
    let (deleted, by) = (scene.now().await, mediary_store::Actor::command_line());
    world.engine.delete_media(&world.may(), deleted.id, &by).await.unwrap();
    assert_eq!(world.engine.sweep().await.unwrap().files_removed, 0);
    world.engine.delete_media(&world.may(), failed.id, &by).await.unwrap();
    assert_eq!(std::fs::read_dir(&media).unwrap().count(), 0);

    std::fs::remove_dir(&media).unwrap();
    std::fs::rename(&scene.away, &media).unwrap();
    assert!(scene.path.exists());
    world.advance(Duration::from_secs(3600));
    world.engine.run_due().await.unwrap();
    world.engine.sweep().await.unwrap();
    assert_eq!(world.media_of(&png.id).await.download_status, DownloadStatus::Completed);
    assert!(!scene.path.exists(), "what was deleted meanwhile is");
    assert!(world.engine.health().await.iter().all(|check| check.ok));
}

#[tokio::test]
async fn pending_file_comes_from_whatsapp_while_storage_is_away() {
    let scene = Scene::new().await;
    let (company, place) = (scene.world.company, scene.record.location().unwrap());
    assert!(scene.world.store.store_lost_file(company, scene.record.id, &place).await.unwrap());
    std::fs::rename(scene.world.folder.path().join("media"), &scene.away).unwrap();
    assert_eq!(scene.seen().await, Ok(whole()));
}

#[tokio::test]
async fn wrong_bytes_of_the_right_length_are_replaced_by_a_repair() {
    let scene = Scene::new().await;
    std::fs::write(&scene.path, [PNG, &[9; 1000]].concat()).unwrap();
    let found = scene.inspected().await;
    assert_eq!((found.wrong.first, found.repaired), (vec![scene.record.id], 1));
    scene.world.engine.run_due().await.unwrap();
    eventually("the file to be stored again", async || {
        let found = std::fs::read(&scene.path).unwrap();
        if found == whole() { Ok(()) } else { Err(found.len()) }
    })
    .await;
    let found = scene.inspected().await;
    assert_eq!((found.whole, found.wrong.count), (2, 0));
    assert_eq!(scene.world.whatsapp.media_stats(&scene.media.id).downloads, 2);
}
