//! Files as objects of an S3-compatible store: Amazon S3, Cloudflare R2, MinIO, Garage, Backblaze B2 and their like.

mod list;
mod read;
mod settings;
mod unfinished;
mod upload;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use mediary_core::StorageBackend;
use object_store::aws::AmazonS3;
use object_store::client::{HttpClient, HttpConnector, ReqwestConnector};
use object_store::memory::InMemory;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore, ObjectStoreExt};
use tokio::sync::Semaphore;

pub(crate) use list::ObjectListing;
pub use read::ObjectFile;
pub(crate) use read::ObjectReader;
pub use settings::{Encryption, S3Settings};
pub(crate) use upload::{ObjectStagedFile, ObjectUpload};

use crate::error::{Error, ErrorKind, Result, words};
use crate::key::StorageKey;
use crate::stored::SweepReport;

/// Bytes of a part. All but the last are as long: R2 wants them equal, S3 at least this long.
pub(crate) const PART_BYTES: usize = 5 * 1024 * 1024;

/// A bucket. Clones share it.
#[derive(Clone)]
pub struct ObjectStorage(Arc<Inner>);

struct Inner {
    backend: StorageBackend,
    bucket: String,
    objects: Arc<dyn ObjectStore>,
    parts: Arc<dyn MultipartStore>,
    /// Room for parts in memory, one permit each.
    room: Arc<Semaphore>,
    storage_class: Option<String>,
    /// The store refused `If-Match` although it has the object: it is not sent any more.
    refuses_if_match: AtomicBool,
    /// What only a real store has.
    remote: Option<Remote>,
}

struct Remote {
    s3: AmazonS3,
    /// For requests that the library does not make.
    http: HttpClient,
}

impl fmt::Debug for ObjectStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ObjectStorage").field(&self.0.bucket).finish()
    }
}

impl ObjectStorage {
    /// Prepares the way to a bucket. Nothing is asked of it yet.
    pub fn open(settings: &S3Settings) -> Result<Self> {
        let s3 = settings.client()?;
        let http = ReqwestConnector::default()
            .connect(&settings.client_options())
            .map_err(|error| Error::object("prepare the client of the object store", &error))?;
        Ok(Self(Arc::new(Inner {
            backend: settings.backend,
            bucket: settings.bucket.clone(),
            objects: Arc::new(s3.clone()),
            parts: Arc::new(s3.clone()),
            room: Arc::new(Semaphore::new(settings.parts_in_memory)),
            storage_class: settings.storage_class.clone(),
            refuses_if_match: AtomicBool::new(false),
            remote: Some(Remote { s3, http }),
        })))
    }

    /// Objects in memory, for tests: gone with the process.
    pub(crate) fn in_memory() -> Self {
        let memory = Arc::new(InMemory::new());
        Self(Arc::new(Inner {
            backend: StorageBackend::S3,
            bucket: "memory".to_owned(),
            objects: memory.clone(),
            parts: memory,
            room: Arc::new(Semaphore::new(16)),
            storage_class: None,
            refuses_if_match: AtomicBool::new(false),
            remote: None,
        }))
    }

    pub(crate) fn backend(&self) -> StorageBackend {
        self.0.backend
    }

    pub(crate) fn location(&self, key: &StorageKey) -> String {
        format!("s3://{}/{key}", self.0.bucket)
    }

    pub(crate) fn create(&self, key: &StorageKey) -> Result<ObjectUpload> {
        Ok(ObjectUpload::new(self.clone(), key.clone(), path(key)?))
    }

    pub(crate) async fn open_file(&self, key: &StorageKey) -> Result<ObjectFile> {
        let path = path(key)?;
        let options = GetOptions { head: true, ..GetOptions::default() };
        match self.0.objects.get_opts(&path, options).await {
            Ok(head) => {
                read::refuse_encoded(&path, &head)?;
                Ok(ObjectFile::new(self.clone(), path, head.meta))
            }
            Err(error @ object_store::Error::NotFound { .. }) => {
                self.refuse_missing_bucket(&path).await?;
                Err(Error::object(format!("open {key}"), &error))
            }
            Err(error) => Err(Error::object(format!("open {key}"), &error)),
        }
    }

    /// An answer to HEAD has no body that would tell a missing object from a missing bucket. Who takes the one for the
    /// other takes every file for lost, so the bucket is asked for what it lists there.
    async fn refuse_missing_bucket(&self, path: &Path) -> Result<()> {
        let mut listing = self.0.objects.list(Some(path));
        match listing.next().await {
            None | Some(Ok(_)) => Ok(()),
            Some(Err(error)) => {
                let context = format!("look for {path} in bucket {}: {}", self.0.bucket, words(&error));
                Err(Error::new(ErrorKind::Refused, context))
            }
        }
    }

    /// Whether the store was found to refuse `If-Match`.
    pub(crate) fn refuses_if_match(&self) -> bool {
        self.0.refuses_if_match.load(Ordering::Relaxed)
    }

    pub(crate) async fn delete(&self, key: &StorageKey) -> Result<bool> {
        let path = path(key)?;
        match self.0.objects.head(&path).await {
            Ok(_) => {}
            Err(object_store::Error::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(Error::object(format!("delete {key}"), &error)),
        }
        match self.0.objects.delete(&path).await {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(Error::object(format!("delete {key}"), &error)),
        }
    }

    pub(crate) fn list(&self, prefix: &str) -> Result<ObjectListing> {
        ObjectListing::new(self.0.objects.as_ref(), prefix)
    }

    /// Ends all uploads of a key that are not finished.
    pub(crate) async fn end_unfinished(&self, key: &StorageKey) -> Result<()> {
        match &self.0.remote {
            Some(remote) => unfinished::sweep(remote, Some(key), Duration::ZERO).await.map(drop),
            None => Ok(()),
        }
    }

    /// Ends uploads that nobody finished. Stores that do not list them have rules of their own for that.
    pub(crate) async fn sweep_temporary(&self, older_than: Duration) -> Result<SweepReport> {
        match &self.0.remote {
            Some(remote) => unfinished::sweep(remote, None, older_than).await,
            None => Ok(SweepReport::default()),
        }
    }
}

/// The key as it is; it needs no escaping to be an object's name.
fn path(key: &StorageKey) -> Result<Path> {
    Path::parse(key.as_str())
        .map_err(|error| Error::new(ErrorKind::InvalidKey, format!("use {key}: {error}")))
}
