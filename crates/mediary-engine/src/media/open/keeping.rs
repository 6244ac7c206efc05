//! A file that is to be stored on its first view: the first viewer starts its download and is served while it runs, and so are
//! viewers who come before it has ended.

use std::sync::Arc;
use std::time::Duration;

use mediary_core::{DownloadStatus, Error, ErrorCode, Result, Scope};
use mediary_store::MediaFile;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::from_whatsapp::{TRIES, ViewerRequest, WAITS_FOR_ACCOUNT};
use super::proxied::ProxiedBody;
use super::view::{Source, View};
use super::{OpenedMedia, Opener, not_to_be_had, proxied};
use crate::base::work::Work;
use crate::transit::inbound_file::InboundFile;
use crate::transit::inbound_files::{Slot, SlotState};
use crate::transit::range::ByteRange;

/// A part that begins this far beyond the received bytes is fetched separately, if WhatsApp serves parts.
const FAR_AHEAD_BYTES: u64 = 1024 * 1024;

/// How a viewer gets a file that is to be stored.
pub(super) enum KeptFileView {
    Proxied(OpenedMedia),
    Stored(Box<MediaFile>),
    /// Another process fetches it, or it cannot be fetched here now.
    Elsewhere,
}

/// The start of a download for viewers.
enum DownloadStart {
    Inbound(Arc<InboundFile>),
    /// It ended before any bytes came.
    Ended,
    NotHere,
}

impl Opener {
    pub(super) async fn proxy_and_keep(
        &self,
        record: &MediaFile,
        asked: ViewerRequest,
    ) -> Result<KeptFileView> {
        let until = Instant::now() + WAITS_FOR_ACCOUNT;
        let slot = self.inbound_files.slot(record.company_id, record.id);
        for attempt in 1.. {
            self.account_for_viewer(record, until).await?;
            let (mut state, _in_line) = slot.enter().await;
            if let Some(file) =
                state.arriving().filter(|file| file.is_as_declared() && file.reader().is_some())
            {
                drop(state);
                return self
                    .join_arriving(record, &file, slot, asked, Source::Joined)
                    .await
                    .map(KeptFileView::Proxied);
            }
            if let Some(error) = state.refused_since(asked.began) {
                return Err(error);
            }
            match self.begin_keeping(record, &slot).await {
                // The download continues; the failure table decides about it.
                DownloadStart::Inbound(file) if !file.is_as_declared() => return Ok(KeptFileView::Elsewhere),
                DownloadStart::Inbound(file) => {
                    *state = SlotState::Inbound(Arc::downgrade(&file));
                    drop(state);
                    let opened = self.join_arriving(record, &file, slot, asked, Source::Provider).await;
                    return opened.map(KeptFileView::Proxied);
                }
                DownloadStart::NotHere => return Ok(KeptFileView::Elsewhere),
                DownloadStart::Ended => {}
            }
            let now = self.context.store().media(&Scope::system(record.company_id), record.id).await?;
            let now = now.ok_or_else(|| Error::not_found("there is no such media file"))?;
            super::refuse_withheld(&now)?;
            match now.download_status {
                DownloadStatus::Completed => return Ok(KeptFileView::Stored(Box::new(now))),
                DownloadStatus::Pending | DownloadStatus::Downloading => return Ok(KeptFileView::Elsewhere),
                DownloadStatus::Failed => {}
            }
            let wait = now.next_attempt_at.map_or(Duration::MAX, |next| next.since(self.context.now()));
            if attempt >= TRIES || wait > until.saturating_duration_since(Instant::now()) {
                let error = not_to_be_had(&now, self.context.now());
                *state = SlotState::Refused(Instant::now(), error.for_another());
                return Err(error);
            }
            drop(state);
            tokio::time::sleep(wait).await;
        }
        Ok(KeptFileView::Elsewhere)
    }

    /// Starts the download, if it may be started here now. If the database takes no writes (its disk may be full), nothing can be
    /// stored, but viewers get the file nevertheless.
    async fn begin_keeping(&self, record: &MediaFile, slot: &Arc<Slot>) -> DownloadStart {
        self.try_keeping(record, slot).await.unwrap_or_else(|error| {
            tracing::warn!(
                company.id = record.company_id.0,
                media.id = record.id.0,
                error = &error as &dyn std::error::Error,
                "a file that somebody looks at cannot be kept now"
            );
            DownloadStart::NotHere
        })
    }

    async fn try_keeping(&self, record: &MediaFile, slot: &Arc<Slot>) -> Result<DownloadStart> {
        let storage_waits =
            self.context.pauses().storage_pause().is_some_and(|pause| pause.holds(self.context.now()));
        let place = self.inbound_files.kept.clone().try_acquire_owned().ok().filter(|_| !storage_waits);
        let Some(place) = place else {
            // What somebody looks at is to be kept all the same: a worker fetches it again, when it can be stored.
            self.context.store().requeue_download(record.company_id, record.id, false).await?;
            self.context.work().wake(Work::Fetch);
            return Ok(DownloadStart::NotHere);
        };
        let config = self.context.config();
        let claimed = self
            .context
            .store()
            .claim_for_viewer(&config.node, record.company_id, record.id, config.rules.lease)
            .await?;
        let Some(claim) = claimed else { return Ok(DownloadStart::NotHere) };
        let (tell, told) = oneshot::channel();
        let (fetcher, slot) = (self.fetcher.clone(), slot.clone());
        // A task of its own, so that the copy is made even if all viewers leave.
        tokio::spawn(async move {
            fetcher.run_for_viewers(claim, tell).await;
            drop((place, slot));
        });
        Ok(told.await.map_or(DownloadStart::Ended, DownloadStart::Inbound))
    }

    async fn join_arriving(
        &self,
        record: &MediaFile,
        file: &Arc<InboundFile>,
        slot: Arc<Slot>,
        asked: ViewerRequest,
        source: Source,
    ) -> Result<OpenedMedia> {
        let view = View::new(record, source, asked.began);
        let total = match asked.range {
            Some(_) => file.size_once_here().await,
            None => file.total(),
        };
        let (Some(range), Some(total)) = (asked.range, total) else {
            let reader = file.reader().ok_or_else(gone)?;
            return Ok(proxied(record, ProxiedBody::shared(reader, slot, None, total, view)));
        };
        let part = range.of(total).ok_or_else(|| Error::from(mediary_graph::Error::beyond_the_end(total)))?;
        if part.start > file.received() + FAR_AHEAD_BYTES
            && let Some(passing) = self.far_ahead(record, range, asked).await
        {
            return Ok(proxied(record, passing));
        }
        let reader = file.part(part.clone()).ok_or_else(gone)?;
        Ok(proxied(record, ProxiedBody::shared(reader, slot, Some(part), Some(total), view)))
    }

    /// Fetches a part that lies far ahead separately; `None` if WhatsApp would send everything before it, too.
    async fn far_ahead(
        &self,
        record: &MediaFile,
        range: ByteRange,
        asked: ViewerRequest,
    ) -> Option<ProxiedBody> {
        let upstream = self.ask_whatsapp(record, Some(range)).await.ok()?;
        let view = View::new(record, Source::Provider, asked.began);
        let exact = upstream.begins_at_once() && upstream.total().is_some();
        exact.then(|| ProxiedBody::alone(upstream, true, view))
    }
}

fn gone() -> Error {
    Error::new(ErrorCode::ProviderUnavailable, "pass the file on to the end: it broke off")
}
