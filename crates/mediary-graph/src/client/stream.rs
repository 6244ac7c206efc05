//! The bytes of a media file as they are received.

use std::fmt;

use bytes::Bytes;
use http::header::{CONTENT_RANGE, CONTENT_TYPE};
use mediary_outbound::{Body, Response};

use crate::error::{Error, ErrorKind};
use crate::refusal::{kind_of_status, retry_after};
use crate::wire::GraphError;

/// Bytes of an error answer that are read.
const REFUSAL_BYTES_MAX: usize = 64 * 1024;

/// An open download. Dropping it ends it.
pub struct MediaStream {
    body: Body,
    /// 200 for the whole file, 206 for the requested part.
    pub status: u16,
    pub content_type: Option<String>,
    pub content_range: Option<String>,
    /// The length of the body: the part's where a part is sent.
    pub content_length: Option<u64>,
    first_byte: u64,
    file_size: Option<u64>,
}

impl MediaStream {
    pub(super) async fn open(response: Response, part_from: Option<u64>) -> Result<Self, Error> {
        let status = response.status().as_u16();
        if status != 200 && !(status == 206 && part_from.is_some()) {
            return Err(refused(response).await);
        }
        let text = |header: Option<&str>| header.map(str::to_owned);
        let content_type = text(response.header(CONTENT_TYPE));
        let content_range = text(response.header(CONTENT_RANGE));
        let content_length = response.content_length();
        let (first_byte, file_size) = match status {
            206 => content_range.as_deref().and_then(first_byte_and_size).ok_or_else(|| {
                Error::new(ErrorKind::Protocol, "the media host sends a part without its range")
            })?,
            _ => (0, content_length),
        };
        if status == 206 && part_from != Some(first_byte) {
            return Err(Error::new(ErrorKind::Protocol, "the media host sends another part than requested"));
        }
        let body = response.into_body()?;
        Ok(Self { body, status, content_type, content_range, content_length, first_byte, file_size })
    }

    /// The offset in the file of the first byte of the body.
    pub fn first_byte(&self) -> u64 {
        self.first_byte
    }

    /// The size of the whole file, where the media host announces it.
    pub fn file_size(&self) -> Option<u64> {
        self.file_size
    }

    /// The next bytes; `None` at the end. Fails when nothing comes for too long, or when the bytes end before the
    /// announced length. Nothing is lost when the call is dropped before it is ready.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        Ok(self.body.chunk().await?)
    }
}

/// On the media host, a refused token and a deleted file mean the same: the URL is no longer valid. Only Graph itself
/// can say which.
async fn refused(response: Response) -> Error {
    let status = response.status().as_u16();
    let wait = retry_after(response.headers());
    let kind = match status {
        401 | 403 | 404 | 410 => ErrorKind::StaleUrl,
        416 => ErrorKind::RangeNotSatisfiable,
        _ => {
            let body = response.read(REFUSAL_BYTES_MAX).await.unwrap_or_default();
            match GraphError::of_body(&body).map(|refusal| refusal.error_kind(status)) {
                Some(kind @ (ErrorKind::Throttled | ErrorKind::Unavailable)) => kind,
                Some(ErrorKind::Unauthorized | ErrorKind::MediaGone | ErrorKind::Permission) => {
                    ErrorKind::StaleUrl
                }
                _ => kind_of_status(status),
            }
        }
    };
    Error::new(kind, format!("the media host answered with HTTP {status}")).with_retry_after(wait)
}

/// First byte and size of `bytes 5-9/100`; the size may be `*`.
fn first_byte_and_size(content_range: &str) -> Option<(u64, Option<u64>)> {
    let (part, size) = content_range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = part.split_once('-')?;
    Some((first.trim().parse().ok()?, size.trim().parse().ok()))
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
