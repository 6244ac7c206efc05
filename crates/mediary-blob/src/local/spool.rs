//! Files on this machine that are read while they are written. They have no names, so they are gone with the process
//! that made them, however it ends.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::{LocalFile, blocking};
use crate::buffer::BufferPool;
use crate::error::{Error, Result};

/// Bytes read at once: a buffer for each reader is what many readers cost.
const READ_BYTES: u64 = 64 * 1024;

/// Makes spools in a folder.
#[derive(Clone, Debug)]
pub struct Spools {
    folder: PathBuf,
    buffers: BufferPool,
}

impl Spools {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, buffers: BufferPool::default() }
    }

    pub async fn create(&self) -> Result<Spool> {
        let folder = self.folder.clone();
        let file = blocking(move || {
            tempfile::tempfile_in(&folder)
                .map_err(|error| Error::io(format!("make a temporary file in {}", folder.display()), error))
        });
        let file = Arc::new(file.await?);
        Ok(Spool { reading: LocalFile::growing(file.clone(), self.buffers.clone()), file })
    }
}

/// A file without a name. Clones share it.
#[derive(Clone, Debug)]
pub struct Spool {
    file: Arc<File>,
    reading: LocalFile,
}

impl Spool {
    /// Writes at a place. Doing it again does no harm.
    pub async fn write(&self, at: u64, bytes: Bytes) -> Result<()> {
        let file = self.file.clone();
        blocking(move || {
            file.write_all_at(&bytes, at)
                .map_err(|error| Error::io(format!("write a temporary file at byte {at}"), error))
        })
        .await
    }

    /// The file once more, open for reading only, with a position of its own.
    pub(crate) async fn reopen(&self) -> Result<File> {
        self.reading.reopen().await
    }

    /// Some bytes from a place on, at least one; there have to be some before `end`.
    pub async fn read(&self, at: u64, end: u64) -> Result<Bytes> {
        let len = usize::try_from(end.saturating_sub(at).min(READ_BYTES)).unwrap_or(usize::MAX);
        self.reading.read_at(at, len).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn spooled_bytes_can_be_read_and_have_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spools::new(folder.path().to_owned()).create().await.unwrap();
        let bytes: Vec<u8> = (0..200_000u32).flat_map(u32::to_le_bytes).collect();
        for (number, chunk) in bytes.chunks(30_011).enumerate() {
            spool.write(number as u64 * 30_011, Bytes::copy_from_slice(chunk)).await.unwrap();
        }
        let mut read = Vec::new();
        while read.len() < bytes.len() {
            read.extend_from_slice(&spool.read(read.len() as u64, bytes.len() as u64).await.unwrap());
        }
        assert!(read == bytes);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
