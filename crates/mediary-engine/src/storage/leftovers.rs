//! What a deleted file leaves behind.

use mediary_blob::StorageKey;
use mediary_core::{CompanyId, Error, MediaId, Result, Scope};

use crate::base::work::Work;
use crate::context::Context;

/// Follows up on a file's deletion: wakes the trash, and deletes bytes that no record names, which a worker left that died between
/// storing and recording the file.
pub(crate) async fn clear(context: &Context, company: CompanyId, id: MediaId) -> Result<()> {
    context.work().wake(Work::Trash);
    let record = context.store().media(&Scope::system(company), id).await?;
    let record = record.ok_or_else(|| Error::not_found("there is no such media file"))?;
    if let (None, Some(message), Some(provider_id)) =
        (&record.storage_key, record.message_id, &record.provider_media_id)
        && record.download_attempts > 0
    {
        let key = StorageKey::media(company, message, provider_id).generation(record.key_generation);
        let storage = context.storages().primary();
        if let Err(error) = storage.delete(&key).await {
            // The record is deleted, so nothing else would find these bytes.
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "storage does not delete now; the sweep does later"
            );
            context.store().discard_bytes(company, id, storage.backend(), key.as_str()).await?;
            context.work().wake(Work::Trash);
        }
    }
    Ok(())
}
