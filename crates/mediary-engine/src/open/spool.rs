//! What of a file on its way lies on this machine's disk, so that everybody reads at his own pace: for companies that
//! keep their files. It has no name, so it is gone with the process that wrote it, however that ends.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

/// Bytes read at once.
const READ_BYTES: u64 = 128 * 1024;

/// A file without a name. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Spool(Arc<File>);

impl Spool {
    pub(super) async fn create(folder: &Path) -> io::Result<Self> {
        let folder = folder.to_owned();
        blocking(move || Ok(Self(Arc::new(tempfile::tempfile_in(folder)?)))).await
    }

    /// Writes at a place. Doing it again does no harm.
    pub(super) async fn write(&self, at: u64, bytes: Bytes) -> io::Result<()> {
        let file = self.0.clone();
        blocking(move || file.write_all_at(&bytes, at)).await
    }

    /// Some bytes from a place on, at least one; there have to be some before `end`.
    pub(super) async fn read(&self, at: u64, end: u64) -> io::Result<Bytes> {
        let file = self.0.clone();
        let len = usize::try_from((end - at).min(READ_BYTES)).unwrap_or(usize::MAX);
        blocking(move || {
            let mut bytes = vec![0; len];
            file.read_exact_at(&mut bytes, at)?;
            Ok(bytes.into())
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
