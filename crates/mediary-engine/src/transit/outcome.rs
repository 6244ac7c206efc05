//! How downloads ended, for those who wait for one.

use mediary_core::MediaId;
use tokio::sync::broadcast;

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
