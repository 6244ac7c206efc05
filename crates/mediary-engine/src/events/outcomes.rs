//! Outcomes of downloads, for callers that wait for one.

use mediary_core::MediaId;
use tokio::sync::broadcast;

/// Outcomes that wait for a slow listener; if it misses more, it reads the record anyway.
const ENDS_REMEMBERED: usize = 1024;

/// Publishes the ends of downloads to all waiting callers.
#[derive(Debug)]
pub(crate) struct EndedDownloads(broadcast::Sender<EndedDownload>);

/// The end of one attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EndedDownload {
    pub(crate) media_id: MediaId,
    pub(crate) outcome: DownloadOutcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DownloadOutcome {
    Stored,
    /// It is retried automatically.
    FailedForNow,
    FailedForGood,
}

impl Default for EndedDownloads {
    fn default() -> Self {
        Self(broadcast::channel(ENDS_REMEMBERED).0)
    }
}

impl EndedDownloads {
    pub(crate) fn publish(&self, media_id: MediaId, outcome: DownloadOutcome) {
        // Fails if no caller waits, which is fine.
        let _ = self.0.send(EndedDownload { media_id, outcome });
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<EndedDownload> {
        self.0.subscribe()
    }
}
