//! The client: one request, or one that follows redirects.
//!
//! Why a redirect leads nowhere that the first URL could not have led:
//! 1. The HTTP library follows none: an answer with a redirect is returned as it is.
//! 2. Each hop starts at the top of the same loop as the first URL: its scheme, credentials and host are checked before
//!    anything is sent, and its name goes through the same resolver.
//! 3. The caller's headers, a bearer token among them, go to each hop. That is safe because a hop is a host of the
//!    caller's own list; hence a rule that allows any public host must be used without secrets in the headers.
//! 4. There are at most [`REDIRECTS`] hops, each with a deadline of its own.

use std::fmt;
use std::time::Duration;

use http::header::{ACCEPT, ACCEPT_ENCODING, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use tokio::time::Instant;
use url::Url;

use crate::addresses::Resolver;
use crate::breaker::Breaker;
use crate::connections::{Connections, connections, failed};
use crate::error::{Error, ErrorKind};
use crate::hosts::AllowedHosts;
use crate::request::{Progress, RequestBody};
use crate::response::Response;

/// Redirects followed for one call.
const REDIRECTS: usize = 3;

/// How hosts are called.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    pub connect_timeout: Duration,
    /// For the first byte, and for silence after it.
    pub silence_timeout: Duration,
    /// Sent with every request.
    pub user_agent: String,
}

/// Calls hosts. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client {
    connections: Connections,
    breaker: Breaker,
    user_agent: HeaderValue,
    connect_timeout: Duration,
    silence_timeout: Duration,
}

impl Client {
    /// Builds a client, which shares what `breaker` knows of hosts with its other owners. Fails when an option cannot be
    /// used, naming it.
    pub fn new(options: &ClientOptions, resolver: Resolver, breaker: Breaker) -> Result<Self, Error> {
        let unusable = |context| Error::new(ErrorKind::InvalidOptions, context);
        if options.user_agent.trim().is_empty() {
            return Err(unusable("user_agent must not be empty"));
        }
        let user_agent = HeaderValue::from_str(&options.user_agent)
            .map_err(|error| unusable("user_agent cannot be sent").caused_by(error))?;
        Ok(Self {
            connections: connections(resolver, options.connect_timeout)?,
            breaker,
            user_agent,
            connect_timeout: options.connect_timeout,
            silence_timeout: options.silence_timeout,
        })
    }

    /// Asks a host that the operator's own settings name. A redirect is an answer, and not followed.
    pub async fn get(&self, url: &Url, headers: &HeaderMap) -> Result<Response, Error> {
        self.send(Method::GET, url, headers, RequestBody::empty()).await
    }

    /// Like [`Client::get`], by any method and with a body. It is sent once, whatever happens; what became of it is said by
    /// [`Error::maybe_received`]. The body may take as long as it moves.
    pub async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: &HeaderMap,
        body: RequestBody,
    ) -> Result<Response, Error> {
        let (body, progress) = body.watched();
        let request = Request::builder().method(method).uri(url.as_str()).body(body);
        let mut request = request.map_err(|error| {
            Error::new(ErrorKind::InvalidRequest, "the request cannot be made")
                .caused_by(error)
                .not_received()
        })?;
        *request.headers_mut() = headers.clone();
        let all = request.headers_mut();
        all.insert(USER_AGENT, self.user_agent.clone());
        all.insert(ACCEPT, HeaderValue::from_static("*/*"));
        all.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let call = async { self.connections.request(request).await.map_err(failed) };
        let response = self.in_time(url, call, &progress).await?;
        Ok(Response::new(response, self.silence_timeout))
    }

    /// Asks a host that somebody else named, if it is allowed, and follows redirects to hosts that are.
    pub async fn get_allowed(
        &self,
        mut url: Url,
        headers: &HeaderMap,
        hosts: &AllowedHosts,
    ) -> Result<Response, Error> {
        for _ in 0..=REDIRECTS {
            hosts.check(&url)?;
            let response = self.get(&url, headers).await?;
            let status = response.status();
            if !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
                return Ok(response);
            }
            url = redirect_target(&url, &response)?;
        }
        Err(Error::new(ErrorKind::Protocol, format!("the URL redirects more than {REDIRECTS} times")))
    }

    /// The head of a host's answer, if it comes in time and the breaker lets the call through.
    async fn in_time<T>(
        &self,
        url: &Url,
        call: impl Future<Output = Result<T, Error>>,
        progress: &Progress,
    ) -> Result<T, Error> {
        self.breaker.check(url, Instant::now()).map_err(Error::not_received)?;
        let wait = self.connect_timeout + self.silence_timeout;
        let answer = tokio::select! {
            biased;
            answer = call => answer,
            () = progress.stalled(wait) => Err(Error::new(ErrorKind::Timeout, format!("no answer within {wait:?}"))),
        };
        let answer = answer.map_err(|error| if progress.is_whole() { error } else { error.not_received() });
        if progress.source_failed() {
            // It says nothing about the host.
            return answer.map_err(|error| {
                let context = "the bytes of the request could not be read, or are not as many as announced";
                Error::new(ErrorKind::RequestBody, context).caused_by(error).not_received()
            });
        }
        self.breaker.note(url, &answer, Instant::now());
        answer
    }
}

fn redirect_target(url: &Url, response: &Response) -> Result<Url, Error> {
    response
        .header(LOCATION)
        .and_then(|location| url.join(location).ok())
        .ok_or_else(|| Error::new(ErrorKind::Protocol, "the URL redirects to nowhere"))
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("connect_timeout", &self.connect_timeout)
            .field("silence_timeout", &self.silence_timeout)
            .finish_non_exhaustive()
    }
}
