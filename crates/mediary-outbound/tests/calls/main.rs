//! Calls to a server on this machine that answers well, badly, slowly, endlessly or not at all.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};
use mediary_outbound::{
    AllowedHosts, Body, Breaker, Client, ClientOptions, Error, ErrorKind, Lookup, LookupFuture, PublicHosts,
    Resolver, Response, system_lookup,
};
use mediary_testing::wire::{Server, Wire, answer};

/// Long enough that no test ends by it unless silence is what it tests.
const PATIENCE: Duration = Duration::from_secs(20);
const IMPATIENCE: Duration = Duration::from_millis(100);

fn client_with(silence_timeout: Duration, resolver: Resolver) -> Client {
    let user_agent = "Mediary/test".to_owned();
    let options = ClientOptions { connect_timeout: silence_timeout, silence_timeout, user_agent };
    Client::new(&options, resolver, Breaker::default()).unwrap()
}

fn client(silence_timeout: Duration) -> Client {
    client_with(silence_timeout, Resolver::public_addresses(system_lookup()))
}

fn hosts(entry: &str) -> AllowedHosts {
    AllowedHosts::new(&[entry], true).unwrap()
}

fn token() -> HeaderMap {
    HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer token"))])
}

async fn get(server: &Server, path: &str) -> Result<Response, Error> {
    let url = server.url(path).parse().unwrap();
    client(PATIENCE).get_allowed(url, &token(), &hosts("127.0.0.1")).await
}

async fn text(mut body: Body) -> Result<String, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.chunk().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8(bytes).unwrap())
}

#[tokio::test]
async fn request_says_who_asks_and_wants_bytes_as_they_are() {
    let server = Server::start(|_| answer(200, "x-kind: image", "hello")).await;
    let client = client(PATIENCE);
    for _ in 0..2 {
        let url = server.url("/x?mid=5").parse().unwrap();
        let response = client.get(&url, &token()).await.unwrap();
        assert_eq!((response.status().as_u16(), response.content_length()), (200, Some(5)));
        assert_eq!(response.header("x-kind"), Some("image"));
        assert_eq!(response.read(5).await.unwrap(), b"hello");
    }
    let request = &server.requests()[0];
    assert!(request.starts_with("GET /x?mid=5 HTTP/1.1\n"), "{request}");
    for header in
        ["authorization: bearer token\r", "user-agent: mediary/test\r", "accept-encoding: identity\r"]
    {
        assert!(request.contains(header), "{header} in {request}");
    }
    assert!(!request.contains("referer:"));
    assert_eq!(server.connections(), 1, "connections are used again");
}

#[tokio::test]
async fn redirects_lead_to_allowed_hosts_and_no_further_than_three_hops() {
    let target = Server::start(|_| answer(200, "", "hello")).await;
    let location = format!("location: {}", target.url("/y"));
    let first = Server::start(move |line| match line.split(' ').nth(1) {
        Some("/relative") => answer(302, "location: /absolute", ""),
        Some("/nowhere") => answer(302, "", ""),
        Some("/circle") => answer(302, "location: /circle", ""),
        Some("/unchanged") => answer(304, "location: /circle", ""),
        _ => answer(307, &location, ""),
    })
    .await;
    let found = get(&first, "/relative").await.unwrap();
    assert_eq!(text(found.into_body().unwrap()).await.unwrap(), "hello");
    assert!(target.requests()[0].contains("authorization: bearer"), "an allowed host gets the headers");
    for path in ["/nowhere", "/circle"] {
        assert_eq!(get(&first, path).await.unwrap_err().kind(), ErrorKind::Protocol, "{path}");
    }
    assert_eq!(first.requests().iter().filter(|request| request.starts_with("GET /circle")).count(), 4);
    assert_eq!(get(&first, "/unchanged").await.unwrap().status(), 304, "it redirects nowhere");
}

#[tokio::test]
async fn redirects_of_a_call_without_guard_are_answers() {
    let other = Server::start(|_| answer(200, "", "stolen")).await;
    let location = format!("location: {}", other.url("/y"));
    let first = Server::start(move |_| answer(302, &location, "")).await;
    let response = client(PATIENCE).get(&first.url("/x").parse().unwrap(), &token()).await.unwrap();
    assert_eq!((response.status().as_u16(), other.requests().len()), (302, 0));
}

#[tokio::test]
async fn other_hosts_get_nothing_directly_or_by_redirect() {
    let other = Server::start_at(Ipv4Addr::new(127, 0, 0, 2).into(), |_| answer(200, "", "stolen")).await;
    let location = format!("location: {}", other.url("/y"));
    let first = Server::start(move |_| answer(302, &location, "")).await;
    for url in [first.url("/x"), other.url("/y"), "https://evil.example/".to_owned()] {
        let call = client(PATIENCE);
        let error = call.get_allowed(url.parse().unwrap(), &token(), &hosts("127.0.0.1")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForbiddenUrl, "{url}");
        assert!(!format!("{error:?}").contains("127.0.0.2"), "{error:?}");
    }
    assert!(other.requests().is_empty());
    assert_eq!(first.requests().len(), 1);
}

