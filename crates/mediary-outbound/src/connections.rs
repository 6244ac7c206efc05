//! Connections: TCP and TLS, kept for the next request.
//!
//! It is hyper's own client, because files are proxied to slow readers for minutes: its read buffer can be given a size.
//! Grown as it likes, each such transfer would hold most of a megabyte.

use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::CipherSuite;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio::net::TcpStream;
use tower::Service;

use crate::addresses::{Resolver, is_private_address};
use crate::coalesced::CoalescedReads;
use crate::error::{Error, ErrorKind};
use crate::request::SentBody;

/// Bytes read from a connection at once.
const READ_BYTES: usize = 64 * 1024;
/// Idle connections kept per host, and for how long.
const IDLE_CONNECTIONS: usize = 64;
const IDLE_FOR: Duration = Duration::from_secs(60);
/// A connection without traffic is probed after this time, and closed after so many probes without an answer: it would
/// otherwise fail the next request that takes it.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 3;

type BoxError = Box<dyn StdError + Send + Sync>;
type MaybeTls = MaybeHttpsStream<TokioIo<TcpStream>>;
type Coalesced = TokioIo<CoalescedReads<TokioIo<MaybeTls>>>;

/// Makes connections, each within a time that covers TLS, too. Nobody else would end one: where an idle connection frees up
/// first, the pool takes that one and finishes the other in the background, for the next request.
#[derive(Clone)]
pub(crate) struct Connector {
    inner: HttpsConnector<HttpConnector<Resolver>>,
    timeout: Duration,
}

impl Service<Uri> for Connector {
    type Response = Coalesced;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Coalesced, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = tokio::time::timeout(self.timeout, self.inner.call(uri));
        Box::pin(async move {
            let late = |_| io::Error::new(io::ErrorKind::TimedOut, "connecting took too long");
            let stream = connecting.await.map_err(late)??;
            Ok(TokioIo::new(CoalescedReads::of(TokioIo::new(stream))))
        })
    }
}

/// The connections of one client. Clones share them.
pub(crate) type Connections = Client<Connector, SentBody>;

pub(crate) fn connections(resolver: Resolver, connect_timeout: Duration) -> Result<Connections, Error> {
    let mut http = HttpConnector::new_with_resolver(resolver);
    http.set_connect_timeout(Some(connect_timeout));
    http.set_nodelay(true);
    http.set_keepalive(Some(KEEPALIVE));
    http.set_keepalive_interval(Some(KEEPALIVE));
    http.set_keepalive_retries(Some(KEEPALIVE_PROBES));
    http.enforce_http(false);
    let inner = HttpsConnectorBuilder::new()
        .with_provider_and_platform_verifier(Arc::new(provider()))
        .map_err(|error| Error::new(ErrorKind::InvalidOptions, "TLS cannot be set up").caused_by(error))?
        .https_or_http()
        .enable_http1()
        .wrap_connector(http);
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_FOR)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .http1_read_buf_exact_size(READ_BYTES)
        .build(Connector { inner, timeout: connect_timeout }))
}

/// In the order of browsers, AES with the shorter key first: every byte is deciphered here.
fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    provider
}

/// The reason why there is no head of an answer.
pub(crate) fn failed(error: ClientError) -> Error {
    let (kind, context) = if is_private_address(&error) {
        (ErrorKind::ForbiddenUrl, "the host's name leads to private addresses only")
    } else if timed_out(&error) {
        (ErrorKind::Timeout, "the host did not answer in time")
    } else {
        (ErrorKind::Unreachable, "the host could not be reached")
    };
    let connected = !error.is_connect();
    let failed = Error::new(kind, context).caused_by(error);
    if connected { failed } else { failed.not_received() }
}

fn timed_out(error: &(dyn StdError + 'static)) -> bool {
    let timed_out = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
    error.downcast_ref().is_some_and(timed_out) || error.source().is_some_and(self::timed_out)
}
