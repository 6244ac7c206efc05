//! Media that is not here: streamed while it comes, kept or not as its company wants, and every failure explained.

use futures_util::StreamExt;
use futures_util::future::join_all;
use mediary_simulator::{
    FaultKind, FaultSpec, MediaRecord, MediaSpec, MessageSpec, Place, RandomFaults, TokenState,
};
use mediary_testing::eventually;
use mediary_testing::files::sha256;
use mediary_testing::installation::ACCESS_TOKEN;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Database, World};
use crate::memory::peak_kib;

const MIB: u64 = 1024 * 1024;
const PEAK_KIB: u64 = 150 * 1024;

async fn under(policy: &str, settings: &[(&str, &str)]) -> World {
    let world = World::new(Database::embedded(), settings).await;
    set_policy(&world, policy).await;
    world
}

async fn set_policy(world: &World, policy: &str) {
    let change = world.api().request(Method::PATCH, "/api/settings/media").json(&json!({"policy": policy}));
    assert_eq!(change.send().await.unwrap().status(), 200);
}

/// Has a message with that media arrive; its path.
async fn arrive(world: &World, media: &MediaRecord, kind: &str) -> (String, String) {
    let sent = world.simulator.send(&MessageSpec::media(kind, &media.id)).await.unwrap();
    let message = world.api().media_of(&sent.id, "arrival", Value::is_object).await;
    (message["media"]["url"].as_str().unwrap().to_owned(), sent.id)
}

async fn generated(world: &World, size: u64, kind: &str, mime: &str) -> (MediaRecord, String, String) {
    let media = world.simulator.add_media(&MediaSpec::generated(size, size, mime)).await.unwrap();
    let (path, wamid) = arrive(world, &media, kind).await;
    (media, path, wamid)
}

/// Every file below a folder that holds these bytes.
fn holding(folder: &Path, marker: &[u8]) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(holding(&path, marker));
        } else if std::fs::read(&path).is_ok_and(|bytes| contains(&bytes, marker)) {
            found.push(path);
        }
    }
    found
}

fn contains(bytes: &[u8], marker: &[u8]) -> bool {
    memchr::memmem::find(bytes, marker).is_some()
}

