//! The bytes behind temporary URLs.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use mediary_core::ErrorCode;
use mediary_graph::{Error, ErrorKind, GraphClient, MediaStream};
use mediary_testing::wire::{Server, Wire, answer};

use crate::{PATIENCE, TOKEN, client, impatient_client, options, refusal};

async fn open(server: &Server, path: &str) -> Result<MediaStream, Error> {
    client(server).open_media(TOKEN, &server.url(path), None).await
}

async fn failure(answer: impl Fn(&str) -> Vec<Wire> + Send + Sync + 'static) -> Error {
    open(&Server::start(answer).await, "/x").await.unwrap_err()
}

async fn read(mut stream: MediaStream) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.chunk().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[tokio::test]
async fn media_bytes_are_opened_with_their_headers() {
    let server = Server::start(|_| answer(200, "content-type: image/jpeg", "hello")).await;
    let client = client(&server);
    for _ in 0..2 {
        let stream = client.open_media(TOKEN, &server.url("/x?mid=5"), None).await.unwrap();
        assert_eq!((stream.status, stream.content_length), (200, Some(5)));
        assert_eq!((stream.content_type.as_deref(), &stream.content_range), (Some("image/jpeg"), &None));
        assert_eq!(read(stream).await.unwrap(), b"hello");
    }
    let request = &server.requests()[0];
    assert!(request.starts_with("GET /x?mid=5 HTTP/1.1\n"), "{request}");
    for header in
        ["authorization: bearer eaag-token\r", "user-agent: mediary/test\r", "accept-encoding: identity\r"]
    {
        assert!(request.contains(header), "{header} in {request}");
    }
    assert!(!request.contains("range:") && !request.contains("referer:"));
    assert_eq!(server.connections(), 1, "connections are used again");
}

#[tokio::test]
async fn part_is_requested_and_returned() {
    let server = Server::start(|_| answer(206, "content-range: bytes 1-3/5", "ell")).await;
    let client = client(&server);
    for (range, header) in [((1, Some(3)), "range: bytes=1-3\r"), ((1, None), "range: bytes=1-\r")] {
        let stream = client.open_media(TOKEN, &server.url("/x"), Some(range)).await.unwrap();
        assert_eq!((stream.status, stream.content_range.as_deref()), (206, Some("bytes 1-3/5")));
        assert_eq!(read(stream).await.unwrap(), b"ell");
        assert!(server.requests().pop().unwrap().contains(header));
    }
    let unasked = client.open_media(TOKEN, &server.url("/x"), None).await.unwrap_err();
    assert_eq!(unasked.kind(), ErrorKind::Protocol, "a part that was not requested is not the file");
    let whole = Server::start(|_| answer(200, "", "hello")).await;
    let stream = client.open_media(TOKEN, &whole.url("/x"), Some((1, Some(3)))).await.unwrap();
    assert_eq!(stream.status, 200, "a host may ignore ranges, and says so");
    let beyond = Server::start(|_| answer(416, "content-range: bytes */5", "")).await;
    let error = client.open_media(TOKEN, &beyond.url("/x"), Some((9, None))).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::RangeNotSatisfiable, ErrorCode::RangeNotSatisfiable)
    );
}

