//! Walking over everything that is stored, whatever keeps it.

use mediary_core::Timestamp;

use crate::error::Result;
use crate::key::StorageKey;
use crate::local::LocalListing;
use crate::s3::ObjectListing;

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

/// A walk over stored files, in no promised order.
#[derive(Debug)]
pub struct Listing(pub(crate) Kind);

#[derive(Debug)]
pub(crate) enum Kind {
    Local(LocalListing),
    Object(ObjectListing),
}

impl Listing {
    /// The next page; `None` when everything has been shown.
    pub async fn next_page(&mut self) -> Result<Option<Vec<StoredObject>>> {
        match &mut self.0 {
            Kind::Local(listing) => listing.next_page().await,
            Kind::Object(listing) => listing.next_page().await,
        }
    }
}
