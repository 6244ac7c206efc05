//! Whether a storage can do what files will ask of it: taken in one part and in several, read back in any part.

use aws_lc_rs::digest;
use bytes::Bytes;

use crate::CHUNK_BYTES;
use crate::error::{Error, ErrorKind, Result};
use crate::key::StorageKey;
use crate::s3::PART_BYTES;
use crate::storage::Storage;

/// Beyond a first part, so that the last one is another.
const REST_BYTES: usize = 70_001;

/// What a storage was found to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeResult {
    /// It refuses `If-Match`, so that an object which is replaced while it is read is noticed by its ETag alone.
    pub refuses_if_match: bool,
}

impl Storage {
    /// Writes a probe in one part and another in several, reads both back whole and in parts, and deletes them.
    pub async fn probe(&self) -> Result<ProbeResult> {
        for (size, what) in [(REST_BYTES, "upload in one part"), (PART_BYTES + REST_BYTES, "upload in parts")]
        {
            let key = StorageKey::probe()?;
            let kept = self.keep_probe(&key, &pattern(size)).await.map_err(|error| error.within(what));
            let deleted = self.delete(&key).await;
            kept?;
            if !deleted? {
                return Err(self.wrong(&key, "the probe was gone before it was deleted").within(what));
            }
        }
        let refuses_if_match = match self {
            Self::Local(_) => false,
            Self::Object(objects) => objects.refuses_if_match(),
        };
        Ok(ProbeResult { refuses_if_match })
    }

    async fn keep_probe(&self, key: &StorageKey, content: &Bytes) -> Result<()> {
        let mut upload = self.create(key).await?;
        for piece in 0..content.len().div_ceil(CHUNK_BYTES) {
            let start = piece * CHUNK_BYTES;
            upload.write(content.slice(start..content.len().min(start + CHUNK_BYTES))).await?;
        }
        upload.finish().await?;
        let file = self.open(key).await?;
        if file.size() != content.len() as u64 {
            return Err(self.wrong(key, "another size is told than was written"));
        }
        let middle = content.len() - REST_BYTES;
        for part in [0..2, middle..middle + 1000, content.len() - 5..content.len()] {
            let read =
                file.read_at(part.start as u64, part.len()).await.map_err(|error| error.within("range"))?;
            if read != content[part] {
                return Err(self.wrong(key, "other bytes were read in a range than were written"));
            }
        }
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut reader = file.reader(0..file.size());
        while let Some(bytes) = reader.next().await? {
            hash.update(&bytes);
        }
        if hash.finish().as_ref() != digest::digest(&digest::SHA256, content).as_ref() {
            return Err(self.wrong(key, "other bytes were read than were written"));
        }
        Ok(())
    }

    fn wrong(&self, key: &StorageKey, what: &str) -> Error {
        Error::new(ErrorKind::OtherAnswer, format!("check {}: {what}", self.location(key)))
    }
}

/// Bytes that are nowhere the same, so that a part from the wrong place shows.
fn pattern(len: usize) -> Bytes {
    let words =
        (0..len.div_ceil(8) as u64).flat_map(|at| at.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
    words.take(len).collect::<Vec<u8>>().into()
}
