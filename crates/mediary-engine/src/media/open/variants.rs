//! Opening a variant of a file: one that is stored, or one that is made now. Who may see the file may see its variants.

use std::sync::Arc;
use std::time::Duration;

use mediary_blob::{ErrorKind, StorageKey};
use mediary_core::{Error, ErrorCode, Result, Scope, VariantKind};
use mediary_formats::{name_in_type, safe_inline};
use mediary_store::{MediaFile, Variant};

use super::{FileInfo, OpenedMedia, Opener, Source, Target, describe, refuse_withheld};
use crate::base::work::Work;
use crate::media::derive::ForViewer;

/// When to ask again for a variant that is being made.
const COME_BACK_AFTER: Duration = Duration::from_secs(2);

impl Opener {
    /// Opens a variant that is stored beside its file.
    pub(super) async fn open_derived(
        &self,
        scope: &Scope,
        target: Target,
        kind: VariantKind,
    ) -> Result<OpenedMedia> {
        let record = self.record_of(scope, target).await?;
        refuse_withheld(&record)?;
        if let Some(variant) = self.context.store().variant(scope, record.id, kind).await?
            && let Some(opened) = self.open_variant(&record, variant).await?
        {
            return Ok(opened);
        }
        if self.deriver.for_viewer(&record, kind).await? == ForViewer::Later {
            let source = Source::BeingMade { retry_after: COME_BACK_AFTER };
            return Ok(OpenedMedia { info: Arc::new(describe(&record, false)), source });
        }
        if let Some(variant) = self.context.store().variant(scope, record.id, kind).await?
            && let Some(opened) = self.open_variant(&record, variant).await?
        {
            return Ok(opened);
        }
        Err(self.why_there_is_none(scope, &record).await?)
    }

    /// `None` if storage lost it or has only a part: then it is made again.
    async fn open_variant(&self, record: &MediaFile, variant: Variant) -> Result<Option<OpenedMedia>> {
        let key: StorageKey = variant.storage_key.parse()?;
        let file = match self.context.storages().of(variant.storage_backend)?.open(&key).await {
            Ok(file) => Some(file).filter(|file| file.size() == variant.file_size),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let Some(file) = file else {
            if self.context.store().variant_lost(&variant).await? {
                self.context.work().wake(Work::Derive);
            }
            return Ok(None);
        };
        let bare = variant.mime_type.split(';').next().unwrap_or_default();
        let of_file = describe(record, true);
        let info = FileInfo {
            file_name: name_in_type(&of_file.file_name, bare),
            inline_safe: safe_inline(&variant.mime_type),
            sha256: Some(variant.sha256),
            size: Some(file.size()),
            last_modified: Some(variant.created_at),
            mime_type: variant.mime_type,
            is_stored_variant: true,
            ..of_file
        };
        Ok(Some(OpenedMedia { info: Arc::new(info), source: Source::Stored(file) }))
    }

    async fn why_there_is_none(&self, scope: &Scope, record: &MediaFile) -> Result<Error> {
        let mut results = self.context.store().derivation_results(scope, &[record.id]).await?;
        let result = results.remove(&record.id);
        let reason = result.and_then(|result| {
            result
                .error
                .or_else(|| result.unplayable.map(|codec| format!("it cannot be played here: {codec}")))
        });
        let reason = reason.unwrap_or_else(|| "there is no such variant of this file".to_owned());
        Ok(Error::refused(ErrorCode::NotFound, reason))
    }
}
