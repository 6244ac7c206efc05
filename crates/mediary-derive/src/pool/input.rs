//! The file that a job is about, as a descriptor that cannot change it.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use rustix::fs::{MemfdFlags, OFlags, SealFlags, fcntl_add_seals, fcntl_getfl, ftruncate, memfd_create};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::{Error, ErrorKind, Result};

/// A file to be read.
#[derive(Clone, Debug)]
pub struct Input {
    file: Arc<File>,
    bytes: u64,
}

/// What is read of a stream at once.
const CHUNK_BYTES: usize = 64 * 1024;

impl Input {
    /// A file that was opened for reading only, and for this job: the worker moves its position.
    ///
    /// # Errors
    /// [`ErrorKind::Worker`]: it could be written through this descriptor, or is no file but a folder or a device.
    pub fn from_file(file: File) -> Result<Self> {
        let flags = fcntl_getfl(&file).map_err(|error| cannot("looked at", &error.into()))?;
        if flags & OFlags::ACCMODE != OFlags::RDONLY {
            return Err(Error::new(
                ErrorKind::Worker,
                "a file that is open for writing is given to no worker",
            ));
        }
        let metadata = file.metadata().map_err(|error| cannot("looked at", &error))?;
        if !metadata.is_file() {
            return Err(Error::new(ErrorKind::Worker, "what is no file is given to no worker"));
        }
        Ok(Self { file: Arc::new(file), bytes: metadata.len() })
    }

    /// What a stream brings, kept in memory that nobody can change any more. It counts in this process, not in the pool's memory.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`]: it brings more than `max_bytes`. [`ErrorKind::Worker`]: it broke, or there is no memory.
    pub async fn from_stream(stream: impl AsyncRead, max_bytes: u64) -> Result<Self> {
        let mut file = memory("mediary-input").map_err(|error| cannot("kept in memory", &error))?;
        let mut stream = std::pin::pin!(stream.take(max_bytes.saturating_add(1)));
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut total = 0;
        loop {
            let bytes = stream.read(&mut chunk).await.map_err(|error| cannot("read", &error))?;
            if bytes == 0 {
                break;
            }
            total += bytes as u64;
            if total > max_bytes {
                return Err(Error::too_large(format!("the file has more than {max_bytes} bytes")));
            }
            file.write_all(&chunk[..bytes]).map_err(|error| cannot("kept in memory", &error))?;
        }
        Self::from_memory(file)
    }

    /// What was written to memory, which nobody can change from now on.
    pub(super) fn from_memory(file: File) -> Result<Self> {
        let sealed = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
        fcntl_add_seals(&file, sealed).map_err(|error| cannot("sealed", &error.into()))?;
        let bytes = file.metadata().map_err(|error| cannot("looked at", &error))?.len();
        Ok(Self { file: Arc::new(file), bytes })
    }

    /// The text that it begins with.
    pub(crate) fn beginning(&self) -> io::Result<String> {
        const MAX_BYTES: usize = 256;
        let mut text = [0; MAX_BYTES];
        let bytes = self.file.read_at(&mut text, 0)?;
        Ok(String::from_utf8_lossy(&text[..bytes]).into_owned())
    }

    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl AsFd for Input {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Memory of exactly this size for products. Pages that are not written take no room.
pub(super) fn output(bytes: u64) -> io::Result<File> {
    let file = memory("mediary-output")?;
    ftruncate(&file, bytes)?;
    fcntl_add_seals(&file, SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
    Ok(file)
}

/// Memory as a file, which grows as it is written.
pub(super) fn memory(name: &str) -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL) {
        // Kernels before 6.3 cannot say that it is no program.
        Err(rustix::io::Errno::INVAL) => Ok(memfd_create(name, flags)?.into()),
        created => Ok(created?.into()),
    }
}

fn cannot(what: &str, error: &io::Error) -> Error {
    Error::new(ErrorKind::Worker, format!("the file cannot be {what}: {error}"))
}
