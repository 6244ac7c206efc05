//! Waiting for the one download that many viewers of a missing file share.

use std::time::Duration;

use mediary_core::{DownloadStatus, MediaId};
use mediary_store::{MediaFile, Requeued};
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::engine::Engine;
use crate::error::{Error, Result};

/// How long a viewer waits for a worker to begin, and for it to end, before the bytes come past storage.
const BEGINS_WITHIN: Duration = Duration::from_millis(1500);
const ENDS_WITHIN: Duration = Duration::from_secs(20);
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

/// How the shared download went.
pub(super) enum Joined {
    Stored(Box<MediaFile>),
    Failed(Box<MediaFile>),
    StillRunning,
}

impl Engine {
    /// Makes the file's download due, and waits for it for as long as a viewer can be asked to.
    pub(super) async fn join_download(&self, record: &MediaFile) -> Result<Joined> {
        let (company, id) = (record.company_id, record.id);
        let mut ends = self.ended().listen();
        let began = Instant::now();
        match self.store().requeue_download(company, id, false).await? {
            Requeued::Queued(_) => self.wake().fetch(),
            Requeued::AlreadyCompleted | Requeued::InFlight(_) | Requeued::NotActive | Requeued::None => {}
        }
        loop {
            let now = self.store().media(company, id).await?;
            let now = now.ok_or_else(|| Error::not_found("there is no such media file"))?;
            super::refuse_withheld(&now)?;
            let waits_for = match now.download_status {
                DownloadStatus::Completed => return Ok(Joined::Stored(Box::new(now))),
                DownloadStatus::Failed => return Ok(Joined::Failed(Box::new(now))),
                DownloadStatus::Pending => BEGINS_WITHIN,
                DownloadStatus::Downloading => ENDS_WITHIN,
            };
            if began.elapsed() >= waits_for {
                return Ok(Joined::StillRunning);
            }
            let ended = async { while ends.recv().await.is_ok_and(|end| end.media_id != id) {} };
            // Either way the record says what happened.
            let _ = tokio::time::timeout(LOOK, ended).await;
        }
    }
}
