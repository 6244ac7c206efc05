//! What can go wrong when the simulator is started or asked for something.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// What a caller can decide on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request names something wrong; its message says what and what is allowed.
    Invalid,
    /// There is no such account, media, message or webhook.
    NotFound,
    /// A bound of the simulator is reached.
    Full,
    /// Something was still under way when the time given for it was over.
    Timeout,
    /// The machine: a port, a file.
    Io,
}

/// An error of the simulator itself. What it plays to its callers as Meta is no error but an answer.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    context: Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, context: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, context: context.into(), source: None }
    }

    pub(crate) fn invalid(context: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Invalid, context)
    }

    pub(crate) fn not_found(context: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::NotFound, context)
    }

    pub(crate) fn io(
        context: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { kind: ErrorKind::Io, context: context.into(), source: Some(source.into()) }
    }

    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same call may work later.
    pub fn retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Full | ErrorKind::Timeout | ErrorKind::Io)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
