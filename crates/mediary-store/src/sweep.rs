//! A preview of a sweep: what it would do, counted without doing it.

use mediary_core::Timestamp;
use sqlx::AssertSqlSafe;

use crate::value::args;
use crate::{Result, Store, leases};

/// Rows that wait for a sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepPreview {
    /// Downloads whose worker died.
    pub leases: i64,
    /// Media that expired at WhatsApp before it could be saved.
    pub expired_unsaved: i64,
    /// Files in storage that nothing points to any more.
    pub trash: i64,
    /// Processed webhook bodies and sessions past their time.
    pub webhooks: i64,
    pub sessions: i64,
    /// Items that could not be recorded, and lines of the audit log, past their time.
    pub parked: i64,
    pub audits: i64,
}

/// The times that divide old rows from recent ones.
#[derive(Clone, Copy, Debug)]
pub struct SweepTimes {
    pub now: Timestamp,
    /// Webhooks that were processed before then.
    pub processed_before: Timestamp,
    /// Parked items whose webhook came before then.
    pub parked_before: Timestamp,
    /// What was done before then.
    pub done_before: Timestamp,
}

impl Store {
    pub async fn sweep_preview(&self, times: SweepTimes) -> Result<SweepPreview> {
        let sql = format!(
            "SELECT {},
            (SELECT count(*) FROM media_files WHERE is_active AND expires_at <= $1
                AND (download_status = 'pending' OR (download_status = 'failed' AND last_error_retryable))),
            (SELECT count(*) FROM trash WHERE due_at <= $1),
            (SELECT count(*) FROM webhook_events WHERE processed_at IS NOT NULL AND processed_at < $2
                AND NOT EXISTS (SELECT 1 FROM waiting_webhooks w WHERE w.event_id = webhook_events.id)
                AND NOT EXISTS (SELECT 1 FROM parked_items p WHERE p.event_id = webhook_events.id AND p.received_at >= $3)),
            (SELECT count(*) FROM sessions WHERE expires_at < $1),
            (SELECT count(*) FROM parked_items WHERE received_at < $3),
            (SELECT count(*) FROM audit_log WHERE created_at < $4)",
            leases::expired("$1")
        );
        let SweepTimes { now, processed_before, parked_before, done_before } = times;
        let args = args![now, processed_before, parked_before, done_before];
        let counted: Option<(i64, i64, i64, i64, i64, i64, i64)> =
            self.db().first(AssertSqlSafe(sql), args).await?;
        let (leases, expired_unsaved, trash, webhooks, sessions, parked, audits) =
            counted.unwrap_or_default();
        Ok(SweepPreview { leases, expired_unsaved, trash, webhooks, sessions, parked, audits })
    }
}
