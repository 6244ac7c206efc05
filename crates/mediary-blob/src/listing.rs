//! Walking over everything that is stored, whatever keeps it.

use crate::error::Result;
use crate::local::LocalListing;
use crate::s3::ObjectListing;
use crate::stored::StoredObject;

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
