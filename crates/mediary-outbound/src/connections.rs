//! Connections: TCP and TLS, kept for the next request.
//!
//! It is hyper's own client, because files are proxied to slow readers for minutes: its read buffer can be given a size.
//! Grown as it likes, each such transfer would hold most of a megabyte.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::CipherSuite;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio::net::TcpStream;
use tower::ServiceExt;
use tower::util::MapResponse;

use crate::addresses::{Resolver, is_private_address};
use crate::coalesced::CoalescedReads;
use crate::error::{Error, ErrorKind};

/// Bytes read from a connection at once.
const READ_BYTES: usize = 64 * 1024;
/// Idle connections kept per host, and for how long.
const IDLE_CONNECTIONS: usize = 64;
const IDLE_FOR: Duration = Duration::from_secs(60);
/// A connection without traffic is probed after this time, and closed after so many probes without an answer: it would
/// otherwise fail the next request that takes it.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 3;

type MaybeTls = MaybeHttpsStream<TokioIo<TcpStream>>;
type Coalesced = TokioIo<CoalescedReads<TokioIo<MaybeTls>>>;
type Connector = MapResponse<HttpsConnector<HttpConnector<Resolver>>, fn(MaybeTls) -> Coalesced>;

/// The connections of one client. Clones share them.
pub(crate) type Connections = Client<Connector, Empty<Bytes>>;

pub(crate) fn connections(resolver: Resolver, connect_timeout: Duration) -> Result<Connections, Error> {
    let mut http = HttpConnector::new_with_resolver(resolver);
    http.set_connect_timeout(Some(connect_timeout));
    http.set_nodelay(true);
    http.set_keepalive(Some(KEEPALIVE));
    http.set_keepalive_interval(Some(KEEPALIVE));
    http.set_keepalive_retries(Some(KEEPALIVE_PROBES));
    http.enforce_http(false);
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_platform_verifier(Arc::new(provider()))
        .map_err(|error| Error::new(ErrorKind::InvalidOptions, "TLS cannot be set up").caused_by(error))?
        .https_or_http()
        .enable_http1()
        .wrap_connector(http)
        .map_response(coalesced as fn(_) -> _);
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_FOR)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .http1_read_buf_exact_size(READ_BYTES)
        .build(connector))
}

/// In the order of browsers, AES with the shorter key first: every byte is deciphered here.
fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    provider
}

fn coalesced(stream: MaybeTls) -> Coalesced {
    TokioIo::new(CoalescedReads::of(TokioIo::new(stream)))
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
    Error::new(kind, context).caused_by(error)
}

fn timed_out(error: &(dyn StdError + 'static)) -> bool {
    let timed_out = |error: &std::io::Error| error.kind() == std::io::ErrorKind::TimedOut;
    error.downcast_ref().is_some_and(timed_out) || error.source().is_some_and(self::timed_out)
}
