//! The one error of this crate: a kind to decide by, and a chain to report.

use std::fmt;

use mediary_core::ErrorCode;

/// Sentences for people: what is wrong, and what to do.
const FULL: &str = "the disk of the database is full; it resumes as soon as there is room";
const DAMAGED: &str = "the file of the database is damaged; an operator has to restore it";
const REFUSED: &str = "the database takes no changes from Mediary for now; an operator has to allow them";

type Source = Box<dyn std::error::Error + Send + Sync>;

/// The kinds of failure that callers distinguish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The record is not there, or not this company's.
    NotFound,
    /// A constraint of the schema says no: the record exists already, or breaks a rule.
    Conflict { constraint: String },
    /// The database does not answer, is busy, or too much waits for it. The same call may work later.
    Unavailable,
    /// The disk of the database is full. The same call works once there is room.
    Full,
    /// The file of an embedded database is not what it was: damaged, or overwritten.
    Damaged,
    /// The database takes no changes for now, or not from this role: it is read-only, a standby, or not ours to write.
    Refused,
    /// The database cancelled the statement: it took too long, or waited too long for another transaction. Unlike `Unavailable`, this
    /// may be due to the request itself.
    TimedOut,
    /// Another transaction wrote the same rows at the same moment. The same call works at once.
    Collision,
    /// A stored value cannot be read. Names the row, so that somebody can look at it.
    Corrupt { table: &'static str, column: &'static str, id: i64 },
    /// A cursor that no list gave, or one of another list.
    InvalidCursor,
    /// Something that can never be recorded; the text says why.
    Unrecordable,
    /// The database cannot be used as it is named or as its schema is; the text says what to do.
    Unusable,
    /// A statement that the database cannot carry out, or another fault of ours.
    Internal,
}

/// A failed call to the store.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    context: String,
    source: Option<Source>,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(kind: ErrorKind, context: impl Into<String>) -> Self {
        Self { kind, context: context.into(), source: None }
    }

    pub(crate) fn internal(context: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, context)
    }

    pub(crate) fn unavailable(context: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, context)
    }

    pub(crate) fn collision(context: impl Into<String>) -> Self {
        Self::new(ErrorKind::Collision, context)
    }

    pub(crate) fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// A copy for another caller who waited for the same result.
    pub(crate) fn without_source(&self) -> Self {
        Self::new(self.kind.clone(), self.context.clone())
    }

    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// A sentence for people, which names no SQL.
    pub fn sentence(&self) -> String {
        match &self.kind {
            ErrorKind::Unavailable => {
                "the database did not answer in time; please try again shortly".to_owned()
            }
            ErrorKind::Full => FULL.to_owned(),
            ErrorKind::Damaged => DAMAGED.to_owned(),
            ErrorKind::Refused => REFUSED.to_owned(),
            ErrorKind::TimedOut => "the database takes too long for it".to_owned(),
            ErrorKind::Collision => "the database was busy with the same record; please try again".to_owned(),
            ErrorKind::Conflict { constraint } => format!("the database refuses it (rule {constraint})"),
            ErrorKind::InvalidCursor | ErrorKind::Unrecordable | ErrorKind::Unusable => self.context.clone(),
            ErrorKind::NotFound | ErrorKind::Corrupt { .. } | ErrorKind::Internal => {
                "the database refuses it; the log says more".to_owned()
            }
        }
    }

    /// Whether the same call may work a little later.
    pub fn retryable(&self) -> bool {
        self.is_unavailable() || matches!(self.kind, ErrorKind::TimedOut | ErrorKind::Collision)
    }

    /// Whether a constraint of the schema refused it.
    pub fn is_conflict(&self) -> bool {
        matches!(self.kind, ErrorKind::Conflict { .. })
    }

    /// Whether the database as a whole could not be used, independent of the statement.
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Unavailable | ErrorKind::Full | ErrorKind::Damaged | ErrorKind::Refused
        )
    }

    pub fn is_timed_out(&self) -> bool {
        self.kind == ErrorKind::TimedOut
    }

    pub fn is_not_found(&self) -> bool {
        self.kind == ErrorKind::NotFound
    }
}

/// The only place where an error of the store becomes a code and a sentence for people.
impl From<Error> for mediary_core::Error {
    fn from(error: Error) -> Self {
        let told = match error.kind() {
            ErrorKind::NotFound => Self::refused(ErrorCode::NotFound, "there is no such record"),
            ErrorKind::Conflict { .. } => {
                Self::refused(ErrorCode::Conflict, "there is such a record already")
            }
            // The storage of bytes has the same code: the sentence says which of the two failed.
            ErrorKind::Unavailable
            | ErrorKind::Full
            | ErrorKind::Damaged
            | ErrorKind::Refused
            | ErrorKind::TimedOut
            | ErrorKind::Collision => Self::refused(ErrorCode::StorageError, error.sentence()),
            ErrorKind::InvalidCursor => Self::invalid("cursor", error.sentence()),
            ErrorKind::Unrecordable => Self::refused(ErrorCode::ValidationError, error.sentence()),
            ErrorKind::Unusable => Self::new(ErrorCode::Internal, "use the database"),
            ErrorKind::Corrupt { .. } => Self::new(ErrorCode::Internal, "read a record"),
            ErrorKind::Internal => Self::new(ErrorCode::Internal, "run a statement"),
        };
        told.because(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::Conflict { constraint } => write!(f, "{} (constraint {constraint})", self.context),
            ErrorKind::Corrupt { table, column, id } => {
                write!(f, "{}: {table}.{column} of row {id} cannot be read", self.context)
            }
            _ => f.write_str(&self.context),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
