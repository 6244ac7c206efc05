//! The client: Graph's answers about media, the bytes of media, and what a business sends.
//!
//! Graph's own address is the operator's choice; the media host is named by webhooks and by Graph's answers. So the
//! former is asked as it is, the latter through the guard of `mediary-outbound`: the bearer token and the request go only
//! to hosts on the allow-list, and no name on it leads to a private address. The two never share a connection.

mod answer;
mod multipart;
mod outgoing;
mod stream;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, RANGE};
use http::{HeaderMap, HeaderValue};
use mediary_core::Sha256;
use mediary_outbound::{
    AllowedHosts, Breaker, Client, ClientOptions, Lookup, Resolver, is_loopback, system_lookup,
};
use serde::de::DeserializeOwned;
use url::Url;

use crate::error::{Error, ErrorKind};
use crate::redact::redacted_debug;
use crate::wire::{MediaAnswer, PhoneNumber};

pub use self::outgoing::Sent;
pub use self::stream::MediaStream;

/// Characters of a media or phone number id.
const ID_CHARS_MAX: usize = 512;

/// Graph's address, and the limits of asking it.
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
    graph: Client,
    media: Client,
    media_hosts: Arc<AllowedHosts>,
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

impl GraphClient {
    /// Builds the client. Fails when an option cannot be used, naming it.
    pub fn new(options: GraphOptions) -> Result<Self, Error> {
        Self::with_lookup(options, system_lookup())
    }

    /// Like [`GraphClient::new`], with another name service for media hosts.
    pub fn with_lookup(options: GraphOptions, lookup: Lookup) -> Result<Self, Error> {
        let media_hosts = media_hosts(&options)?;
        let client_options = ClientOptions {
            connect_timeout: options.connect_timeout,
            silence_timeout: options.silence_timeout,
            user_agent: options.user_agent.clone(),
        };
        let breaker = Breaker::default();
        let graph_addresses = Resolver::any_address(system_lookup());
        Ok(Self {
            graph: Client::new(&client_options, graph_addresses, breaker.clone())?,
            media: Client::new(&client_options, Resolver::public_addresses(lookup), breaker)?,
            media_hosts: Arc::new(media_hosts),
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
        let answer: MediaAnswer = self.ask(token, &url).await?;
        Ok(MediaInfo {
            url: answer.url,
            mime_type: answer.mime_type,
            sha256: answer.sha256.as_deref().and_then(|hash| hash.parse().ok()),
            file_size: answer.file_size,
        })
    }

    /// Asks Graph for a business number, which shows whether the token may use it.
    pub async fn check_token(&self, token: &str, phone_number_id: &str) -> Result<PhoneNumber, Error> {
        let mut url = self.graph_url(phone_number_id)?;
        url.query_pairs_mut().append_pair("fields", "id,display_phone_number,verified_name");
        self.ask(token, &url).await.map_err(|error| match error.kind() {
            ErrorKind::MediaGone => {
                let context = "the phone number id does not exist or the access token may not use it";
                Error::new(ErrorKind::Permission, context).caused_by(error)
            }
            _ => error,
        })
    }

    /// Opens the bytes behind a temporary URL, wholly or from a first to a last byte (inclusive).
    pub async fn open_media(
        &self,
        token: &str,
        url: &str,
        range: Option<(u64, Option<u64>)>,
    ) -> Result<MediaStream, Error> {
        let url = Url::parse(url).map_err(|source| {
            Error::new(ErrorKind::ForbiddenUrl, "the media URL cannot be read").caused_by(source)
        })?;
        let mut headers = bearer(token)?;
        if let Some((first, last)) = range {
            let last = last.map(|last| last.to_string()).unwrap_or_default();
            headers.insert(RANGE, header_value(&format!("bytes={first}-{last}"))?);
        }
        let response = self.media.get_allowed(url, &headers, &self.media_hosts).await?;
        MediaStream::open(response, range.map(|(first, _)| first)).await
    }

    async fn ask<T: DeserializeOwned>(&self, token: &str, url: &Url) -> Result<T, Error> {
        answer::read(self.graph.get(url, &bearer(token)?).await?).await
    }

    /// Ids come from outside: they make exactly one path segment.
    fn graph_url(&self, id: &str) -> Result<Url, Error> {
        let usable = (1..=ID_CHARS_MAX).contains(&id.len()) && id != "." && id != "..";
        let mut url = self.options.graph_url.clone();
        match url.path_segments_mut() {
            Ok(mut path) if usable => {
                path.pop_if_empty().extend([self.options.version.as_str(), id]);
            }
            _ => {
                let context = "the id cannot be part of a Graph URL";
                return Err(Error::new(ErrorKind::BadRequest, context).without_effect());
            }
        }
        Ok(url)
    }
}

/// Plain http is for a stand-in on this machine; it is never used for WhatsApp itself.
fn media_hosts(options: &GraphOptions) -> Result<AllowedHosts, Error> {
    let graph = &options.graph_url;
    if !matches!(graph.scheme(), "https" | "http") || graph.host().is_none() {
        let context = "graph_url must be an http or https URL with a host";
        return Err(Error::new(ErrorKind::InvalidOptions, context));
    }
    let plain_http = graph.scheme() == "http" && is_loopback(graph);
    AllowedHosts::new(&options.media_hosts, plain_http)
        .map_err(|error| Error::new(ErrorKind::InvalidOptions, format!("media_hosts: {error}")))
}

fn bearer(token: &str) -> Result<HeaderMap, Error> {
    let mut value = header_value(&format!("Bearer {token}"))?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

fn header_value(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|error| {
        Error::new(ErrorKind::BadRequest, "the request cannot be made").caused_by(error).without_effect()
    })
}

redacted_debug! {
    MediaInfo { mime_type, sha256, file_size }
}

impl fmt::Debug for GraphClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GraphClient").field(&self.options).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_a_graph_on_this_machine() {
        let allows = |graph_url: &str| {
            let options = GraphOptions {
                graph_url: graph_url.parse().unwrap(),
                version: "v26.0".to_owned(),
                media_hosts: vec!["127.0.0.1".to_owned()],
                connect_timeout: Duration::ZERO,
                silence_timeout: Duration::ZERO,
                user_agent: "test".to_owned(),
            };
            media_hosts(&options).unwrap().check(&"http://127.0.0.1/".parse().unwrap()).is_ok()
        };
        assert!(allows("http://127.0.0.1:9100") && allows("http://localhost:9100"));
        assert!(!allows("http://graph.example:9100") && !allows("https://127.0.0.1:9100"));
    }
}
