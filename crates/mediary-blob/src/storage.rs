//! The one interface to storage, whatever keeps the bytes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use mediary_core::StorageBackend;

use crate::error::{Error, ErrorKind, Result};
use crate::file::StoredFile;
use crate::key::StorageKey;
use crate::listing::{self, Listing};
use crate::local::LocalStorage;
use crate::s3::{ObjectStorage, S3Settings};
use crate::stored::SweepReport;
use crate::upload::{self, Upload};

/// Somewhere that keeps files. Clones share it.
#[derive(Clone, Debug)]
pub enum Storage {
    /// A folder on this machine.
    Local(LocalStorage),
    /// A bucket of an S3-compatible store.
    Object(ObjectStorage),
}

impl Storage {
    /// Storage in a folder, which is created if it is missing. Keys become paths below it. The folder in it that holds all files is
    /// made by the first write, and never again: one that is gone later is away.
    pub async fn open_local(root: &Path) -> Result<Self> {
        LocalStorage::open(root).await.map(Self::Local)
    }

    /// Storage in a bucket. Nothing is asked of it yet.
    pub fn open_s3(settings: &S3Settings) -> Result<Self> {
        ObjectStorage::open(settings).map(Self::Object)
    }

    /// Storage in memory that behaves as a bucket does, for tests.
    pub fn in_memory() -> Self {
        Self::Object(ObjectStorage::in_memory())
    }

    /// Which kind of storage this is, as records name it.
    pub fn backend(&self) -> StorageBackend {
        match self {
            Self::Local(_) => StorageBackend::Local,
            Self::Object(objects) => objects.backend(),
        }
    }

    /// Whether the folder that holds the files has none, for all that can be seen: it may be new, or its volume may not be
    /// mounted, which only records can tell apart. Never said of a bucket.
    pub async fn is_empty(&self) -> Result<bool> {
        match self {
            Self::Local(local) => local.is_empty().await,
            Self::Object(_) => Ok(false),
        }
    }

    /// Gives the folder that holds the files its marker, making it if it is new, so that it is known again. A bucket needs none.
    pub async fn take_into_use(&self) -> Result<()> {
        match self {
            Self::Local(local) => local.take_into_use().await,
            Self::Object(_) => Ok(()),
        }
    }

    /// The folder that holds the files, if it is one on this machine.
    pub fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Local(local) => Some(local.folder()),
            Self::Object(_) => None,
        }
    }

    /// Where the file of a key lies, as a URL for administrators.
    pub fn location(&self, key: &StorageKey) -> String {
        match self {
            Self::Local(local) => local.location(key),
            Self::Object(objects) => objects.location(key),
        }
    }

    /// Begins a file. Nothing can be opened under `key` before the upload is published; what was there until then
    /// stays and is replaced at once. An upload that is dropped leaves nothing.
    pub async fn create(&self, key: &StorageKey) -> Result<Upload> {
        match self {
            Self::Local(local) => Ok(Upload(upload::Kind::Local(Box::new(local.create(key))))),
            Self::Object(objects) => Ok(Upload(upload::Kind::Object(Box::new(objects.create(key)?)))),
        }
    }

    /// Opens a stored file for reading. Who has it open never reads another file's bytes, whatever happens meanwhile:
    /// in a folder it can be read to the end, in a bucket reading fails once it is deleted or replaced.
    pub async fn open(&self, key: &StorageKey) -> Result<StoredFile> {
        match self {
            Self::Local(local) => local.open_file(key).await.map(StoredFile::Local),
            Self::Object(objects) => objects.open_file(key).await.map(StoredFile::Object),
        }
    }

    /// Removes a file for good, and folders that are empty then. `false` if there was none.
    pub async fn delete(&self, key: &StorageKey) -> Result<bool> {
        match self {
            Self::Local(local) => local.delete(key).await,
            Self::Object(objects) => objects.delete(key).await,
        }
    }

    /// Walks over every stored file below `prefix` (a first part of keys, such as `media`), in pages.
    pub fn list(&self, prefix: &str) -> Result<Listing> {
        match self {
            Self::Local(local) => local.list(prefix).map(listing::Kind::Local).map(Listing),
            Self::Object(objects) => objects.list(prefix).map(listing::Kind::Object).map(Listing),
        }
    }

    /// Ends every upload of a key that is not published, whichever process started it: its owner is gone, or has lost the right to
    /// it. A folder's are found by the sweep, and are harmless until then.
    pub async fn end_unfinished(&self, key: &StorageKey) -> Result<()> {
        match self {
            Self::Local(_) => Ok(()),
            Self::Object(objects) => objects.end_unfinished(key).await,
        }
    }

    /// Removes what unfinished uploads left behind that nobody wrote to for `older_than`.
    pub async fn sweep_temporary(&self, older_than: Duration) -> Result<SweepReport> {
        match self {
            Self::Local(local) => local.sweep_temporary(older_than).await,
            Self::Object(objects) => objects.sweep_temporary(older_than).await,
        }
    }

    /// Writes, reads in part and deletes a probe, as a real file would be.
    pub async fn check(&self) -> Result<()> {
        const CONTENT: &[u8] = b"Mediary checks that this storage keeps what it is given.";
        let key = StorageKey::probe()?;
        let mut upload = self.create(&key).await?;
        upload.write(Bytes::from_static(CONTENT)).await?;
        upload.finish().await?;
        let part = async { self.open(&key).await?.read_at(8, 6).await }.await;
        let deleted = self.delete(&key).await?;
        if part? != CONTENT[8..14] || !deleted {
            return Err(Error::new(
                ErrorKind::Io,
                format!("check {}: read other bytes than written", self.location(&key)),
            ));
        }
        Ok(())
    }
}
