//! Answers: their heads, and their bodies as they are received.

use std::fmt;
use std::time::Duration;

use http::header::{AsHeaderName, CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode};
use hyper::body::Incoming;

use crate::body::{Body, next};
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

    /// The length of the body, where the host announces it. That of a body in HTTP's own chunks means nothing (RFC 9112, 6.3).
    pub fn content_length(&self) -> Option<u64> {
        if self.headers().contains_key(TRANSFER_ENCODING) {
            return None;
        }
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
        Ok(Body::new(self.content_length(), self.silence_timeout, self.inner.into_body()))
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

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status()).finish_non_exhaustive()
    }
}
