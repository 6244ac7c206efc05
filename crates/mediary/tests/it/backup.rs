//! Backups: what was there at the time of one is there again, and what another database has is left alone.

use std::fs;
use std::time::{Duration, SystemTime};

use mediary_simulator::{MediaSpec, MessageSpec};
use mediary_testing::bucket::Bucket;
use mediary_testing::eventually;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Database, World, bucket_settings, objects};

async fn receive(world: &World, seed: u64) -> (Value, String) {
    let media =
        world.simulator.add_media(&MediaSpec::generated(20_000 + seed, seed, "image/jpeg")).await.unwrap();
    let sent = world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
    (world.api().completed(&sent.id).await, media.sha256)
}

async fn delete(world: &World, message: &Value) {
    let path = format!("/api/media/{}", message["media"]["id"]);
    assert_eq!(world.api().request(Method::DELETE, &path).send().await.unwrap().status(), 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn backup_brings_back_what_it_has_and_a_check_names_the_rest() {
    let bucket = Bucket::start().await;
    let settings = bucket_settings(&bucket);
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut world = World::new(Database::postgres(), &settings).await;
    let (kept, kept_hash) = receive(&world, 1).await;
    let (deleted_later, hash) = receive(&world, 2).await;
    let dump = world.dump_database();
    // After the backup: one file goes, another comes.
    delete(&world, &deleted_later).await;
    receive(&world, 3).await;
    eventually("the deleted object to go", async || match objects(&bucket).len() {
        2 => Ok(()),
        objects => Err(objects),
    })
    .await;
    assert!(world.stop());
    world.restore_database(&dump);
    world.start();

    assert_eq!(world.api().bytes(&kept).await.len(), 20_001);
    let output = world.cli_output(&["storage", "check", "--deep", "--repair", "--json"]);
    assert_eq!(output.status.code(), Some(3), "something is amiss");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&found["whole"], &found["missing"]), (&json!(1), &json!([deleted_later["media"]["id"]])));
    // WhatsApp still has it.
    let wamid = deleted_later["providerMessageId"].as_str().unwrap();
    let back = world.api().media_of(wamid, "its return", |media| media["storedAt"] != Value::Null).await;
    let back = world.api().completed(back["providerMessageId"].as_str().unwrap()).await;
    assert_eq!((&back["media"]["sha256"], &kept["media"]["sha256"]), (&json!(hash), &json!(kept_hash)));
    eventually("everything to be whole", async || {
        let found = world.cli(&["verify", "--json"]);
        if found["whole"] == 2 { Ok(()) } else { Err(found) }
    })
    .await;
    // Ids continue where the backup ended, and nothing of later days is taken for something else.
    let (fresh, hash) = receive(&world, 4).await;
    assert_eq!(fresh["media"]["sha256"], hash);
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_of_another_database_is_emptied_only_on_explicit_request() {
    let world = World::sqlite().await;
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(24 * 3600);
    let folder = world.data().join("media/1/77");
    fs::create_dir_all(&folder).unwrap();
    for number in 0..101 {
        let path = folder.join(format!("{number}"));
        fs::write(&path, "bytes").unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    }
    let check = |more: &[&str]| {
        let output = world.cli_output(&[&["storage", "check", "--repair", "--json"], more].concat());
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let spared = check(&[]);
    assert_eq!((&spared["untrackedCount"], &spared["repaired"]), (&json!(101), &json!(0)));
    let printed = world.cli_output(&["storage", "check", "--repair"]);
    assert!(String::from_utf8_lossy(&printed.stdout).contains("add --yes"), "{printed:?}");
    let removed = check(&["--yes"]);
    assert_eq!((&removed["untrackedCount"], &removed["repaired"]), (&json!(101), &json!(101)));
}
