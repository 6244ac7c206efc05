//! A process that may have few files open serves many, and never too few of them are left for webhooks.

use std::path::{Path, PathBuf};

use futures_util::{StreamExt, stream};
use mediary_simulator::{MediaSpec, MessageSpec};
use mediary_testing::eventually;
use mediary_testing::whatsapp::{incoming, signature_of, text};
use reqwest::{Method, StatusCode};
use tokio::net::TcpStream;

use crate::harness::{Database, World};
use crate::webhook::{post, webhook};

const OPEN_FILES: u32 = 256;
/// More than may be open at once.
const FILES: u32 = 300;
/// Of [`OPEN_FILES`], what files that nobody reads any more may take.
const KEPT_OPEN: usize = 32;
/// At once.
const VIEWERS: usize = 8;

/// What a process has open below `folder`.
fn open_below(pid: u32, folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let targets = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|path| path.starts_with(folder) && path != folder).collect()
}

async fn still_works(world: &World, id: &str) {
    assert_eq!(post(world, webhook(&[vec![incoming(&[text(id, "hello")])]])).await, StatusCode::OK);
    let ready = reqwest::get(format!("{}/readyz", world.url())).await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK, "{}", ready.text().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_taken_while_more_files_are_viewed_than_may_be_open() {
    let mut world = World::furnished(Database::embedded(), &[]).await;
    let pid = world.start_with_open_files(OPEN_FILES).pid();
    for seed in 0..FILES {
        let spec = MediaSpec::generated(1000, u64::from(seed), "image/jpeg");
        let media = world.simulator.add_media(&spec).await.unwrap();
        world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
    }
    let messages = eventually("all files to be stored", async || {
        let messages = world.api().messages().await;
        let stored =
            messages.iter().filter(|message| message["media"]["downloadStatus"] == "completed").count();
        if stored == FILES as usize { Ok(messages) } else { Err(stored) }
    })
    .await;
    let folder = world.data().join("media");
    let viewed = stream::iter(&messages).map(async |message| {
        world.api().bytes(message).await;
        open_below(pid, &folder).len()
    });
    let max_open = viewed.buffer_unordered(VIEWERS).fold(0, async |max, open| max.max(open)).await;
    assert!(max_open <= KEPT_OPEN + VIEWERS, "{max_open} files were open");
    still_works(&world, "wamid.after-views").await;

    // What is deleted is closed at once, what nobody looks at soon.
    let last = messages.last().unwrap();
    assert!(!open_below(pid, &folder).is_empty(), "files are kept open for a while");
    world.api().bytes(last).await;
    let path = format!("/api/media/{}", last["media"]["id"]);
    assert_eq!(
        world.api().request(Method::DELETE, &path).send().await.unwrap().status(),
        StatusCode::NO_CONTENT
    );
    let key = last["media"]["fileKey"].as_str().unwrap();
    let open = open_below(pid, &folder);
    assert!(open.iter().all(|path| !path.to_string_lossy().contains(key)), "{open:?}");
    eventually("all files to be closed", async || match open_below(pid, &folder) {
        open if open.is_empty() => Ok(()),
        open => Err(open),
    })
    .await;

    // Connections that say nothing leave enough as well.
    let mut silent = Vec::new();
    for _ in 0..OPEN_FILES {
        silent.push(TcpStream::connect(world.url().trim_start_matches("http://")).await.unwrap());
    }
    // The places kept for webhooks come free within a second, and WhatsApp tries again as well.
    eventually("a webhook to get through", async || {
        let body = webhook(&[vec![incoming(&[text("wamid.beside-connections", "hello")])]]);
        let request = reqwest::Client::new().post(world.webhook_url());
        let signature = signature_of(&body);
        let sent = request.header("x-hub-signature-256", signature).body(body).send().await;
        match sent.map(|answer| answer.status()) {
            Ok(StatusCode::OK) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}

#[test]
fn doctor_warns_of_few_open_files() {
    let folder = tempfile::tempdir().unwrap();
    let doctor = |limit: &str| {
        let script = format!("ulimit -n {limit} && exec \"$0\" doctor --json");
        let output = std::process::Command::new("/bin/sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_mediary")])
            .env_clear()
            .current_dir(folder.path())
            .output()
            .unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let checks = report["checks"].as_array().unwrap();
        checks.iter().find(|check| check["check"] == "open files").unwrap().clone()
    };
    let few = doctor("256");
    assert_eq!(few["ok"], false, "{few}");
    assert!(few["detail"].as_str().unwrap().contains("LimitNOFILE"), "{few}");
    // A soft limit that may be raised is no problem.
    let raised = doctor("-S 256");
    let hard = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    assert_eq!(raised["ok"], hard.is_none_or(|hard| hard >= 4096), "{raised}");
}
