//! The provider seam: the one place where an account's provider decides who is asked, for media files and for messages alike.
//!
//! The flows have a [`Carrier`], which is an account's provider with its credentials; none of them knows which one it is.

use std::fmt;
use std::io;

use bytes::Bytes;
use futures_util::Stream;
use mediary_core::{Provider, Result, Timestamp, limits};
use mediary_graph::outgoing::{Outgoing, Upload};
use mediary_graph::wire::PhoneNumber;
use mediary_graph::{Error, ErrorKind, GraphClient, MediaInfo, MediaStream, Sent};
use metrics::counter;
use secrecy::{ExposeSecret, SecretString};

use super::accounts::KnownAccount;
use crate::base::metrics::GRAPH_CALLS;

/// A first or last byte (inclusive) of a part.
pub(crate) type Range = (u64, Option<u64>);

/// The clients of the providers. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Providers {
    pub meta: GraphClient,
    pub dialog360: GraphClient,
}

/// Who carries an account's messages, and the account's credentials there.
#[derive(Clone)]
pub(crate) struct Carrier {
    client: GraphClient,
    token: SecretString,
    phone_number_id: String,
}

/// A request for bytes from WhatsApp.
pub(crate) struct MediaRequest<'a> {
    pub(crate) media_id: &'a str,
    /// A temporary URL that should still be valid.
    pub(crate) url: Option<String>,
    pub(crate) range: Option<Range>,
}

/// An open body, and WhatsApp's answer about it if WhatsApp was asked.
pub(crate) struct OpenStream {
    pub(crate) stream: MediaStream,
    pub(crate) info: Option<MediaInfo>,
}

impl Providers {
    /// The account's carrier. Fails as long as WhatsApp may not be asked with its token.
    pub(crate) fn carrier(&self, account: &KnownAccount) -> Result<Carrier> {
        let token = account.token()?.clone();
        Ok(self.carrier_with(account.row.provider, token, &account.row.phone_number_id))
    }

    /// A carrier with a token that may be no account's yet.
    pub(crate) fn carrier_with(
        &self,
        provider: Provider,
        token: SecretString,
        phone_number_id: &str,
    ) -> Carrier {
        let client = match provider {
            Provider::Meta => &self.meta,
            Provider::Dialog360 => &self.dialog360,
        };
        Carrier { client: client.clone(), token, phone_number_id: phone_number_id.to_owned() }
    }
}

impl Carrier {
    /// Opens the bytes. A URL that turns out stale, or whose host is not allowed, is replaced by a new one, once. `agree` gets WhatsApp's
    /// answer before any bytes are requested.
    #[tracing::instrument(name = "ask_whatsapp", level = "debug", skip_all)]
    pub(crate) async fn open<E: From<Error>>(
        &self,
        request: MediaRequest<'_>,
        agree: impl Fn(&MediaInfo) -> Result<(), E>,
    ) -> Result<OpenStream, E> {
        if let Some(url) = &request.url {
            match self.open_url(url, request.range).await {
                Ok(stream) => return Ok(OpenStream { stream, info: None }),
                Err(error) if is_stale(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut info = self.describe(request.media_id).await?;
        agree(&info)?;
        let stream = match self.open_url(&info.url, request.range).await {
            Err(error) if is_stale(&error) && request.url.is_none() => {
                info = self.describe(request.media_id).await?;
                self.open_url(&info.url, request.range).await?
            }
            opened => opened?,
        };
        Ok(OpenStream { stream, info: Some(info) })
    }

    async fn open_url(&self, url: &str, range: Option<Range>) -> Result<MediaStream, Error> {
        self.client.open_media(self.token(), url, range).await
    }

    /// What WhatsApp says about a media id. Its answers are counted.
    pub(crate) async fn describe(&self, media_id: &str) -> Result<MediaInfo, Error> {
        let answer = self.client.media_info(self.token(), media_id, None).await;
        let result = match &answer {
            Ok(_) => "ok",
            Err(error) => match error.kind() {
                ErrorKind::Throttled => "throttled",
                ErrorKind::Unauthorized => "unauthorized",
                ErrorKind::MediaGone => "gone",
                _ => "failed",
            },
        };
        counter!(GRAPH_CALLS, "result" => result).increment(1);
        answer
    }

    /// Gives WhatsApp a file for messages of this number, and returns its media id.
    pub(crate) async fn upload(
        &self,
        upload: &Upload,
        file: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<String, Error> {
        self.client.upload_media(self.token(), &self.phone_number_id, upload, file).await
    }

    /// Asks WhatsApp once to send a message.
    pub(crate) async fn send(&self, message: &Outgoing) -> Result<Sent, Error> {
        self.client.send_message(self.token(), &self.phone_number_id, message).await
    }

    /// Says that a message was read, and with `typing` that somebody writes.
    pub(crate) async fn mark_read(&self, message_id: &str, typing: bool) -> Result<(), Error> {
        self.client.mark_read(self.token(), &self.phone_number_id, message_id, typing).await
    }

    /// The number that the credentials are for, which shows whether they may use it.
    pub(crate) async fn number(&self) -> Result<PhoneNumber, Error> {
        self.client.check_token(self.token(), &self.phone_number_id).await
    }

    fn token(&self) -> &str {
        self.token.expose_secret()
    }
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carrier").field("phone_number_id", &self.phone_number_id).finish_non_exhaustive()
    }
}

fn is_stale(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::StaleUrl | ErrorKind::ForbiddenUrl)
}

/// The webhook's own URL or the last one of Graph's, while it is young enough to live through a download. Counted from
/// the message as well, since a webhook may come long after it.
pub(crate) fn young_url(
    url: Option<&String>,
    known_at: [Option<Timestamp>; 2],
    now: Timestamp,
) -> Option<String> {
    let oldest = known_at.into_iter().flatten().min()?;
    url.filter(|_| oldest.is_younger_than(limits::PROVIDER_URL_TRUST, now)).cloned()
}
