//! Promise 3 and 7: every kind of media whole, and every failure of the table distinguished, against the simulator.

use std::time::Duration;

use mediary_simulator::{FaultKind, FaultSpec, MediaSpec, MessageSpec, Place, TokenState};
use mediary_testing::eventually;
use mediary_testing::files::{PNG, content_like, sha256};
use mediary_testing::installation::{ACCESS_TOKEN, PHONE_NUMBER_ID};
use serde_json::{Value, json};

use crate::harness::{Database, World};

const SIZE: u64 = 300_000;

/// Sends an image of made-up bytes with these faults in its way; the wamid, and what WhatsApp declared.
async fn send_image(world: &World, faults: &[FaultSpec]) -> (String, mediary_simulator::MediaRecord) {
    let media = world.simulator.add_media(&MediaSpec::generated(SIZE, 11, "image/jpeg")).await.unwrap();
    for fault in faults {
        world.simulator.add_fault(fault.clone().of(&media.id)).unwrap();
    }
    let sent = world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
    (sent.id, media)
}

async fn failed_with(world: &World, wamid: &str, code: &str) -> Value {
    let message = world
        .api()
        .media_of(wamid, &format!("failure {code}"), |media| {
            media["downloadStatus"] == "failed" && media["lastError"]["code"] == code
        })
        .await;
    message["media"].clone()
}

