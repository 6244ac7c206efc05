//! The hash of a stored file.

use aws_lc_rs::digest::{Context, SHA256};
use mediary_blob::StoredFile;
use mediary_core::Sha256;

/// The SHA-256 of a stored file, read once from end to end.
pub(crate) async fn hash_of(file: &StoredFile) -> Result<Sha256, mediary_blob::Error> {
    let mut hash = Context::new(&SHA256);
    let mut reader = file.reader(0..file.size());
    while let Some(chunk) = reader.next().await? {
        hash.update(&chunk);
    }
    Ok(hash.finish().as_ref().try_into().expect("SHA-256 has 32 bytes"))
}
