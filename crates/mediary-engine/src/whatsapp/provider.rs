//! The provider seam: the one place where an account's provider decides who is asked, for media files and for messages alike.
//!
//! The flows have a [`Carrier`], which is an account's provider with its credentials; none of them knows which one it is.

use std::io;

use bytes::Bytes;
use futures_util::Stream;
use mediary_core::{Provider, Result, Timestamp, limits};
use mediary_graph::outgoing::{Outgoing, Upload};
use mediary_graph::wire::PhoneNumber;
use mediary_graph::{Error, ErrorKind, GraphClient, MediaInfo, MediaStream, Sent};
use mediary_store::AwsSettings;
use metrics::counter;
use secrecy::{ExposeSecret, SecretString};

use super::accounts::KnownAccount;
use super::aws::{AwsNumber, AwsProvider, ObjectStream};
use crate::base::metrics::GRAPH_CALLS;

/// A first or last byte (inclusive) of a part.
pub(crate) type Range = (u64, Option<u64>);

/// The clients of the providers. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Providers {
    pub meta: GraphClient,
    pub dialog360: GraphClient,
    pub aws: AwsProvider,
}

/// Who carries an account's messages, and the account's credentials there.
#[derive(Clone)]
pub(crate) enum Carrier {
    /// Meta itself, or who passes its API on.
    Graph(GraphNumber),
    Aws(Box<AwsNumber>),
}

/// A number that Graph's calls are made for.
#[derive(Clone)]
pub(crate) struct GraphNumber {
    client: GraphClient,
    token: SecretString,
    phone_number_id: String,
}

/// What names a number at its provider.
#[derive(Clone, Copy)]
pub(crate) struct NumberPlace<'a> {
    pub(crate) provider: Provider,
    pub(crate) phone_number_id: &'a str,
    pub(crate) aws: Option<&'a AwsSettings>,
}

/// The bytes of a file as the provider has them.
pub(crate) enum ProviderStream {
    /// Of the media host.
    Host(MediaStream),
    /// Of the account's bucket at AWS.
    Object(ObjectStream),
}

impl ProviderStream {
    /// The offset in the file of the first byte.
    pub(crate) fn first_byte(&self) -> u64 {
        match self {
            Self::Host(stream) => stream.first_byte(),
            Self::Object(stream) => stream.first_byte(),
        }
    }

    /// The size of the whole file, where the provider says it.
    pub(crate) fn file_size(&self) -> Option<u64> {
        match self {
            Self::Host(stream) => stream.file_size(),
            Self::Object(stream) => Some(stream.file_size()),
        }
    }

    /// The next bytes; `None` at the end. Nothing is lost when the call is dropped before it is ready.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        match self {
            Self::Host(stream) => stream.chunk().await,
            Self::Object(stream) => stream.chunk().await,
        }
    }
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
    pub(crate) stream: ProviderStream,
    pub(crate) info: Option<MediaInfo>,
}

impl Providers {
    /// The account's carrier. Fails as long as WhatsApp may not be asked with its token.
    pub(crate) fn carrier(&self, account: &KnownAccount) -> Result<Carrier> {
        let (token, aws) = (account.token()?, account.row.aws());
        let place = NumberPlace {
            provider: account.row.provider,
            phone_number_id: &account.row.phone_number_id,
            aws: aws.as_ref(),
        };
        Ok(self.carrier_with(place, token)?)
    }

    /// A carrier with a token that may be no account's yet.
    pub(crate) fn carrier_with(
        &self,
        place: NumberPlace<'_>,
        token: &SecretString,
    ) -> Result<Carrier, Error> {
        let client = match (place.provider, place.aws) {
            (Provider::Meta, _) => &self.meta,
            (Provider::Dialog360, _) => &self.dialog360,
            (Provider::Aws, Some(aws)) => {
                return self.aws.number(aws, token).map(|number| Carrier::Aws(Box::new(number)));
            }
            (Provider::Aws, None) => {
                let context = "the account lacks its settings at AWS";
                return Err(Error::new(ErrorKind::BadRequest, context).without_effect());
            }
        };
        let phone_number_id = place.phone_number_id.to_owned();
        Ok(Carrier::Graph(GraphNumber { client: client.clone(), token: token.clone(), phone_number_id }))
    }
}