/// The bytes that are served are the ones that were declared.
async fn is_whole(world: &World, wamid: &str, media: &mediary_simulator::MediaRecord) -> Value {
    let message = world.api().completed(wamid).await;
    assert_eq!(message["media"]["sha256"].as_str().unwrap(), media.sha256);
    assert_eq!(message["media"]["integrity"], "verified");
    let bytes = world.api().bytes(&message).await;
    assert_eq!(bytes.len() as u64, media.file_size);
    assert_eq!(sha256(&bytes).to_string(), media.sha256);
    message["media"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_every_kind_are_stored_byte_for_byte() {
    let world = World::sqlite().await;
    let kinds = [
        ("image", "image/jpeg"),
        ("video", "video/mp4"),
        ("audio", "audio/ogg; codecs=opus"),
        ("document", "application/pdf"),
        ("sticker", "image/webp"),
    ];
    let mut sent = Vec::new();
    for (seed, (kind, mime)) in kinds.into_iter().enumerate() {
        let media = world.simulator.add_media(&MediaSpec::generated(SIZE, seed as u64, mime)).await.unwrap();
        let queued = world.simulator.send(&MessageSpec::media(kind, &media.id)).await.unwrap();
        sent.push((kind, queued.id, media));
    }
    for (kind, wamid, media) in &sent {
        let record = is_whole(&world, wamid, media).await;
        assert_eq!(record["fileType"], *kind);
        assert_eq!(record["downloadAttempts"], 1, "a smooth download counts one attempt");
    }
    let stored = world.stored_files();
    assert_eq!(stored.len(), kinds.len());
    assert!(stored.iter().all(|(_, bytes)| bytes.len() as u64 == SIZE));
}

#[tokio::test(flavor = "multi_thread")]
async fn media_expired_at_whatsapp_is_not_tried_again() {
    let world = World::sqlite().await;
    let stale = FaultSpec::new(FaultKind::Expired);
    let (wamid, media) = send_image(&world, &[stale]).await;
    let record = failed_with(&world, &wamid, "media_expired").await;
    assert_eq!(record["lastError"]["retryable"], false);
    assert!(record["lastError"]["nextAttemptAt"].is_null());
    assert!(world.simulator.media_stats(&media.id).resolves <= 2);
    let path = record["url"].as_str().unwrap();
    assert_eq!(world.api().get(path).await.status(), 410);
}

#[tokio::test(flavor = "multi_thread")]
async fn stale_url_is_renewed_without_costing_an_attempt() {
    let world = World::sqlite().await;
    for status in [401, 403, 404, 410] {
        let stale = FaultSpec::new(FaultKind::StaleUrl).status(status).times(1);
        let (wamid, media) = send_image(&world, &[stale]).await;
        let record = is_whole(&world, &wamid, &media).await;
        assert_eq!(record["downloadAttempts"], 1, "HTTP {status}");
    }
    let account = &world.api().json("/api/whatsapp-accounts").await["items"][0];
    assert_eq!(account["status"], "active", "a dead URL says nothing about the token");
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_pauses_the_account_and_costs_no_attempt() {
    let world = World::sqlite().await;
    // Without a URL of its own the file has to ask Graph, which is where throttling strikes.
    let mut options = world.simulator.options();
    options.media.url_in_webhooks = false;
    world.simulator.set_options(options).unwrap();
    for code in [4, 80007, 130_429, 131_056] {
        let throttled = FaultSpec::new(FaultKind::Throttled).code(code).times(2);
        let (wamid, media) = send_image(&world, &[throttled]).await;
        assert_eq!(is_whole(&world, &wamid, &media).await["downloadAttempts"], 1, "code {code}");
    }
    let mut throttled = FaultSpec::new(FaultKind::TooManyRequests).times(1);
    throttled.retry_after_seconds = Some(1);
    let (wamid, media) = send_image(&world, &[throttled]).await;
    assert_eq!(is_whole(&world, &wamid, &media).await["downloadAttempts"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_token_pauses_until_it_is_renewed_and_no_attempt_is_lost() {
    let world = World::sqlite().await;
    let mut options = world.simulator.options();
    options.media.url_in_webhooks = false;
    world.simulator.set_options(options).unwrap();
    world.simulator.set_token(ACCESS_TOKEN, TokenState::Revoked).unwrap();
    let (wamid, media) = send_image(&world, &[]).await;
    eventually("the account to need a token", async || {
        let account = world.api().json("/api/whatsapp-accounts").await["items"][0].clone();
        if account["status"] == "needs_token" { Ok(()) } else { Err(account) }
    })
    .await;
    let waiting =
        world.api().media_of(&wamid, "waiting", |media| media["downloadStatus"] != "completed").await;
    assert_eq!(waiting["media"]["downloadAttempts"], 0, "{}", waiting["media"]);

    world.simulator.set_token(ACCESS_TOKEN, TokenState::Valid).unwrap();
    let update = ["account", "update", "--company", "acme", "--phone-number-id", PHONE_NUMBER_ID];
    world.cli(&[&update[..], &["--access-token-env", "TOKEN", "--json"]].concat());
    assert_eq!(is_whole(&world, &wamid, &media).await["downloadAttempts"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_that_may_pass_are_tried_again() {
    let world = World::sqlite().await;
    let cases = [
        ("5xx", FaultSpec::new(FaultKind::ServerError).at(Place::Download).times(2)),
        ("5xx of Graph", FaultSpec::new(FaultKind::ServerError).at(Place::Resolve).times(2)),
        ("cut", FaultSpec::new(FaultKind::Cut).times(2)),
        ("stalled", FaultSpec::new(FaultKind::Stalled).times(1)),
        ("short", FaultSpec::new(FaultKind::Short).times(2)),
        ("wrong hash", FaultSpec::new(FaultKind::WrongHash).times(2)),
        ("gzip", FaultSpec::new(FaultKind::Gzip).times(1)),
        ("zero bytes", FaultSpec::new(FaultKind::ZeroBytes).times(1)),
        ("redirect loop", FaultSpec::new(FaultKind::RedirectLoop).times(1)),
    ];
    let mut sent = Vec::new();
    for (what, fault) in cases {
        sent.push((what, send_image(&world, &[fault]).await));
    }
    for (what, (wamid, media)) in &sent {
        let record = is_whole(&world, wamid, media).await;
        assert!(record["lastError"].is_null(), "{what}: {record}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_body_is_cut_at_its_declared_length_and_fetched_again() {
    let world = World::sqlite().await;
    let mut options = world.simulator.options();
    options.media.url_in_webhooks = false;
    world.simulator.set_options(options).unwrap();
    let (wamid, media) = send_image(&world, &[FaultSpec::new(FaultKind::Endless).times(1)]).await;
    is_whole(&world, &wamid, &media).await;
    assert!(world.simulator.media_stats(&media.id).bytes_sent < 100 * SIZE, "it was not read on and on");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_attempts_follow_the_quick_ones() {
    let world = World::sqlite().await;
    let (wamid, media) = send_image(&world, &[FaultSpec::new(FaultKind::ServerError).times(8)]).await;
    let record = is_whole(&world, &wamid, &media).await;
    assert!(record["downloadAttempts"].as_i64().unwrap() > 5, "{record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_that_may_pass_says_when_the_next_attempt_is() {
    let slow = ("MEDIARY_RETRY_QUICK_FIRST_MS", "60000");
    let world = World::new(Database::embedded(), &[slow]).await;
    let (wamid, media) = send_image(&world, &[FaultSpec::new(FaultKind::ServerError).times(1)]).await;
    let record = failed_with(&world, &wamid, "provider_unavailable").await;
    assert_eq!(record["lastError"]["retryable"], true);
    assert!(record["lastError"]["nextAttemptAt"].is_string());
    // Nobody has to wait for it.
    let response = world.api().post(&format!("/api/media/{}/download", record["id"]), &json!({})).await;
    assert_eq!(response.status(), 202);
    is_whole(&world, &wamid, &media).await;
    let again = world.api().post(&format!("/api/media/{}/download", record["id"]), &json!({})).await;
    assert_eq!(again.status(), 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_a_company_are_retried_in_one_call() {
    let slow = ("MEDIARY_RETRY_QUICK_FIRST_MS", "60000");
    let world = World::new(Database::embedded(), &[slow]).await;
    let mut sent = Vec::new();
    for _ in 0..3 {
        sent.push(send_image(&world, &[FaultSpec::new(FaultKind::ServerError).times(1)]).await);
    }
    for (wamid, _) in &sent {
        failed_with(&world, wamid, "provider_unavailable").await;
    }
    let outcome: Value = world.api().post("/api/media/retry", &json!({})).await.json().await.unwrap();
    assert_eq!(outcome, json!({ "retried": 3, "succeeded": 3, "failed": 0 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn file_that_is_too_large_is_refused_before_it_fills_the_disk() {
    const HUGE: u64 = 90 * 1024 * 1024;
    let world = World::new(Database::embedded(), &[("MEDIARY_MAX_IMAGE_BYTES", "100000")]).await;
    let media = world.simulator.add_media(&MediaSpec::generated(HUGE, 11, "image/jpeg")).await.unwrap();
    let sent = world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
    let record = failed_with(&world, &sent.id, "payload_too_large").await;
    assert_eq!(record["lastError"]["retryable"], false);
    assert!(
        record["lastError"]["message"].as_str().unwrap().contains("100000"),
        "the limit is named: {record}"
    );
    assert!(world.simulator.media_stats(&media.id).bytes_sent < HUGE / 2, "it was not pulled whole");
    assert!(world.stored_files().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_file_of_undeclared_size_is_final() {
    let world = World::sqlite().await;
    let media = world.simulator.add_media(&MediaSpec::bytes(Vec::new(), "image/jpeg")).await.unwrap();
    let sent = world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
    let record = failed_with(&world, &sent.id, "integrity_mismatch").await;
    assert_eq!(record["lastError"]["retryable"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn file_of_another_type_of_its_family_is_kept_and_named() {
    let world = World::sqlite().await;
    let png =
        MediaSpec { mime_type: Some("image/jpeg".to_owned()), ..MediaSpec::generated(SIZE, 3, "image/png") };
    let bytes = content_like(PNG, 5000);
    let png = MediaSpec { generate: None, bytes: Some(bytes.into()), ..png };
    let media = world.simulator.add_media(&png).await.unwrap();
    let sent = world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
    let record = is_whole(&world, &sent.id, &media).await;
    assert_eq!(record["mimeType"], "image/jpeg");
    assert_eq!(record["detectedMimeType"], "image/png");
}

#[tokio::test(flavor = "multi_thread")]
async fn web_page_declared_an_image_is_quarantined() {
    let world = World::sqlite().await;
    let page = b"<!DOCTYPE html><html><script>alert(1)</script></html>".to_vec();
    let media = world.simulator.add_media(&MediaSpec::bytes(page, "image/jpeg")).await.unwrap();
    let sent = world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
    let record = failed_with(&world, &sent.id, "media_quarantined").await;
    assert_eq!(record["scanStatus"], "quarantined");
    let response = world.api_as(&world.add_key("acme", "viewer")).get(record["url"].as_str().unwrap()).await;
    assert_eq!(response.status(), 403);
    assert!(!response.text().await.unwrap().contains("alert"));
}

#[tokio::test(flavor = "multi_thread")]
async fn file_with_the_same_other_bytes_three_times_running_is_kept_with_a_warning() {
    let world = World::sqlite().await;
    let (wamid, media) = send_image(&world, &[FaultSpec::new(FaultKind::WrongHash)]).await;
    let message = world.api().completed(&wamid).await;
    assert_eq!(message["media"]["integrity"], "mismatch");
    assert_ne!(message["media"]["sha256"].as_str().unwrap(), media.sha256);
    assert_eq!(world.simulator.media_stats(&media.id).downloads, 3);
    assert_eq!(world.stored_files().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn declared_hash_is_read_in_base64_and_hex_and_ignored_otherwise() {
    let world = World::sqlite().await;
    let bytes = MediaSpec::generated(SIZE, 5, "image/jpeg");
    let media = world.simulator.add_media(&bytes).await.unwrap();
    for declared in [media.sha256.clone(), media.sha256.to_uppercase(), "4654+8g=".to_owned()] {
        let spec = MessageSpec { declared_sha256: Some(declared), ..MessageSpec::media("image", &media.id) };
        let sent = world.simulator.send(&spec).await.unwrap();
        is_whole(&world, &sent.id, &media).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_that_refuses_pauses_downloads_and_costs_no_attempt() {
    let world = World::sqlite().await;
    // A file where the folder should be: storage cannot write, as root or not.
    let (media_folder, kept) = (world.data().join("media"), world.data().join("kept"));
    std::fs::rename(&media_folder, &kept).unwrap();
    std::fs::write(&media_folder, "in the way").unwrap();
    let (wamid, media) = send_image(&world, &[]).await;
    eventually("readiness to say so", async || {
        let response = world.api().get("/readyz").await;
        if response.status() == 503 { Ok(()) } else { Err(response.text().await.unwrap()) }
    })
    .await;
    std::fs::remove_file(&media_folder).unwrap();
    std::fs::rename(&kept, &media_folder).unwrap();
    let record = is_whole(&world, &wamid, &media).await;
    assert_eq!(record["downloadAttempts"], 1, "{record}");
    eventually("readiness to return", async || {
        let status = world.api().get("/readyz").await.status();
        if status == 200 { Ok(()) } else { Err(status) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn media_folder_that_goes_away_costs_no_file_and_is_found_again_without_a_restart() {
    let world = World::sqlite().await;
    let (early, early_media) = send_image(&world, &[]).await;
    let stored = is_whole(&world, &early, &early_media).await;
    let (media_folder, kept) = (world.data().join("media"), world.data().join("kept"));
    std::fs::rename(&media_folder, &kept).unwrap();
    // As a mount point that lost its volume.
    std::fs::create_dir(&media_folder).unwrap();
    let readiness = async || world.api().get("/readyz").await.status().as_u16();
    eventually("readiness to say so", async || (readiness().await == 503).then_some(()).ok_or(())).await;
    assert!(world.log().contains("the folder that holds the files is not there"), "{}", world.log());
    let (late, late_media) = send_image(&world, &[]).await;
    world.api().media_of(&late, "a failure", |media| media["downloadStatus"] == "failed").await;
    for command in [&["doctor"][..], &["verify"], &["sweep"], &["storage", "check", "--repair"]] {
        let output = world.cli_output(command);
        let said = [output.stdout, output.stderr].concat();
        assert!(
            !output.status.success() && String::from_utf8_lossy(&said).contains("is its volume mounted?")
        );
    }
    assert_eq!(
        std::fs::read_dir(&media_folder).unwrap().count(),
        0,
        "nothing is written where it would be hidden"
    );
    std::fs::remove_dir(&media_folder).unwrap();
    std::fs::rename(&kept, &media_folder).unwrap();
    let record = is_whole(&world, &late, &late_media).await;
    assert_eq!(record["downloadAttempts"], 1, "{record}");
    assert_eq!(is_whole(&world, &early, &early_media).await["downloadAttempts"], stored["downloadAttempts"]);
    eventually("readiness to return", async || (readiness().await == 200).then_some(()).ok_or(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn message_deleted_meanwhile_leaves_nothing() {
    let world = World::sqlite().await;
    let mut slow = FaultSpec::new(FaultKind::Slow);
    slow.bytes_per_second = Some(100_000);
    let (wamid, media) = send_image(&world, &[slow]).await;
    let message =
        world.api().media_of(&wamid, "start", |media| media["downloadStatus"] == "downloading").await;
    let path = format!("/api/media/{}", message["media"]["id"]);
    let deleted = world.api().request(reqwest::Method::DELETE, &path).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    eventually("the end of the download", async || {
        let stats = world.simulator.media_stats(&media.id);
        let left = world.stored_files();
        if stats.in_flight == 0 && left.is_empty() { Ok(()) } else { Err((stats.in_flight, left.len())) }
    })
    .await;
    assert_eq!(world.api().json(&path).await["isActive"], false);
    assert_eq!(world.api().get(message["media"]["url"].as_str().unwrap()).await.status(), 410);
    assert!(world.api().all("/api/media").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn media_without_an_id_is_kept_as_unsupported() {
    let world = World::sqlite().await;
    let node = json!({ "mime_type": "image/jpeg", "sha256": "x" });
    let sent = world.simulator.send(&MessageSpec::node("image", node)).await.unwrap();
    let message =
        eventually("the message", async || world.api().message_by_wamid(&sent.id).await.ok_or("absent"))
            .await;
    assert_eq!(message["type"], "unsupported");
    assert!(message["media"].is_null());
    let metrics = world.api().get("/metrics").await.text().await.unwrap();
    let line =
        metrics.lines().find(|line| line.starts_with("mediary_media_extraction_failed_total")).unwrap();
    assert!(line.ends_with(" 1"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn flood_of_one_company_does_not_delay_anothers_single_file() {
    let world = World::sqlite().await;
    world.add_company("beta");
    world.add_account("beta", "300000000000003", &[]);
    let beta = world.api_as(&world.add_key("beta", "admin"));
    let account = mediary_simulator::AccountSpec {
        phone_number_id: "300000000000003".to_owned(),
        ..Default::default()
    };
    world.simulator.put_account(account).unwrap();
    // Each of the flood takes two seconds, so that its queue is far from empty when the other file comes.
    for seed in 0..40 {
        let media = world.simulator.add_media(&MediaSpec::generated(2000, seed, "image/jpeg")).await.unwrap();
        let mut slow = FaultSpec::new(FaultKind::Slow).of(&media.id);
        (slow.delay_ms, slow.bytes_per_second) = (Some(100), Some(1000));
        world.simulator.add_fault(slow).unwrap();
        world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
    }
    world.delivered().await;
    let single = MediaSpec::generated(SIZE, 99, "image/jpeg").of("300000000000003");
    let media = world.simulator.add_media(&single).await.unwrap();
    let started = tokio::time::Instant::now();
    let sent =
        world.simulator.send(&MessageSpec::media("image", &media.id).to("300000000000003")).await.unwrap();
    beta.completed(&sent.id).await;
    assert!(started.elapsed() < Duration::from_secs(2), "it waited {:?} behind the flood", started.elapsed());
    assert!(world.simulator.stats().downloads_in_flight_max <= 5, "four of one company, one of the other");
}
