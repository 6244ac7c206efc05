//! Variants that somebody asks for before their turn.

use std::time::Duration;

use mediary_core::{DownloadStatus, Error, MediaId, Result, Scope, VariantKind};
use mediary_store::MediaFile;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::kinds::{is_of_a_long_step, needs_ffmpeg, variant_kinds};
use super::{Deriver, job};
use crate::base::work::Work;

/// How long a viewer waits; then the answer says when to come back.
const WITHIN: Duration = Duration::from_secs(1);
/// How often the rows are read where another process makes it.
const LOOK: Duration = Duration::from_millis(250);

/// What came of a request for a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForViewer {
    /// What can be made of this kind is recorded now.
    Made,
    /// It is being made, or waits for its turn.
    Later,
}

impl Deriver {
    /// Has the variants of a stored file made now, and waits for a moment.
    ///
    /// # Errors
    /// `not_found` with the reason if there will never be one of this kind.
    pub(crate) async fn for_viewer(&self, record: &MediaFile, kind: VariantKind) -> Result<ForViewer> {
        if record.download_status != DownloadStatus::Completed {
            return Err(Error::not_found("it is made of a stored file, and this one is not stored"));
        }
        let mime_type = record.detected_mime_type.as_deref().or(record.mime_type.as_deref());
        let Some(mime_type) = mime_type.filter(|mime_type| variant_kinds(mime_type).contains(&kind)) else {
            return Err(Error::not_found("there is no such variant of this file"));
        };
        if self.context.media_workers().is_none() {
            return Err(Error::not_found(
                "nothing is made of files here: the administrator has to see to it",
            ));
        }
        if needs_ffmpeg(mime_type, kind) && !self.has_ffmpeg() {
            return Err(Error::not_found(
                "pictures of videos are made by ffmpeg, which is not installed here",
            ));
        }
        let began = Instant::now();
        self.begin(record, self.version(Some(mime_type))).await?;
        loop {
            if self.is_finished(record, is_of_a_long_step(mime_type, kind)).await? {
                return Ok(ForViewer::Made);
            }
            if began.elapsed() >= WITHIN {
                return Ok(ForViewer::Later);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Takes the job out of its turn, if there is room for it and nobody has it; else it is in the queue. It runs on after the viewer
    /// has left. It is short: what takes minutes stays in the queue, for this claim too.
    async fn begin(&self, record: &MediaFile, version: u32) -> Result<()> {
        let Some(place) = self.for_viewers.take(record.company_id) else { return self.queue(record).await };
        let config = self.context.config();
        let (company, media) = (record.company_id, record.id);
        let claim = self
            .context
            .store()
            .claim_derivation_for_viewer(&config.node, company, media, version, config.rules.lease)
            .await?;
        if let Some(claim) = claim {
            let deriver = self.clone();
            let running = tokio::spawn(async move {
                let _place = place;
                job::run(deriver, claim, CancellationToken::new()).await;
            });
            // Its end is in its row; a panic ends its lease.
            let _ = tokio::time::timeout(WITHIN, running).await;
        }
        Ok(())
    }

    /// A file that was stored before there were derivations is in no queue.
    async fn queue(&self, record: &MediaFile) -> Result<()> {
        let before = MediaId(record.id.0 - 1);
        let queued =
            self.context.store().queue_derivations(record.company_id, self.missing(), before, 1).await?;
        if queued.is_some_and(|queued| queued.queued > 0) {
            self.context.work().wake(Work::Derive);
        }
        Ok(())
    }

    /// Of a kind that no long step makes, all is made once such a step is all that is left.
    async fn is_finished(&self, record: &MediaFile, is_of_a_long_step: bool) -> Result<bool> {
        let scope = Scope::system(record.company_id);
        let results = self.context.store().derivation_results(&scope, &[record.id]).await?;
        Ok(results
            .get(&record.id)
            .is_some_and(|result| result.is_finished || (result.is_long && !is_of_a_long_step)))
    }
}
