//! The client: what Graph knows about media, and its bytes.
//!
//! Two rules hold for every byte download: the bearer token and the request go only to hosts on the allow-list, and no
//! name on it is followed to a private address. Redirects are followed by hand, so that each hop is checked.

mod answer;
mod breaker;
mod hosts;
mod lumps;
mod media_host;
mod stream;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mediary_core::Sha256;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue, LOCATION};
use reqwest::{StatusCode, redirect};
use url::Url;

use self::answer::Answer;
use self::breaker::Breaker;
use self::hosts::AllowedHosts;
use self::media_host::MediaHost;
use crate::error::{Error, ErrorKind};
use crate::redact::redacted_debug;

pub use self::hosts::{Looking, Lookup};
pub use self::stream::MediaStream;

/// Redirects followed for one download.
const REDIRECTS: usize = 3;
/// Idle connections kept per host.
const IDLE_CONNECTIONS: usize = 64;
/// Characters of a media or phone number id.
const ID_CHARS: usize = 512;

/// Where and how Graph is asked.
#[derive(Clone, Debug)]
pub struct GraphOptions {
    /// Mostly `https://graph.facebook.com`. Plain http is only for a stand-in on this machine.
    pub graph_url: Url,
    /// Such as `v27.0`.
    pub version: String,
    /// Host names or addresses that may be asked for bytes, on any port. A listed address may be private; a listed
    /// name that resolves to a private address is refused.
    pub media_hosts: Vec<String>,
    pub connect_timeout: Duration,
    /// For the first byte, and for silence after it.
    pub silence_timeout: Duration,
    /// Sent with every request: downloads without one are refused by WhatsApp's media host.
    pub user_agent: String,
}

/// Asks WhatsApp for media. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct GraphClient {
    graph: reqwest::Client,
    media: MediaHost,
    hosts: Arc<AllowedHosts>,
    breaker: Arc<Breaker>,
    options: Arc<GraphOptions>,
}

/// What Graph says about a media id.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaInfo {
    /// Lives five minutes and needs the bearer token.
    pub url: String,
    pub mime_type: Option<String>,
    pub sha256: Option<Sha256>,
    pub file_size: Option<u64>,
}

/// What Graph says about a business number.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber {
    pub id: String,
    pub display_phone_number: Option<String>,
    pub verified_name: Option<String>,
}

impl GraphClient {
    /// Builds the client. Fails when an option cannot be used, naming it.
    pub fn new(options: GraphOptions) -> Result<Self, Error> {
        Self::with_lookup(options, hosts::system_lookup())
    }

    /// Like [`GraphClient::new`], with another way to look up the names of media hosts.
    pub fn with_lookup(options: GraphOptions, lookup: Lookup) -> Result<Self, Error> {
        let hosts = AllowedHosts::new(&options)?;
        Ok(Self {
            graph: builder(&options)?.build().map_err(unusable)?,
            media: MediaHost::new(&options, lookup)?,
            hosts: Arc::new(hosts),
            breaker: Arc::default(),
            options: Arc::new(options),
        })
    }

    /// Asks Graph for a media id: `GET /{version}/{media-id}`.
    pub async fn media_info(
        &self,
        token: &str,
        media_id: &str,
        phone_number_id: Option<&str>,
    ) -> Result<MediaInfo, Error> {
        let mut url = self.graph_url(media_id)?;
        if let Some(phone_number_id) = phone_number_id {
            url.query_pairs_mut().append_pair("phone_number_id", phone_number_id);
        }
        let answer = self.ask(token, url).await?;
        Ok(MediaInfo {
            url: answer.required("url")?,
            mime_type: answer.text("mime_type"),
            sha256: answer.text("sha256").as_deref().and_then(|text| text.parse().ok()),
            // A string in Meta's documentation, a number in its answers.
            file_size: answer.text("file_size").and_then(|size| size.parse().ok()),
        })
    }

    /// Asks Graph for a business number, which shows whether the token may use it.
    pub async fn check_token(&self, token: &str, phone_number_id: &str) -> Result<PhoneNumber, Error> {
        let mut url = self.graph_url(phone_number_id)?;
        url.query_pairs_mut().append_pair("fields", "id,display_phone_number,verified_name");
        let answer = self.ask(token, url).await.map_err(|error| match error.kind() {
            ErrorKind::MediaGone => {
                let context = "the phone number id does not exist or the access token may not use it";
                Error::new(ErrorKind::Permission, context).caused_by(error)
            }
            _ => error,
        })?;
        Ok(PhoneNumber {
            id: answer.required("id")?,
            display_phone_number: answer.text("display_phone_number"),
            verified_name: answer.text("verified_name"),
        })
    }

