//! What is told of stored files: plain values, below every backend.

use aws_lc_rs::digest;
use mediary_core::{Sha256, Timestamp};

use crate::key::StorageKey;

/// What a finished upload left in storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadedFile {
    /// Bytes in the file.
    pub size: u64,
    /// SHA-256 of its content.
    pub sha256: Sha256,
}

impl UploadedFile {
    pub(crate) fn new(size: u64, hash: digest::Context) -> Self {
        let sha256 = hash.finish().as_ref().try_into().expect("SHA-256 has 32 bytes");
        Self { size, sha256 }
    }
}

/// Stored files in one page of a [`Listing`], at most.
pub(crate) const PAGE: usize = 1000;

/// A stored file as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// Its key.
    pub key: StorageKey,
    /// Bytes in the file.
    pub size: u64,
    /// When its content was written.
    pub modified: Timestamp,
}

/// What a sweep of unfinished uploads did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Unfinished uploads removed.
    pub removed: u64,
    /// Bytes they held, where storage tells.
    pub bytes: u64,
    /// Unfinished uploads that are too young to be called abandoned.
    pub kept: u64,
}

/// How a browser shall treat a file that it fetches by itself.
#[derive(Clone, Debug)]
pub struct PresignedHeaders {
    pub content_type: String,
    pub content_disposition: String,
    pub cache_control: String,
}
