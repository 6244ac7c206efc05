//! The ends of downloads, and waiting for one that runs elsewhere.

use std::time::Duration;

use mediary_core::{DownloadStatus, MediaId};
use mediary_store::MediaFile;
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::engine::Engine;
use crate::error::{Error, Result};

/// How long a viewer waits for a download that runs elsewhere, before the bytes come past storage. So a file is fetched
/// at most once more for all viewers of a process.
const ENDS_WITHIN: Duration = Duration::from_millis(1500);
/// How often the record is read where another process does the work.
const LOOK: Duration = Duration::from_millis(250);
/// Ends that a slow listener may miss; it looks at the record anyway.
const ENDS_REMEMBERED: usize = 1024;

/// Tells whoever waits that a download ended.
#[derive(Debug)]
pub(crate) struct Ended(broadcast::Sender<End>);

/// The end of one attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) media_id: MediaId,
    pub(crate) how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Stored,
    /// It is tried again by itself.
    FailedForNow,
    FailedForGood,
}

impl Default for Ended {
    fn default() -> Self {
        Self(broadcast::channel(ENDS_REMEMBERED).0)
    }
}

impl Ended {
    pub(crate) fn tell(&self, media_id: MediaId, how: How) {
        // Nobody may be waiting.
        let _ = self.0.send(End { media_id, how });
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<End> {
        self.0.subscribe()
    }
}

impl Engine {
    /// Waits a moment for a download that runs elsewhere; its record if it ended.
    pub(super) async fn wait_for_download(&self, record: &MediaFile) -> Result<Option<MediaFile>> {
        let (company, id) = (record.company_id, record.id);
        let mut ends = self.ended().listen();
        let began = Instant::now();
        loop {
            let now = self.store().media(company, id).await?;
            let now = now.ok_or_else(|| Error::not_found("there is no such media file"))?;
            super::refuse_withheld(&now)?;
            if matches!(now.download_status, DownloadStatus::Completed | DownloadStatus::Failed) {
                return Ok(Some(now));
            }
            if now.download_status == DownloadStatus::Pending || began.elapsed() >= ENDS_WITHIN {
                return Ok(None);
            }
            let ended = async { while ends.recv().await.is_ok_and(|end| end.media_id != id) {} };
            // Either way the record says what happened.
            let _ = tokio::time::timeout(LOOK, ended).await;
        }
    }
}