#[tokio::test]
async fn media_host_refusals_never_condemn_the_token_or_the_media() {
    for status in [401, 403, 404, 410] {
        let failure = failure(move |_| refusal(status, r#"{"code":190}"#)).await;
        assert_eq!(failure.kind(), ErrorKind::StaleUrl, "{status}");
    }
    for (status, body, kind) in [
        (400, r#"{"error":{"code":190}}"#, ErrorKind::StaleUrl),
        (400, r#"{"error":{"code":100,"error_subcode":33}}"#, ErrorKind::StaleUrl),
        (400, r#"{"error":{"code":130429}}"#, ErrorKind::Throttled),
        (400, "no", ErrorKind::Protocol),
        (204, "", ErrorKind::Protocol),
        (304, "", ErrorKind::Protocol),
        (429, "", ErrorKind::Throttled),
        (500, "", ErrorKind::Unavailable),
        (503, "<html>", ErrorKind::Unavailable),
    ] {
        let failure = failure(move |_| answer(status, "retry-after: 3", body)).await;
        assert_eq!(
            (failure.kind(), failure.retry_after()),
            (kind, Some(Duration::from_secs(3))),
            "{status} {body}"
        );
        assert!(failure.retryable());
    }
}

#[tokio::test]
async fn redirects_are_followed_only_to_allowed_hosts() {
    let target = Server::start(|_| answer(200, "", "hello")).await;
    let location = format!("location: {}", target.url("/y"));
    let first = Server::start(move |line| match line.split(' ').nth(1) {
        Some("/relative") => answer(302, "location: /absolute", ""),
        Some("/nowhere") => answer(302, "", ""),
        Some("/circle") => answer(302, "location: /circle", ""),
        _ => answer(307, &location, ""),
    })
    .await;
    assert_eq!(read(open(&first, "/relative").await.unwrap()).await.unwrap(), b"hello");
    assert!(target.requests()[0].contains("authorization: bearer"), "an allowed host gets the token");
    for path in ["/nowhere", "/circle"] {
        assert_eq!(open(&first, path).await.unwrap_err().kind(), ErrorKind::Protocol, "{path}");
    }
    assert_eq!(first.requests().iter().filter(|request| request.starts_with("GET /circle")).count(), 4);
}

#[tokio::test]
async fn other_hosts_get_nothing_directly_or_by_redirect() {
    let other = Server::start_at(Ipv4Addr::new(127, 0, 0, 2).into(), |_| answer(200, "", "stolen")).await;
    let location = format!("location: {}", other.url("/y"));
    let first = Server::start(move |_| answer(302, &location, "")).await;
    for url in [first.url("/x"), other.url("/y"), "https://evil.example/".to_owned(), "nonsense".to_owned()] {
        let error = client(&first).open_media(TOKEN, &url, None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForbiddenUrl, "{url}");
        assert!(!error.to_string().contains("127.0.0.2") && !error.to_string().contains(TOKEN));
    }
    assert!(other.requests().is_empty());
    assert_eq!(first.requests().len(), 1);
}

#[tokio::test]
async fn plain_http_is_only_for_a_graph_on_this_machine() {
    let server = Server::start(|_| answer(200, "", "hello")).await;
    let mut options = options(&server, PATIENCE);
    options.graph_url = "https://graph.facebook.com".parse().unwrap();
    let client = GraphClient::new(options).unwrap();
    let error = client.open_media(TOKEN, &server.url("/x"), None).await.unwrap_err();
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::ForbiddenUrl, 0));
}

#[tokio::test]
async fn listed_names_lead_to_no_private_address() {
    let server = Server::start(|_| answer(200, "", "hello")).await;
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "fd00::1"] {
        let address: IpAddr = address.parse().unwrap();
        let mut options = options(&server, PATIENCE);
        options.media_hosts = vec!["media.example".to_owned()];
        let lookup = Arc::new(move |_: String| {
            Box::pin(async move { Ok(vec![address]) }) as mediary_outbound::LookupFuture
        });
        let client = GraphClient::with_lookup(options, lookup).unwrap();
        let url = format!("http://media.example:{}/x", server.address.port());
        let error = client.open_media(TOKEN, &url, None).await.unwrap_err();
        assert_eq!((error.kind(), error.retryable()), (ErrorKind::ForbiddenUrl, false), "{address}");
    }
    let mut options = options(&server, PATIENCE);
    options.media_hosts = vec!["localhost".to_owned()];
    let client = GraphClient::new(options).unwrap();
    let url = format!("http://localhost:{}/x", server.address.port());
    assert_eq!(client.open_media(TOKEN, &url, None).await.unwrap_err().kind(), ErrorKind::ForbiddenUrl);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn names_that_are_not_found_may_be_found_later() {
    let server = Server::start(|_| vec![]).await;
    for found in [None, Some(())] {
        let mut options = options(&server, PATIENCE);
        options.media_hosts = vec!["media.example".to_owned()];
        let lookup = Arc::new(move |_: String| {
            let result = found.map(|()| vec![]).ok_or_else(|| io::Error::other("no such name"));
            Box::pin(async move { result }) as mediary_outbound::LookupFuture
        });
        let client = GraphClient::with_lookup(options, lookup).unwrap();
        let error = client.open_media(TOKEN, "http://media.example/x", None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}

#[tokio::test]
async fn encoded_bytes_are_refused() {
    for encoding in ["gzip", "br", "deflate, gzip"] {
        let headers = format!("content-encoding: {encoding}");
        let failure = failure(move |_| answer(200, &headers, "\u{1f}hello")).await;
        assert_eq!(failure.kind(), ErrorKind::Protocol, "{encoding}");
    }
    let plain = Server::start(|_| answer(200, "content-encoding: Identity", "hello")).await;
    assert!(open(&plain, "/x").await.is_ok());
}

#[tokio::test]
async fn silence_ends_a_download() {
    let head = || Wire::Send(b"HTTP/1.1 200 x\r\ncontent-length: 10\r\n\r\nhello".to_vec());
    let before = Server::start(|_| vec![Wire::Silence]).await;
    let error = impatient_client(&before).open_media(TOKEN, &before.url("/x"), None).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, ErrorCode::ProviderTimeout));
    let within = Server::start(move |_| vec![head(), Wire::Silence]).await;
    let mut stream = impatient_client(&within).open_media(TOKEN, &within.url("/x"), None).await.unwrap();
    assert_eq!(stream.chunk().await.unwrap().as_deref(), Some(&b"hello"[..]));
    assert_eq!(stream.chunk().await.unwrap_err().kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn bytes_that_end_too_early_are_cut_off() {
    for head in [
        "content-length: 10\r\n\r\nhello",
        "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "transfer-encoding: chunked\r\n\r\nzz",
    ] {
        let server = Server::start(move |_| {
            vec![Wire::Send(format!("HTTP/1.1 200 x\r\n{head}").into_bytes()), Wire::Close]
        })
        .await;
        let error = read(open(&server, "/x").await.unwrap()).await.unwrap_err();
        assert_eq!((error.kind(), error.retryable()), (ErrorKind::CutOff, true), "{head}");
    }
}

#[tokio::test]
async fn endless_body_is_read_in_chunks() {
    let server = Server::start(|_| {
        vec![Wire::Send(b"HTTP/1.1 200 x\r\n\r\n".to_vec()), Wire::Endless(vec![7; 65536])]
    })
    .await;
    let mut stream = open(&server, "/x").await.unwrap();
    assert_eq!(stream.content_length, None);
    let mut taken = 0;
    while taken < 4 * 1024 * 1024 {
        let chunk = stream.chunk().await.unwrap().unwrap();
        assert!(chunk.len() <= 1024 * 1024, "{} bytes at once", chunk.len());
        taken += chunk.len();
    }
}
