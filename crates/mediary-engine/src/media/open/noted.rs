//! When the view of a stored file is recorded.

use std::time::Duration;

use mediary_core::Result;
use mediary_store::MediaFile;

use super::Opener;

/// If a retention counts views, a view this long after the last recorded one is recorded before the file is served. Every retention
/// lasts a day at least: a view within this time is recorded by the next sweep, hours before anything can be deleted.
const NOTED_AT_ONCE_AFTER: Duration = Duration::from_secs(12 * 3600);

impl Opener {
    /// Notes a view of a stored file; false if the file was deleted meanwhile. Views are kept in memory until the next sweep of this
    /// process, and another process that deletes by retention does not see them. So if the file might be deleted by then, the view is
    /// recorded at once: that is the first view of a file in half a day, in companies whose retention counts views.
    pub(super) async fn note_view(&self, record: &MediaFile) -> Result<bool> {
        let now = self.context.now();
        self.files.touched(record, now);
        let known = record.last_accessed_at.max(record.stored_at).unwrap_or(record.created_at);
        if now.since(known) < NOTED_AT_ONCE_AFTER {
            return Ok(true);
        }
        // A file of the library has no account, and no retention.
        let Some(account) = record.account_id else { return Ok(true) };
        let account = self.context.whatsapp().account_of(record.company_id, account).await?;
        if !account.row.counts_views {
            return Ok(true);
        }
        let noted = self.context.store().note_view(record.company_id, record.id, now).await;
        Ok(noted.unwrap_or_else(|error| {
            // If the database cannot be written, nothing is deleted either; the next sweep records the view.
            tracing::warn!(error = &error as &dyn std::error::Error, "a view could not be written down");
            true
        }))
    }
}
