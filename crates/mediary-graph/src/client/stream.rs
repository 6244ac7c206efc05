//! The bytes of a media file as they come.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::header::{AsHeaderName, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;

use crate::error::{Error, ErrorKind};
use crate::refusal::{Refusal, meaning_of_status, retry_after};

/// Bytes of an error answer that are looked at.
const REFUSAL_BYTES: usize = 64 * 1024;

/// An open download. Dropping it ends it.
pub struct MediaStream {
    body: Incoming,
    silence_timeout: Duration,
    /// 200 for the whole file, 206 for the part that was asked for.
    pub status: u16,
    pub content_type: Option<String>,
    pub content_range: Option<String>,
    /// Of what comes: the part's length where a part comes.
    pub content_length: Option<u64>,
    /// The first byte that comes, and the size of the whole file.
    place: (u64, Option<u64>),
    left: Option<u64>,
}

impl MediaStream {
    pub(super) async fn open(
        response: Response<Incoming>,
        part_from: Option<u64>,
        silence_timeout: Duration,
    ) -> Result<Self, Error> {
        let status = response.status().as_u16();
        if status != 200 && !(status == 206 && part_from.is_some()) {
            return Err(refused(response, silence_timeout).await);
        }
        if header(&response, CONTENT_ENCODING)
            .is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity"))
        {
            return Err(Error::new(
                ErrorKind::Protocol,
                "the media host encodes the bytes though asked not to",
            ));
        }
        let content_length = header(&response, CONTENT_LENGTH).and_then(|length| length.parse().ok());
        let content_range = header(&response, CONTENT_RANGE);
        let place = match status {
            206 => content_range.as_deref().and_then(place_of).ok_or_else(|| {
                Error::new(ErrorKind::Protocol, "the media host sends a part without saying which")
            })?,
            _ => (0, content_length),
        };
        if status == 206 && part_from != Some(place.0) {
            return Err(Error::new(
                ErrorKind::Protocol,
                "the media host sends another part than was asked for",
            ));
        }
        Ok(Self {
            silence_timeout,
            status,
            content_type: header(&response, CONTENT_TYPE),
            content_range,
            content_length,
            place,
            left: content_length,
            body: response.into_body(),
        })
    }

    /// The first byte that comes, and the size of the whole file where the media host tells it.
    pub fn place(&self) -> (u64, Option<u64>) {
        self.place
    }

    /// The next bytes; `None` at the end. Fails when nothing comes for too long, or when the bytes end before the
    /// announced length.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let chunk = match tokio::time::timeout(self.silence_timeout, next(&mut self.body)).await {
            Ok(chunk) => chunk?,
            Err(_) => {
                let context = format!("the media host was silent for {:?}", self.silence_timeout);
                return Err(Error::new(ErrorKind::Timeout, context));
            }
        };
        match (&chunk, &mut self.left) {
            (Some(chunk), Some(left)) => *left = left.saturating_sub(chunk.len() as u64),
            (None, Some(left)) if *left > 0 => {
                return Err(Error::new(ErrorKind::CutOff, format!("the bytes ended {left} short")));
            }
            _ => {}
        }
        Ok(chunk)
    }
}

/// On the media host, a refused token and a gone file mean the same: the URL is no longer good. Only Graph itself
/// says more about either.
async fn refused(response: Response<Incoming>, timeout: Duration) -> Error {
    let status = response.status().as_u16();
    let wait = retry_after(response.headers());
    let kind = match status {
        401 | 403 | 404 | 410 => ErrorKind::StaleUrl,
        416 => ErrorKind::RangeNotSatisfiable,
        _ => {
            let body = Limited::new(response.into_body(), REFUSAL_BYTES).collect();
            let body = tokio::time::timeout(timeout, body).await;
            let body = body.ok().and_then(Result::ok).map(http_body_util::Collected::to_bytes);
            let body = body.unwrap_or_default();
            let meaning = Refusal::read(&body).map(|refusal| refusal.meaning(status));
            match meaning {
                Some(kind @ (ErrorKind::Throttled | ErrorKind::Unavailable)) => kind,
                Some(ErrorKind::Unauthorized | ErrorKind::MediaGone | ErrorKind::Permission) => {
                    ErrorKind::StaleUrl
                }
                _ => meaning_of_status(status),
            }
        }
    };
    Error::new(kind, format!("the media host answered with HTTP {status}")).with_retry_after(wait)
}

/// First byte and size of `bytes 5-9/100`; the size may be `*`.
fn place_of(content_range: &str) -> Option<(u64, Option<u64>)> {
    let (part, size) = content_range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = part.split_once('-')?;
    Some((first.trim().parse().ok()?, size.trim().parse().ok()))
}

/// The next bytes of a body.
async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Error> {
    while let Some(frame) = body.frame().await {
        let broke_off = |error| Error::new(ErrorKind::CutOff, "the bytes broke off").caused_by(error);
        // What is no data is a trailer.
        if let Ok(bytes) = frame.map_err(broke_off)?.into_data() {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

fn header(response: &Response<Incoming>, name: impl AsHeaderName) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

impl fmt::Debug for MediaStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaStream")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("content_length", &self.content_length)
            .finish_non_exhaustive()
    }
}
