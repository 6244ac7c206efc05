//! The bytes and who gets them.

use std::time::Duration;

use mediary_simulator::{MediaSpec, Simulator};
use mediary_testing::files::sha256;
use mediary_testing::installation::ACCESS_TOKEN;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{call, client, image, start};

async fn media_url(simulator: &Simulator, id: &str) -> String {
    call(simulator, &format!("/v23.0/{id}")).await.1["url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn bytes_need_the_token_whatever_the_url_says() {
    let simulator = start().await;
    let (id, bytes) = image(&simulator).await;
    let url = media_url(&simulator, &id).await;
    assert_eq!(client().get(&url).send().await.unwrap().status(), 401);
    let answer = client().get(&url).bearer_auth(ACCESS_TOKEN).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    assert_eq!(answer.content_length(), Some(bytes.len() as u64));
    assert_eq!(answer.bytes().await.unwrap(), bytes);
    let stats = simulator.media_stats(&id);
    assert_eq!((stats.downloads, stats.downloads_completed, stats.in_flight), (1, 1, 0));
    assert_eq!(stats.bytes_sent, bytes.len() as u64);
}

#[tokio::test]
async fn expired_url_answers_401_and_a_new_one_works() {
    let simulator = start().await;
    let (id, _) = image(&simulator).await;
    let url = media_url(&simulator, &id).await;
    simulator.advance(Duration::from_secs(301));
    assert_eq!(client().get(&url).bearer_auth(ACCESS_TOKEN).send().await.unwrap().status(), 200);
    simulator.advance(Duration::from_secs(1));
    let stale = client().get(&url).bearer_auth(ACCESS_TOKEN).send().await.unwrap();
    assert_eq!(
        (stale.status().as_u16(), stale.text().await.unwrap().as_str()),
        (401, "Authentication Error")
    );
    let fresh = media_url(&simulator, &id).await;
    assert_eq!(client().get(fresh).bearer_auth(ACCESS_TOKEN).send().await.unwrap().status(), 200);

    let mut options = simulator.options();
    options.media.stale_url_status = 404;
    simulator.set_options(options).unwrap();
    assert_eq!(client().get(&url).bearer_auth(ACCESS_TOKEN).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn url_cannot_be_changed_to_another_file() {
    let simulator = start().await;
    let (id, _) = image(&simulator).await;
    let (other, _) = image(&simulator).await;
    let url = media_url(&simulator, &id).await.replace(&id, &other);
    assert_eq!(client().get(url).bearer_auth(ACCESS_TOKEN).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn request_without_a_user_agent_fails() {
    let simulator = start().await;
    let (id, _) = image(&simulator).await;
    let url = url::Url::parse(&media_url(&simulator, &id).await).unwrap();
    let mut stream = TcpStream::connect(simulator.address()).await.unwrap();
    let path = format!("{}?{}", url.path(), url.query().unwrap());
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ACCESS_TOKEN}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 400"));
}

#[tokio::test]
async fn ranges_are_an_option() {
    let simulator = start().await;
    let (id, bytes) = image(&simulator).await;
    let url = media_url(&simulator, &id).await;
    let get =
        |range: &'static str| client().get(&url).bearer_auth(ACCESS_TOKEN).header("Range", range).send();
    assert_eq!(get("bytes=0-9").await.unwrap().status(), 200, "Meta promises no ranges");

    let mut options = simulator.options();
    options.media.ranges = true;
    simulator.set_options(options).unwrap();
    let cases =
        [("bytes=0-9", 0..10), ("bytes=5000-", 5000..5004), ("bytes=-4", 5000..5004), ("bytes=0-", 0..5004)];
    for (range, expected) in cases {
        let part = get(range).await.unwrap();
        assert_eq!(part.status(), 206, "{range}");
        let content_range = format!("bytes {}-{}/5004", expected.start, expected.end - 1);
        assert_eq!(part.headers()["content-range"], content_range.as_str());
        assert_eq!(part.bytes().await.unwrap(), bytes[expected], "{range}");
    }
    assert_eq!(get("bytes=5004-").await.unwrap().status(), 416);
    assert_eq!(get("bytes=9-1").await.unwrap().status(), 200, "what makes no sense is ignored");
}

#[tokio::test]
async fn made_up_content_is_the_same_every_time_and_in_every_part() {
    let simulator = start().await;
    let mut options = simulator.options();
    options.media.ranges = true;
    simulator.set_options(options).unwrap();
    let media = simulator.add_media(&MediaSpec::generated(200_000, 7, "image/jpeg")).await.unwrap();
    let url = media_url(&simulator, &media.id).await;
    let whole = client().get(&url).bearer_auth(ACCESS_TOKEN).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(whole.len(), 200_000);
    assert!(whole.starts_with(b"\xff\xd8\xff"), "it starts like a file of its type");
    assert_eq!(sha256(&whole).to_string(), media.sha256);
    let part = client()
        .get(&url)
        .bearer_auth(ACCESS_TOKEN)
        .header("Range", "bytes=65000-140000")
        .send()
        .await
        .unwrap();
    assert_eq!(part.bytes().await.unwrap(), whole[65_000..=140_000]);
    let again = simulator.add_media(&MediaSpec::generated(200_000, 7, "image/jpeg")).await.unwrap();
    let other = simulator.add_media(&MediaSpec::generated(200_000, 8, "image/jpeg")).await.unwrap();
    assert_eq!(again.sha256, media.sha256);
    assert_ne!(other.sha256, media.sha256);
}

#[tokio::test]
async fn content_can_come_from_a_file() {
    let simulator = start().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let bytes: Vec<u8> = (0..150_000u32).map(|n| n.to_le_bytes()[1]).collect();
    std::fs::write(file.path(), &bytes).unwrap();
    let spec = MediaSpec { file: Some(file.path().to_owned()), ..MediaSpec::default() };
    let media = simulator.add_media(&spec).await.unwrap();
    let url = media_url(&simulator, &media.id).await;
    let served = client().get(url).bearer_auth(ACCESS_TOKEN).send().await.unwrap();
    assert_eq!(served.bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn largest_number_of_downloads_at_once_is_counted() {
    let simulator = start().await;
    let media = simulator.add_media(&MediaSpec::generated(50_000_000, 1, "video/mp4")).await.unwrap();
    let url = media_url(&simulator, &media.id).await;
    let open = || client().get(&url).bearer_auth(ACCESS_TOKEN).send();
    let (first, second) = tokio::join!(open(), open());
    let stats = simulator.media_stats(&media.id);
    assert_eq!((stats.in_flight, stats.in_flight_max), (2, 2));
    drop(first);
    assert_eq!(second.unwrap().bytes().await.unwrap().len(), 50_000_000);
    assert_eq!(simulator.stats().downloads_in_flight_max, 2);
    assert_eq!(simulator.media_stats(&media.id).downloads_completed, 1);
}

#[tokio::test]
async fn media_host_may_leave_out_how_long_a_file_is() {
    let simulator = start().await;
    let (id, bytes) = image(&simulator).await;
    let mut options = simulator.options();
    options.media.content_length = false;
    simulator.set_options(options).unwrap();
    let url = media_url(&simulator, &id).await;
    let answer = client().get(url).bearer_auth(ACCESS_TOKEN).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.content_length()), (200, None));
    assert_eq!(answer.bytes().await.unwrap(), bytes);
}
