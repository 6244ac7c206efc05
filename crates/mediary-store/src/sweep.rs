//! What a sweep would find to do, counted without doing it.

use mediary_core::Timestamp;

use crate::value::args;
use crate::{Result, Store};

/// Rows that wait for a sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepPreview {
    /// Downloads whose worker died.
    pub leases: i64,
    /// Media that WhatsApp forgot before it could be saved.
    pub expired_unsaved: i64,
    /// Files in storage that nothing points to any more.
    pub trash: i64,
    /// Processed webhook bodies and sessions past their time.
    pub webhooks: i64,
    pub sessions: i64,
}

impl Store {
    pub async fn sweep_preview(&self, now: Timestamp, processed_before: Timestamp) -> Result<SweepPreview> {
        let sql = "SELECT
            (SELECT count(*) FROM media_files WHERE download_status = 'downloading' AND lease_until < $1),
            (SELECT count(*) FROM media_files WHERE is_active AND expires_at <= $1
                AND (download_status = 'pending' OR (download_status = 'failed' AND last_error_retryable))),
            (SELECT count(*) FROM trash WHERE due_at <= $1),
            (SELECT count(*) FROM webhook_events WHERE processed_at IS NOT NULL AND processed_at < $2
                AND NOT EXISTS (SELECT 1 FROM waiting_webhooks w WHERE w.event_id = webhook_events.id)
                AND NOT EXISTS (SELECT 1 FROM parked_items p WHERE p.event_id = webhook_events.id)),
            (SELECT count(*) FROM sessions WHERE expires_at < $1)";
        let counted: Option<(i64, i64, i64, i64, i64)> =
            self.db().first(sql, args![now, processed_before]).await?;
        let (leases, expired_unsaved, trash, webhooks, sessions) = counted.unwrap_or_default();
        Ok(SweepPreview { leases, expired_unsaved, trash, webhooks, sessions })
    }
}
