//! Bytes at rest: under which key a file lies, how it gets there whole or not at all, and how parts of it are read.
//!
//! Knows nothing of rows, HTTP or WhatsApp. The caller decides what a key means; this crate promises that a
//! key which can be opened names a complete file that survives a power cut, and that memory per transfer is bounded.

mod buffer;
mod error;
mod file;
mod key;
mod listing;
mod local;
mod probe;
mod s3;
mod storage;
mod storages;
mod stored;
mod upload;

pub use buffer::{BufferPool, PooledBuffer};
pub use error::{Error, ErrorKind, Result};
pub use file::{Reader, StoredFile};
pub use key::StorageKey;
pub use listing::Listing;
pub use local::{LocalFile, LocalStorage, Spool, Spools};
pub use probe::ProbeResult;
pub use s3::{Encryption, ObjectFile, ObjectStorage, S3Settings};
pub use storage::Storage;
pub use storages::Storages;
pub use stored::{PresignedHeaders, StoredObject, SweepReport, UploadedFile};
pub use upload::{StagedFile, Upload};

/// The most that one [`StoredFile::read_at`] returns, and what an [`Upload`] into a folder collects before it writes.
pub const CHUNK_BYTES: usize = buffer::LARGEST;
