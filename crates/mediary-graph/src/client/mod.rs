//! The client: Graph's answers about media, the bytes of media, and what a business sends.
//!
//! Graph's own address is the operator's choice; the media host is named by webhooks and by Graph's answers. So the
//! former is asked as it is, the latter through the guard of `mediary-outbound`: the bearer token and the request go only
//! to hosts on the allow-list, and no name on it leads to a private address. The two never share a connection.
//!
//! A partner of Meta's that passes the same calls on differs in how they are written alone (`api`).

mod answer;
mod api;
mod multipart;
mod outgoing;
mod stream;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use http::header::RANGE;
use mediary_core::Sha256;
use mediary_outbound::{
    AllowedHosts, Breaker, Client, ClientOptions, Lookup, Resolver, is_loopback, system_lookup,
};
use serde::de::DeserializeOwned;
use url::Url;

use crate::error::{Error, ErrorKind};
use crate::redact::redacted_debug;
use crate::wire::{HealthAnswer, MediaAnswer, PhoneNumber, PhoneNumbers, SubscribedApps};

use self::api::Api;

pub use self::outgoing::Sent;
pub use self::stream::MediaStream;

/// Numbers of a business account on a page of their list, and pages that are looked through for one.
const NUMBERS_ON_A_PAGE: &str = "100";
const PAGES_OF_NUMBERS: usize = 10;

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

/// Asks WhatsApp, at Meta or at a partner that passes the same calls on. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct GraphClient {
    client: Arc<Client>,
    api: Arc<Api>,
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
        let media = Client::new(&client_options, Resolver::public_addresses(lookup), breaker.clone())?;
        let GraphOptions { graph_url: url, version, .. } = options;
        let api = Api::Graph { url, version, media: Box::new(media), media_hosts: Arc::new(media_hosts) };
        let client = Client::new(&client_options, Resolver::any_address(system_lookup()), breaker)?;
        Ok(Self { client: Arc::new(client), api: Arc::new(api) })
    }

    /// A client of 360dialog, whose address is mostly `https://waba-v2.360dialog.io`. Its token is 360dialog's API key.
    pub fn dialog360(url: Url, options: &ClientOptions) -> Result<Self, Error> {
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            let context = "the address of 360dialog must be an http or https URL with a host";
            return Err(Error::new(ErrorKind::InvalidOptions, context));
        }
        let client = Client::new(options, Resolver::any_address(system_lookup()), Breaker::default())?;
        Ok(Self { client: Arc::new(client), api: Arc::new(Api::Dialog360 { url }) })
    }

    /// Asks Graph for a media id: `GET /{version}/{media-id}`.
    pub async fn media_info(
        &self,
        token: &str,
        media_id: &str,
        phone_number_id: Option<&str>,
    ) -> Result<MediaInfo, Error> {
        let mut url = self.api.object_url(media_id)?;
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
        if let Api::Dialog360 { .. } = *self.api {
            return self.number_of_key(token).await;
        }
        let mut url = self.api.object_url(phone_number_id)?;
        url.query_pairs_mut().append_pair("fields", "id,display_phone_number,verified_name");
        self.ask(token, &url).await.map_err(|error| match error.kind() {
            ErrorKind::MediaGone => {
                let context = "the phone number id does not exist or the access token may not use it";
                Error::new(ErrorKind::Permission, context).caused_by(error)
            }
            _ => error,
        })
    }

    /// Whether a number is one of a WhatsApp Business account. `None` where that has more numbers than are looked through.
    pub async fn has_number(
        &self,
        token: &str,
        waba_id: &str,
        phone_number_id: &str,
    ) -> Result<Option<bool>, Error> {
        let mut first = self.api.call_url(waba_id, "phone_numbers")?;
        first.query_pairs_mut().append_pair("fields", "id").append_pair("limit", NUMBERS_ON_A_PAGE);
        let mut url = first.clone();
        for _ in 0..PAGES_OF_NUMBERS {
            let answer: PhoneNumbers = self.ask(token, &url).await?;
            if answer.data.iter().any(|number| number.id == phone_number_id) {
                return Ok(Some(true));
            }
            let Some(after) = answer.next_page() else { return Ok(Some(false)) };
            // Graph names the address of the next page, too. Nothing of an answer decides whom the token is sent to.
            url = first.clone();
            url.query_pairs_mut().append_pair("after", after);
        }
        Ok(None)
    }

    /// Whether an app is subscribed to a WhatsApp Business account. To one without, Meta sends no webhooks.
    pub async fn has_subscribed_app(&self, token: &str, waba_id: &str) -> Result<bool, Error> {
        let answer: SubscribedApps = self.ask(token, &self.api.call_url(waba_id, "subscribed_apps")?).await?;
        Ok(!answer.data.is_empty())
    }

    /// The number of a 360dialog key, which has one: its health is told by Meta's id.
    async fn number_of_key(&self, key: &str) -> Result<PhoneNumber, Error> {
        let answer: HealthAnswer = self.ask(key, &self.api.object_url("health_status")?).await?;
        let id = answer.phone_number_id().ok_or_else(|| {
            Error::new(ErrorKind::Protocol, "360dialog's answer does not name the number of the API key")
        })?;
        Ok(PhoneNumber { id: id.to_owned(), display_phone_number: None, verified_name: None })
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
        let mut headers = self.api.credentials(token)?;
        if let Some((first, last)) = range {
            let last = last.map(|last| last.to_string()).unwrap_or_default();
            headers.insert(RANGE, header_value(&format!("bytes={first}-{last}"))?);
        }
        let response = self.api.get_media(&self.client, url, &headers).await?;
        MediaStream::open(response, range.map(|(first, _)| first)).await
    }

    async fn ask<T: DeserializeOwned>(&self, token: &str, url: &Url) -> Result<T, Error> {
        answer::read(&self.api, self.client.get(url, &self.api.credentials(token)?).await?).await
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
        f.debug_tuple("GraphClient").field(&self.api).finish()
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
