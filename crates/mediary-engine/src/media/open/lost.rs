//! Files that storage has lost or changed, and files that reappear.

use mediary_blob::{ErrorKind, StorageKey, StoredFile};
use mediary_core::{DownloadStatus, Error, ErrorCode, Result, ScanStatus, Scope, Timestamp};
use mediary_store::MediaFile;
use metrics::counter;

use super::{OpenFiles, Opener, no_such_file};
use crate::base::metrics::STORAGE_READS;
use crate::context::Context;
use crate::storage::hash::hash_of;

impl Opener {
    /// Handles a completed record whose bytes are missing: they are fetched again while WhatsApp has them.
    pub(super) async fn lost(&self, record: MediaFile) -> Result<MediaFile> {
        let (company, id) = (record.company_id, record.id);
        tracing::warn!(
            company.id = company.0,
            media.id = id.0,
            "storage does not have a file; it is fetched again while WhatsApp has it"
        );
        let Some(place) = record.location() else { return Ok(record) };
        if let Err(error) = self.context.store().store_lost_file(company, id, &place).await {
            // It comes from WhatsApp all the same; the next look notes it again.
            tracing::warn!(error = &error as &dyn std::error::Error, "a lost file could not be noted");
            return Ok(record);
        }
        let record = self.context.store().media(&Scope::system(company), id).await?;
        record.ok_or_else(no_such_file)
    }
}

/// A record that waits, or was given up, although it had been stored once: completed again if the very bytes are where they
/// were. A volume may have been away, or another node looked into another folder.
pub(crate) async fn found_again(
    context: &Context,
    files: &OpenFiles,
    record: &MediaFile,
) -> Result<Option<MediaFile>> {
    let Some(place) = record.location().filter(|_| record.scan_status != ScanStatus::Quarantined) else {
        return Ok(None);
    };
    let Ok(storage) = context.storages().of(place.backend) else { return Ok(None) };
    let key: StorageKey = place.key.parse()?;
    let file = match storage.open(&key).await {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        // Where nobody else has it, storage that does not answer is no reason to call it gone.
        Err(error) if record.expires_at <= context.now() || is_given_up(record) => return Err(error.into()),
        Err(_) => return Ok(None),
    };
    match hash_of(&file).await {
        Ok(hash) if hash == place.sha256 => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let (company, id) = (record.company_id, record.id);
    let size = i64::try_from(file.size()).unwrap_or(i64::MAX);
    if context.store().found_again(company, id, &place, size, &storage.location(&key)).await? {
        tracing::info!(company.id = company.0, media.id = id.0, "a lost file is in storage again");
        files.forget(record);
    }
    Ok(context.store().media(&Scope::system(company), id).await?)
}

pub(super) fn is_given_up(record: &MediaFile) -> bool {
    record.download_status == DownloadStatus::Failed && !record.last_error_retryable
}

/// Storage has a file under the key that is longer or shorter than what was stored there. It is not served. While WhatsApp has
/// the file it counts as lost, and what lies there stays until proved bytes replace it.
pub(super) fn other_size(record: &MediaFile, file: &StoredFile, now: Timestamp) -> Option<Error> {
    counter!(STORAGE_READS, "result" => "wrong").increment(1);
    tracing::error!(
        company.id = record.company_id.0,
        media.id = record.id.0,
        size_bytes = file.size(),
        recorded_bytes = record.stored_size,
        "a stored file does not have the size that was recorded"
    );
    let detail = "storage has other bytes than were stored, and WhatsApp no longer has the file; \
        an operator can bring it back from a backup of the storage";
    (record.expires_at <= now).then(|| Error::refused(ErrorCode::StorageError, detail))
}
