//! Reading stored files. What the page cache holds is copied on the calling thread; only what has to come from the
//! disk goes to a thread that may wait.

use std::fmt;
use std::fs::File;
use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use mediary_core::Timestamp;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::{Errno, ReadWriteFlags, preadv2};

use super::{Inner, blocking, folder};
use crate::buffer::{BufferPool, LARGEST, PooledBuffer};
use crate::error::{Error, ErrorKind, Result};
use crate::key::StorageKey;

const READ: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// An open stored file. Clones share it; reading needs no position, so parts can be read in any order at once.
#[derive(Clone)]
pub struct LocalFile {
    file: Arc<File>,
    size: u64,
    modified: Timestamp,
    buffers: BufferPool,
}

impl AsFd for LocalFile {
    /// The open file, for the kernel to send from. Its position is nobody's: name the offset.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl fmt::Debug for LocalFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalFile").field("size", &self.size).field("modified", &self.modified).finish()
    }
}

/// Opens a file if that needs nothing from the disk; `None` says that the way there may have to wait.
pub(super) fn open_cached(inner: &Inner, key: &StorageKey) -> Result<Option<LocalFile>> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::CACHED;
    match openat2(&inner.root, key.as_str(), READ, Mode::empty(), resolve) {
        Ok(file) => LocalFile::new(inner, key, file).map(Some),
        // Any refusal gets its verdict from the walk that works on every kernel.
        Err(_) => Ok(None),
    }
}

pub(super) fn open(inner: &Inner, key: &StorageKey) -> Result<LocalFile> {
    let folders: Vec<&str> = key.folders().collect();
    let doing = format!("open {key}");
    let opened = folder::open_all(&inner.root, &folders).and_then(|parents| {
        let parent = parents.last().unwrap_or(&inner.root);
        openat(parent, key.name(), READ, Mode::empty())
    });
    match opened {
        Ok(file) => LocalFile::new(inner, key, file),
        Err(Errno::NOENT) => {
            // Without the folder of all files nothing is missing, storage is away.
            inner.media_is_there(&doing)?;
            Err(Error::io(doing, Errno::NOENT))
        }
        Err(error) => Err(Error::io(doing, error)),
    }
}

impl LocalFile {
    fn new(inner: &Inner, key: &StorageKey, file: OwnedFd) -> Result<Self> {
        let stat = rustix::fs::fstat(&file).map_err(|error| Error::io(format!("open {key}"), error))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Error::new(ErrorKind::Refused, format!("open {key}, which is not a file")));
        }
        Ok(Self {
            file: Arc::new(file.into()),
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified: Timestamp(stat.st_mtime.saturating_mul(1000)),
            buffers: inner.buffers.clone(),
        })
    }

    /// A file that is still written, whose size is for others to know.
    pub(super) fn growing(file: Arc<File>, buffers: BufferPool) -> Self {
        Self { file, size: u64::MAX, modified: Timestamp(0), buffers }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn modified(&self) -> Timestamp {
        self.modified
    }

    /// The file once more, open for reading only, with a position of its own. It need not have a name any more.
    pub(crate) async fn reopen(&self) -> Result<File> {
        let file = self.file.clone();
        blocking(move || {
            let path = format!("/proc/self/fd/{}", file.as_raw_fd());
            File::open(path).map_err(|error| Error::io("open a stored file once more", error))
        })
        .await
    }

    pub(crate) async fn read_at(&self, offset: u64, len: usize) -> Result<Bytes> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = len.min(left).min(LARGEST);
        if wanted == 0 {
            return Ok(Bytes::new());
        }
        let mut buffer = self.buffers.take(wanted);
        let cached = self.read_cached(&mut buffer[..wanted], offset);
        if cached < wanted {
            buffer = self.read_rest(buffer, cached..wanted, offset).await?;
        }
        Ok(buffer.into_bytes(0..wanted))
    }

    /// Brings a part into the page cache, so that the kernel can send it from there without waiting for the disk.
    /// Looks at its last byte: files come into the cache from the front.
    pub async fn warm(&self, offset: u64, len: usize) -> Result<()> {
        let Some(last) = len.checked_sub(1) else { return Ok(()) };
        if self.read_cached(&mut [0], offset + last as u64) == 1 {
            return Ok(());
        }
        let mut done = 0;
        while done < len {
            match self.read_at(offset + done as u64, len - done).await?.len() {
                0 => break,
                read => done += read,
            }
        }
        Ok(())
    }

    /// Copies what the page cache holds right now. A failure reads as nothing: the other way will name it.
    fn read_cached(&self, into: &mut [u8], offset: u64) -> usize {
        let mut done = 0;
        while done < into.len() {
            let rest = &mut [IoSliceMut::new(&mut into[done..])];
            match preadv2(&*self.file, rest, offset + done as u64, ReadWriteFlags::NOWAIT) {
                Ok(0) | Err(_) => break,
                Ok(read) => done += read,
            }
        }
        done
    }

    async fn read_rest(
        &self,
        mut buffer: PooledBuffer,
        part: std::ops::Range<usize>,
        offset: u64,
    ) -> Result<PooledBuffer> {
        let file = self.file.clone();
        blocking(move || {
            let from = offset + part.start as u64;
            file.read_exact_at(&mut buffer[part], from)
                .map_err(|error| Error::io(format!("read stored file at byte {from}"), error))?;
            Ok(buffer)
        })
        .await
    }
}
