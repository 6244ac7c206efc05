//! The one shape of a failure, from the rows up to the answer: what it is for programs, what was being done for the log, and what
//! people are told.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::ErrorCode;
use crate::field::WrongField;

pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A failure. Programs decide by its code and its field, people read its detail, and the log has all of it with its causes.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: ErrorCode,
    operation: Option<Cow<'static, str>>,
    detail: Option<Cow<'static, str>>,
    field: Option<&'static str>,
    retry_after: Option<Duration>,
    source: Option<Source>,
}

impl Error {
    /// Something that has no words besides those of its code.
    pub fn plain(code: ErrorCode) -> Self {
        let inner =
            Inner { code, operation: None, detail: None, field: None, retry_after: None, source: None };
        Self(Box::new(inner))
    }

    /// Something that failed when we were about to `operation`, a verb and its object ("read a record"). The log says so; nobody else is
    /// told.
    pub fn new(code: ErrorCode, operation: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::plain(code);
        error.0.operation = Some(operation.into());
        error
    }

    /// Something that is refused, or cannot be had, for a reason that the caller is told.
    pub fn refused(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::plain(code).detailed(detail)
    }

    /// A field that cannot be taken as it is; the rule says what is allowed.
    pub fn invalid(field: &'static str, rule: impl Into<Cow<'static, str>>) -> Self {
        Self::refused(ErrorCode::ValidationError, rule).in_field(field)
    }

    pub fn not_found(detail: &'static str) -> Self {
        Self::refused(ErrorCode::NotFound, detail)
    }

    /// With a sentence for people.
    #[must_use]
    pub fn detailed(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Blames a field of the request for it.
    #[must_use]
    pub fn in_field(mut self, field: &'static str) -> Self {
        self.0.field = Some(field);
        self
    }

    #[must_use]
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// With the time after which the same may work, where that is known.
    #[must_use]
    pub fn after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    /// A copy for another caller who waited for the same; the cause stays with the first.
    pub fn for_another(&self) -> Self {
        Self(Box::new(Inner {
            code: self.0.code,
            operation: self.0.operation.clone(),
            detail: self.0.detail.clone(),
            field: self.0.field,
            retry_after: self.0.retry_after,
            source: None,
        }))
    }

    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// What people are told, where it says more than the code.
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The field of the request that is wrong, where it is one field's fault.
    pub fn field(&self) -> Option<&'static str> {
        self.0.field
    }

    /// How long the caller should wait before asking again, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the same can work later without anybody changing something.
    pub fn retryable(&self) -> bool {
        self.0.code.retryable()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0.operation, &self.0.detail) {
            (Some(operation), Some(detail)) => write!(f, "could not {operation}: {detail}"),
            (Some(operation), None) => write!(f, "could not {operation}"),
            (None, Some(detail)) => f.write_str(detail),
            (None, None) => f.write_str(self.0.code.sentence()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<WrongField> for Error {
    fn from(wrong: WrongField) -> Self {
        Self::invalid(wrong.field, wrong.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_is_for_the_log_and_detail_for_people() {
        let failed = Error::new(ErrorCode::StorageError, "ask storage");
        assert_eq!((failed.to_string().as_str(), failed.detail()), ("could not ask storage", None));
        let both = failed.detailed("storage is full");
        assert_eq!(both.to_string(), "could not ask storage: storage is full");
        assert_eq!(both.detail(), Some("storage is full"));
        let refused = Error::refused(ErrorCode::Conflict, "it is there already");
        assert_eq!(
            (refused.to_string().as_str(), refused.detail()),
            ("it is there already", Some("it is there already"))
        );
        assert_eq!(Error::plain(ErrorCode::MediaDeleted).to_string(), ErrorCode::MediaDeleted.sentence());
    }

    #[test]
    fn copy_for_another_caller_says_the_same_without_the_cause() {
        let wait = Some(Duration::from_secs(3));
        let first = Error::invalid("name", "must not be empty").after(wait).because(fmt::Error);
        let copy = first.for_another();
        assert_eq!((copy.code(), copy.field(), copy.retry_after()), (first.code(), Some("name"), wait));
        assert_eq!(copy.to_string(), first.to_string());
        assert!(std::error::Error::source(&first).is_some() && std::error::Error::source(&copy).is_none());
    }
}
