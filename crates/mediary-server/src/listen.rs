//! The accept loop: HTTP/1.1 connections, their bounds, and how they end.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::uri::Authority;
use http::{Request, Version, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use mediary_core::ErrorCode;
use mediary_engine::Shutdown;
use metrics::gauge;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;
use tower::Service;

use crate::layers::{RequestIds, refused};
use crate::metrics::CONNECTIONS;
use crate::problem::Problem;
use crate::request::Connected;
use crate::wire::{Handover, Wire};

/// Connections open at once; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 8192;
/// For a request's head, and for a connection that waits for its next request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes of one connection that wait to be written, or of a head that is being read.
const CONNECTION_BUFFER_BYTES: usize = 16 * 1024;
/// After a failure to accept, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown`, and returns when no connection is left.
pub(crate) async fn serve(listener: TcpListener, router: Router, shutdown: Shutdown) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let connections = TaskTracker::new();
    let ids = Arc::new(RequestIds::new());
    while let Some((stream, peer, place)) =
        shutdown.soft.run_until_cancelled(accept(&listener, &places)).await
    {
        gauge!(CONNECTIONS).increment(1);
        connections.spawn(connection(stream, peer, place, router.clone(), ids.clone(), shutdown.clone()));
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                tracing::error!(%error, "failed to accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
    router: Router,
    ids: Arc<RequestIds>,
    shutdown: Shutdown,
) {
    // Without it small answers wait for the acknowledgement of the one before.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "failed to set TCP_NODELAY");
    }
    let handover = Handover::default();
    let service = service_fn(|request| answer(router.clone(), peer, handover.clone(), ids.clone(), request));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(CONNECTION_BUFFER_BYTES)
        .serve_connection(Wire::new(stream, handover.clone()), service);
    let mut serving = pin!(serving);
    let result = tokio::select! {
        result = &mut serving => result,
        () = shutdown.soft.cancelled() => {
            serving.as_mut().graceful_shutdown();
            tokio::select! {
                result = serving => result,
                () = shutdown.hard.cancelled() => Ok(()),
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection ended early");
    }
    gauge!(CONNECTIONS).decrement(1);
    drop(place);
}

async fn answer(
    mut router: Router,
    peer: SocketAddr,
    handover: Handover,
    ids: Arc<RequestIds>,
    request: Request<Incoming>,
) -> Result<axum::response::Response, Infallible> {
    if !names_one_host(&request) {
        let detail = "the request needs one Host header that names this server";
        return Ok(refused(Problem::new(ErrorCode::ValidationError).detail(detail), &ids));
    }
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Connected(peer.ip()));
    request.extensions_mut().insert(handover);
    router.call(request).await
}

/// RFC 9112, 3.2: HTTP/1.1 needs the header, and no request may have two or one that names no host.
fn names_one_host(request: &Request<Incoming>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => request.version() < Version::HTTP_11,
        (Some(host), None) => {
            Authority::try_from(host.as_bytes()).is_ok_and(|host| !host.as_str().contains('@'))
        }
        (Some(_), Some(_)) => false,
    }
}

/// Failures that say nothing about our socket: the other end went away while it waited.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use bytes::Bytes;
    use futures_util::stream;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinHandle;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    async fn start(router: Router) -> (SocketAddr, Shutdown, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, shutdown) = (listener.local_addr().unwrap(), Shutdown::default());
        (address, shutdown.clone(), tokio::spawn(serve(listener, router, shutdown)))
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
    async fn what_is_under_way_is_finished_after_the_soft_stop() {
        let (begun, release) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
        let held = (begun.clone(), release.clone());
        let slow = get(move || {
            let (begun, release) = held.clone();
            async move {
                begun.notify_one();
                release.notified().await;
                "done"
            }
        });
        let (address, shutdown, server) = start(Router::new().route("/", slow)).await;
        let idle = TcpStream::connect(address).await.unwrap();
        let busy = ask(address, "/").await;
        begun.notified().await;
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
    async fn who_sends_too_much_reads_the_refusal() {
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
}
