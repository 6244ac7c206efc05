//! Promise 6: memory grows neither with the size of files nor with the number of viewers.

use std::time::Duration;

use futures_util::StreamExt;
use mediary_simulator::{FaultKind, FaultSpec, MediaSpec, MessageSpec};
use mediary_testing::eventually;

use crate::harness::{Api, Database, World};

const DOCUMENTS: u64 = 40;
const DOCUMENT_BYTES: u64 = 100 * 1024 * 1024;
/// Enough for every buffer on the way to be in full use many times over, without writing four gigabytes.
const LOOK_AFTER_BYTES: u64 = 240 * 1024 * 1024;
const BYTES_PER_SECOND: u64 = 2 * 1024 * 1024;
const VIEWERS: usize = 200;
const VIEWED_BYTES: u64 = 16 * 1024 * 1024;
const PEAK_KIB: u64 = 150 * 1024;

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
