//! The metrics that have to be counted in the database.

use mediary_core::{Result, Timestamp};
use metrics::gauge;

use super::Sweeper;
use crate::base::metrics::{
    CHECK_AGE_SECONDS, CHECKED_MISSING, CHECKED_UNTRACKED, CHECKED_WRONG, EVENT_LISTENERS, EXPIRING_UNSAVED,
    INBOX_DEPTH, INBOX_OLDEST_SECONDS, OLDEST_WAITING_SECONDS, PARKED_ITEMS, WAITING, WAITING_WEBHOOKS,
};

impl Sweeper {
    pub(super) async fn set_gauges(&self) -> Result<()> {
        let age = |at: Option<Timestamp>| at.map_or(0.0, |at| self.context.now().since(at).as_secs_f64());
        let downloads = self.context.store().downloads_overview().await?;
        gauge!(WAITING).set(downloads.pending_due as f64);
        gauge!(OLDEST_WAITING_SECONDS).set(age(downloads.oldest_due_at));
        gauge!(EXPIRING_UNSAVED).set(downloads.expiring_within_a_day as f64);
        let inbox = self.context.store().inbox_depth().await?;
        gauge!(INBOX_DEPTH).set(inbox.waiting as f64);
        gauge!(INBOX_OLDEST_SECONDS).set(age(inbox.oldest_received_at));
        gauge!(PARKED_ITEMS).set(self.context.store().parked_item_count().await? as f64);
        gauge!(WAITING_WEBHOOKS).set(self.context.store().waiting_webhook_count().await? as f64);
        let checks = self.context.store().storage_checks_overview().await?;
        gauge!(CHECKED_MISSING).set(checks.missing as f64);
        gauge!(CHECKED_WRONG).set(checks.wrong as f64);
        gauge!(CHECKED_UNTRACKED).set(checks.untracked as f64);
        gauge!(CHECK_AGE_SECONDS).set(age(checks.waiting_since));
        gauge!(EVENT_LISTENERS)
            .set(f64::from(u32::try_from(self.context.events().listeners()).unwrap_or(u32::MAX)));
        Ok(())
    }
}
