//! Media of a size that nobody declares, as players ask for it: by parts, the first two bytes first.

use mediary_simulator::{MediaSpec, MessageSpec};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::harness::{Database, World};

const SIZE: usize = 300_007;

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_to_a_player_agree_on_the_size() {
    let world = World::new(Database::embedded(), &[]).await;
    let mut options = world.simulator.options();
    (options.media.file_size, options.media.content_length) = (false, false);
    world.simulator.set_options(options).unwrap();
    for (seed, policy) in [(1, "stream"), (2, "on_view")] {
        let change =
            world.api().request(Method::PATCH, "/api/settings/media").json(&json!({"policy": policy}));
        assert_eq!(change.send().await.unwrap().status(), 200);
        let media = MediaSpec::generated(SIZE as u64, seed, "audio/mpeg");
        let media = world.simulator.add_media(&media).await.unwrap();
        let sent = world.simulator.send(&MessageSpec::media("audio", &media.id)).await.unwrap();
        let message = world.api().media_of(&sent.id, "arrival", Value::is_object).await;
        let url = message["media"]["url"].as_str().unwrap().to_owned();
        let ask = async |headers: &[(&str, &str)]| {
            let request = world.api().request(Method::GET, &url).header("accept-encoding", "identity");
            let request =
                headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            request.send().await.unwrap()
        };
        let mut parts = Vec::new();
        for (range, part) in [
            ("bytes=0-1", 0..2),
            ("bytes=0-", 0..SIZE),
            ("bytes=50000-", 50_000..SIZE),
            ("bytes=-500", SIZE - 500..SIZE),
        ] {
            let answer = ask(&[("range", range), ("x-playback-session-id", "1")]).await;
            assert_eq!(answer.status(), 206, "{policy} {range}");
            let expected = format!("bytes {}-{}/{SIZE}", part.start, part.end - 1);
            assert_eq!(header(&answer, "content-range"), expected, "{policy}");
            assert_eq!(header(&answer, "content-length"), part.len().to_string());
            parts.push((part, answer.bytes().await.unwrap()));
        }
        let whole = ask(&[]).await;
        assert_eq!((whole.status().as_u16(), header(&whole, "content-length")), (200, "300007"));
        let whole = whole.bytes().await.unwrap();
        assert!(parts.into_iter().all(|(part, bytes)| bytes == whole[part]), "{policy}");
        assert_eq!(ask(&[("range", "bytes=300007-")]).await.status(), 416);
        // Of proxied bytes nothing can be named, and of stored ones only what they are.
        for named in ["\"other\"", "W/\"other\"", "Wed, 11 Oct 2023 16:56:19 GMT"] {
            let answer = ask(&[("range", "bytes=5-9"), ("if-range", named)]).await;
            assert_eq!((answer.status().as_u16(), header(&answer, "content-range")), (200, ""), "{named}");
            assert!(answer.bytes().await.unwrap() == whole);
        }
        let exact = format!("\"{}\"", media.sha256);
        let answer = ask(&[("range", "bytes=5-9"), ("if-range", &exact)]).await;
        assert_eq!(answer.status(), if policy == "stream" { 200 } else { 206 });
    }
}
