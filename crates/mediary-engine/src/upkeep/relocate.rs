//! Moves of stored files from one storage to another during operation: copied, compared with the recorded hash, published, and only
//! then recorded. An interrupted move is resumed by starting it again.

use std::sync::Arc;

use mediary_blob::{ErrorKind, StorageKey};
use mediary_core::{CompanyId, Error, MediaId, Result, Scope, StorageBackend};
use mediary_store::{MediaFile, StoredLocation, Variant};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::context::Context;
use crate::media::open::OpenFiles;

/// Files on their way at once, and records that are looked at at once.
const AT_ONCE: usize = 4;
const LOOKED_AT: u32 = 1000;

/// The outcome of one file.
#[derive(Debug)]
pub enum Relocation {
    /// Moved; the number of bytes.
    Moved(u64),
    /// The old storage does not have it; nothing was changed.
    Missing,
    /// The old storage has other bytes than were recorded; nothing was changed.
    Wrong,
    /// The record was deleted or changed while it was copied.
    Changed,
    /// Failed; the next run tries again.
    Failed(Error),
}

/// The number of files and bytes to move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RelocationPreview {
    pub files: u64,
    pub bytes: u64,
}

/// Moves stored files.
#[derive(Clone, Debug)]
pub(crate) struct Mover {
    context: Context,
    files: Arc<OpenFiles>,
}

impl Mover {
    pub(crate) fn new(context: Context, files: Arc<OpenFiles>) -> Self {
        Self { context, files }
    }

    /// Counts the company's files that are elsewhere.
    pub(crate) async fn files_to_relocate(
        &self,
        company: CompanyId,
        to: StorageBackend,
    ) -> Result<RelocationPreview> {
        let mut found = RelocationPreview::default();
        let mut after = MediaId(0);
        while let Some(stretch) = self.context.store().files_elsewhere(company, to, after, LOOKED_AT).await? {
            after = stretch.upto;
            found.files += stretch.found.len() as u64;
            found.bytes += stretch.found.iter().map(recorded_size).sum::<u64>();
        }
        Ok(found)
    }

    /// Moves the company's files, a few at a time, and tells how each went.
    pub(crate) async fn relocate_files(
        &self,
        company: CompanyId,
        to: StorageBackend,
        tell: impl FnMut(MediaId, Relocation),
    ) -> Result<()> {
        let span = tracing::error_span!("move_files", company.id = company.0, storage = %to);
        self.relocate_all(company, to, tell).instrument(span).await
    }

    async fn relocate_all(
        &self,
        company: CompanyId,
        to: StorageBackend,
        mut tell: impl FnMut(MediaId, Relocation),
    ) -> Result<()> {
        self.context.storages().of(to)?;
        let mut running = JoinSet::new();
        let mut after = MediaId(0);
        while let Some(stretch) = self.context.store().files_elsewhere(company, to, after, LOOKED_AT).await? {
            after = stretch.upto;
            for file in stretch.found {
                if running.len() == AT_ONCE {
                    ended(&mut running, &mut tell).await;
                }
                let mover = self.clone();
                let span = tracing::error_span!("move_file", company.id = company.0, media.id = file.id.0);
                running.spawn(async move { (file.id, mover.relocate(&file, to).await) }.instrument(span));
            }
        }
        while !running.is_empty() {
            ended(&mut running, &mut tell).await;
        }
        self.relocate_variants(company, to, &mut tell).await
    }

    /// Variants follow their files, one after the other: they are small. Only trouble is told.
    async fn relocate_variants(
        &self,
        company: CompanyId,
        to: StorageBackend,
        tell: &mut impl FnMut(MediaId, Relocation),
    ) -> Result<()> {
        let mut after = MediaId(0);
        while let Some(stretch) =
            self.context.store().variants_elsewhere(company, to, after, LOOKED_AT).await?
        {
            after = stretch.upto;
            for variant in stretch.found {
                if let Err(error) = self.relocate_variant(&variant, to).await {
                    tell(variant.media_id, Relocation::Failed(error));
                }
            }
        }
        Ok(())
    }

