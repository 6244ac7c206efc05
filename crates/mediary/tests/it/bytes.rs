//! The bytes as browsers and programs read them: ranges, caching, names, and headers that keep a file from acting.

use mediary_simulator::{FaultKind, FaultSpec, MediaSpec, MessageSpec};
use mediary_testing::eventually;
use mediary_testing::installation::PHONE_NUMBER_ID;
use reqwest::{Method, Response};
use serde_json::Value;

use crate::harness::World;

struct Stored {
    world: World,
    bytes: Vec<u8>,
    url: String,
    sha256: String,
}

async fn stored(size: u64) -> Stored {
    let world = World::sqlite().await;
    let media = world.simulator.add_media(&MediaSpec::generated(size, 21, "video/mp4")).await.unwrap();
    let sent = world.simulator.send(&MessageSpec::media("video", &media.id)).await.unwrap();
    let message = world.api().completed(&sent.id).await;
    let bytes = world.api().bytes(&message).await;
    let url = message["media"]["url"].as_str().unwrap().to_owned();
    Stored { world, bytes, url, sha256: media.sha256 }
}

impl Stored {
    async fn get(&self, headers: &[(&str, &str)]) -> Response {
        self.ask(Method::GET, headers).await
    }

    async fn ask(&self, method: Method, headers: &[(&str, &str)]) -> Response {
        let mut request = self.world.api().request(method, &self.url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_are_byte_exact() {
    let file = stored(1_000_003).await;
    let size = file.bytes.len();
    let cases = [
        ("bytes=0-0", 0..1),
        ("bytes=0-", 0..size),
        ("bytes=5-99", 5..100),
        ("bytes=262143-262145", 262_143..262_146),
        ("bytes=-1", size - 1..size),
        ("bytes=-5000000", 0..size),
        ("bytes=999999-99999999", 999_999..size),
        ("bytes=1000002-", size - 1..size),
    ];
    for (range, expected) in cases {
        let response = file.get(&[("range", range)]).await;
        assert_eq!(response.status(), 206, "{range}");
        let content_range = format!("bytes {}-{}/{size}", expected.start, expected.end - 1);
        assert_eq!(header(&response, "content-range"), content_range);
        assert_eq!(header(&response, "content-length"), expected.len().to_string());
        assert!(response.bytes().await.unwrap() == file.bytes[expected], "{range}");
    }
    for beyond in ["bytes=1000003-", "bytes=-0"] {
        let response = file.get(&[("range", beyond)]).await;
        assert_eq!(response.status(), 416, "{beyond}");
        assert_eq!(header(&response, "content-range"), format!("bytes */{size}"));
    }
    for ignored in ["bytes=9-3", "lines=1-2", "bytes=a-b", "bytes=0-1,5-6"] {
        let response = file.get(&[("range", ignored)]).await;
        assert_eq!(response.status(), 200, "{ignored}");
        assert_eq!(header(&response, "content-length"), size.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn second_view_costs_one_304_and_a_part_belongs_to_its_version() {
    let file = stored(50_000).await;
    let first = file.get(&[]).await;
    let etag = header(&first, "etag").to_owned();
    assert_eq!(etag, format!("\"{}\"", file.sha256));
    assert_eq!(header(&first, "cache-control"), "private, no-cache");
    assert_eq!(header(&first, "accept-ranges"), "bytes");
    let modified = header(&first, "last-modified").to_owned();
    for known in [etag.clone(), format!("\"other\", {etag}"), format!("W/{etag}"), "*".to_owned()] {
        let again = file.get(&[("if-none-match", &known)]).await;
        assert_eq!(again.status(), 304, "{known}");
        assert!(again.bytes().await.unwrap().is_empty());
    }
    assert_eq!(file.get(&[("if-none-match", "\"other\"")]).await.status(), 200);
    assert_eq!(file.get(&[("range", "bytes=0-9"), ("if-range", &etag)]).await.status(), 206);
    assert_eq!(file.get(&[("range", "bytes=0-9"), ("if-range", "\"other\"")]).await.status(), 200);
    assert_eq!(file.get(&[("range", "bytes=0-9"), ("if-range", &modified)]).await.status(), 206);
}

#[tokio::test(flavor = "multi_thread")]
async fn head_answers_what_get_would() {
    let file = stored(50_000).await;
    let (head, get) = (file.ask(Method::HEAD, &[]).await, file.get(&[]).await);
    for name in ["content-length", "content-type", "etag", "content-disposition", "last-modified"] {
        assert_eq!(header(&head, name), header(&get, name), "{name}");
    }
    assert_eq!(header(&head, "content-length"), "50000");
    assert!(head.bytes().await.unwrap().is_empty());
}

/// Sends a document with this name and content; the answer to a view of it.
async fn view_document(world: &World, name: &str, mime: &str, content: &[u8]) -> Response {
    let media = world.simulator.add_media(&MediaSpec::bytes(content.to_vec(), mime)).await.unwrap();
    let spec = MessageSpec { file_name: Some(name.to_owned()), ..MessageSpec::media("document", &media.id) };
    let sent = world.simulator.send(&spec).await.unwrap();
    let message = world.api().completed(&sent.id).await;
    assert_eq!(message["media"]["fileName"], name);
    world.api().get(message["media"]["url"].as_str().unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn active_content_is_an_attachment_in_a_sandbox() {
    let world = World::sqlite().await;
    let script = b"<html><script>alert(1)</script></html>";
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>";
    for (name, mime, content) in [
        ("page.html", "text/html", &script[..]),
        ("picture.svg", "image/svg+xml", &svg[..]),
        // What it says it is does not help it.
        ("report.pdf", "application/pdf", &script[..]),
        ("data.bin", "application/octet-stream", &[0, 1, 2, 3][..]),
    ] {
        let response = view_document(&world, name, mime, content).await;
        assert!(header(&response, "content-disposition").starts_with("attachment"), "{name}");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        let policy = header(&response, "content-security-policy");
        assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"), "{name}: {policy}");
        assert_eq!(header(&response, "referrer-policy"), "no-referrer");
        assert_eq!(header(&response, "x-robots-tag"), "noindex");
        assert!(!header(&response, "cross-origin-resource-policy").is_empty());
    }
    let pdf = view_document(&world, "real.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n").await;
    assert!(header(&pdf, "content-disposition").starts_with("inline"));
    let policy = header(&pdf, "content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("sandbox"), "{policy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_survive_in_any_script() {
    let world = World::sqlite().await;
    let response = view_document(&world, "Rechnung März.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n").await;
    let disposition = header(&response, "content-disposition");
    let (plain, encoded) =
        (disposition.find("filename=\"").unwrap(), disposition.find("filename*=UTF-8''").unwrap());
    assert!(plain < encoded, "an ASCII name first: {disposition}");
    assert!(disposition.contains("Rechnung%20M%C3%A4rz.pdf"), "{disposition}");
    let tricky = view_document(&world, "a\"b;c\\d.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n").await;
    assert!(header(&tricky, "content-disposition").is_ascii());
    let japanese = view_document(&world, "請求書.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n").await;
    assert!(header(&japanese, "content-disposition").contains("%E8%AB%8B%E6%B1%82%E6%9B%B8.pdf"));
}

/// Under another policy than `store`: the message, with its media as it arrived.
async fn under(policy: &str, size: u64) -> (World, Value, mediary_simulator::MediaRecord) {
    let world = World::sqlite().await;
    let update = ["account", "update", "--company", "acme", "--phone-number-id", PHONE_NUMBER_ID];
    world.cli(&[&update[..], &["--media-policy", policy, "--json"]].concat());
    let media = world.simulator.add_media(&MediaSpec::generated(size, 31, "image/jpeg")).await.unwrap();
    let message = eventually("the policy to be noticed", async || {
        let sent = world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
        let message =
            eventually("the message", async || world.api().message_by_wamid(&sent.id).await.ok_or(())).await;
        if message["media"]["policy"] == policy {
            Ok(message)
        } else {
            Err(message["media"]["policy"].clone())
        }
    })
    .await;
    (world, message, media)
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_on_view_keeps_what_somebody_viewed() {
    let (world, message, media) = under("on_view", 80_000).await;
    assert_eq!(message["media"]["downloadStatus"], "pending");
    assert!(world.stored_files().is_empty());
    assert_eq!(world.api().bytes(&message).await.len() as u64, media.file_size);
    let kept = world.api().completed(message["providerMessageId"].as_str().unwrap()).await;
    assert_eq!(kept["media"]["sha256"].as_str().unwrap(), media.sha256);
    assert_eq!(world.stored_files().len(), 1);
    let downloads = world.simulator.media_stats(&media.id).downloads;
    world.api().bytes(&message).await;
    assert_eq!(
        world.simulator.media_stats(&media.id).downloads,
        downloads,
        "the second view is from storage"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_stream_keeps_nothing() {
    let (world, message, media) = under("stream", 80_000).await;
    for view in 1..=3 {
        let response = world.api().get(message["media"]["url"].as_str().unwrap()).await;
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "cache-control"), "no-store");
        assert_eq!(response.bytes().await.unwrap().len() as u64, media.file_size);
        assert_eq!(world.simulator.media_stats(&media.id).downloads, view, "each view is fresh");
    }
    assert!(world.stored_files().is_empty());
    let record = world.api().json(&format!("/api/media/{}", message["media"]["id"])).await;
    assert_eq!(record["downloadStatus"], "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn file_that_storage_lost_is_fetched_again() {
    let file = stored(60_000).await;
    for (path, _) in file.world.stored_files() {
        std::fs::remove_file(path).unwrap();
    }
    // The first views may still come from the open file; once it is missed, a view brings it back.
    eventually("the file to be served and stored again", async || {
        let response = file.get(&[]).await;
        let (status, bytes) = (response.status(), response.bytes().await.unwrap_or_default());
        assert!(status != 200 || bytes == file.bytes, "a view is whole, wherever it comes from");
        let files = file.world.stored_files();
        if files.len() == 1 && files[0].1 == file.bytes { Ok(()) } else { Err((status, files.len())) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn proxied_bytes_come_from_whatsapp_and_a_part_is_never_taken_for_the_whole() {
    let file = stored(400_000).await;
    let record = &file.world.api().all("/api/media").await[0];
    let provider_id = record["providerMediaId"].as_str().unwrap();
    let path = format!("/api/whatsapp/media/{provider_id}?t=1");
    let response = file.world.api().get(&path).await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "cache-control"), "no-store");
    assert!(response.bytes().await.unwrap() == file.bytes);

    let before = file.world.simulator.media_stats(provider_id).downloads;
    let head = file.world.api().request(Method::HEAD, &path).send().await.unwrap();
    assert_eq!(header(&head, "content-length"), "400000");
    assert_eq!(file.world.simulator.media_stats(provider_id).downloads, before, "HEAD pulls no bytes");

    file.world.simulator.add_fault(FaultSpec::new(FaultKind::Cut).of(provider_id)).unwrap();
    let cut = file.world.api().get(&path).await;
    assert!(cut.bytes().await.is_err(), "a broken upstream must break the answer");
}
