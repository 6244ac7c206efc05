//! A stored file as the readers of formats take it, on a thread that may block.

use std::io::{self, Read, Seek, SeekFrom};

use bytes::Bytes;
use mediary_blob::{CHUNK_BYTES, StoredFile};
use tokio::runtime::Handle;

/// Reads a chunk at a time, since they read headers of a few bytes.
pub(super) struct StoredReader {
    file: StoredFile,
    handle: Handle,
    position: u64,
    /// The chunk that was read last, and where it begins.
    chunk: (u64, Bytes),
    /// Why storage did not answer, which says nothing of the file.
    pub(super) failed: Option<mediary_blob::Error>,
}

impl StoredReader {
    pub(super) fn new(file: StoredFile, handle: Handle) -> Self {
        Self { file, handle, position: 0, chunk: (0, Bytes::new()), failed: None }
    }

    pub(super) fn size(&self) -> u64 {
        self.file.size()
    }

    /// What is in memory from the position on.
    fn buffered(&self) -> &[u8] {
        let (start, bytes) = &self.chunk;
        let skipped = self.position.checked_sub(*start).and_then(|skipped| usize::try_from(skipped).ok());
        skipped.and_then(|skipped| bytes.get(skipped..)).unwrap_or_default()
    }
}

impl Read for StoredReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.buffered().is_empty() && self.position < self.file.size() {
            match self.handle.block_on(self.file.read_at(self.position, CHUNK_BYTES)) {
                Ok(bytes) => self.chunk = (self.position, bytes),
                Err(error) => {
                    self.failed = Some(error);
                    return Err(io::ErrorKind::Other.into());
                }
            }
        }
        let read = self.buffered().read(out)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for StoredReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(distance) => self.file.size().checked_add_signed(distance),
            SeekFrom::Current(distance) => self.position.checked_add_signed(distance),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
