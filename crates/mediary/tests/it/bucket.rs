//! Files in a bucket instead of a folder: nothing changes for the people who send, view or delete them.

use std::time::Duration;

use mediary_simulator::{MediaSpec, MessageSpec};
use mediary_testing::bucket::Bucket;
use mediary_testing::eventually;
use reqwest::{Client, Method, redirect};
use serde_json::Value;
use tokio::time::Instant;

use crate::harness::{Database, World, bucket_settings, objects, run};

/// More than a part of a multipart upload, and no multiple of one.
const LARGE: u64 = 11 * 1024 * 1024 + 77;

async fn world(bucket: &Bucket, more: &[(&str, &str)]) -> World {
    let settings = bucket_settings(bucket);
    let mut settings: Vec<(&str, &str)> =
        settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    settings.extend(more);
    World::new(Database::embedded(), &settings).await
}

async fn receive(world: &World, size: u64, mime: &str, kind: &str) -> (Value, String) {
    let media = world.simulator.add_media(&MediaSpec::generated(size, size, mime)).await.unwrap();
    let sent = world.simulator.send(&MessageSpec::media(kind, &media.id)).await.unwrap();
    (world.api().completed(&sent.id).await, media.sha256)
}

#[tokio::test(flavor = "multi_thread")]
async fn files_lie_in_the_bucket_whole_and_are_read_from_there() {
    let bucket = Bucket::start().await;
    let world = world(&bucket, &[]).await;
    let (small, _) = receive(&world, 20_000, "image/jpeg", "image").await;
    let (large, sha256) = receive(&world, LARGE, "video/mp4", "video").await;
    let record = &large["media"];
    assert_eq!(record["integrity"], "verified", "{record}");
    assert_eq!(record["sha256"], sha256);
    assert!(record["fileUrl"].as_str().unwrap().starts_with("s3://media/media/"), "{record}");
    let stored = objects(&bucket);
    let sizes: Vec<usize> = stored.iter().map(|(_, bytes)| bytes.len()).collect();
    assert!(stored.len() == 2 && sizes.contains(&20_000) && sizes.contains(&(LARGE as usize)), "{sizes:?}");
    assert!(world.stored_files().is_empty(), "nothing on this machine");

    assert_eq!(world.api().bytes(&small).await.len(), 20_000);
    let bytes = world.api().bytes(&large).await;
    assert!(stored.iter().any(|(_, object)| *object == bytes));
    let path = record["url"].as_str().unwrap();
    for (range, part) in [
        ("bytes=0-1", 0..2),
        ("bytes=-5", bytes.len() - 5..bytes.len()),
        ("bytes=5242000-6000000", 5_242_000..6_000_001),
    ] {
        let answer = world.api().request(Method::GET, path).header("range", range).send().await.unwrap();
        assert_eq!(answer.status(), 206);
        assert!(answer.bytes().await.unwrap() == bytes[part], "{range}");
    }
    let verified = world.cli(&["verify", "--json"]);
    assert_eq!((&verified["whole"], &verified["missing"]), (&2.into(), &serde_json::json!([])));
    let checked = world.cli(&["doctor", "--json"]);
    assert_eq!(checked["ok"], true, "{checked}");

    let deleted =
        world.api().request(Method::DELETE, &format!("/api/media/{}", record["id"])).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    eventually("the object to go", async || match objects(&bucket).len() {
        1 => Ok(()),
        left => Err(left),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_can_be_sent_to_the_bucket() {
    let bucket = Bucket::start().await;
    let world = world(&bucket, &[("MEDIA_DELIVERY", "redirect")]).await;
    let (photo, _) = receive(&world, 20_000, "image/jpeg", "image").await;
    let (page, _) = receive(&world, 3_000, "text/html", "document").await;
    let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
    let ask = async |message: &Value, key: Option<&str>| {
        let url = format!("{}{}", world.url(), message["media"]["url"].as_str().unwrap());
        let request = client.get(url);
        key.iter().fold(request, |request, key| request.bearer_auth(key)).send().await.unwrap()
    };
    let sent_on = ask(&photo, Some(&world.key)).await;
    assert_eq!(
        (sent_on.status().as_u16(), sent_on.headers()["cache-control"].to_str().unwrap()),
        (302, "no-store")
    );
    let location = sent_on.headers()["location"].to_str().unwrap().to_owned();
    assert!(location.starts_with(&bucket.url()), "{location}");
    let direct = client.get(&location).send().await.unwrap();
    assert_eq!(
        (direct.status().as_u16(), direct.headers()["content-type"].to_str().unwrap()),
        (200, "image/jpeg")
    );
    assert!(direct.headers()["content-disposition"].to_str().unwrap().starts_with("inline; filename="));
    assert_eq!(direct.bytes().await.unwrap().len(), 20_000);
    let part = client.get(&location).header("range", "bytes=5-9").send().await.unwrap();
    assert_eq!((part.status().as_u16(), part.bytes().await.unwrap().len()), (206, 5), "players may seek");

    assert_eq!(ask(&photo, None).await.status(), 401, "a stranger learns no address");
    let through_us = ask(&page, Some(&world.key)).await;
    assert_eq!(through_us.status(), 200, "what may hold scripts comes through us");
    assert!(through_us.headers()["content-security-policy"].to_str().unwrap().starts_with("sandbox"));
    let inbox = client.get(world.url()).send().await.unwrap();
    let policy = inbox.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains(&format!("img-src 'self' blob: data: {}", bucket.url())), "{policy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_wait_while_the_bucket_is_away_and_cost_no_attempt() {
    let mut bucket = Bucket::start().await;
    let world = world(&bucket, &[]).await;
    let (before, _) = receive(&world, 5_000, "image/jpeg", "image").await;
    bucket.go_away();
    let media = world.simulator.add_media(&MediaSpec::generated(6_000, 6, "image/jpeg")).await.unwrap();
    let sent = world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
    world
        .api()
        .media_of(&sent.id, "the failure", |media| media["lastError"]["code"] == "storage_error")
        .await;
    let ready = world.api().get("/readyz").await;
    assert_eq!(ready.status(), 503);
    let path = before["media"]["url"].as_str().unwrap().to_owned();
    let view = eventually("storage to be missed", async || {
        let view = world.api().get(&path).await;
        if view.status() == 503 { Ok(view) } else { Err(view.status()) }
    })
    .await;
    assert_eq!(view.json::<Value>().await.unwrap()["code"], "storage_error");
    bucket.come_back().await;
    let message = world.api().completed(&sent.id).await;
    assert_eq!(message["media"]["downloadAttempts"], 1, "{message}");
    assert_eq!(world.api().bytes(&before).await.len(), 5_000);
    assert_eq!(objects(&bucket).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn bucket_may_take_longer_to_publish_than_a_lease_lasts() {
    let bucket = Bucket::start().await;
    let world = world(&bucket, &[("MEDIARY_LEASE_MS", "1000")]).await;
    let held = bucket.server().hold_completions().await;
    let media = world.simulator.add_media(&MediaSpec::generated(LARGE, 9, "video/mp4")).await.unwrap();
    let sent = world.simulator.send(&MessageSpec::media("video", &media.id)).await.unwrap();
    eventually(
        "the upload",
        async || if bucket.server().unfinished_uploads() == 1 { Ok(()) } else { Err(()) },
    )
    .await;
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(3) {
        let swept = world.cli(&["sweep", "--json"]);
        assert_eq!(swept["counts"]["leasesReleased"], 0, "the download was taken from its owner");
    }
    drop(held);
    let message = world.api().completed(&sent.id).await;
    assert_eq!(message["media"]["downloadAttempts"], 1, "{message}");
    assert_eq!(message["media"]["sha256"], media.sha256);
}

/// Files stay where they are and are served from there, whichever storage takes the new ones.
#[tokio::test(flavor = "multi_thread")]
async fn backend_is_switched_and_back_without_a_loss() {
    let bucket = Bucket::start().await;
    let mut world = world(&bucket, &[]).await;
    let (in_bucket, _) = receive(&world, 5_000, "image/jpeg", "image").await;
    assert!(world.stop());
    world.env.insert("MEDIA_STORAGE_BACKEND".to_owned(), "local".to_owned());
    world.start();
    let (in_folder, _) = receive(&world, 6_000, "image/jpeg", "image").await;
    assert_eq!(world.stored_files().len(), 1);
    for (message, size) in [(&in_bucket, 5_000), (&in_folder, 6_000)] {
        assert_eq!(world.api().bytes(message).await.len(), size);
    }
    assert!(world.stop());
    world.env.insert("MEDIA_STORAGE_BACKEND".to_owned(), "s3".to_owned());
    world.start();
    assert_eq!(world.api().bytes(&in_folder).await.len(), 6_000);
    // Without any settings for the bucket, what WhatsApp still has is fetched again.
    assert!(world.stop());
    for name in ["AWS_S3_BUCKET", "AWS_ENDPOINT_URL"] {
        world.env.remove(name);
    }
    world.env.insert("MEDIA_STORAGE_BACKEND".to_owned(), "local".to_owned());
    world.start();
    assert_eq!(world.api().bytes(&in_bucket).await.len(), 5_000);
}

/// While the server runs, and again from the start if it was stopped half-way.
#[tokio::test(flavor = "multi_thread")]
async fn files_move_between_storages_and_are_checked() {
    let bucket = Bucket::start().await;
    let world = world(&bucket, &[("MEDIA_STORAGE_BACKEND", "local")]).await;
    let mut messages = Vec::new();
    for size in [5_000, 6_000, LARGE] {
        messages.push(receive(&world, size, "image/jpeg", "image").await);
    }
    let planned = world.cli(&["storage", "migrate", "--to", "s3", "--dry-run", "--json"]);
    assert_eq!((&planned["files"], &planned["bytes"]), (&3.into(), &(11_000 + LARGE).into()));
    assert!(objects(&bucket).is_empty());

    let mut away = world.env.clone();
    away.insert("AWS_ENDPOINT_URL".to_owned(), "http://127.0.0.1:9".to_owned());
    let output = run(&away, world.folder(), &["storage", "migrate", "--to", "s3", "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["failed"].as_array().unwrap().len(), 3, "{printed}");
    let reasons = printed["reasons"].as_array().unwrap();
    assert!(
        reasons.iter().all(|why| why["reason"].as_str().unwrap().starts_with("could not ask storage: ")),
        "{printed}"
    );
    assert!(printed["failed"].as_array().unwrap().contains(&reasons[0]["mediaId"]), "{printed}");

    let (damaged, _) = &messages[0];
    let damaged_key = damaged["media"]["fileKey"].as_str().unwrap();
    let damaged_path = world.data().join(damaged_key);
    let good = std::fs::read(&damaged_path).unwrap();
    std::fs::write(&damaged_path, vec![0; 5_000]).unwrap();
    let output = world.cli_output(&["storage", "migrate", "--to", "s3", "--json"]);
    assert_eq!(output.status.code(), Some(3), "some of it failed");
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&printed["moved"], &printed["wrong"]),
        (&2.into(), &serde_json::json!([damaged["media"]["id"]]))
    );
    assert_eq!(objects(&bucket).len(), 2, "what is not as recorded does not move");
    std::fs::write(&damaged_path, good).unwrap();
    let printed = world.cli(&["storage", "migrate", "--to", "s3", "--json"]);
    assert_eq!(printed["moved"], 1, "the second run moves what is left");

    for (message, sha256) in &messages {
        let record = world.api().json(&format!("/api/media/{}", message["media"]["id"])).await;
        assert!(record["fileUrl"].as_str().unwrap().starts_with("s3://"), "{record}");
        assert_eq!(&record["sha256"], sha256);
        let size = usize::try_from(record["fileSize"].as_u64().unwrap()).unwrap();
        assert_eq!(world.api().bytes(message).await.len(), size);
    }
    let checked = world.cli(&["storage", "check", "--deep", "--json"]);
    assert_eq!(
        (&checked["whole"], &checked["missing"], &checked["untracked"]),
        (&3.into(), &serde_json::json!([]), &serde_json::json!([]))
    );
    std::fs::remove_file(&objects(&bucket)[0].0).unwrap();
    let output = world.cli_output(&["storage", "check", "--repair", "--json"]);
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (printed["whole"].as_u64(), printed["missing"].as_array().map(Vec::len)),
        (Some(2), Some(1)),
        "{printed}"
    );
    eventually("what was missing to be fetched again", async || {
        let checked = world.cli_output(&["storage", "check", "--json"]);
        if checked.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&checked.stdout).into_owned())
        }
    })
    .await;
    let refused = world.cli_output(&["storage", "migrate", "--to", "r2"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("storage r2 has no settings"));
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_the_setting_that_is_wrong() {
    let mut bucket = Bucket::start().await;
    let world = World::furnished(Database::embedded(), &[]).await;
    let examined = async |bucket: &Bucket, name: &str, value: &str| {
        let mut env = world.env.clone();
        env.extend(bucket_settings(bucket).into_iter().map(|(name, value)| (name.to_owned(), value)));
        env.insert(name.to_owned(), value.to_owned());
        let folder = world.folder().to_owned();
        let run = move || crate::harness::run(&env, &folder, &["doctor", "--json"]);
        let output = tokio::task::spawn_blocking(run).await.unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let checks = report["checks"].as_array().unwrap().clone();
        let storage = checks.into_iter().find(|check| check["check"] == "storage").unwrap();
        (storage["ok"].as_bool().unwrap(), storage["detail"].as_str().unwrap().to_owned())
    };
    let url = bucket.url();
    assert!(examined(&bucket, "AWS_ENDPOINT_URL", &url).await.0, "as it is, it works");
    for (name, value, words) in [
        ("AWS_SECRET_ACCESS_KEY", "wrong", "correct AWS_SECRET_ACCESS_KEY"),
        ("AWS_ACCESS_KEY_ID", "nobody", "correct AWS_ACCESS_KEY_ID"),
        ("AWS_S3_BUCKET", "no-such-bucket", "correct AWS_S3_BUCKET"),
    ] {
        let (ok, detail) = examined(&bucket, name, value).await;
        assert!(!ok && detail.contains(words), "{name}: {detail}");
    }
    bucket.go_away();
    let (ok, detail) = examined(&bucket, "AWS_ENDPOINT_URL", &url).await;
    assert!(!ok && detail.contains("does not answer") && detail.contains("AWS_ENDPOINT_URL"), "{detail}");
}

#[tokio::test]
async fn settings_that_cannot_work_stop_the_start_and_say_why() {
    let bucket = Bucket::start().await;
    let world = World::furnished(Database::embedded(), &[]).await;
    let refused = |changes: &[(&str, &str)], words: &str| {
        let mut env = world.env.clone();
        env.extend(bucket_settings(&bucket).into_iter().map(|(name, value)| (name.to_owned(), value)));
        for (name, value) in changes {
            match *value {
                "" => drop(env.remove(*name)),
                value => drop(env.insert((*name).to_owned(), value.to_owned())),
            }
        }
        let output = crate::harness::run(&env, world.folder(), &["company", "list"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(words), "{changes:?}: {said}");
    };
    refused(&[("AWS_S3_BUCKET", "")], "AWS_S3_BUCKET is needed with MEDIA_STORAGE_BACKEND=s3");
    refused(&[("AWS_SECRET_ACCESS_KEY", "")], "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together");
    refused(&[("AWS_ENDPOINT_URL", "minio:9000")], "AWS_ENDPOINT_URL");
    refused(&[("AWS_ENDPOINT_URL", "http://minio:9000/media")], "without the bucket");
    refused(&[("AWS_S3_PATH_STYLE", "yes")], "must be true or false");
    refused(&[("MEDIA_STORAGE_BACKEND", "azure")], "allowed are: local, s3, r2");
    refused(&[("MEDIA_STORAGE_BACKEND", "r2")], "R2_BUCKET is needed");
    refused(
        &[("MEDIA_STORAGE_BACKEND", "r2"), ("R2_BUCKET", "b")],
        "R2_ACCOUNT_ID (or R2_ENDPOINT) is needed",
    );
    refused(
        &[("MEDIA_STORAGE_BACKEND", "local"), ("MEDIA_DELIVERY", "redirect")],
        "nobody can be sent to a folder",
    );
}
