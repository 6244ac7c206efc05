//! Stored files: checked, repaired, moved, erased, swept.

use std::time::{Duration, SystemTime};

use mediary_simulator::{MediaSpec, MessageSpec};
use mediary_testing::bucket::Bucket;
use serde_json::Value;

use super::Outputs;
use crate::harness::{Database, World, bucket_settings};

/// A world of so many stored files, with its server stopped: what a command finds is of its own making. Of each file the server has found
/// out that nothing can be made of it.
async fn stored(database: Database, settings: &[(&str, &str)], files: u64) -> World {
    let mut world = World::new(database, &[&[("MEDIARY_LOG", "error")][..], settings].concat()).await;
    for seed in 1..=files {
        let media =
            world.simulator.add_media(&MediaSpec::generated(50_000, seed, "image/jpeg")).await.unwrap();
        let sent = world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
        let is_tried = |media: &Value| media["variantsError"].is_string();
        world.api().media_of(&sent.id, "what could not be made", is_tried).await;
    }
    assert!(world.stop());
    world
}

/// Takes the first file away, and gives the second one other bytes of the same length.
fn damage(world: &World) {
    let mut files = world.stored_files();
    files.sort();
    std::fs::remove_file(&files[0].0).unwrap();
    let (path, bytes) = &mut files[1];
    bytes[0] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

/// Of these bytes nothing can be made, which is found out each time somebody asks for it.
pub(super) async fn derivations(outputs: &mut Outputs) {
    let world = stored(Database::embedded(), &[], 2).await;
    let forms =
        ["derive --all", "derive --missing", "derive --failed --json", "derive", "derive --all --failed"];
    let text = outputs.transcripts(&world, &forms);
    outputs.hold("derivations", &text);
}

pub(super) async fn checks(outputs: &mut Outputs) {
    let world = stored(Database::embedded(), &[], 4).await;
    let forms = ["storage check", "storage check --json", "verify", "verify --json"];
    let mut text = outputs.transcripts(&world, &forms);
    damage(&world);
    let nobodys = world.data().join("media/1/999/file");
    std::fs::create_dir_all(nobodys.parent().unwrap()).unwrap();
    std::fs::write(&nobodys, "of nobody").unwrap();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(24 * 3600);
    std::fs::File::options().write(true).open(&nobodys).unwrap().set_modified(old).unwrap();
    text.push_str("# one file is gone, one has other bytes, one is nobody's\n");
    text.push_str(&outputs.transcripts(&world, &forms));
    text.push_str(&outputs.transcripts(
        &world,
        &[
            "storage check --deep",
            "storage check --deep --repair",
            "backfill",
            "sweep",
            "storage check --deep --json",
        ],
    ));
    outputs.hold("checks", &text);
}

pub(super) async fn moves(outputs: &mut Outputs) {
    let mut bucket = Bucket::start().await;
    let settings = bucket_settings(&bucket);
    let of_bucket = settings.iter().filter(|(name, _)| *name != "MEDIA_STORAGE_BACKEND");
    let of_bucket: Vec<(&str, &str)> = of_bucket.map(|(name, value)| (*name, value.as_str())).collect();
    let world = stored(Database::embedded(), &of_bucket, 4).await;
    damage(&world);
    bucket.go_away();
    let mut text =
        format!("# the bucket is away\n{}\n", outputs.transcript(&world, &[], "storage migrate --to s3"));
    bucket.come_back().await;
    text.push_str("# the bucket is there; one file is gone, one has other bytes\n");
    text.push_str(&outputs.transcripts(
        &world,
        &[
            "storage migrate --to s3 --dry-run",
            "storage migrate --to s3 --dry-run --json",
            "storage migrate --to s3",
            "storage migrate --to s3 --json",
            "storage migrate --to local --company acme",
        ],
    ));
    outputs.hold("moves", &text.replace(&bucket.url(), "[bucket]"));
}

pub(super) async fn erasing(outputs: &mut Outputs) {
    let world = stored(Database::embedded(), &[], 2).await;
    outputs.hold_all(
        "erasing",
        &world,
        &[
            "storage erase --company acme --yes",
            "account update --company acme --phone-number-id 106540352242922 --media-policy stream",
            "storage erase --company acme",
            "storage erase --company acme --dry-run",
            "storage erase --company acme --yes",
            "storage erase --company acme --yes --json",
        ],
    );
}

pub(super) async fn sweeps(outputs: &mut Outputs) {
    let world = stored(Database::postgres(), &[], 2).await;
    let mut text =
        outputs.transcripts(&world, &["company update --company acme --retention days_after_stored:30"]);
    world.sql(
        "UPDATE media_files SET stored_at = 1, created_at = 1 WHERE id = (SELECT MIN(id) FROM media_files)",
    );
    text.push_str(
        &outputs.transcripts(&world, &["sweep --dry-run", "sweep --dry-run --json", "sweep", "sweep --json"]),
    );
    outputs.hold("sweeps", &text);
}
