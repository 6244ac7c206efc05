//! Bytes from WhatsApp, for downloads and viewers: by a URL that is still valid, else by a new one from Graph, once.

use mediary_core::{Timestamp, limits};
use mediary_graph::{ErrorKind, GraphClient, MediaInfo, MediaStream};
use metrics::counter;
use secrecy::{ExposeSecret, SecretString};

use crate::base::metrics::GRAPH_CALLS;

/// A first or last byte (inclusive) of a part.
pub(crate) type Range = (u64, Option<u64>);

/// A request for bytes from WhatsApp.
pub(crate) struct MediaRequest<'a> {
    pub(crate) token: &'a SecretString,
    pub(crate) media_id: &'a str,
    /// A temporary URL that should still be valid.
    pub(crate) url: Option<String>,
    pub(crate) range: Option<Range>,
}

/// An open body, and Graph's answer about it if Graph was asked.
pub(crate) struct OpenStream {
    pub(crate) stream: MediaStream,
    pub(crate) info: Option<MediaInfo>,
}

/// Opens the bytes. A URL that turns out stale, or whose host is not allowed, is replaced by Graph's, once. `agree` gets Graph's answer
/// before any bytes are requested.
#[tracing::instrument(name = "ask_whatsapp", level = "debug", skip_all)]
pub(crate) async fn open<E: From<mediary_graph::Error>>(
    graph: &GraphClient,
    request: MediaRequest<'_>,
    agree: impl Fn(&MediaInfo) -> Result<(), E>,
) -> Result<OpenStream, E> {
    let token = request.token.expose_secret();
    if let Some(url) = &request.url {
        match graph.open_media(token, url, request.range).await {
            Ok(stream) => return Ok(OpenStream { stream, info: None }),
            Err(error) if is_stale(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut info = ask(graph, request.token, request.media_id).await?;
    agree(&info)?;
    let stream = match graph.open_media(token, &info.url, request.range).await {
        Err(error) if is_stale(&error) && request.url.is_none() => {
            info = ask(graph, request.token, request.media_id).await?;
            graph.open_media(token, &info.url, request.range).await?
        }
        opened => opened?,
    };
    Ok(OpenStream { stream, info: Some(info) })
}

/// Asks Graph for a media id, and counts its answers.
pub(crate) async fn ask(
    graph: &GraphClient,
    token: &SecretString,
    media_id: &str,
) -> Result<MediaInfo, mediary_graph::Error> {
    let answer = graph.media_info(token.expose_secret(), media_id, None).await;
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

fn is_stale(error: &mediary_graph::Error) -> bool {
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
