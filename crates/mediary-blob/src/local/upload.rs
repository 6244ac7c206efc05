//! Writing a file so that it appears whole or not at all: a temporary name beside the final one, sync, rename,
//! sync of the folders.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use aws_lc_rs::digest;
use bytes::Bytes;
use rustix::fs::{AtFlags, Dir, Mode, OFlags, StatVfs, fstatvfs, fsync, openat, renameat, unlinkat};
use rustix::io::Errno;

use super::media_folder::MEDIA;
use super::{Inner, LocalStorage, blocking, folder};
use crate::buffer::{LARGEST, PooledBuffer};
use crate::error::{Error, ErrorKind, Result};
use crate::key::StorageKey;
use crate::stored::UploadedFile;

/// How the name of an unfinished upload ends.
pub(super) const TEMPORARY_SUFFIX: &str = ".part";

const CREATE: OFlags = OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::CLOEXEC);
/// Of a file system a twentieth stays free, and no more than this. The database is there too, usually, and a database without room takes
/// neither a webhook nor the deletion of a file.
const RESERVE_BYTES: u64 = 256 * 1024 * 1024;
const RESERVE_FRACTION: u64 = 20;
/// Files are for the program's own user.
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);

/// A file on its way into storage. Collects up to 256 KiB before it writes, and hashes what it writes.
/// Dropping it removes what was written.
pub(crate) struct LocalUpload {
    buffer: PooledBuffer,
    filled: usize,
    /// Away while it writes; stays away if the writing failed or was abandoned.
    writer: Option<Writer>,
}

/// A complete file under its temporary name. Dropping it removes it.
pub(crate) struct LocalStagedFile {
    writer: Writer,
    stored: UploadedFile,
}

impl fmt::Debug for LocalUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalUpload").field("filled", &self.filled).field("writer", &self.writer).finish()
    }
}

impl fmt::Debug for LocalStagedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalStagedFile").field("stored", &self.stored).field("writer", &self.writer).finish()
    }
}

impl LocalUpload {
    pub(super) fn new(storage: LocalStorage, key: StorageKey) -> Self {
        let buffer = storage.0.buffers.take(LARGEST);
        let hash = digest::Context::new(&digest::SHA256);
        let writer = Writer { storage: storage.0, key, hash, size: 0, file: None };
        Self { buffer, filled: 0, writer: Some(writer) }
    }

    pub(crate) async fn write(&mut self, mut bytes: Bytes) -> Result<()> {
        while !bytes.is_empty() {
            let part = bytes.split_to(bytes.len().min(LARGEST - self.filled));
            self.buffer[self.filled..self.filled + part.len()].copy_from_slice(&part);
            self.filled += part.len();
            if self.filled == LARGEST {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<()> {
        let mut writer = self.take_writer()?;
        let next = writer.storage.buffers.take(LARGEST);
        let full = std::mem::replace(&mut self.buffer, next);
        let filled = std::mem::take(&mut self.filled);
        self.writer = Some(
            blocking(move || {
                writer.append(&full[..filled])?;
                Ok(writer)
            })
            .await?,
        );
        Ok(())
    }

    fn take_writer(&mut self) -> Result<Writer> {
        self.writer.take().ok_or_else(|| {
            Error::new(ErrorKind::Io, "write to an upload whose earlier write failed or was abandoned")
        })
    }

    pub(crate) async fn stage(mut self) -> Result<LocalStagedFile> {
        let mut writer = self.take_writer()?;
        let (buffer, filled) = (self.buffer, self.filled);
        blocking(move || {
            writer.append(&buffer[..filled])?;
            let stored = UploadedFile::new(writer.size, writer.hash.clone());
            Ok(LocalStagedFile { writer, stored })
        })
        .await
    }

    pub(crate) async fn abort(self) -> Result<()> {
        blocking(move || {
            drop(self);
            Ok(())
        })
        .await
    }
}

impl LocalStagedFile {
    pub(crate) fn stored(&self) -> UploadedFile {
        self.stored
    }

    pub(crate) async fn sync(mut self) -> Result<Self> {
        blocking(move || {
            self.writer.sync()?;
            Ok(self)
        })
        .await
    }

    pub(crate) async fn publish(mut self) -> Result<UploadedFile> {
        blocking(move || {
            self.writer.publish()?;
            Ok(self.stored)
        })
        .await
    }

    pub(crate) async fn discard(self) -> Result<()> {
        blocking(move || {
            drop(self);
            Ok(())
        })
        .await
    }
}

/// The blocking half of an upload. Travels to the thread that works and back.
struct Writer {
    storage: Arc<Inner>,
    key: StorageKey,
    hash: digest::Context,
    size: u64,
    file: Option<TemporaryFile>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("key", &self.key).field("size", &self.size).finish_non_exhaustive()
    }
}

impl Writer {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => TemporaryFile::create(&self.storage, &self.key)?,
        };
        let file = self.file.insert(file);
        fstatvfs(&file.file)
            .and_then(|about| has_room(&about, bytes.len() as u64))
            .map_err(|error| Error::io(format!("write {}", self.key), error))?;
        file.file.write_all(bytes).map_err(|error| Error::io(format!("write {}", self.key), error))?;
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.sync().map_err(|error| Error::io(format!("sync {}", self.key), error))
    }

