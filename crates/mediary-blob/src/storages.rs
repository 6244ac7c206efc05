//! All storage that a process can reach: where new files go, and where older ones may lie.

use mediary_core::StorageBackend;

use crate::error::{Error, ErrorKind, Result};
use crate::storage::Storage;

/// One storage for new files, and at most one of each other kind for those that were stored before. Clones share them.
#[derive(Clone, Debug)]
pub struct Storages {
    primary: Storage,
    others: Vec<Storage>,
}

impl From<Storage> for Storages {
    fn from(primary: Storage) -> Self {
        Self { primary, others: Vec::new() }
    }
}

impl Storages {
    /// `others` are asked only for files whose records name them.
    pub fn new(primary: Storage, others: Vec<Storage>) -> Self {
        Self { primary, others }
    }

    /// Where new files go.
    pub fn primary(&self) -> &Storage {
        &self.primary
    }

    /// The primary one first.
    pub fn all(&self) -> impl Iterator<Item = &Storage> {
        std::iter::once(&self.primary).chain(&self.others)
    }

    /// The storage that a record names. One that is not configured any more is an error, for nobody knows whether
    /// it still has the file.
    pub fn of(&self, backend: StorageBackend) -> Result<&Storage> {
        self.all().find(|storage| storage.backend() == backend).ok_or_else(|| {
            let context = format!("reach storage {backend}, for which this process has no settings");
            Error::new(ErrorKind::Refused, context)
        })
    }
}
