//! What can go wrong with storage, by what the caller has to decide.

use std::fmt;
use std::io;

use mediary_core::{ErrorCode, upstream_text};

/// The result of everything in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// There is nothing under this key.
    NotFound,
    /// No room, or the quota is used up.
    Full,
    /// Storage exists but does not let us: permissions, read-only, or something foreign in the way.
    Refused,
    /// The folder that holds the files is not there, as when its volume is not mounted: none of them is lost.
    Away,
    /// The key cannot be one of ours.
    InvalidKey,
    /// The file is shorter than it was when it was opened.
    Truncated,
    /// Somebody else wrote or ended the same file meanwhile.
    Conflict,
    /// A store, or something in front of it, answered with something else than was asked for.
    OtherAnswer,
    /// The device or the network behind it failed.
    Io,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "nothing is stored there",
            Self::Full => "storage is full; make room and it resumes",
            Self::Refused => {
                "storage refuses access; check its permissions, and its owner and mount or its keys"
            }
            Self::Away => {
                "the folder that holds the files is not there; mount its volume, or restart if another folder takes its place"
            }
            Self::InvalidKey => "not a storage key",
            Self::Truncated => "the stored file is shorter than recorded",
            Self::Conflict => "somebody else wrote or ended the same file meanwhile",
            Self::OtherAnswer => "the store, or a proxy or CDN in front of it, did not send the part of the file that was asked for; mediary doctor says what to change",
            Self::Io => "the device or the network behind it failed",
        })
    }
}

/// A failure of storage: what was tried, how it failed, and the cause below.
#[derive(Debug, thiserror::Error)]
#[error("{context}: {kind}")]
pub struct Error {
    kind: ErrorKind,
    context: String,
    /// Whether other files may do well.
    of_one_file: bool,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A file that ended before this byte of it was read.
    pub fn truncated(offset: u64) -> Self {
        Self::new(ErrorKind::Truncated, format!("read at byte {offset}"))
    }

    pub(crate) fn new(kind: ErrorKind, context: impl Into<String>) -> Self {
        let of_one_file = is_of_one_file(kind);
        Self { kind, context: context.into(), of_one_file, source: None }
    }

    pub(crate) fn io(context: impl Into<String>, source: impl Into<io::Error>) -> Self {
        let source = source.into();
        let kind = kind_of(&source);
        let of_one_file = is_of_one_file(kind) || is_in_the_way(&source);
        Self { kind, context: context.into(), of_one_file, source: Some(source.into()) }
    }

    pub(crate) fn object(context: impl Into<String>, source: &object_store::Error) -> Self {
        let kind = kind_of_object(source);
        let source = Some(StoreMessage(words(source)).into());
        Self { kind, context: context.into(), of_one_file: is_of_one_file(kind), source }
    }

    /// The same for an object that is being written: what is missing or other than expected there is the upload.
    pub(crate) fn upload(context: impl Into<String>, source: &object_store::Error) -> Self {
        use object_store::Error as Object;
        let lost = match source {
            // A bucket that is not there is another matter.
            Object::NotFound { .. } => source.to_string().contains("NoSuchUpload"),
            Object::AlreadyExists { .. } | Object::Precondition { .. } => true,
            _ => false,
        };
        let error = Self::object(context, source);
        if lost { Self { kind: ErrorKind::Conflict, of_one_file: true, ..error } } else { error }
    }

    /// Says what it was a part of.
    pub(crate) fn within(self, what: &str) -> Self {
        Self { context: format!("{what}: {}", self.context), ..self }
    }

    /// Whether it is about this file alone, so that others may do well.
    pub fn is_of_one_file(&self) -> bool {
        self.of_one_file
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same can work later without anything else being changed here.
    pub fn retryable(&self) -> bool {
        !matches!(self.kind, ErrorKind::NotFound | ErrorKind::InvalidKey)
    }

    /// The code under which records and answers show it.
    pub fn code(&self) -> ErrorCode {
        match self.kind {
            ErrorKind::Full => ErrorCode::StorageFull,
            _ => ErrorCode::StorageError,
        }
    }
}

/// What a store said. Stores repeat keys, signatures and signed URLs in their errors, so their own words go no further.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct StoreMessage(String);

/// What a store, and the client below it, said: every cause once, in one line, cut, and without what no log may show.
pub(crate) fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !said.contains(&text) {
            said.push_str(": ");
            said.push_str(&text);
        }
        cause = error.source();
    }
    upstream_text(&said)
}

fn is_of_one_file(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidKey | ErrorKind::Truncated | ErrorKind::Conflict)
}

