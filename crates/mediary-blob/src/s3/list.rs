//! Walking over objects.

use std::fmt;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use mediary_core::Timestamp;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

use crate::error::{Error, ErrorKind, Result};
use crate::key::StorageKey;
use crate::stored::{PAGE, StoredObject};

/// A walk over the objects below a prefix.
pub(crate) struct ObjectListing(BoxStream<'static, object_store::Result<ObjectMeta>>);

impl fmt::Debug for ObjectListing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObjectListing")
    }
}

impl ObjectListing {
    pub(super) fn new(objects: &dyn ObjectStore, prefix: &str) -> Result<Self> {
        // A prefix is the beginning of a key, so it must pass for one.
        let _: StorageKey = format!("{prefix}/0").parse()?;
        let path = Path::parse(prefix);
        let path =
            path.map_err(|error| Error::new(ErrorKind::InvalidKey, format!("list {prefix}: {error}")))?;
        Ok(Self(objects.list(Some(&path)).fuse().boxed()))
    }

    pub(crate) async fn next_page(&mut self) -> Result<Option<Vec<StoredObject>>> {
        let mut page = Vec::new();
        while page.len() < PAGE
            && let Some(meta) = self.0.next().await
        {
            let meta = meta.map_err(|error| Error::object("walk over stored objects", &error))?;
            if let Ok(key) = meta.location.as_ref().parse() {
                let modified = Timestamp(meta.last_modified.timestamp_millis());
                page.push(StoredObject { key, size: meta.size, modified });
            }
        }
        Ok(Some(page).filter(|page| !page.is_empty()))
    }
}
