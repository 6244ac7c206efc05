//! Bytes at rest: under which key a file lies, how it gets there whole or not at all, and how parts of it are read.
//!
//! Knows nothing of rows, HTTP or WhatsApp. Whoever calls it decides what a key means; this crate promises that a
//! key which can be opened names a complete file that survives a power cut, and that memory per transfer is bounded.

mod buffer;
mod error;
mod key;
mod local;
mod storage;

pub use buffer::{BufferPool, PooledBuffer};
pub use error::{Error, ErrorKind, Result};
pub use key::StorageKey;
pub use local::{Listing, LocalStorage, Sealed, StoredFile, StoredObject, SweepReport, Upload};
pub use storage::{Storage, Stored};

/// The most that one [`StoredFile::read_at`] returns, and what an [`Upload`] collects before it writes.
pub const CHUNK_BYTES: usize = buffer::LARGEST;