/// Something foreign lies where the file belongs, or its name is none for this file system.
fn is_in_the_way(error: &io::Error) -> bool {
    use io::ErrorKind as Io;
    matches!(error.kind(), Io::IsADirectory | Io::InvalidFilename)
        || error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

fn kind_of(error: &io::Error) -> ErrorKind {
    use io::ErrorKind as Io;
    match error.kind() {
        Io::NotFound => ErrorKind::NotFound,
        Io::StorageFull | Io::QuotaExceeded => ErrorKind::Full,
        Io::UnexpectedEof => ErrorKind::Truncated,
        // A symbolic link, a file where a folder belongs, a folder where a file belongs: somebody else was here.
        Io::PermissionDenied
        | Io::ReadOnlyFilesystem
        | Io::NotADirectory
        | Io::IsADirectory
        | Io::CrossesDevices => ErrorKind::Refused,
        _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => ErrorKind::Refused,
        _ => ErrorKind::Io,
    }
}

fn kind_of_object(error: &object_store::Error) -> ErrorKind {
    use object_store::Error as Object;
    match error {
        Object::NotFound { .. } => ErrorKind::NotFound,
        Object::PermissionDenied { .. } | Object::Unauthenticated { .. } => ErrorKind::Refused,
        Object::InvalidPath { .. } => ErrorKind::InvalidKey,
        // Another object lies under the key than the one that was opened.
        Object::Precondition { .. } => ErrorKind::Truncated,
        _ if says_other_answer(&error.to_string()) => ErrorKind::OtherAnswer,
        // What the library does not tell apart, it leaves in the store's own words.
        _ if says_full(&error.to_string()) => ErrorKind::Full,
        _ => ErrorKind::Io,
    }
}

/// The library's words for a whole answer to a range, another range, or one that cannot be read.
fn says_other_answer(answer: &str) -> bool {
    ["Received non-partial response", "Content-Range header", "value for CONTENT_RANGE"]
        .iter()
        .any(|words| answer.contains(words))
        || answer.contains("Requested ") && answer.contains(", got ")
}

/// The words of MinIO, Ceph, Backblaze and others, and the status that stands for it. Errors also name the object, whose
/// key is digits, so a bare number says nothing.
fn says_full(answer: &str) -> bool {
    ["StorageFull", "QuotaExceeded", "InsufficientStorage", "storage_cap_exceeded", "status code: 507"]
        .iter()
        .any(|words| answer.contains(words))
}

impl From<Error> for mediary_core::Error {
    fn from(error: Error) -> Self {
        Self::new(error.code(), "ask storage").because(error)
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn full_bucket_is_recognized_by_its_message_and_not_by_digits_in_a_key() {
        let says = |text: &'static str| {
            kind_of_object(&object_store::Error::Generic { store: "S3", source: text.into() })
        };
        assert_eq!(says("Server returned non-2xx status code: 507 Insufficient Storage"), ErrorKind::Full);
        assert_eq!(says("<Code>XMinioStorageFull</Code>"), ErrorKind::Full);
        assert_eq!(says("Error performing PUT http://s3/media/media/1/2/507315781932060"), ErrorKind::Io);
    }

    #[test]
    fn errors_of_a_store_show_only_its_code_and_message() {
        let body = "Error performing GET https://bucket.s3.amazonaws.com/media/1/2/3?X-Amz-Signature=abc in 5ms - \
            Server returned non-2xx status code: 403 Forbidden: <Error><Code>SignatureDoesNotMatch</Code>\
            <Message>The request signature we calculated does not match</Message>\
            <AWSAccessKeyId>AKIAIOSFODNN7EXAMPLE</AWSAccessKeyId>\
            <SignatureProvided>3b1d7b8c5a0f4e2d9c6b3a1f8e7d6c5b4a392817161514131211100f0e0d0c0b</SignatureProvided></Error>";
        let error = object_store::Error::Generic { store: "S3", source: body.into() };
        let error = Error::object("read media/1/2/3", &error);
        let cause = std::error::Error::source(&error).unwrap();
        let said = format!("{error} {error:?} {cause}");
        for secret in ["AKIA", "3b1d7b8c", "X-Amz-Signature=", "amazonaws"] {
            assert!(!said.contains(secret), "{secret} in {said}");
        }
        for kept in ["403 Forbidden", "SignatureDoesNotMatch", "The request signature we calculated"] {
            assert!(said.contains(kept), "{kept} in {said}");
        }
    }

    #[test]
    fn full_disk_is_distinguished_from_a_broken_one() {
        for (errno, kind) in [
            (Errno::NOSPC, ErrorKind::Full),
            (Errno::DQUOT, ErrorKind::Full),
            (Errno::ROFS, ErrorKind::Refused),
            (Errno::ACCESS, ErrorKind::Refused),
            (Errno::LOOP, ErrorKind::Refused),
            (Errno::NOENT, ErrorKind::NotFound),
            (Errno::IO, ErrorKind::Io),
        ] {
            let error = Error::io("write media/1/2/3", errno);
            assert_eq!(error.kind(), kind, "{errno}");
        }
        let full = Error::io("write media/1/2/3", Errno::NOSPC);
        assert_eq!(full.code(), ErrorCode::StorageFull);
        assert!(full.retryable());
        assert_eq!(full.to_string(), "write media/1/2/3: storage is full; make room and it resumes");
    }
}
