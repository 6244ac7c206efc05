//! Waiting for a download that another process or worker runs.

use std::time::Duration;

use mediary_core::{DownloadStatus, Error, Result, Scope};
use mediary_store::MediaFile;
use tokio::time::Instant;

use super::Opener;

/// How long a viewer waits for a download by another process before the file is proxied. So a file is fetched at most once more for
/// all viewers of a process.
const ENDS_WITHIN: Duration = Duration::from_millis(1500);
/// How often the record is read where another process does the work.
const LOOK: Duration = Duration::from_millis(250);

impl Opener {
    /// Waits a moment for a download that runs elsewhere; its record if it ended.
    pub(super) async fn wait_for_download(&self, record: &MediaFile) -> Result<Option<MediaFile>> {
        let (company, id) = (record.company_id, record.id);
        let mut ends = self.context.ended_downloads().listen();
        let began = Instant::now();
        loop {
            let now = self.context.store().media(&Scope::system(company), id).await?;
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
