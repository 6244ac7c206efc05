//! The way to the media host: hyper's own client, because files are passed on to slow viewers for minutes. Its read
//! buffer can be given a size; grown as it likes, each such transfer would hold most of a megabyte.

use std::error::Error as StdError;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, RANGE, USER_AGENT};
use http::{HeaderValue, Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::CipherSuite;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio::net::TcpStream;
use tower::util::MapResponse;
use tower::{Service, ServiceExt};
use url::Url;

use super::GraphOptions;
use super::hosts::{self, Addresses, Lookup};
use super::lumps::Lumps;
use crate::error::{Error, ErrorKind};

/// Bytes read from a connection at once.
const READ_BYTES: usize = 64 * 1024;
/// Idle connections kept per host, and for how long.
const IDLE_CONNECTIONS: usize = 64;
const IDLE_FOR: Duration = Duration::from_secs(60);

type MaybeTls = MaybeHttpsStream<TokioIo<TcpStream>>;
type InLumps = TokioIo<Lumps<TokioIo<MaybeTls>>>;
type Connector = MapResponse<HttpsConnector<HttpConnector<PublicOnly>>, fn(MaybeTls) -> InLumps>;

/// Asks media hosts for bytes. Clones share their connections.
#[derive(Clone)]
pub(super) struct MediaHost {
    client: Client<Connector, Empty<Bytes>>,
    user_agent: HeaderValue,
}

impl MediaHost {
    pub(super) fn new(options: &GraphOptions, lookup: Lookup) -> Result<Self, Error> {
        let mut http = HttpConnector::new_with_resolver(PublicOnly(lookup));
        http.set_connect_timeout(Some(options.connect_timeout));
        http.set_nodelay(true);
        http.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_platform_verifier(Arc::new(provider()))
            .map_err(|error| unusable("TLS cannot be set up").caused_by(error))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(http)
            .map_response(in_lumps as fn(_) -> _);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_FOR)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .http1_read_buf_exact_size(READ_BYTES)
            .build(connector);
        let user_agent = HeaderValue::from_str(&options.user_agent)
            .map_err(|error| unusable("user_agent cannot be sent").caused_by(error))?;
        Ok(Self { client, user_agent })
    }

    /// Asks for a URL that was found to be allowed, wholly or from a first to a last byte (inclusive).
    pub(super) async fn get(
        &self,
        token: &str,
        url: &Url,
        range: Option<(u64, Option<u64>)>,
    ) -> Result<Response<Incoming>, Error> {
        let cannot = |error: http::Error| {
            Error::new(ErrorKind::BadRequest, "the request cannot be made").caused_by(error)
        };
        let mut bearer =
            HeaderValue::try_from(format!("Bearer {token}")).map_err(|error| cannot(error.into()))?;
        bearer.set_sensitive(true);
        let mut request = Request::get(url.as_str())
            .header(AUTHORIZATION, bearer)
            .header(USER_AGENT, &self.user_agent)
            .header(ACCEPT, HeaderValue::from_static("*/*"))
            .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some((first, last)) = range {
            let last = last.map(|last| last.to_string()).unwrap_or_default();
            request = request.header(RANGE, format!("bytes={first}-{last}"));
        }
        let request = request.body(Empty::new()).map_err(cannot)?;
        self.client.request(request).await.map_err(failed)
    }
}

/// In the order of browsers, AES with the shorter key first: every byte is deciphered here.
fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    provider
}

fn in_lumps(stream: MaybeTls) -> InLumps {
    TokioIo::new(Lumps::of(TokioIo::new(stream)))
}

fn unusable(context: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOptions, context)
}

fn failed(error: ClientError) -> Error {
    if hosts::is_private_address(&error) {
        return Error::new(ErrorKind::ForbiddenUrl, "the media host resolves to a private address")
            .caused_by(error);
    }
    let (kind, context) = if timed_out(&error) {
        (ErrorKind::Timeout, "whatsapp did not answer in time")
    } else {
        (ErrorKind::Unavailable, "whatsapp could not be reached")
    };
    Error::new(kind, context).caused_by(error)
}

fn timed_out(error: &(dyn StdError + 'static)) -> bool {
    let timed_out = |error: &std::io::Error| error.kind() == std::io::ErrorKind::TimedOut;
    error.downcast_ref().is_some_and(timed_out) || error.source().is_some_and(self::timed_out)
}

/// Names lead to public addresses only. Addresses written in a URL never come here; the allow-list alone decides about
/// them.
#[derive(Clone)]
struct PublicOnly(Lookup);

impl Service<Name> for PublicOnly {
    type Response = Addresses;
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = BoxFuture<'static, Result<Addresses, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(hosts::public_addresses((self.0)(name.as_str().to_owned())))
    }
}
