//! Failures of WhatsApp, classified by what has to be done about them.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use mediary_core::ErrorCode;

/// A failure: its kind, what was being done, and its cause.
pub struct Error {
    kind: ErrorKind,
    context: Cow<'static, str>,
    graph: Option<(i64, Option<i64>)>,
    retry_after: Option<Duration>,
    without_effect: bool,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The class of a failure, which decides what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The options of the client contradict themselves or cannot be used.
    InvalidOptions,
    /// The body is not JSON, or no JSON object.
    InvalidWebhook,
    /// A webhook names more numbers or accounts than WhatsApp ever puts into one.
    TooManyAddressees,
    /// A webhook has more messages, statuses and other updates than its bytes can hold of WhatsApp's.
    TooManyUpdates,
    /// Graph does not know the media id (any more): error 100 with subcode 33. Final.
    MediaGone,
    /// The temporary URL is refused (401, 403, 404 or 410). The media may live on: ask Graph for a new URL.
    StaleUrl,
    /// WhatsApp asks for less: wait for [`Error::retry_after`], or for growing times, with the whole account.
    Throttled,
    /// Graph itself refuses the token (codes 190 and 0). Nothing of this account works until it is renewed.
    Unauthorized,
    /// The token or the account may not do this (codes 3, 10, 200–299, 131005, policy locks).
    Permission,
    /// WhatsApp cannot be reached, or answers with a temporary error of its own.
    Unavailable,
    /// No answer, or silence in the middle of one, for too long.
    Timeout,
    /// The bytes ended before they were all there.
    CutOff,
    /// The media host has more or fewer bytes than Graph or the webhook declared.
    WrongLength,
    /// The file is larger than its reader accepts.
    TooLarge,
    /// The URL's host is not on the allow-list, not reached safely, or resolves to a private address.
    ForbiddenUrl,
    /// The requested part lies beyond the end of the file.
    RangeNotSatisfiable,
    /// Graph says that the request itself is wrong. Repeating it does not help.
    BadRequest,
    /// The bytes to be uploaded could not be read in time, or are more or fewer than announced. Nothing was uploaded.
    UploadSource,
    /// An answer that makes no sense: not JSON where JSON belongs, an encoding that was not asked for, redirects in circles.
    Protocol,
}