impl Carrier {
    /// Opens the bytes. A URL that turns out stale, or whose host is not allowed, is replaced by a new one, once. `agree` gets WhatsApp's
    /// answer before any bytes are read.
    #[tracing::instrument(name = "ask_whatsapp", level = "debug", skip_all)]
    pub(crate) async fn open<E: From<Error>>(
        &self,
        request: MediaRequest<'_>,
        agree: impl Fn(&MediaInfo) -> Result<(), E>,
    ) -> Result<OpenStream, E> {
        match self {
            Self::Graph(number) => number.open(request, agree).await,
            // It has no temporary URLs.
            Self::Aws(number) => {
                let (stream, info) = counted(Box::pin(number.fetch(request.media_id, request.range)).await)?;
                agree(&info)?;
                Ok(OpenStream { stream: ProviderStream::Object(stream), info: Some(info) })
            }
        }
    }

    /// What WhatsApp says about a media id.
    pub(crate) async fn describe(&self, media_id: &str) -> Result<MediaInfo, Error> {
        match self {
            Self::Graph(number) => number.describe(media_id).await,
            Self::Aws(number) => counted(number.describe(media_id).await),
        }
    }

    /// Gives WhatsApp a file for messages of this number, and returns its media id.
    pub(crate) async fn upload(
        &self,
        upload: &Upload,
        file: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<String, Error> {
        match self {
            Self::Graph(GraphNumber { client, token, phone_number_id }) => {
                client.upload_media(token.expose_secret(), phone_number_id, upload, file).await
            }
            Self::Aws(number) => Box::pin(number.upload(upload, file)).await,
        }
    }

    /// Asks WhatsApp once to send a message.
    pub(crate) async fn send(&self, message: &Outgoing) -> Result<Sent, Error> {
        match self {
            Self::Graph(GraphNumber { client, token, phone_number_id }) => {
                client.send_message(token.expose_secret(), phone_number_id, message).await
            }
            Self::Aws(number) => number.send(message).await,
        }
    }

    /// Says that a message was read, and with `typing` that somebody writes.
    pub(crate) async fn mark_read(&self, message_id: &str, typing: bool) -> Result<(), Error> {
        match self {
            Self::Graph(GraphNumber { client, token, phone_number_id }) => {
                client.mark_read(token.expose_secret(), phone_number_id, message_id, typing).await
            }
            Self::Aws(number) => number.mark_read(message_id, typing).await,
        }
    }

    /// The number that the credentials are for, which shows whether they may use it.
    pub(crate) async fn number(&self) -> Result<PhoneNumber, Error> {
        match self {
            Self::Graph(GraphNumber { client, token, phone_number_id }) => {
                client.check_token(token.expose_secret(), phone_number_id).await
            }
            Self::Aws(number) => number.number().await,
        }
    }

    /// Whether a business account has the number. `None` where that is not known: only Meta says so, and of so many numbers.
    pub(crate) async fn is_number_of(&self, waba_id: &str) -> Result<Option<bool>, Error> {
        match self {
            Self::Graph(GraphNumber { client, token, phone_number_id }) => {
                client.has_number(token.expose_secret(), waba_id, phone_number_id).await
            }
            Self::Aws(_) => Ok(None),
        }
    }

    /// Whether an app is subscribed to the webhooks of a business account. `None` where only Meta could say so, and is not asked.
    pub(crate) async fn has_subscribed_app(&self, waba_id: &str) -> Result<Option<bool>, Error> {
        match self {
            Self::Graph(GraphNumber { client, token, .. }) => {
                client.has_subscribed_app(token.expose_secret(), waba_id).await.map(Some)
            }
            Self::Aws(_) => Ok(None),
        }
    }
}

impl GraphNumber {
    async fn open<E: From<Error>>(
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

    async fn open_url(&self, url: &str, range: Option<Range>) -> Result<ProviderStream, Error> {
        self.client.open_media(self.token.expose_secret(), url, range).await.map(ProviderStream::Host)
    }

    async fn describe(&self, media_id: &str) -> Result<MediaInfo, Error> {
        counted(self.client.media_info(self.token.expose_secret(), media_id, None).await)
    }
}

/// Counts what WhatsApp answers about media ids.
fn counted<T>(answer: Result<T, Error>) -> Result<T, Error> {
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
