//! Promise 6: memory grows neither with the size of files nor with the number of viewers.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use mediary_simulator::{FaultKind, FaultSpec, MediaSpec, MessageSpec};
use mediary_testing::eventually;
use mediary_testing::files::sha256_of;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Api, Database, World};
use crate::sending::{conversation, has_status};

const DOCUMENTS: u64 = 40;
const DOCUMENT_BYTES: u64 = 100 * 1024 * 1024;
/// Enough for every buffer on the way to be in full use many times over, without writing four gigabytes.
const LOOK_AFTER_BYTES: u64 = 240 * 1024 * 1024;
const BYTES_PER_SECOND: u64 = 2 * 1024 * 1024;
const VIEWERS: usize = 200;
const VIEWED_BYTES: u64 = 16 * 1024 * 1024;
const PEAK_KIB: u64 = 150 * 1024;
/// The largest document that WhatsApp takes.
const SENT_BYTES: usize = 100_000_000;

/// The most memory that was ever resident, in KiB.
pub(crate) fn peak_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// All at once, each at a pace that keeps it flowing for as long as anybody looks.
async fn start_documents(world: &World) {
    let mut documents = Vec::new();
    for seed in 0..DOCUMENTS {
        let spec = MediaSpec::generated(DOCUMENT_BYTES, seed, "application/pdf");
        let media = world.simulator.add_media(&spec).await.unwrap();
        let mut paced = FaultSpec::new(FaultKind::Slow).of(&media.id);
        (paced.delay_ms, paced.bytes_per_second) = (Some(0), Some(BYTES_PER_SECOND));
        world.simulator.add_fault(paced).unwrap();
        documents.push(media.id);
    }
    for document in documents {
        world.simulator.send(&MessageSpec::media("document", document)).await.unwrap();
    }
}

async fn all_flow(world: &World) {
    eventually("all documents to flow at once", async || {
        let stats = world.simulator.stats();
        let flowing = stats.downloads_in_flight_max >= DOCUMENTS && stats.bytes_sent >= LOOK_AFTER_BYTES;
        if flowing { Ok(()) } else { Err((stats.downloads_in_flight_max, stats.bytes_sent)) }
    })
    .await;
}

/// A viewer that reads as slowly as on a bad phone line, again and again.
async fn view_slowly(api: Api, path: String) {
    loop {
        let mut body = api.get(&path).await.bytes_stream();
        while let Some(chunk) = body.next().await {
            assert!(!chunk.unwrap().is_empty());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn world() -> World {
    let at_once = DOCUMENTS.to_string();
    let settings = [("MEDIARY_WORKERS", at_once.as_str()), ("MEDIARY_DOWNLOADS_PER_COMPANY", &at_once)];
    World::new(Database::embedded(), &[&settings[..], &[("MEDIARY_LOG", "info")]].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_of_forty_100_mb_documents_stay_under_150_mb_with_200_viewers_beside() {
    let mut world = world().await;
    let media =
        world.simulator.add_media(&MediaSpec::generated(VIEWED_BYTES, 1000, "video/mp4")).await.unwrap();
    let sent = world.simulator.send(&MessageSpec::media("video", &media.id)).await.unwrap();
    let viewed = world.api().completed(&sent.id).await;

    start_documents(&world).await;
    all_flow(&world).await;
    let pid = world.server().pid();
    let downloads_alone = peak_kib(pid);
    assert!(downloads_alone < PEAK_KIB, "{downloads_alone} KiB with downloads alone");

    let path = viewed["media"]["url"].as_str().unwrap().to_owned();
    let viewers: Vec<_> =
        (0..VIEWERS).map(|_| tokio::spawn(view_slowly(world.api(), path.clone()))).collect();
    let before = world.simulator.stats().bytes_sent;
    eventually("downloads to continue beside the viewers", async || {
        let more = world.simulator.stats().bytes_sent - before;
        if more >= LOOK_AFTER_BYTES { Ok(()) } else { Err(more) }
    })
    .await;
    assert!(viewers.iter().all(|viewer| !viewer.is_finished()), "the viewers are still reading");
    let with_viewers = peak_kib(pid);
    viewers.iter().for_each(tokio::task::JoinHandle::abort);
    world.kill();
    assert!(with_viewers < PEAK_KIB, "{with_viewers} KiB with viewers beside");
}

/// A document in pieces that share their memory.
fn document() -> Vec<Bytes> {
    let head = Bytes::from_static(b"%PDF-1.7\n");
    let zeros = Bytes::from_static(&[0; 64 * 1024]);
    let mut left = SENT_BYTES - head.len();
    let mut pieces = vec![head];
    while left > 0 {
        pieces.push(zeros.slice(..left.min(zeros.len())));
        left -= left.min(zeros.len());
    }
    pieces
}

fn streamed(pieces: Vec<Bytes>) -> Body {
    Body::wrap_stream(stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>)))
}

async fn sent_as_a_form(world: &World, conversation: i64) -> Value {
    let file = Part::stream_with_length(streamed(document()), SENT_BYTES as u64).file_name("Plan.pdf");
    let form = Form::new().text("conversationId", conversation.to_string()).text("type", "document");
    let request = world.api().request(Method::POST, "/api/messages").multipart(form.part("file", file));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    answer.json().await.unwrap()
}

async fn sent_resumably(world: &World, conversation: i64) -> Value {
    let tus = |method, path: &str| world.api().request(method, path).header("tus-resumable", "1.0.0");
    let begun = tus(Method::POST, "/api/uploads").header("upload-length", SENT_BYTES).send().await.unwrap();
    let path = begun.headers()["location"].to_str().unwrap().to_owned();
    let all = tus(Method::PATCH, &path).header("upload-offset", 0);
    let all = all.header("content-type", "application/offset+octet-stream").body(streamed(document()));
    assert_eq!(all.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    let id: i64 = path.rsplit('/').next().unwrap().parse().unwrap();
    let message = json!({ "conversationId": conversation, "type": "document", "uploadId": id });
    let answer = world.api().post("/api/messages", &message).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn document_of_100_mb_is_sent_in_less_than_150_mb() {
    let mut world = World::sqlite().await;
    let conversation = conversation(&world).await;
    for message in [sent_as_a_form(&world, conversation).await, sent_resumably(&world, conversation).await] {
        has_status(&world, &message["id"], "read").await;
    }
    let sent = world.simulator.sent();
    let arrived: Vec<_> = sent.iter().map(|message| message.media.as_ref().unwrap()).collect();
    assert_eq!(arrived.len(), 2);
    assert!(arrived.iter().all(|file| file.file_size == SENT_BYTES as u64));
    assert!(arrived.iter().all(|file| file.sha256 == sha256_of(&document()).to_string()));
    let peak = peak_kib(world.server().pid());
    assert!(peak < PEAK_KIB, "{peak} KiB");
}
