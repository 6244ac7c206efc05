//! The one error of this crate: a kind to decide by, and a sentence for people.

use std::fmt;
#[cfg(feature = "sandbox")]
use std::time::Duration;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kinds of failure that callers distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Nothing can be made of files of this kind, or not without a program that is not there.
    Unsupported,
    /// The file is damaged, or not what it claims to be.
    Broken,
    /// It is larger than a limit allows: pixels, frames, pages, bytes, time.
    TooLarge,
    /// It took longer than files of its kind do: it is to blame, unless the machine was busy with other things.
    OutOfTime,
    /// The worker ended, or could not be started: the file may be to blame, or not.
    Worker,
}

/// A file of which nothing could be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    sentence: String,
}

impl Error {
    pub fn new(kind: ErrorKind, sentence: impl Into<String>) -> Self {
        Self { kind, sentence: sentence.into() }
    }

    pub fn unsupported(sentence: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, sentence)
    }

    pub fn broken(sentence: impl Into<String>) -> Self {
        Self::new(ErrorKind::Broken, sentence)
    }

    pub fn too_large(sentence: impl Into<String>) -> Self {
        Self::new(ErrorKind::TooLarge, sentence)
    }

    #[cfg(feature = "sandbox")]
    pub(crate) fn out_of_time(limit: Duration) -> Self {
        Self::new(
            ErrorKind::OutOfTime,
            format!("the file took longer than {} seconds to read", limit.as_secs_f32()),
        )
    }

    /// Of files that a build without this feature of the crate does not read.
    #[cfg(not(all(
        feature = "amr",
        feature = "heic",
        feature = "opus",
        feature = "pdf",
        feature = "pictures",
        feature = "symphonia"
    )))]
    pub(crate) fn left_out(what: &str, feature: &str) -> Self {
        Self::unsupported(format!(
            "this build of Mediary cannot read {what}: it was made without the feature {feature}"
        ))
    }

    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What is wrong, for people.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
}

/// None where the file does not allow it; an error where the worker is to blame.
pub(crate) fn if_possible<T>(made: Result<T>) -> Result<Option<T>> {
    or_reason(made).map(Result::ok)
}

/// The sentence where the file does not allow it; an error where the worker is to blame.
pub(crate) fn or_reason<T>(made: Result<T>) -> Result<Result<T, String>> {
    match made {
        Ok(made) => Ok(Ok(made)),
        Err(error) if error.kind() == ErrorKind::Worker => Err(error),
        Err(error) => Ok(Err(error.sentence)),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Error {}
