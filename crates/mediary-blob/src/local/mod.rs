//! Files in a folder. Every path is walked folder by folder from an open root without following symbolic links, so
//! whatever somebody puts into the folder, nothing outside it is read, written or deleted.

mod folder;
mod list;
mod media_folder;
mod read;
mod spool;
mod upload;

use std::collections::HashSet;
use std::fmt;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use rustix::fs::{AtFlags, Mode, OFlags, openat, unlinkat};
use rustix::io::Errno;

pub(crate) use list::LocalListing;
use media_folder::FolderId;
pub use read::LocalFile;
pub use spool::{Spool, Spools};
pub(crate) use upload::{LocalStagedFile, LocalUpload};

use crate::buffer::BufferPool;
use crate::error::{Error, Result};
use crate::key::StorageKey;
use crate::stored::SweepReport;

/// Folders remembered as surely on disk; beyond that the memory is cleared.
const SYNCED_FOLDERS_MAX: usize = 10_000;

/// A folder on this machine as storage. Clones share it.
#[derive(Clone)]
pub struct LocalStorage(Arc<Inner>);

struct Inner {
    root: OwnedFd,
    path: PathBuf,
    buffers: BufferPool,
    /// Of the folder that holds all files, once it was seen.
    folder_id: OnceLock<FolderId>,
    /// Paths of folders whose own entry is known to be on disk.
    synced: Mutex<HashSet<String>>,
}

impl fmt::Debug for LocalStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalStorage").field(&self.0.path).finish()
    }
}

impl LocalStorage {
    /// Opens the folder, which is created if it is missing.
    pub async fn open(root: &Path) -> Result<Self> {
        let path = root.to_owned();
        blocking(move || {
            let failed = |error| Error::io(format!("open storage folder {}", path.display()), error);
            std::fs::create_dir_all(&path).map_err(failed)?;
            let path = path.canonicalize().map_err(failed)?;
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let root =
                openat(rustix::fs::CWD, &path, flags, Mode::empty()).map_err(|error| failed(error.into()))?;
            let inner = Inner {
                root,
                path,
                buffers: BufferPool::default(),
                folder_id: OnceLock::new(),
                synced: Mutex::default(),
            };
            // Known from the start, if it is there: what does not work about it shows when it is used.
            let _ = inner.media_is_empty();
            Ok(Self(Arc::new(inner)))
        })
        .await
    }

    /// Where the files lie.
    pub(crate) fn folder(&self) -> PathBuf {
        self.0.path.join(media_folder::MEDIA)
    }

    pub(crate) async fn is_empty(&self) -> Result<bool> {
        let storage = self.clone();
        blocking(move || storage.0.media_is_empty()).await
    }

    pub(crate) async fn take_into_use(&self) -> Result<()> {
        let storage = self.clone();
        blocking(move || storage.0.media_in_use("take the media folder into use").map(drop)).await
    }

    pub(crate) fn location(&self, key: &StorageKey) -> String {
        format!("file://{}/{key}", self.0.path.display())
    }

    pub(crate) fn create(&self, key: &StorageKey) -> LocalUpload {
        LocalUpload::new(self.clone(), key.clone())
    }

    pub(crate) async fn open_file(&self, key: &StorageKey) -> Result<LocalFile> {
        if let Some(file) = read::open_cached(&self.0, key)? {
            return Ok(file);
        }
        let (storage, key) = (self.clone(), key.clone());
        blocking(move || read::open(&storage.0, &key)).await
    }

    pub(crate) async fn delete(&self, key: &StorageKey) -> Result<bool> {
        let (storage, key) = (self.clone(), key.clone());
        blocking(move || storage.0.delete(&key)).await
    }

    pub(crate) fn list(&self, prefix: &str) -> Result<LocalListing> {
        LocalListing::new(self.clone(), prefix)
    }

    pub(crate) async fn sweep_temporary(&self, older_than: std::time::Duration) -> Result<SweepReport> {
        let storage = self.clone();
        blocking(move || list::sweep_temporary(&storage.0, older_than)).await
    }
}

impl Inner {
    fn delete(&self, key: &StorageKey) -> Result<bool> {
        let doing = format!("delete {key}");
        // Else bytes would stay on a volume that is away, and nobody would know of them any more.
        if !self.media_was_used(&doing)? {
            return Ok(false);
        }
        let failed = |error: Errno| Error::io(doing.clone(), error);
        let folders: Vec<&str> = key.folders().collect();
        let parents = match folder::open_all(&self.root, &folders) {
            Ok(parents) => parents,
            Err(Errno::NOENT) => return Ok(false),
            Err(error) => return Err(failed(error)),
        };
        let Some(parent) = parents.last() else { return Ok(false) };
        match unlinkat(parent, key.name(), AtFlags::empty()) {
            Ok(()) => {}
            Err(Errno::NOENT) => return Ok(false),
            Err(error) => return Err(failed(error)),
        }
        self.remove_empty(&folders, &parents).map_err(failed)?;
        Ok(true)
    }

    /// Removes the innermost folders that are empty, up to but without the first, then makes that durable.
    /// `parents[i]` is the open `folders[i]`.
    fn remove_empty(&self, folders: &[&str], parents: &[OwnedFd]) -> std::result::Result<(), Errno> {
        let mut last = parents.len() - 1;
        while last > 0 {
            match unlinkat(&parents[last - 1], folders[last], AtFlags::REMOVEDIR) {
                Ok(()) | Err(Errno::NOENT) => self.forget_synced(&folders[..=last].join("/")),
                Err(Errno::NOTEMPTY | Errno::EXIST) => break,
                Err(error) => return Err(error),
            }
            last -= 1;
        }
        rustix::fs::fsync(&parents[last])
    }

    fn is_synced(&self, folder: &str) -> bool {
        self.synced.lock().contains(folder)
    }

    fn remember_synced(&self, folder: String) {
        let mut synced = self.synced.lock();
        if synced.len() >= SYNCED_FOLDERS_MAX {
            synced.clear();
        }
        synced.insert(folder);
    }

    fn forget_synced(&self, folder: &str) {
        self.synced.lock().remove(folder);
    }
}

/// Runs file work where it may block. It is finished even if nobody waits for it any more.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::io("run file work", std::io::Error::other(error))),
    }
}
