//! Retention: stored files that are deleted, or moved to the archive, once their time has ended.

use mediary_core::{CompanyId, MediaId, Result, Retention, RetentionMode};
use mediary_store::{ArrivalPosition, FilePastRetention, ScannedBatch};

use super::Sweeper;
use crate::storage::leftovers;
use crate::upkeep::relocate::Relocation;

/// Records that are read at once, and files that are deleted in one transaction, which blocks the company's claims.
const LOOKED_AT: u32 = 2000;
const BATCH: usize = 100;

/// What retention does to a file, or would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionAct {
    pub company_id: CompanyId,
    pub media_id: MediaId,
    pub retention: Retention,
    pub size_bytes: u64,
}

impl RetentionAct {
    fn of(outlived: &FilePastRetention) -> Self {
        let FilePastRetention { file, retention } = outlived;
        let size_bytes = file.stored_size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        Self { company_id: file.company_id, media_id: file.id, retention: *retention, size_bytes }
    }

    /// Whether it only moves the file to the archive.
    pub fn archives(&self) -> bool {
        self.retention.mode() == RetentionMode::ArchiveAfter
    }
}

impl Sweeper {
    /// Tells what a sweep would do to files whose retention has ended, by the selection that a sweep goes by.
    pub(crate) async fn preview_retention(&self, mut tell: impl FnMut(RetentionAct)) -> Result<()> {
        for company in self.context.store().companies_with_retention().await? {
            let mut after = None;
            while let Some(ScannedBatch { found, upto }) = self.outlived(company, after).await? {
                after = Some(upto);
                found.iter().map(RetentionAct::of).for_each(&mut tell);
            }
        }
        Ok(())
    }

    /// Deletes and archives what retention says, and tells of each file to which that was done.
    pub(crate) async fn apply_retention(&self, mut tell: impl FnMut(RetentionAct)) -> Result<()> {
        for company in self.context.store().companies_with_retention().await? {
            let mut after = None;
            while let Some(ScannedBatch { found, upto }) = self.outlived(company, after).await? {
                after = Some(upto);
                for files in found.chunks(BATCH) {
                    self.apply_to(company, files, &mut tell).await?;
                }
            }
        }
        Ok(())
    }

    async fn outlived(
        &self,
        company: CompanyId,
        after: Option<ArrivalPosition>,
    ) -> Result<Option<ScannedBatch<FilePastRetention, ArrivalPosition>>> {
        Ok(self.context.store().outlived(company, self.context.config().archive, after, LOOKED_AT).await?)
    }

    async fn apply_to(
        &self,
        company: CompanyId,
        files: &[FilePastRetention],
        tell: &mut impl FnMut(RetentionAct),
    ) -> Result<()> {
        let acts: Vec<_> = files.iter().map(RetentionAct::of).collect();
        let ids: Vec<_> = acts.iter().filter(|act| !act.archives()).map(|act| act.media_id).collect();
        let deleted = if ids.is_empty() {
            Vec::new()
        } else {
            self.context.store().delete_past_retention(company, &ids).await?
        };
        self.files.forget_changed(&deleted);
        self.context.events().publish_changes(&deleted);
        for change in &deleted {
            let Some(media) = change.media_id else { continue };
            tracing::info!(company.id = company.0, media.id = media.0, by = "retention", "media_deleted");
            leftovers::clear(&self.context, company, media).await?;
        }
        let done = |act: &&RetentionAct| deleted.iter().any(|change| change.media_id == Some(act.media_id));
        acts.iter().filter(done).copied().for_each(&mut *tell);
        for (outlived, act) in files.iter().zip(&acts).filter(|(_, act)| act.archives()) {
            if self.archive(outlived).await {
                tell(*act);
            }
        }
        Ok(())
    }

    /// One that cannot be moved now stays where it is until the next sweep.
    async fn archive(&self, outlived: &FilePastRetention) -> bool {
        let Some(archive) = self.context.config().archive else { return false };
        match self.mover.relocate(&outlived.file, archive).await {
            Relocation::Moved(_) => true,
            went => {
                let (company, media) = (outlived.file.company_id.0, outlived.file.id.0);
                tracing::warn!(company.id = company, media.id = media, ?went, "a file could not be archived");
                false
            }
        }
    }
}
