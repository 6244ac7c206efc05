use axum::routing::get;
use bytes::Bytes;
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

async fn start(router: Router) -> (SocketAddr, Shutdown, JoinHandle<()>) {
    start_with(router, Bounds::default()).await
}

async fn start_with(router: Router, bounds: Bounds) -> (SocketAddr, Shutdown, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, shutdown) = (listener.local_addr().unwrap(), Shutdown::default());
    (address, shutdown.clone(), tokio::spawn(serve(listener, router, bounds, shutdown)))
}

async fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
    stream
}

async fn read_to_end(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    let reading = stream.read_to_end(&mut text);
    // A reset is an end as well.
    let _ = tokio::time::timeout(PATIENCE, reading).await.expect("the connection ends");
    String::from_utf8_lossy(&text).into_owned()
}

async fn ended(server: JoinHandle<()>) {
    tokio::time::timeout(PATIENCE, server).await.expect("the server ends").unwrap();
}

#[tokio::test]
async fn requests_under_way_are_finished_after_the_soft_stop() {
    let (started, release) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    let held = (started.clone(), release.clone());
    let slow = get(move || {
        let (started, release) = held.clone();
        async move {
            started.notify_one();
            release.notified().await;
            "done"
        }
    });
    let (address, shutdown, server) = start(Router::new().route("/", slow)).await;
    let idle = TcpStream::connect(address).await.unwrap();
    let busy = ask(address, "/").await;
    started.notified().await;
    shutdown.soft.cancel();
    assert_eq!(read_to_end(idle).await, "");
    release.notify_one();
    assert!(read_to_end(busy).await.ends_with("done"));
    ended(server).await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn request_names_one_host() {
    let (address, shutdown, server) = start(Router::new().route("/", get(async || "fine"))).await;
    for (head, status) in [
        ("GET / HTTP/1.1\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: me@a\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n", "200"),
        ("GET / HTTP/1.0\r\n", "200"),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).await.unwrap();
        let answer = read_to_end(stream).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{head}: {answer}");
        assert_eq!(answer.contains("application/problem+json"), status == "400", "{answer}");
    }
    shutdown.soft.cancel();
    ended(server).await;
}

#[tokio::test]
async fn hard_stop_drops_what_does_not_end() {
    let endless = get(std::future::pending::<()>);
    let (address, shutdown, server) = start(Router::new().route("/", endless)).await;
    let busy = ask(address, "/").await;
    shutdown.soft.cancel();
    shutdown.hard.cancel();
    assert_eq!(read_to_end(busy).await, "");
    ended(server).await;
}

#[tokio::test]
async fn body_that_breaks_ends_the_connection_short() {
    let broken = get(|| async {
        let pieces = [Ok(Bytes::from_static(b"part")), Err(io::Error::other("gone"))];
        let headers = [(http::header::CONTENT_LENGTH, "100")];
        (headers, Body::from_stream(stream::iter(pieces)))
    });
    let (address, shutdown, server) = start(Router::new().route("/", broken)).await;
    let text = read_to_end(ask(address, "/").await).await;
    assert!(!text.contains("\r\n\r\n") || text.ends_with("part"), "{text}");
    shutdown.soft.cancel();
    ended(server).await;
}

#[tokio::test]
async fn sender_of_too_much_reads_the_refusal() {
    let house = crate::testing::House::open().await;
    let (address, shutdown, server) = start(house.router.clone()).await;
    let size = 2 * mediary_core::limits::WEBHOOK_BODY_BYTES;
    for signature in ["", "X-Hub-Signature-256: sha256=00\r\n"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /api/webhooks/whatsapp HTTP/1.1\r\nHost: a\r\n{signature}Content-Length: {size}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b' '; size]).await.expect("the body is read");
        let mut start = [0; 12];
        stream.read_exact(&mut start).await.expect("the answer is there");
        let status = if signature.is_empty() { "HTTP/1.1 401" } else { "HTTP/1.1 413" };
        assert_eq!(std::str::from_utf8(&start).unwrap(), status);
    }
    shutdown.soft.cancel();
    ended(server).await;
}

/// A pace for tests: nobody has to wait long to be given up.
const SHORT: Pace = Pace {
    grace: Duration::from_millis(200),
    bytes_per_second: 1024 * 1024,
    max_allowance: Duration::from_millis(500),
};

/// A connection that takes little of an answer ahead.
async fn connect_from(local: &str, address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind(format!("{local}:0").parse().unwrap()).unwrap();
    socket.connect(address).await.unwrap()
}

