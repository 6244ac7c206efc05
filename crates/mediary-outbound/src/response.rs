//! Answers: their heads, and their bodies as they are received.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AsHeaderName, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::error::{Error, ErrorKind};

/// The head of an answer, with a body that is still to come. Dropping it ends the call.
pub struct Response {
    inner: http::Response<Incoming>,
    silence_timeout: Duration,
}

impl Response {
    pub(crate) fn new(inner: http::Response<Incoming>, silence_timeout: Duration) -> Self {
        Self { inner, silence_timeout }
    }

    pub fn status(&self) -> StatusCode {
        self.inner.status()
    }

    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// A header's value as text.
    pub fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// The length of the body, where the host announces it.
    pub fn content_length(&self) -> Option<u64> {
        self.header(CONTENT_LENGTH)?.parse().ok()
    }

    /// The whole body, as received, of at most `limit` bytes and within the silence timeout.
    pub async fn read(self, limit: usize) -> Result<Vec<u8>, Error> {
        let timeout = self.silence_timeout;
        tokio::time::timeout(timeout, collect(self.inner.into_body(), limit)).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Timeout, format!("the answer took longer than {timeout:?}")))
        })
    }

    /// The body in chunks. Refuses one that is encoded: every request asks for bytes as they are.
    pub fn into_body(self) -> Result<Body, Error> {
        let encoding = self.header(CONTENT_ENCODING).unwrap_or("identity");
        if !encoding.eq_ignore_ascii_case("identity") {
            return Err(Error::new(ErrorKind::Protocol, "the host encodes the bytes although asked not to"));
        }
        Ok(Body {
            missing: self.content_length(),
            silence_timeout: self.silence_timeout,
            inner: self.inner.into_body(),
        })
    }
}

async fn collect(mut body: Incoming, limit: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = next(&mut body).await? {
        if bytes.len() + chunk.len() > limit {
            return Err(Error::new(ErrorKind::TooLarge, format!("the answer is longer than {limit} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A body in chunks. Dropping it ends the call.
pub struct Body {
    inner: Incoming,
    silence_timeout: Duration,
    /// Bytes of the announced length that are still to come.
    missing: Option<u64>,
}

impl Body {
    /// The next bytes; `None` at the end. Fails when nothing comes for too long, or when the bytes end before the
    /// announced length. Nothing is lost when it is dropped before it is ready: hyper yields a chunk only in the poll that
    /// returns it here, and it is counted in the same poll.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let chunk = match tokio::time::timeout(self.silence_timeout, next(&mut self.inner)).await {
            Ok(chunk) => chunk?,
            Err(_) => {
                let context = format!("the host was silent for {:?}", self.silence_timeout);
                return Err(Error::new(ErrorKind::Timeout, context));
            }
        };
        match (&chunk, &mut self.missing) {
            (Some(chunk), Some(missing)) => *missing = missing.saturating_sub(chunk.len() as u64),
            (None, Some(missing)) if *missing > 0 => {
                return Err(Error::new(ErrorKind::CutOff, format!("the bytes ended {missing} short")));
            }
            _ => {}
        }
        Ok(chunk)
    }
}

async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Error> {
    while let Some(frame) = body.frame().await {
        let broke_off = |error| Error::new(ErrorKind::CutOff, "the answer broke off").caused_by(error);
        // What is no data is a trailer.
        if let Ok(bytes) = frame.map_err(broke_off)?.into_data() {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("missing", &self.missing).finish_non_exhaustive()
    }
}