/// Files that the program has open, also those without a name, that hold these bytes.
fn open_files_holding(pid: u32, marker: &[u8]) -> Vec<std::path::PathBuf> {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let open = open.map(|entry| entry.path());
    let files = open.filter(|path| std::fs::metadata(path).is_ok_and(|found| found.is_file()));
    files.filter(|path| std::fs::read(path).is_ok_and(|bytes| contains(&bytes, marker))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_stream_leaves_no_byte_of_a_file_anywhere() {
    let temporary = tempfile::tempdir().unwrap();
    let temporary_path = temporary.path().to_str().unwrap().to_owned();
    let mut world = under("stream", &[("TMPDIR", &temporary_path)]).await;
    let marker = format!("mediary-marker-{:032x}", rand::random::<u128>());
    let content = marker.as_bytes().repeat(20_000);
    let media = world.simulator.add_media(&MediaSpec::bytes(content.clone(), "video/mp4")).await.unwrap();
    let (path, _) = arrive(&world, &media, "video").await;
    let pid = world.server().pid();
    let nowhere = |world: &World| {
        let mut found = holding(world.folder(), marker.as_bytes());
        found.extend(holding(temporary.path(), marker.as_bytes()));
        found.extend(open_files_holding(pid, marker.as_bytes()));
        assert_eq!(found, Vec::<std::path::PathBuf>::new());
    };
    let proxied = format!("/api/whatsapp/media/{}?t=1", media.id);
    let api = world.api();
    for round in 0..10 {
        let views = (0..20).map(async |number: u32| {
            let path = if number % 5 == 4 { &proxied } else { &path };
            let mut request = api.request(Method::GET, path);
            if number % 3 == 2 {
                request = request.header("range", "bytes=1000-");
            }
            let response = request.send().await.unwrap();
            assert!(response.status().is_success(), "{}", response.status());
            assert_eq!(response.headers()["cache-control"], "no-store");
            let mut body = response.bytes_stream();
            let mut read = 0;
            while let Some(chunk) = body.next().await {
                read += chunk.unwrap().len();
                // Every other viewer goes away in the middle.
                if number % 2 == 1 && read > 100_000 {
                    return;
                }
            }
            assert!(read >= content.len() - 1000);
        });
        let looks = async {
            tokio::task::yield_now().await;
            nowhere(&world);
        };
        tokio::join!(join_all(views), looks);
        if round == 0 {
            assert!(world.simulator.media_stats(&media.id).downloads > 0);
        }
    }
    nowhere(&world);
    assert!(world.stored_files().is_empty());
    assert!(world.stop());
    nowhere(&world);
}

/// A viewer that asks and then reads nothing.
async fn stop_reading(world: &World, path: &str) -> TcpStream {
    let address = world.url().trim_start_matches("http://").to_owned();
    let mut socket = TcpStream::connect(&address).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\r\n", world.key);
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    socket.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    socket
}

/// Fifty viewers at once, of whom so many read to the end and the others leave early, and one who stops reading.
async fn fifty_viewers(policy: &str, to_the_end: usize) {
    let mut world = under(policy, &[("MEDIARY_LOG", "info")]).await;
    let media = world.simulator.add_media(&MediaSpec::generated(50 * MIB, 7, "video/mp4")).await.unwrap();
    let (path, wamid) = arrive(&world, &media, "video").await;
    // It begins so late that all of them are there by then.
    let mut paced = FaultSpec::new(FaultKind::Slow).of(&media.id).times(1);
    (paced.delay_ms, paced.bytes_per_second) = (Some(1000), Some(20 * MIB));
    world.simulator.add_fault(paced).unwrap();
    let stopped = stop_reading(&world, &path);
    let api = world.api();
    let views = (0..50).map(async |number| {
        let answer = api.get(&path).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let mut hash = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        let (mut body, mut read) = (answer.bytes_stream(), 0);
        while let Some(chunk) = body.next().await {
            let chunk = chunk.unwrap();
            read += chunk.len() as u64;
            hash.update(&chunk);
            if number >= to_the_end && read > 2 * MIB {
                return;
            }
        }
        assert_eq!(
            data_encoding::HEXLOWER.encode(hash.finish().as_ref()),
            media.sha256,
            "{policy}: every byte"
        );
    });
    let (stopped, _) = tokio::join!(stopped, join_all(views));
    assert_eq!(world.simulator.media_stats(&media.id).downloads, 1, "{policy}");
    let peak = peak_kib(world.server().pid());
    assert!(peak < PEAK_KIB, "{policy}: {peak} KiB");
    if policy == "on_view" {
        assert_eq!(world.api().completed(&wamid).await["media"]["sha256"], media.sha256);
    } else {
        assert!(world.stored_files().is_empty());
    }
    drop(stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_50_mb_file_costs_fifty_viewers_one_download_and_little_memory() {
    for policy in ["on_view", "stream"] {
        fifty_viewers(policy, 3).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "two and a half gigabytes for each policy: `make soak`"]
async fn soak_fifty_viewers_of_a_missing_50_mb_file_to_its_end() {
    for policy in ["on_view", "stream"] {
        fifty_viewers(policy, 50).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_whatsapp_say_what_they_are_and_when_to_come_back() {
    let world = under("stream", &[]).await;
    let mut options = world.simulator.options();
    options.media.url_in_webhooks = false;
    world.simulator.set_options(options).unwrap();
    let throttled = FaultSpec { retry_after_seconds: Some(60), ..FaultSpec::new(FaultKind::TooManyRequests) };
    let cases = [
        (FaultSpec::new(FaultKind::Expired), 410, "media_expired", false),
        (FaultSpec::new(FaultKind::ServerError).at(Place::Resolve), 502, "provider_unavailable", true),
        (FaultSpec::new(FaultKind::ServerError).at(Place::Download), 502, "provider_unavailable", true),
        (FaultSpec::new(FaultKind::StaleUrl), 502, "provider_unavailable", true),
        (FaultSpec::new(FaultKind::RedirectLoop), 502, "provider_unavailable", true),
        (FaultSpec::new(FaultKind::Gzip), 502, "provider_unavailable", true),
        (FaultSpec::new(FaultKind::Html), 502, "integrity_mismatch", true),
        (FaultSpec::new(FaultKind::Short), 502, "integrity_mismatch", true),
        (FaultSpec::new(FaultKind::ZeroBytes), 502, "integrity_mismatch", true),
        (FaultSpec::new(FaultKind::Permission), 502, "provider_unauthorized", false),
        // These hold for the whole account, so they come last.
        (throttled, 503, "provider_rate_limited", true),
    ];
    for (fault, status, code, again) in cases {
        let (media, path, _) = generated(&world, 300_000, "image", "image/jpeg").await;
        world.simulator.add_fault(fault.clone().of(&media.id)).unwrap();
        for path in [path, format!("/api/whatsapp/media/{}", media.id)] {
            let answer = world.api().get(&path).await;
            let hint = answer.headers().get("retry-after").cloned();
            let got = (answer.status().as_u16(), answer.json::<Value>().await.unwrap());
            assert_eq!((got.0, &got.1["code"]), (status, &json!(code)), "{:?} {path}: {}", fault.kind, got.1);
            assert_eq!((&got.1["retryable"], hint.is_some()), (&json!(again), again), "{:?}", fault.kind);
            let detail = got.1["detail"].as_str().unwrap();
            assert!(detail.len() > 20 && !detail.contains("by itself"), "nobody tries again: {detail}");
            if code == "media_expired" {
                assert!(got.1["detail"].as_str().unwrap().contains("(UTC)"), "{}", got.1);
            }
            if code == "provider_rate_limited" {
                assert!((50..=61).contains(&got.1["retryAfterSeconds"].as_i64().unwrap()), "{}", got.1);
            }
        }
    }
    let world = under("stream", &[]).await;
    let (_, path, _) = generated(&world, 300_000, "image", "image/jpeg").await;
    world.simulator.set_token(ACCESS_TOKEN, TokenState::Revoked).unwrap();
    let answer = world.api().get(&path).await;
    assert_eq!(answer.status(), 502);
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "provider_unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn transfer_that_breaks_for_good_is_aborted_and_never_completed() {
    let world = under("stream", &[("MEDIARY_MAX_VIDEO_BYTES", "3000000")]).await;
    for kind in [FaultKind::Cut, FaultKind::Endless] {
        let (media, path, _) = generated(&world, 2 * MIB + 1000, "video", "video/mp4").await;
        world.simulator.add_fault(FaultSpec::new(kind).of(&media.id)).unwrap();
        let answer = world.api().get(&path).await;
        assert_eq!(answer.status(), 200);
        let mut body = answer.bytes_stream();
        let mut received = 0;
        let broken = loop {
            match body.next().await {
                Some(Ok(bytes)) => received += bytes.len() as u64,
                end => break end,
            }
            assert!(received < 4 * MIB, "{kind:?} is proxied without end");
        };
        assert!(broken.is_some_and(|end| end.is_err()), "{kind:?} was taken for a whole file");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn first_views_work_ninety_nine_times_in_a_hundred_though_one_call_in_twenty_fails() {
    const FILES: usize = 200;
    for policy in ["stream", "on_view"] {
        let world = under(policy, &[]).await;
        let mut files = Vec::new();
        for seed in 0..FILES as u64 {
            let spec = MediaSpec::generated(100_000 + seed, seed, "image/jpeg");
            let media = world.simulator.add_media(&spec).await.unwrap();
            world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
            files.push(media);
        }
        let messages = eventually("all messages", async || {
            let messages = world.api().messages().await;
            if messages.len() == FILES { Ok(messages) } else { Err(messages.len()) }
        })
        .await;
        let kinds = vec![FaultKind::ServerError, FaultKind::Cut, FaultKind::StaleUrl, FaultKind::Short];
        world.simulator.set_random_faults(Some(RandomFaults { rate: 0.05, seed: 3, kinds })).unwrap();
        let api = world.api();
        let view = async |message: &Value| {
            let answer = api.get(message["media"]["url"].as_str().unwrap()).await;
            let whole = answer.status() == 200;
            let bytes = answer.bytes().await;
            whole
                && bytes
                    .is_ok_and(|bytes| files.iter().any(|media| media.sha256 == sha256(&bytes).to_string()))
        };
        let first = futures_util::stream::iter(&messages).map(view).buffer_unordered(16).collect::<Vec<_>>();
        let good = first.await.into_iter().filter(|good| *good).count();
        assert!(world.simulator.stats().faults >= 10, "there were faults");
        assert!(good * 100 >= FILES * 99, "{policy}: {good} of {FILES}");
        if policy == "on_view" {
            eventually("all files to be stored", async || match world.stored_files().len() {
                FILES => Ok(()),
                stored => Err(stored),
            })
            .await;
            let again = futures_util::stream::iter(&messages).map(view).buffer_unordered(16);
            assert!(again.all(async |good| good).await, "from storage all do");
        }
    }
}
