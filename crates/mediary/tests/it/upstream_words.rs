//! What WhatsApp, the media host and a bucket say in their errors: nothing secret of it is logged, kept or shown.

use std::path::Path;

use mediary_simulator::{FaultKind, FaultSpec, MediaSpec, MessageSpec, Place};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::harness::{Collector, Database, World};

const PLANTED_TOKEN: &str = "EAAGplanted0token1of2somebody3";
const PLANTED_HASH: &str = "PlantedHashOfAnUrl";
const PLANTED_SIGNATURE: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const PLANTED_KEY: &str = "plantedkey";
const PLANTED_NUMBER: &str = "5550999042";
const PLANTED: [&str; 5] = [PLANTED_TOKEN, PLANTED_HASH, PLANTED_SIGNATURE, PLANTED_KEY, PLANTED_NUMBER];

/// What every upstream says here.
fn words() -> String {
    format!(
        "Malformed access token {PLANTED_TOKEN}; secret_key={PLANTED_KEY} Signature={PLANTED_SIGNATURE} for \
         https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1&hash={PLANTED_HASH} of {PLANTED_NUMBER}"
    )
}

/// A bucket that refuses everything, and repeats what it was asked with.
async fn refusing_bucket() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Ends with the test's runtime.
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let body = format!(
                "<?xml version=\"1.0\"?><Error><Code>SignatureDoesNotMatch</Code><Message>{}</Message>\
                 <AWSAccessKeyId>{PLANTED_KEY}</AWSAccessKeyId><SignatureProvided>{PLANTED_SIGNATURE}</SignatureProvided>\
                 </Error>",
                words().replace('&', "&amp;")
            );
            tokio::spawn(async move {
                let mut head = [0; 16 * 1024];
                let _ = socket.read(&mut head).await;
                let answer = format!(
                    "HTTP/1.1 403 Forbidden\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = socket.write_all(answer.as_bytes()).await;
            });
        }
    });
    url
}

/// Log, database and whatever else lies in the folder.
fn look_into(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            look_into(&path);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        for secret in PLANTED {
            let found = memchr::memmem::find(&bytes, secret.as_bytes());
            let around = found.map(|at| &bytes[at.saturating_sub(300)..bytes.len().min(at + 100)]);
            let around = around.map(String::from_utf8_lossy);
            assert!(found.is_none(), "{secret} lies in {}: {around:?}", path.display());
        }
    }
}

async fn look_at_answers(world: &World, paths: &[String]) {
    for path in paths {
        let answer = world.api().get(path).await;
        let headers = format!("{:?}", answer.headers());
        let said = headers + &answer.text().await.unwrap();
        for secret in PLANTED {
            assert!(!said.contains(secret), "{path} tells {secret}: {said}");
        }
    }
}

fn paths_of(media: &Value) -> Vec<String> {
    let id = &media["id"];
    let provider = media["providerMediaId"].as_str().unwrap();
    let mut paths = vec![
        format!("/api/media/{id}"),
        format!("/api/media/{id}/status"),
        media["url"].as_str().unwrap().to_owned(),
        format!("/api/whatsapp/media/{provider}"),
    ];
    paths.extend(
        ["/api/media", "/api/whatsapp-accounts", "/api/audit", "/readyz", "/metrics"].map(str::to_owned),
    );
    paths
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_whatsapp_and_its_media_host_contain_no_secret() {
    let collector = Collector::start().await;
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url());
    let mut world = World::new(Database::embedded(), &[endpoint]).await;
    let mut options = world.simulator.options();
    // So that Graph is asked.
    options.media.url_in_webhooks = false;
    world.simulator.set_options(options).unwrap();
    for (seed, place) in [(1, Place::Resolve), (2, Place::Download)] {
        let media = world.simulator.add_media(&MediaSpec::generated(5000, seed, "image/jpeg")).await.unwrap();
        let mut fault = FaultSpec::new(FaultKind::ServerError).of(&media.id).at(place).code(131_000);
        fault.message = Some(words());
        world.simulator.add_fault(fault).unwrap();
        let sent = world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
        let failed = |media: &Value| media["lastError"]["code"] == "provider_unavailable";
        let message = world.api().media_of(&sent.id, "failure", failed).await;
        look_at_answers(&world, &paths_of(&message["media"])).await;
    }
    let log = world.log();
    assert!(log.contains("Malformed access token"), "the rest of the words is there");
    look_into(world.folder());
    assert!(world.stop());
    let spans = collector.taken().bodies.concat();
    assert!(memchr::memmem::find(&spans, b"Malformed access token").is_some(), "and in the spans");
    for secret in PLANTED {
        assert!(memchr::memmem::find(&spans, secret.as_bytes()).is_none(), "a span tells {secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_a_bucket_contain_no_secret() {
    let url = refusing_bucket().await;
    let settings = [
        ("MEDIA_STORAGE_BACKEND", "s3"),
        ("AWS_S3_BUCKET", "media"),
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("AWS_ACCESS_KEY_ID", "ours"),
        ("AWS_SECRET_ACCESS_KEY", "ours-too"),
    ];
    let world = World::new(Database::embedded(), &settings).await;
    let media = world.simulator.add_media(&MediaSpec::generated(5000, 1, "image/jpeg")).await.unwrap();
    let sent = world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
    let failed = |media: &Value| media["lastError"]["code"] == "storage_error";
    let message = world.api().media_of(&sent.id, "failure", failed).await;
    look_at_answers(&world, &paths_of(&message["media"])).await;
    let doctor = world.cli_output(&["doctor"]);
    let said =
        format!("{}{}", String::from_utf8_lossy(&doctor.stdout), String::from_utf8_lossy(&doctor.stderr));
    assert!(said.contains("AWS_SECRET_ACCESS_KEY (and the region"), "it still knows what to do: {said}");
    for secret in PLANTED {
        assert!(!said.contains(secret), "the doctor tells {secret}: {said}");
    }
    assert!(world.log().contains("SignatureDoesNotMatch"), "the store's code is in the log");
    look_into(world.folder());
}
