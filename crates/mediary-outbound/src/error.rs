//! Failed calls, classified by what the caller can do about them.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A failed call. It names no URL and no header: both may hold secrets.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    context: Cow<'static, str>,
    retry_after: Option<Duration>,
    not_received: bool,
    source: Option<Source>,
}

/// The reason why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// An option of the client cannot be used.
    InvalidOptions,
    /// The URL or a header cannot be sent.
    InvalidRequest,
    /// The bytes of the request could not be read in time, or are more or fewer than announced.
    RequestBody,
    /// The URL's host is not allowed, not reached safely, or resolves to private addresses only.
    ForbiddenUrl,
    /// The host cannot be reached, or did not answer so often that the breaker is open.
    Unreachable,
    /// No answer, or silence in the middle of one, for too long.
    Timeout,
    /// The body ended before it was complete.
    CutOff,
    /// The body is longer than its reader takes.
    TooLarge,
    /// An answer that breaks the rules of HTTP: an encoding that was not asked for, redirects in circles.
    Protocol,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, context: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, context: context.into(), retry_after: None, not_received: false, source: None }
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    pub(crate) fn not_received(mut self) -> Self {
        self.not_received = true;
        self
    }

    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// When the host is tried again, where the breaker is open.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether the host may have received the whole request. Where not, it has done nothing of what was asked, and the same
    /// request may be sent again without doing anything twice.
    pub fn maybe_received(&self) -> bool {
        !self.not_received
    }

    /// The cause of this error, for an error that replaces this one.
    pub fn into_source(self) -> Option<Source> {
        self.source
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}
