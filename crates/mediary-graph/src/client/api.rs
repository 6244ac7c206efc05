//! How calls are written: to Meta's Graph, or to 360dialog, which passes the same calls on under an address of its own.
//!
//! 360dialog's form, as docs.360dialog.com has it (Messaging API, "Upload, retrieve or delete media" and "Messaging Health Status"): the
//! number is the key's, so no path names it (`POST /messages`, `POST /media`, `GET /{media-id}`), there is no version, and the key
//! stands in the header `D360-API-KEY`. Media lies behind Meta's temporary URL with 360dialog's host in place of Meta's
//! (`/whatsapp_business/attachments/?mid=…`), and is given for the key, too.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use mediary_outbound::{AllowedHosts, Client, Response};
use url::Url;

use super::header_value;
use crate::error::{Error, ErrorKind};

/// Characters of a media or phone number id.
const ID_CHARS_MAX: usize = 512;
const API_KEY: HeaderName = HeaderName::from_static("d360-api-key");

/// Who is called, and in which form.
#[derive(Clone, Debug)]
pub(super) enum Api {
    /// Meta's Graph. Its media host is named by webhooks and by Graph's answers.
    Graph { url: Url, version: String, media: Box<Client>, media_hosts: Arc<AllowedHosts> },
    /// 360dialog. What its answers say of other hosts is not followed.
    Dialog360 { url: Url },
}

impl Api {
    /// The address of an object. Ids come from outside: they make exactly one path segment.
    pub(super) fn object_url(&self, id: &str) -> Result<Url, Error> {
        let usable = (1..=ID_CHARS_MAX).contains(&id.len()) && id != "." && id != "..";
        let segments: &[&str] = match self {
            Self::Graph { version, .. } => &[version, id],
            Self::Dialog360 { .. } => &[id],
        };
        self.path(segments).filter(|_| usable).ok_or_else(|| {
            Error::new(ErrorKind::BadRequest, "the id cannot be part of a Graph URL").without_effect()
        })
    }

    /// The address of a call at a phone number.
    pub(super) fn call_url(&self, phone_number_id: &str, call: &str) -> Result<Url, Error> {
        let mut url = match self {
            Self::Dialog360 { .. } => return self.object_url(call),
            Self::Graph { .. } => self.object_url(phone_number_id)?,
        };
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(call);
        }
        Ok(url)
    }

    fn path(&self, segments: &[&str]) -> Option<Url> {
        let (Self::Graph { url, .. } | Self::Dialog360 { url }) = self;
        let mut url = url.clone();
        url.path_segments_mut().ok()?.pop_if_empty().extend(segments);
        Some(url)
    }

    /// The header that proves who calls.
    pub(super) fn credentials(&self, token: &str) -> Result<HeaderMap, Error> {
        let (name, mut value) = match self {
            Self::Graph { .. } => (AUTHORIZATION, header_value(&format!("Bearer {token}"))?),
            Self::Dialog360 { .. } => (API_KEY, header_value(token)?),
        };
        value.set_sensitive(true);
        Ok(HeaderMap::from_iter([(name, value)]))
    }

    /// Asks for what is behind a temporary URL.
    pub(super) async fn get_media(
        &self,
        client: &Client,
        media: Url,
        headers: &HeaderMap<HeaderValue>,
    ) -> Result<Response, Error> {
        Ok(match self {
            Self::Graph { media: client, media_hosts, .. } => {
                client.get_allowed(media, headers, media_hosts).await?
            }
            Self::Dialog360 { url } => client.get(&at_host_of(url, &media), headers).await?,
        })
    }

    /// What a JSON answer means that lacks Graph's envelope, where it means anything for good. 360dialog answers a key that it does not
    /// know itself, before Meta is asked; whatever stands between us and Graph says nothing about a token.
    pub(super) fn bare_refusal(&self, status: u16) -> Option<Error> {
        let refused = matches!(self, Self::Dialog360 { .. }) && status == 401;
        refused.then(|| Error::new(ErrorKind::Unauthorized, "360dialog refused the API key"))
    }
}

/// The path and the query of `media`, at `host`: nothing of an answer decides whom the key is sent to.
fn at_host_of(host: &Url, media: &Url) -> Url {
    let mut url = host.clone();
    url.set_path(&format!("{}{}", host.path().trim_end_matches('/'), media.path()));
    url.set_query(media.query());
    url
}
