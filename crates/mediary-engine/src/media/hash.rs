//! What the bytes of a stored file hash to.

use aws_lc_rs::digest::{Context, SHA256};
use mediary_blob::StoredFile;

/// The SHA-256 of a stored file, read once from end to end.
pub(crate) async fn hash_of(file: &StoredFile) -> Result<[u8; 32], mediary_blob::Error> {
    let mut hash = Context::new(&SHA256);
    let mut reader = file.reader(0..file.size());
    while let Some(chunk) = reader.next().await? {
        hash.update(&chunk);
    }
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(hash.finish().as_ref());
    Ok(sha256)
}
