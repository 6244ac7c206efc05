//! The one error of the engine: a stable code, what was being done, and what lies beneath.

use std::borrow::Cow;
use std::time::Duration;

use mediary_core::ErrorCode;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, for the caller by [`Error::code`], for the log by the chain of sources.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct Error {
    code: ErrorCode,
    context: Cow<'static, str>,
    field: Option<&'static str>,
    retry_after: Option<Duration>,
    for_people: bool,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub fn new(code: ErrorCode, context: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            context: context.into(),
            field: None,
            retry_after: None,
            for_people: false,
            source: None,
        }
    }

    /// With a sentence for the caller, which says more than the code's own.
    pub(crate) fn told(code: ErrorCode, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self { for_people: true, ..Self::new(code, sentence) }
    }

    /// A value of the request that makes no sense; `context` says what is allowed.
    pub fn invalid(field: &'static str, context: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Some(field), ..Self::new(ErrorCode::ValidationError, context) }
    }

    pub fn not_found(what: &'static str) -> Self {
        Self::new(ErrorCode::NotFound, what)
    }

    #[must_use]
    pub(crate) fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    #[must_use]
    pub(crate) fn after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// A copy for another caller; the cause stays with the first.
    pub(crate) fn again(&self) -> Self {
        Self {
            code: self.code,
            context: self.context.clone(),
            field: self.field,
            retry_after: self.retry_after,
            for_people: self.for_people,
            source: None,
        }
    }

    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The field of the request that is wrong, where it is one field's fault.
    pub fn field(&self) -> Option<&'static str> {
        self.field
    }

    /// Whether the text is a sentence for the caller, not only for the log.
    pub fn is_for_people(&self) -> bool {
        self.for_people
    }

    /// How long the caller should wait before asking again, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    pub fn retryable(&self) -> bool {
        self.code.retryable()
    }
}

impl From<mediary_core::field::WrongField> for Error {
    fn from(wrong: mediary_core::field::WrongField) -> Self {
        Self::invalid(wrong.field, wrong.rule)
    }
}

impl From<mediary_store::Error> for Error {
    fn from(error: mediary_store::Error) -> Self {
        use mediary_store::ErrorKind as Kind;
        let (code, context) = match error.kind() {
            Kind::NotFound => (ErrorCode::NotFound, "there is no such record"),
            Kind::Conflict { .. } => (ErrorCode::Conflict, "there is such a record already"),
            // Its code is also that of the storage of bytes: the sentence tells which of the two it was.
            Kind::Unavailable | Kind::Full | Kind::Refused | Kind::TimedOut | Kind::Collision => {
                return Self::told(ErrorCode::StorageError, error.sentence()).because(error);
            }
            Kind::Corrupt { .. } => (ErrorCode::Internal, "read a record"),
            // With a cause it is a statement that the database refused, and nobody's request.
            Kind::Invalid if std::error::Error::source(&error).is_some() => {
                (ErrorCode::Internal, "run a statement")
            }
            Kind::Invalid => return Self::new(ErrorCode::ValidationError, error.to_string()),
        };
        Self::new(code, context).because(error)
    }
}

impl From<mediary_graph::Error> for Error {
    fn from(error: mediary_graph::Error) -> Self {
        Self::new(error.code(), "ask WhatsApp").after(error.retry_after()).because(error)
    }
}

impl From<mediary_blob::Error> for Error {
    fn from(error: mediary_blob::Error) -> Self {
        Self::new(error.code(), "ask storage").because(error)
    }
}
