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
use mediary_core::{ErrorCode, limits};
use mediary_engine::Shutdown;
use metrics::{counter, gauge};
use rustix::net::sockopt::set_tcp_user_timeout;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tower::Service;

use crate::connection_slots::{ConnectionSlot, ConnectionSlots, SlotKind};
use crate::layers::{RequestIds, refused};
use crate::metrics::{CONNECTIONS, CONNECTIONS_REFUSED};
use crate::pace::{Pace, PacedBody};
use crate::problem::Problem;
use crate::proxies::TrustedProxies;
use crate::request::PeerAddress;
use crate::wire::{Handover, Wire};

/// For a request's head, and for a connection that waits for its next request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// The same on a slot that is reserved for webhooks and probes: both send their request at once.
const RESERVED_HEAD_TIMEOUT: Duration = Duration::from_secs(1);
/// For how long the other end may acknowledge nothing, or take nothing more, before the kernel ends the connection.
const SILENCE: Duration = Duration::from_secs(30);
/// Bytes of one connection that wait to be written, or of a head that is being read.
const CONNECTION_BUFFER_BYTES: usize = 16 * 1024;
/// After a failure to accept, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// A failure to accept, or a refusal, is logged once in so long.
const LOG_EVERY: Duration = Duration::from_secs(10);
/// The paths that a reserved slot takes.
const RESERVED_FOR: [&str; 5] =
    ["/api/webhooks/whatsapp", "/api/webhooks/360dialog", "/api/webhooks/aws", "/healthz", "/readyz"];

/// The bounds of connections.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    pub(crate) connections: usize,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) readers: Pace,
    pub(crate) senders: Pace,
    pub(crate) silence: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: limits::CONNECTIONS,
            trusted_proxies: TrustedProxies::default(),
            readers: Pace::READERS,
            senders: Pace::SENDERS,
            silence: SILENCE,
        }
    }
}

/// State that all connections share.
#[derive(Debug)]
struct Shared {
    router: Router,
    bounds: Bounds,
    ids: RequestIds,
    shutdown: Shutdown,
}

/// Serves until `shutdown`, and returns when no connection is left.
pub(crate) async fn serve(listener: TcpListener, router: Router, bounds: Bounds, shutdown: Shutdown) {
    let slots = ConnectionSlots::new(bounds.connections);
    let connections = TaskTracker::new();
    let shared = Arc::new(Shared { router, bounds, ids: RequestIds::new(), shutdown: shutdown.clone() });
    let mut log = SeldomLog::default();
    while let Some((stream, peer)) = shutdown.soft.run_until_cancelled(accept(&listener, &mut log)).await {
        let is_proxy = shared.bounds.trusted_proxies.trusts(peer.ip());
        // A connection without a slot is closed at once, so that the kernel's queue stays free for those that get one.
        let Some(slot) = slots.take(peer.ip(), is_proxy) else {
            counter!(CONNECTIONS_REFUSED).increment(1);
            log.write(|| {
                tracing::warn!("closed a connection: every slot is taken, or every slot of its address");
            });
            continue;
        };
        gauge!(CONNECTIONS).increment(1);
        connections.spawn(connection(stream, peer, slot, shared.clone()));
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// Writes a line now and then, whatever happens a thousand times.
#[derive(Debug, Default)]
struct SeldomLog(Option<Instant>);

impl SeldomLog {
    fn write(&mut self, line: impl FnOnce()) {
        if self.0.is_none_or(|last| last.elapsed() >= LOG_EVERY) {
            self.0 = Some(Instant::now());
            line();
        }
    }
}

async fn accept(listener: &TcpListener, log: &mut SeldomLog) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                log.write(|| tracing::error!(%error, "failed to accept a connection"));
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, slot: ConnectionSlot, shared: Arc<Shared>) {
    prepare(&stream, shared.bounds.silence);
    let is_reserved = slot.kind == SlotKind::Reserved;
    let handover = Handover::default();
    let service = service_fn(|request| answer(shared.clone(), peer, is_reserved, handover.clone(), request));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(if is_reserved { RESERVED_HEAD_TIMEOUT } else { HEAD_TIMEOUT })
        .keep_alive(!is_reserved)
        .max_buf_size(CONNECTION_BUFFER_BYTES)
        .serve_connection(Wire::new(stream, handover.clone(), shared.bounds.readers), service);
    let mut serving = pin!(serving);
    let shutdown = &shared.shutdown;
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
    drop(slot);
}

fn prepare(stream: &TcpStream, silence: Duration) {
    // Without it small answers wait for the acknowledgement of the one before.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "failed to set TCP_NODELAY");
    }
    // Ends a connection whose other end takes nothing more, also while the kernel alone has something left to send.
    let millis = u32::try_from(silence.as_millis()).unwrap_or(u32::MAX);
    if let Err(error) = set_tcp_user_timeout(stream, millis) {
        tracing::debug!(%error, "failed to set TCP_USER_TIMEOUT");
    }
}

async fn answer(
    shared: Arc<Shared>,
    peer: SocketAddr,
    is_reserved: bool,
    handover: Handover,
    request: Request<Incoming>,
) -> Result<axum::response::Response, Infallible> {
    if !names_one_host(&request) {
        let detail = "the request needs one Host header that names this server";
        return Ok(refused(Problem::new(ErrorCode::ValidationError).detail(detail), &shared.ids));
    }
    if is_reserved && !RESERVED_FOR.contains(&request.uri().path()) {
        return Ok(refused(Problem::busy(), &shared.ids));
    }
    let mut request = request.map(|body| Body::new(PacedBody::new(body, shared.bounds.senders)));
    request.extensions_mut().insert(PeerAddress(peer.ip()));
    request.extensions_mut().insert(handover);
    shared.router.clone().call(request).await
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
mod tests;