    /// Its bytes are copied to a key that is in the trash until the move is recorded. A variant that storage has lost is made again.
    async fn relocate_variant(&self, variant: &Variant, to: StorageBackend) -> Result<()> {
        let (store, storages) = (self.context.store(), self.context.storages());
        let key: StorageKey = variant.storage_key.parse()?;
        let source = match storages.of(variant.storage_backend)?.open(&key).await {
            Ok(source) => source,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                store.variant_lost(variant).await?;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let Some((company, message)) = key.owner() else { return Ok(()) };
        let target = StorageKey::variant(company, message, variant.media_id, variant.kind);
        store.reserve_variants(variant.company_id, variant.media_id, to, &[target.to_string()]).await?;
        let mut upload = storages.of(to)?.create(&target).await?;
        let mut reader = source.reader(0..source.size());
        while let Some(chunk) = reader.next().await? {
            upload.write(chunk).await?;
        }
        let staged = upload.stage().await?;
        if staged.sha256() != variant.sha256 {
            staged.discard().await?;
            store.variant_lost(variant).await?;
            return Ok(());
        }
        staged.publish().await?;
        store.variant_moved(variant, to, target.as_str()).await?;
        Ok(())
    }

    pub(crate) async fn relocate(&self, file: &MediaFile, to: StorageBackend) -> Relocation {
        let went = self.copy(file, to).await.unwrap_or_else(Relocation::Failed);
        let is_trouble = matches!(went, Relocation::Missing | Relocation::Wrong | Relocation::Failed(_));
        // It may have been deleted or moved since its record was read.
        if is_trouble && self.left_its_place(file).await {
            return Relocation::Changed;
        }
        went
    }

    /// Whether a file is no longer where its record said.
    async fn left_its_place(&self, file: &MediaFile) -> bool {
        match self.context.store().media(&Scope::system(file.company_id), file.id).await {
            Ok(now) => !now.is_some_and(|now| now.is_active && now.location() == file.location()),
            Err(_) => false,
        }
    }

    async fn copy(&self, file: &MediaFile, to: StorageBackend) -> Result<Relocation> {
        let (Some(from), Some(key), Some(sha256)) = (file.storage_backend, &file.storage_key, file.sha256)
        else {
            return Ok(Relocation::Changed);
        };
        let key: StorageKey = key.parse()?;
        let (old, new) = (self.context.storages().of(from)?, self.context.storages().of(to)?);
        let source = match old.open(&key).await {
            // An empty file is no file.
            Ok(source) if source.size() == 0 => return Ok(Relocation::Missing),
            Ok(source) => source,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Relocation::Missing),
            Err(error) => return Err(error.into()),
        };
        // Under a key that nobody may be deleting; where that changes meanwhile, the move is not recorded.
        let target = key.generation(file.key_generation);
        let mut upload = new.create(&target).await?;
        let mut reader = source.reader(0..source.size());
        while let Some(chunk) = reader.next().await? {
            upload.write(chunk).await?;
        }
        let staged = upload.stage().await?;
        if staged.sha256() != sha256 {
            staged.discard().await?;
            return Ok(Relocation::Wrong);
        }
        let stored = staged.publish().await?;
        let place = StoredLocation { backend: to, key: target.to_string(), url: new.location(&target) };
        let moved = self.context.store().file_moved(file, &place).await?;
        self.files.forget(file);
        Ok(if moved { Relocation::Moved(stored.size) } else { Relocation::Changed })
    }
}

fn recorded_size(file: &MediaFile) -> u64 {
    file.stored_size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0)
}

/// Waits for one of the copies. Its panic is propagated: nothing is half-done, and the caller has to know.
async fn ended(running: &mut JoinSet<(MediaId, Relocation)>, tell: &mut impl FnMut(MediaId, Relocation)) {
    match running.join_next().await {
        Some(Ok((media, went))) => tell(media, went),
        Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
        None => {}
    }
}
