//! When the view of a stored file is written down.

use std::time::Duration;

use mediary_core::Result;
use mediary_store::MediaFile;

use super::Opener;

/// Where a retention counts views, one that comes so long after the last that is on record is written down before the file is
/// served. Every retention lasts for a day at least: a view within that time is written down by the next sweep, hours before
/// anything can be deleted.
const NOTED_AT_ONCE_AFTER: Duration = Duration::from_secs(12 * 3600);

impl Opener {
    /// Notes that somebody looks at a stored file; false if it was deleted meanwhile. Views are kept in memory until the next sweep
    /// of this process, and another one that deletes by retention does not see them: so where that may delete the file by then, the
    /// view is written down at once. That is the first look at a file in half a day, in companies that count views.
    pub(super) async fn note_view(&self, record: &MediaFile) -> Result<bool> {
        let now = self.context.now();
        self.files.touched(record, now);
        let known = record.last_accessed_at.max(record.stored_at).unwrap_or(record.created_at);
        if now.since(known) < NOTED_AT_ONCE_AFTER {
            return Ok(true);
        }
        let account = self.context.whatsapp().account_of(record.company_id, record.account_id).await?;
        if !account.row.counts_views {
            return Ok(true);
        }
        let noted = self.context.store().note_view(record.company_id, record.id, now).await;
        Ok(noted.unwrap_or_else(|error| {
            // A database that cannot be written to deletes nothing either; the next sweep writes the view down.
            tracing::warn!(error = &error as &dyn std::error::Error, "a view could not be written down");
            true
        }))
    }
}
