//! Walking over everything that is stored, for sweeps and verification.

use std::fs::ReadDir;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mediary_core::{Clock, SystemClock, Timestamp};
use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;

use super::upload::TEMPORARY_SUFFIX;
use super::{Inner, LocalStorage, blocking, folder};
use crate::error::{Error, Result};
use crate::key::StorageKey;
use crate::stored::{PAGE, StoredObject, SweepReport};

/// How deep folders are followed; keys are never deeper.
const DEPTH_MAX: usize = 8;

/// A walk over the files of a folder.
#[derive(Debug)]
pub(crate) struct LocalListing(Option<(LocalStorage, Walk)>);

impl LocalListing {
    pub(super) fn new(storage: LocalStorage, prefix: &str) -> Result<Self> {
        // A prefix is the beginning of a key, so it must pass for one.
        let probe: StorageKey = format!("{prefix}/0").parse()?;
        let top = probe.folders().map(str::to_owned).collect();
        let walk = Walk { root: storage.0.path.clone(), top: Some(top), stack: Vec::new() };
        Ok(Self(Some((storage, walk))))
    }

    pub(crate) async fn next_page(&mut self) -> Result<Option<Vec<StoredObject>>> {
        let Some((storage, mut walk)) = self.0.take() else { return Ok(None) };
        let (rest, page) = blocking(move || {
            let mut page = Vec::new();
            if !storage.0.media_was_used("walk over stored files")? {
                return Ok(((storage, walk), page));
            }
            while page.len() < PAGE
                && let Some(found) = walk.next()?
            {
                if let Ok(key) = found.path().parse::<StorageKey>() {
                    page.push(StoredObject { key, size: found.size, modified: found.modified });
                }
            }
            Ok(((storage, walk), page))
        })
        .await?;
        if page.is_empty() {
            return Ok(None);
        }
        self.0 = Some(rest);
        Ok(Some(page))
    }
}

/// A depth-first walk. Folders are real ones: symbolic links are neither followed nor shown.
#[derive(Debug)]
struct Walk {
    root: PathBuf,
    /// The folder to begin with, until it is open.
    top: Option<Vec<String>>,
    stack: Vec<(Vec<String>, ReadDir)>,
}

struct ListedFile {
    folders: Vec<String>,
    name: String,
    size: u64,
    modified: Timestamp,
}

impl ListedFile {
    fn path(&self) -> String {
        format!("{}/{}", self.folders.join("/"), self.name)
    }
}

impl Walk {
    fn next(&mut self) -> Result<Option<ListedFile>> {
        if let Some(top) = self.top.take() {
            self.enter(top)?;
        }
        while let Some((folders, entries)) = self.stack.last_mut() {
            let Some(entry) = entries.next() else {
                self.stack.pop();
                continue;
            };
            let (entry, folders) = (entry.map_err(failed)?, folders.clone());
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Some(metadata) = present(entry.metadata())? else { continue };
            if metadata.is_file() {
                let modified = Timestamp(metadata.mtime().saturating_mul(1000));
                return Ok(Some(ListedFile { folders, name, size: metadata.len(), modified }));
            }
            if metadata.is_dir() && folders.len() < DEPTH_MAX {
                self.enter([folders, vec![name]].concat())?;
            }
        }
        Ok(None)
    }

    fn enter(&mut self, folders: Vec<String>) -> Result<()> {
        let path: PathBuf = folders.iter().fold(self.root.clone(), |path, folder| path.join(folder));
        if let Some(entries) = present(read_real_folder(&path))? {
            self.stack.push((folders, entries));
        }
        Ok(())
    }
}

fn read_real_folder(path: &Path) -> io::Result<ReadDir> {
    if path.symlink_metadata()?.is_dir() { path.read_dir() } else { Err(io::ErrorKind::NotFound.into()) }
}

/// Files and folders come and go while we walk; one that is gone is simply not there.
fn present<T>(result: io::Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn failed(error: io::Error) -> Error {
    Error::io("walk over stored files", error)
}

pub(super) fn sweep_temporary(inner: &Inner, older_than: Duration) -> Result<SweepReport> {
    // Times of files are the machine's, so the limit is, too.
    let limit = SystemClock.now().minus(older_than);
    let mut report = SweepReport::default();
    for top in ["media", "probe"] {
        let mut walk = Walk { root: inner.path.clone(), top: Some(vec![top.to_owned()]), stack: Vec::new() };
        while let Some(found) = walk.next()? {
            if !(found.name.starts_with('.') && found.name.ends_with(TEMPORARY_SUFFIX)) {
                continue;
            }
            if found.modified > limit {
                report.kept += 1;
            } else if remove(inner, &found)? {
                report.removed += 1;
                report.bytes += found.size;
            }
        }
    }
    Ok(report)
}

fn remove(inner: &Inner, found: &ListedFile) -> Result<bool> {
    let folders: Vec<&str> = found.folders.iter().map(String::as_str).collect();
    let removed = folder::open_all(&inner.root, &folders).and_then(|parents| {
        let parent = parents.last().unwrap_or(&inner.root);
        unlinkat(parent, &*found.name, AtFlags::empty())?;
        inner.remove_empty(&folders, &parents)
    });
    match removed {
        Ok(()) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(Error::io("remove an unfinished upload", error)),
    }
}