#[tokio::test]
async fn listed_names_lead_to_no_private_address() {
    let server = Server::start(|_| answer(200, "", "hello")).await;
    let url: url::Url = format!("http://host.example:{}/x", server.address.port()).parse().unwrap();
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "fd00::1"] {
        let client = client_with(PATIENCE, Resolver::public_addresses(lookup_of(address)));
        let error = client.get_allowed(url.clone(), &token(), &hosts("host.example")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForbiddenUrl, "{address}");
    }
    assert!(server.requests().is_empty());
    let anywhere = client_with(PATIENCE, Resolver::any_address(lookup_of("127.0.0.1")));
    let response = anywhere.get(&url, &token()).await.unwrap();
    assert_eq!(response.read(5).await.unwrap(), b"hello", "the operator's own host may be anywhere");
}

/// Every name leads to this address.
fn lookup_of(address: &str) -> Lookup {
    let address: IpAddr = address.parse().unwrap();
    Arc::new(move |_| Box::pin(async move { Ok(vec![address]) }) as LookupFuture)
}

fn public_hosts(own: &[&str]) -> PublicHosts {
    let user_agent = "Mediary/test".to_owned();
    let options = ClientOptions { connect_timeout: PATIENCE, silence_timeout: PATIENCE, user_agent };
    PublicHosts::with_lookup(&options, own, lookup_of("127.0.0.1")).unwrap()
}