async fn send(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn reader_that_reads_nothing_is_given_up() {
    let endless = get(|| async {
        let piece = Bytes::from_static(&[0; 64 * 1024]);
        Body::from_stream(stream::iter(std::iter::repeat_with(move || Ok::<_, Infallible>(piece.clone()))))
    });
    for bounds in [
        Bounds { readers: SHORT, ..Bounds::default() },
        Bounds { silence: Duration::from_millis(500), ..Bounds::default() },
    ] {
        let (address, shutdown, server) = start_with(Router::new().route("/", endless.clone()), bounds).await;
        let mut silent = connect_from("127.0.0.1", address).await;
        send(&mut silent, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let mut first = [0; 1];
        silent.read_exact(&mut first).await.unwrap();
        shutdown.soft.cancel();
        ended(server).await;
    }
}

#[tokio::test]
async fn reader_that_takes_nothing_of_a_stored_file_is_given_up() {
    let house = crate::testing::House::open().await;
    let company = house.company("acme").await;
    // More than kernels take ahead.
    let made = house.stored(&company, "wamid.1", &vec![7; 24 * 1024 * 1024], "video/mp4").await;
    let bounds = Bounds { readers: SHORT, ..Bounds::default() };
    let (address, shutdown, server) = start_with(house.router.clone(), bounds).await;
    let mut silent = connect_from("127.0.0.1", address).await;
    let (path, key) =
        (format!("/api/media/messages/{}", made.message), company.key(mediary_core::Role::Viewer));
    send(&mut silent, &format!("GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n\r\n"))
        .await;
    let mut first = [0; 12];
    silent.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    shutdown.soft.cancel();
    ended(server).await;
}

#[tokio::test]
async fn slow_reader_is_given_up_where_the_answer_asks_for_a_pace() {
    let endless = async |axum::Extension(handover): axum::Extension<Handover>| {
        let pace = handover.quicken(u64::MAX);
        let piece = Bytes::from_static(&[0; 64 * 1024]);
        Body::from_stream(stream::iter(std::iter::repeat_with(move || {
            let _for_as_long_as_the_body = &pace;
            Ok::<_, Infallible>(piece.clone())
        })))
    };
    let usual = async |_: axum::Extension<Handover>| {
        let piece = Bytes::from_static(&[0; 64 * 1024]);
        Body::from_stream(stream::iter(std::iter::repeat_with(move || Ok::<_, Infallible>(piece.clone()))))
    };
    let router = Router::new().route("/quick", get(endless)).route("/usual", get(usual));
    // Every byte buys a second, so nobody who reads at all is given up, but for what the answer asks.
    let readers =
        Pace { grace: Duration::from_secs(1), bytes_per_second: 1, max_allowance: Duration::from_secs(60) };
    let (address, shutdown, _server) = start_with(router, Bounds { readers, ..Bounds::default() }).await;
    for (path, ends) in [("/usual", false), ("/quick", true), ("/usual", false)] {
        let mut stream = connect_from("127.0.0.1", address).await;
        send(&mut stream, &format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        let mut pace = tokio::time::interval(Duration::from_millis(5));
        let mut piece = vec![0; 256 * 1024];
        let reading = async {
            loop {
                pace.tick().await;
                if matches!(stream.read(&mut piece).await, Ok(0) | Err(_)) {
                    return;
                }
            }
        };
        let within = if ends { PATIENCE } else { Duration::from_secs(2) };
        assert_eq!(tokio::time::timeout(within, reading).await.is_ok(), ends, "{path}");
    }
    shutdown.hard.cancel();
}

#[tokio::test]
async fn body_that_stands_still_is_given_up_and_its_request_answered() {
    let house = crate::testing::House::open().await;
    let bounds = Bounds { senders: SHORT, ..Bounds::default() };
    let (address, shutdown, server) = start_with(house.router.clone(), bounds).await;
    for (path, more) in [
        ("/api/auth/login", "Content-Type: application/json\r\n"),
        ("/api/webhooks/whatsapp", "X-Hub-Signature-256: sha256=00\r\n"),
    ] {
        let mut slow = TcpStream::connect(address).await.unwrap();
        send(&mut slow, &format!("POST {path} HTTP/1.1\r\nHost: a\r\n{more}Content-Length: 1000\r\n\r\n{{"))
            .await;
        let answer = read_to_end(slow).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{path}: {answer}");
    }
    shutdown.soft.cancel();
    ended(server).await;
}

#[tokio::test]
async fn address_that_took_its_share_has_only_slots_for_webhooks_and_probes() {
    let router =
        Router::new().fallback(async |request: axum::extract::Request| request.uri().path().to_owned());
    let bounds =
        Bounds { connections: 80, trusted_proxies: "127.0.0.3".parse().unwrap(), ..Bounds::default() };
    let (address, shutdown, server) = start_with(router, bounds).await;
    let kept_alive = async |local: &str| {
        let mut stream = connect_from(local, address).await;
        send(&mut stream, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let mut start = [0; 12];
        stream.read_exact(&mut start).await.unwrap();
        assert_eq!(&start, b"HTTP/1.1 200");
        stream
    };
    let ask = async |local: &str, path: &str| {
        let mut stream = connect_from(local, address).await;
        send(&mut stream, &format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).await;
        read_to_end(stream).await.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    // A slot is free a moment after the connection that had it.
    let status = async |local: &str, path: &str| loop {
        let status = ask(local, path).await;
        if !status.is_empty() {
            break status;
        }
    };
    let mut idle = Vec::new();
    for _ in 0..64 {
        idle.push(kept_alive("127.0.0.1").await);
    }
    assert_eq!(status("127.0.0.1", "/").await, "503");
    for path in RESERVED_FOR {
        assert_eq!(status("127.0.0.1", path).await, "200", "{path}");
    }
    assert_eq!(status("127.0.0.2", "/").await, "200");
    idle.truncate(2);
    while ask("127.0.0.1", "/").await != "200" {}
    // A proxy stands for many.
    for _ in 0..66 {
        idle.push(kept_alive("127.0.0.3").await);
    }
    drop(idle);
    shutdown.soft.cancel();
    ended(server).await;
}
