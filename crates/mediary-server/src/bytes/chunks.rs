//! The body of a stored file: one chunk in memory at a time, large for those who read fast, small for those who do not.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use mediary_blob::StoredFile;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What is read at once for a reader that keeps up.
const LARGE_CHUNK: u64 = 256 * 1024;
/// What is read at once for everybody else. A thousand of them cost 16 MiB.
const SMALL_CHUNK: u64 = 16 * 1024;
/// Large chunks in memory at once, over all readers: 16 MiB.
const LARGE_CHUNKS_MAX: usize = 64;
/// A file up to this size is read in one piece, so that it leaves together with its head.
const ONE_PIECE: u64 = 64 * 1024;

/// From when on a transfer is called slow, and below which rate.
const SLOW_AFTER: Duration = Duration::from_secs(1);
const SLOW_BYTES_PER_SECOND: u64 = 512 * 1024;

/// The memory that large chunks may take. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct ChunkBudget(Arc<Semaphore>);

impl Default for ChunkBudget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LARGE_CHUNKS_MAX)))
    }
}

/// The bytes of `part`. Small ones are read before the head is sent, so that a failure still becomes an answer.
pub(crate) async fn body(
    file: StoredFile,
    part: Range<u64>,
    budget: &ChunkBudget,
) -> Result<Body, mediary_blob::Error> {
    let length = part.end - part.start;
    if length <= ONE_PIECE {
        let bytes = file.read_at(part.start, usize::try_from(length).unwrap_or(usize::MAX)).await?;
        return Ok(Body::from(bytes));
    }
    let transfer = Transfer { file, next: part.start, part, budget: budget.clone(), started: Instant::now() };
    Ok(Body::from_stream(stream::try_unfold(transfer, Transfer::chunk)))
}

#[derive(Debug)]
struct Transfer {
    file: StoredFile,
    part: Range<u64>,
    next: u64,
    budget: ChunkBudget,
    started: Instant,
}

impl Transfer {
    /// Called again only when the chunk before has been handed to the kernel.
    async fn chunk(mut self) -> Result<Option<(Bytes, Self)>, mediary_blob::Error> {
        let left = self.part.end - self.next;
        if left == 0 {
            return Ok(None);
        }
        let permit = if self.is_slow() { None } else { self.budget.0.clone().try_acquire_owned().ok() };
        let wanted = left.min(if permit.is_some() { LARGE_CHUNK } else { SMALL_CHUNK });
        let read = self.file.read_at(self.next, usize::try_from(wanted).unwrap_or(usize::MAX)).await;
        let bytes = read.inspect_err(|error| {
            tracing::error!(error = %crate::problem::chain(error), "failed to read a stored file while sending it");
        })?;
        self.next += bytes.len() as u64;
        Ok(Some((Held::bytes(bytes, permit), self)))
    }

    fn is_slow(&self) -> bool {
        let elapsed = self.started.elapsed();
        let sent = self.next - self.part.start;
        elapsed > SLOW_AFTER
            && u128::from(sent) * 1000 < u128::from(SLOW_BYTES_PER_SECOND) * elapsed.as_millis()
    }
}

/// Gives its share of the budget back when the bytes are gone.
struct Held {
    bytes: Bytes,
    _permit: OwnedSemaphorePermit,
}

impl Held {
    fn bytes(bytes: Bytes, permit: Option<OwnedSemaphorePermit>) -> Bytes {
        match permit {
            Some(permit) => Bytes::from_owner(Self { bytes, _permit: permit }),
            None => bytes,
        }
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use mediary_blob::{Storage, StorageKey};

    use super::*;

    const SIZE: u64 = 1024 * 1024 + 7;

    async fn stored(folder: &std::path::Path) -> StoredFile {
        let storage = Storage::open_local(folder).await.unwrap();
        let key: StorageKey = "media/1/2/3".parse().unwrap();
        let mut upload = storage.create(&key).await.unwrap();
        let content: Vec<u8> = (0..SIZE).map(|at| u8::try_from(at % 251).unwrap()).collect();
        upload.write(content.into()).await.unwrap();
        upload.finish().await.unwrap();
        storage.open(&key).await.unwrap()
    }

    #[tokio::test]
    async fn every_part_is_exact() {
        let folder = tempfile::tempdir().unwrap();
        let file = stored(folder.path()).await;
        for part in [0..SIZE, 0..1, 5..70_000, 300_000..SIZE, SIZE - 1..SIZE, 3..3] {
            let body = body(file.clone(), part.clone(), &ChunkBudget::default()).await.unwrap();
            let bytes = body.collect().await.unwrap().to_bytes();
            assert_eq!(bytes.len() as u64, part.end - part.start, "{part:?}");
            assert!(bytes.iter().zip(part).all(|(byte, at)| u64::from(*byte) == at % 251));
        }
    }

    #[tokio::test]
    async fn large_chunks_are_bounded_over_all_readers() {
        let folder = tempfile::tempdir().unwrap();
        let file = stored(folder.path()).await;
        let budget = ChunkBudget::default();
        let mut chunks = Vec::new();
        for _ in 0..=LARGE_CHUNKS_MAX {
            let mut body = body(file.clone(), 0..SIZE, &budget).await.unwrap();
            chunks.push(body.frame().await.unwrap().unwrap().into_data().unwrap());
        }
        let small = chunks.pop().unwrap();
        assert!(chunks.iter().all(|chunk| chunk.len() as u64 == LARGE_CHUNK));
        assert_eq!(small.len() as u64, SMALL_CHUNK);
        drop(chunks);
        assert_eq!(budget.0.available_permits(), LARGE_CHUNKS_MAX);
    }
}