#[tokio::test]
async fn private_hosts_are_asked_if_the_operator_lists_them_and_no_redirect_leads_to_others() {
    let other = Server::start_at(Ipv4Addr::new(127, 0, 0, 2).into(), |_| answer(200, "", "stolen")).await;
    let port = other.address.port();
    let server = Server::start(move |line| match line.split(' ').nth(1) {
        Some("/by-address") => answer(302, &format!("location: http://127.0.0.2:{port}/y"), ""),
        Some("/by-name") => answer(302, &format!("location: http://internal.example:{port}/y"), ""),
        Some("/file") => answer(302, "location: file:///etc/passwd", ""),
        _ => answer(200, "", "hello"),
    })
    .await;
    let hosts = public_hosts(&["127.0.0.1", "files.example"]);
    let named = format!("http://FILES.example.:{}/x?a=1&sig=%2B%3D", server.address.port());
    for url in [server.url("/x?a=1&sig=%2B%3D"), named] {
        let found = hosts.get(url.parse().unwrap()).await.unwrap();
        assert_eq!(text(found.into_body().unwrap()).await.unwrap(), "hello", "{url}");
    }
    for request in server.requests() {
        assert!(request.starts_with("GET /x?a=1&sig=%2B%3D HTTP/1.1\n"), "{request}");
        assert!(!request.contains("authorization") && !request.contains("cookie"), "{request}");
    }
    assert_eq!(server.connections(), 2, "none is kept for another call");
    for path in ["/by-address", "/by-name", "/file"] {
        let error = hosts.get(server.url(path).parse().unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForbiddenUrl, "{path}");
    }
    let none = public_hosts(&[]);
    let named = format!("http://files.example:{}/x", server.address.port());
    for url in [server.url("/x"), named, other.url("/y")] {
        let error = none.get(url.parse().unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForbiddenUrl, "{url}");
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn names_that_are_not_found_are_unreachable() {
    for found in [None, Some(())] {
        let lookup: Lookup = Arc::new(move |_| {
            let result = found.map(|()| vec![]).ok_or_else(|| io::Error::other("no such name"));
            Box::pin(async move { result }) as LookupFuture
        });
        let client = client_with(PATIENCE, Resolver::public_addresses(lookup));
        let url = "http://host.example/x".parse().unwrap();
        let error = client.get_allowed(url, &token(), &hosts("host.example")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreachable);
    }
}

#[tokio::test]
async fn hosts_that_never_answer_open_the_breaker() {
    let silent = Server::start(|_| vec![Wire::Close]).await;
    let (client, url) = (client(PATIENCE), silent.url("/x").parse().unwrap());
    for _ in 0..10 {
        let error = client.get(&url, &token()).await.unwrap_err();
        assert_eq!((error.kind(), error.retry_after()), (ErrorKind::Unreachable, None));
    }
    let asked = silent.requests().len();
    let refused = client.get(&url, &token()).await.unwrap_err();
    assert!(refused.retry_after().is_some(), "{refused:?}");
    assert_eq!(silent.requests().len(), asked, "the host is left alone");
}

#[tokio::test]
async fn bodies_that_are_encoded_are_refused() {
    for encoding in ["gzip", "br", "deflate, gzip"] {
        let headers = format!("content-encoding: {encoding}");
        let server = Server::start(move |_| answer(200, &headers, "\u{1f}hello")).await;
        let error = get(&server, "/x").await.unwrap().into_body().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{encoding}");
    }
    let plain = Server::start(|_| answer(200, "content-encoding: Identity", "hello")).await;
    assert!(get(&plain, "/x").await.unwrap().into_body().is_ok());
}

#[tokio::test]
async fn tls_that_is_never_answered_ends_after_the_connect_timeout() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/x", listener.local_addr().unwrap()).parse().unwrap();
    let user_agent = "Mediary/test".to_owned();
    let options = ClientOptions { connect_timeout: IMPATIENCE, silence_timeout: PATIENCE, user_agent };
    let resolver = Resolver::public_addresses(system_lookup());
    let client = Client::new(&options, resolver, Breaker::default()).unwrap();
    let (headers, hosts) = (token(), hosts("127.0.0.1"));
    let call = tokio::time::timeout(PATIENCE / 2, client.get_allowed(url, &headers, &hosts));
    let ((connection, _), answer) = tokio::join!(async { listener.accept().await.unwrap() }, call);
    let error = answer.expect("connecting is bounded by itself").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    drop(connection);
}

#[tokio::test]
async fn length_beside_chunks_of_http_means_nothing() {
    let server = Server::start(|_| {
        let head = "HTTP/1.1 200 x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n";
        vec![Wire::Send(format!("{head}5\r\nhello\r\n0\r\n\r\n").into_bytes())]
    })
    .await;
    let response = get(&server, "/x").await.unwrap();
    assert_eq!(response.content_length(), None);
    assert_eq!(text(response.into_body().unwrap()).await.unwrap(), "hello");
}

#[tokio::test]
async fn silence_ends_a_call() {
    let get = async |server: &Server| {
        let url = server.url("/x").parse().unwrap();
        client(IMPATIENCE).get_allowed(url, &token(), &hosts("127.0.0.1")).await
    };
    let before = Server::start(|_| vec![Wire::Silence]).await;
    assert_eq!(get(&before).await.unwrap_err().kind(), ErrorKind::Timeout);
    let head = || Wire::Send(b"HTTP/1.1 200 x\r\ncontent-length: 10\r\n\r\nhello".to_vec());
    let within = Server::start(move |_| vec![head(), Wire::Silence]).await;
    let mut body = get(&within).await.unwrap().into_body().unwrap();
    assert_eq!(body.chunk().await.unwrap().as_deref(), Some(&b"hello"[..]));
    assert_eq!(body.chunk().await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(get(&within).await.unwrap().read(10).await.unwrap_err().kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn bodies_that_end_too_early_are_cut_off() {
    for head in [
        "content-length: 10\r\n\r\nhello",
        "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "transfer-encoding: chunked\r\n\r\nzz",
    ] {
        let server = Server::start(move |_| {
            vec![Wire::Send(format!("HTTP/1.1 200 x\r\n{head}").into_bytes()), Wire::Close]
        })
        .await;
        let body = get(&server, "/x").await.unwrap().into_body().unwrap();
        assert_eq!(text(body).await.unwrap_err().kind(), ErrorKind::CutOff, "{head}");
        let read = get(&server, "/x").await.unwrap().read(100).await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::CutOff, "{head}");
    }
}

#[tokio::test]
async fn bodies_are_read_whole_up_to_their_limit() {
    let server = Server::start(|_| answer(200, "", "hello")).await;
    assert_eq!(get(&server, "/x").await.unwrap().read(5).await.unwrap(), b"hello");
    assert_eq!(get(&server, "/x").await.unwrap().read(4).await.unwrap_err().kind(), ErrorKind::TooLarge);
    let endless = Server::start(|_| {
        vec![Wire::Send(b"HTTP/1.1 200 x\r\n\r\n".to_vec()), Wire::Endless(vec![7; 65536])]
    })
    .await;
    let read = get(&endless, "/x").await.unwrap().read(1024 * 1024).await;
    assert_eq!(read.unwrap_err().kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn endless_body_comes_in_chunks_of_the_read_buffer() {
    let server = Server::start(|_| {
        vec![Wire::Send(b"HTTP/1.1 200 x\r\n\r\n".to_vec()), Wire::Endless(vec![7; 65536])]
    })
    .await;
    let mut body = get(&server, "/x").await.unwrap().into_body().unwrap();
    let mut taken = 0;
    while taken < 4 * 1024 * 1024 {
        let chunk = body.chunk().await.unwrap().unwrap();
        assert!(chunk.len() <= 64 * 1024, "{} bytes at once", chunk.len());
        taken += chunk.len();
    }
}

#[tokio::test]
async fn options_that_cannot_be_used_are_named() {
    for user_agent in ["", " ", "a\nb"] {
        let options = ClientOptions {
            connect_timeout: PATIENCE,
            silence_timeout: PATIENCE,
            user_agent: user_agent.to_owned(),
        };
        let resolver = Resolver::any_address(system_lookup());
        let error = Client::new(&options, resolver, Breaker::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOptions);
        assert!(error.to_string().contains("user_agent"), "{error}");
    }
}
