//! A stored file that is open for reading, whatever keeps it.

use std::fs::File;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use mediary_core::Timestamp;

use crate::CHUNK_BYTES;
use crate::error::{Error, Result};
use crate::local::{LocalFile, Spools};
use crate::s3::{ObjectFile, ObjectReader};
use crate::stored::PresignedHeaders;

/// An open stored file. Clones share it; reading needs no position, so parts can be read in any order at once.
#[derive(Clone, Debug)]
pub enum StoredFile {
    /// On this machine.
    Local(LocalFile),
    /// In an object store.
    Object(ObjectFile),
}

impl StoredFile {
    /// Bytes in the file.
    pub fn size(&self) -> u64 {
        match self {
            Self::Local(file) => file.size(),
            Self::Object(file) => file.size(),
        }
    }

    /// When its content was written, to the second.
    pub fn modified(&self) -> Timestamp {
        match self {
            Self::Local(file) => file.modified(),
            Self::Object(file) => file.modified(),
        }
    }

    /// Reads up to `len` bytes from `offset`: all of them if the file goes that far and `len` is no more than
    /// [`CHUNK_BYTES`]. Empty at or beyond the end of the file. For more than a few, take a [`Reader`].
    pub async fn read_at(&self, offset: u64, len: usize) -> Result<Bytes> {
        match self {
            Self::Local(file) => file.read_at(offset, len).await,
            Self::Object(file) => file.read_at(offset, len.min(CHUNK_BYTES)).await,
        }
    }

    /// A URL by which anybody can fetch the file for that long; `None` where storage has no door of its own.
    pub async fn presign(&self, served_as: &PresignedHeaders, valid_for: Duration) -> Result<Option<String>> {
        match self {
            Self::Local(_) => Ok(None),
            Self::Object(file) => file.presign(served_as, valid_for).await,
        }
    }

    /// The file for a reader that takes nothing but a file of its own, like a decoder: open for reading only, with a position that
    /// nobody else moves. What is in an object store is copied into a file without a name first.
    pub async fn to_be_read(&self, spools: &Spools) -> Result<File> {
        match self {
            Self::Local(file) => file.reopen().await,
            Self::Object(_) => {
                let (spool, mut reader, mut at) = (spools.create().await?, self.reader(0..self.size()), 0);
                while let Some(bytes) = reader.next().await? {
                    let length = bytes.len() as u64;
                    spool.write(at, bytes).await?;
                    at += length;
                }
                spool.reopen().await
            }
        }
    }

    /// Reads a part from its beginning to its end. What lies beyond the end of the file is left out.
    pub fn reader(&self, part: Range<u64>) -> Reader {
        let part = part.start..part.end.min(self.size());
        match self {
            Self::Local(file) => Reader(ReaderKind::Local { file: file.clone(), part }),
            Self::Object(file) => Reader(ReaderKind::Object(Box::new(file.reader(part)))),
        }
    }
}

/// A part of a file, chunk by chunk.
#[derive(Debug)]
pub struct Reader(ReaderKind);

#[derive(Debug)]
enum ReaderKind {
    Local { file: LocalFile, part: Range<u64> },
    Object(Box<ObjectReader>),
}

impl Reader {
    /// The next bytes, at most [`CHUNK_BYTES`]; `None` when all were read. A file that ends early is an error.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        match &mut self.0 {
            ReaderKind::Object(reader) => reader.next().await,
            ReaderKind::Local { file, part } => {
                if part.is_empty() {
                    return Ok(None);
                }
                let len = usize::try_from(part.end - part.start).unwrap_or(usize::MAX);
                let bytes = file.read_at(part.start, len).await?;
                if bytes.is_empty() {
                    return Err(Error::truncated(part.start));
                }
                part.start += bytes.len() as u64;
                Ok(Some(bytes))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use mediary_core::{CompanyId, MessageId};

    use crate::{Spools, Storage, StorageKey};
    use bytes::Bytes;

    #[tokio::test]
    async fn file_to_be_read_is_the_whole_one_and_cannot_be_written_wherever_it_is_stored() {
        let folder = tempfile::tempdir().unwrap();
        let spools = Spools::new(folder.path().to_owned());
        let key = StorageKey::media(CompanyId(1), MessageId(2), "3");
        let content = Bytes::from(vec![7; 300_000]);
        for storage in [Storage::open_local(folder.path()).await.unwrap(), Storage::in_memory()] {
            let mut upload = storage.create(&key).await.unwrap();
            upload.write(content.clone()).await.unwrap();
            upload.stage().await.unwrap().publish().await.unwrap();
            let stored = storage.open(&key).await.unwrap();
            let mut file = stored.to_be_read(&spools).await.unwrap();
            let mut read = Vec::new();
            file.read_to_end(&mut read).unwrap();
            assert!(read == content, "{}", storage.backend());
            assert!(file.write_all(b"x").is_err(), "{}", storage.backend());
        }
    }
}