impl Error {
    /// A failure of this kind; for those who carry WhatsApp's messages besides Graph, too.
    pub fn new(kind: ErrorKind, context: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            context: context.into(),
            graph: None,
            retry_after: None,
            without_effect: false,
            source: None,
        }
    }

    /// A media id that Graph answered before that it does not know.
    pub fn media_gone() -> Self {
        Self::new(ErrorKind::MediaGone, "WhatsApp does not have this file any more")
    }

    /// Bytes that ended before they were all there.
    pub fn cut_off() -> Self {
        Self::new(ErrorKind::CutOff, "the bytes ended too early")
    }

    /// A body of another size than declared.
    pub fn wrong_length(declared: u64, received: u64) -> Self {
        Self::new(
            ErrorKind::WrongLength,
            format!("{declared} bytes were declared, the media host has {received}"),
        )
    }

    /// A whole answer without a single byte of the file.
    pub fn no_bytes() -> Self {
        Self::new(ErrorKind::WrongLength, "WhatsApp sent a file of no bytes")
    }

    /// More bytes than are accepted.
    pub fn too_large(limit: u64) -> Self {
        Self::new(ErrorKind::TooLarge, format!("the file has more than {limit} bytes"))
    }

    /// A requested part that lies beyond the end of a file of that size.
    pub fn beyond_the_end(size: u64) -> Self {
        Self::new(ErrorKind::RangeNotSatisfiable, format!("the file has only {size} bytes"))
    }

    /// With its cause.
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(crate) fn with_graph_code(mut self, code: i64, subcode: Option<i64>) -> Self {
        self.graph = Some((code, subcode));
        self
    }

    /// With the wait that was asked for, if one was.
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// Of a call that surely did nothing.
    pub fn without_effect(mut self) -> Self {
        self.without_effect = true;
        self
    }

    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The wait that WhatsApp asked for, if it did.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Graph's own number for the failure.
    pub fn graph_code(&self) -> Option<i64> {
        self.graph.map(|(code, _)| code)
    }

    /// Graph's subcode, where it still sends one.
    pub fn graph_subcode(&self) -> Option<i64> {
        self.graph.and_then(|(_, subcode)| subcode)
    }

    /// Whether the call surely did nothing at WhatsApp: the request never got there whole, or was refused. Where not, it may have done
    /// what was asked.
    pub fn had_no_effect(&self) -> bool {
        self.without_effect || self.graph.is_some()
    }

    /// The stable code under which people and programs see this failure.
    pub fn code(&self) -> ErrorCode {
        match self.kind {
            ErrorKind::InvalidOptions => ErrorCode::Internal,
            ErrorKind::InvalidWebhook | ErrorKind::TooManyAddressees => ErrorCode::ValidationError,
            ErrorKind::TooManyUpdates => ErrorCode::PayloadTooLarge,
            ErrorKind::MediaGone => ErrorCode::MediaExpired,
            ErrorKind::Throttled => ErrorCode::ProviderRateLimited,
            ErrorKind::Unauthorized | ErrorKind::Permission => ErrorCode::ProviderUnauthorized,
            ErrorKind::Timeout => ErrorCode::ProviderTimeout,
            ErrorKind::WrongLength => ErrorCode::IntegrityMismatch,
            ErrorKind::TooLarge => ErrorCode::PayloadTooLarge,
            ErrorKind::UploadSource => ErrorCode::StorageError,
            ErrorKind::RangeNotSatisfiable => ErrorCode::RangeNotSatisfiable,
            ErrorKind::StaleUrl
            | ErrorKind::Unavailable
            | ErrorKind::CutOff
            | ErrorKind::ForbiddenUrl
            | ErrorKind::BadRequest
            | ErrorKind::Protocol => ErrorCode::ProviderUnavailable,
        }
    }

    /// Whether the same call may work later by itself.
    pub fn retryable(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::StaleUrl
                | ErrorKind::Throttled
                | ErrorKind::Unavailable
                | ErrorKind::Timeout
                | ErrorKind::CutOff
                | ErrorKind::WrongLength
                | ErrorKind::UploadSource
                | ErrorKind::Protocol
        )
    }
}

impl From<mediary_outbound::Error> for Error {
    fn from(error: mediary_outbound::Error) -> Self {
        use mediary_outbound::ErrorKind as Outbound;
        let kind = match error.kind() {
            Outbound::InvalidOptions => ErrorKind::InvalidOptions,
            Outbound::InvalidRequest => ErrorKind::BadRequest,
            Outbound::RequestBody => ErrorKind::UploadSource,
            Outbound::ForbiddenUrl => ErrorKind::ForbiddenUrl,
            Outbound::Unreachable => ErrorKind::Unavailable,
            Outbound::Timeout => ErrorKind::Timeout,
            Outbound::CutOff => ErrorKind::CutOff,
            Outbound::TooLarge | Outbound::Protocol => ErrorKind::Protocol,
        };
        let new = Self::new(kind, error.to_string()).with_retry_after(error.retry_after());
        let without_effect = !error.maybe_received();
        Self { without_effect, source: error.into_source(), ..new }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)?;
        match self.graph {
            Some((code, Some(subcode))) => write!(f, " (code {code}, subcode {subcode})"),
            Some((code, None)) => write!(f, " (code {code})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("context", &self.context)
            .field("graph", &self.graph)
            .field("retry_after", &self.retry_after)
            .field("source", &self.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

impl From<Error> for mediary_core::Error {
    fn from(error: Error) -> Self {
        Self::new(error.code(), "ask WhatsApp").after(error.retry_after()).because(error)
    }
}
