//! How downloads ended, for those who wait for one.

use mediary_core::MediaId;
use tokio::sync::broadcast;

/// Ends that a slow listener may miss; it looks at the record anyway.
const ENDS_REMEMBERED: usize = 1024;

/// Tells everybody who waits that a download ended.
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
    /// It is tried again by itself.
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
        // Nobody may be waiting.
        let _ = self.0.send(EndedDownload { media_id, outcome });
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<EndedDownload> {
        self.0.subscribe()
    }
}