    fn publish(&mut self) -> Result<()> {
        let Some(file) = &mut self.file else {
            return Err(Error::new(ErrorKind::Io, format!("publish {}, which was never written", self.key)));
        };
        let doing = format!("publish {}", self.key);
        self.storage.media_in_use(&doing)?;
        file.publish(&self.storage, &self.key).map_err(|error| Error::io(doing, error))
    }
}

/// Fails where these bytes would take what has to stay free.
fn has_room(about: &StatVfs, bytes: u64) -> std::result::Result<(), Errno> {
    let (all, free) =
        (about.f_blocks.saturating_mul(about.f_frsize), about.f_bavail.saturating_mul(about.f_frsize));
    let reserve = RESERVE_BYTES.min(all / RESERVE_FRACTION);
    // File systems that say nothing of their size have none.
    if all > 0 && free < reserve.saturating_add(bytes) { Err(Errno::NOSPC) } else { Ok(()) }
}

/// A file under its temporary name, removed when dropped unless it got its final one.
struct TemporaryFile {
    file: File,
    name: String,
    /// The folders of the key, outermost first; the file is in the last.
    folders: Vec<OwnedFd>,
    /// Whether unfinished uploads of the same key may lie beside it.
    has_others: bool,
    synced: bool,
    published: bool,
}

impl TemporaryFile {
    fn create(storage: &Inner, key: &StorageKey) -> Result<Self> {
        let doing = format!("create {key}");
        let folders: Vec<&str> = key.folders().collect();
        if folders[0] != MEDIA {
            return Err(Error::new(ErrorKind::InvalidKey, doing));
        }
        let media = storage.media_in_use(&doing)?;
        let name = format!(".{}.{:016x}{TEMPORARY_SUFFIX}", key.name(), rand::random::<u64>());
        // A folder that is new again has yet to be made durable again.
        let mut has_others = !key.is_used_once();
        let created = |below: usize| {
            has_others &= below + 1 < folders.len();
            storage.forget_synced(&folders[..=below].join("/"));
        };
        let (below, file) = folder::create_all(&media, &folders[1..], created, |folder| {
            openat(folder, &*name, CREATE, FILE_MODE)
        })
        .map_err(|error| Error::io(doing, error))?;
        let folders = std::iter::once(media).chain(below).collect();
        Ok(Self { file: file.into(), name, folders, has_others, synced: false, published: false })
    }

    fn sync(&mut self) -> std::result::Result<(), Errno> {
        if !self.synced {
            fsync(&self.file)?;
            self.synced = true;
        }
        Ok(())
    }

    /// The folders were made before the file, so the one sync of the file also carries them on file systems with a
    /// journal; the syncs after the rename say the same to all others.
    fn publish(&mut self, storage: &Inner, key: &StorageKey) -> std::result::Result<(), Errno> {
        self.sync()?;
        let Some(folder) = self.folders.last() else { return Err(Errno::INVAL) };
        renameat(folder, &*self.name, folder, key.name())?;
        self.published = true;
        if self.has_others {
            remove_unfinished(folder, key)?;
        }
        fsync(folder)?;
        let names: Vec<&str> = key.folders().collect();
        for depth in (1..=names.len()).rev() {
            let path = names[..depth].join("/");
            if storage.is_synced(&path) {
                continue;
            }
            fsync(if depth == 1 { &storage.root } else { &self.folders[depth - 2] })?;
            storage.remember_synced(path);
        }
        Ok(())
    }
}

/// Removes what uploads of the same key left behind when their process died. One that still runs finds its file gone
/// and fails, which is right: the key has its whole file.
fn remove_unfinished(folder: &OwnedFd, key: &StorageKey) -> std::result::Result<(), Errno> {
    let prefix = format!(".{}.", key.name());
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy();
        if name.starts_with(&prefix) && name.ends_with(TEMPORARY_SUFFIX) {
            match unlinkat(folder, &*name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let Some(folder) = self.folders.last() else { return };
        if !self.published
            && let Err(error) = unlinkat(folder, &*self.name, AtFlags::empty())
        {
            tracing::warn!(%error, "left an unfinished upload behind; the next sweep removes it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twentieth_of_a_file_system_stays_free_but_no_more_than_the_reserve() {
        const MIB: u64 = 1024 * 1024;
        let mut about = fstatvfs(std::fs::File::open("/").unwrap()).unwrap();
        about.f_frsize = MIB;
        for (all, free, bytes, has) in [
            (100, 6, 1, true),
            (100, 5, 1, false),
            (100_000, 257, 1, true),
            (100_000, 256, 1, false),
            (100_000, 300, 45, false),
            (0, 0, 1, true),
        ] {
            (about.f_blocks, about.f_bavail) = (all, free);
            assert_eq!(has_room(&about, bytes * MIB).is_ok(), has, "{free} of {all} MiB, {bytes} more");
        }
    }
}