    /// Opens the bytes behind a temporary URL, wholly or from a first to a last byte (inclusive).
    pub async fn open_media(
        &self,
        token: &str,
        url: &str,
        range: Option<(u64, Option<u64>)>,
    ) -> Result<MediaStream, Error> {
        let mut url = Url::parse(url).map_err(|source| {
            Error::new(ErrorKind::ForbiddenUrl, "the media URL cannot be read").caused_by(source)
        })?;
        for _ in 0..=REDIRECTS {
            self.hosts.check(&url)?;
            let response = self.in_time(&url, self.media.get(token, &url, range)).await?;
            if !response.status().is_redirection() || response.status() == StatusCode::NOT_MODIFIED {
                return MediaStream::open(
                    response,
                    range.map(|(first, _)| first),
                    self.options.silence_timeout,
                )
                .await;
            }
            url = redirect_target(&url, response.headers())?;
        }
        Err(Error::new(ErrorKind::Protocol, format!("the media URL redirects more than {REDIRECTS} times")))
    }

    async fn ask(&self, token: &str, url: Url) -> Result<Answer, Error> {
        let request = self.graph.get(url.clone()).bearer_auth(token);
        let response = self.in_time(&url, async { request.send().await.map_err(failed_to_send) }).await?;
        Answer::read(response, self.options.silence_timeout).await
    }

    /// The head of a host's answer, if it comes in time.
    async fn in_time<T>(
        &self,
        url: &Url,
        asking: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.breaker.check(url, Instant::now())?;
        let wait = self.options.connect_timeout + self.options.silence_timeout;
        let late = |_| Err(Error::new(ErrorKind::Timeout, format!("no answer within {wait:?}")));
        let answer = tokio::time::timeout(wait, asking).await.unwrap_or_else(late);
        self.breaker.note(url, &answer, Instant::now());
        answer
    }

    /// Ids come from outside: they make exactly one path segment.
    fn graph_url(&self, id: &str) -> Result<Url, Error> {
        let usable = (1..=ID_CHARS).contains(&id.len()) && id != "." && id != "..";
        let mut url = self.options.graph_url.clone();
        match url.path_segments_mut() {
            Ok(mut path) if usable => {
                path.pop_if_empty().extend([self.options.version.as_str(), id]);
            }
            _ => return Err(Error::new(ErrorKind::BadRequest, "the id cannot be part of a Graph URL")),
        }
        Ok(url)
    }
}

fn builder(options: &GraphOptions) -> Result<reqwest::ClientBuilder, Error> {
    if options.user_agent.trim().is_empty() {
        return Err(Error::new(ErrorKind::InvalidOptions, "user_agent must not be empty"));
    }
    let identity = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
    Ok(reqwest::Client::builder()
        .user_agent(&options.user_agent)
        .default_headers(identity)
        .connect_timeout(options.connect_timeout)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .redirect(redirect::Policy::none())
        .referer(false)
        // A proxy would look up names by itself, past our check.
        .no_proxy()
        .http1_only())
}

fn redirect_target(url: &Url, headers: &HeaderMap) -> Result<Url, Error> {
    headers
        .get(LOCATION)
        .and_then(|location| location.to_str().ok())
        .and_then(|location| url.join(location).ok())
        .ok_or_else(|| Error::new(ErrorKind::Protocol, "the media URL redirects to nowhere"))
}

fn unusable(error: reqwest::Error) -> Error {
    Error::new(ErrorKind::InvalidOptions, "the HTTP client cannot be built from these options")
        .caused_by(error)
}

fn failed_to_send(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let (kind, context) = if error.is_timeout() {
        (ErrorKind::Timeout, "whatsapp did not answer in time")
    } else if error.is_builder() {
        (ErrorKind::BadRequest, "the request cannot be made")
    } else {
        (ErrorKind::Unavailable, "whatsapp could not be reached")
    };
    Error::new(kind, context).caused_by(error)
}

redacted_debug! {
    MediaInfo { mime_type, sha256, file_size }
    PhoneNumber { id }
}

impl fmt::Debug for GraphClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GraphClient").field(&self.options).finish()
    }
}
