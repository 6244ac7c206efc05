//! What has to be done from time to time, whoever was at work before: leases that ran out, media that WhatsApp has
//! forgotten, bytes that nothing points to, and figures for whoever watches.

mod gauges;
pub(crate) mod trash;

use std::time::Duration;

use mediary_core::{DownloadStatus, Timestamp};
use mediary_store::Change;
use tokio::time::Instant;

use crate::engine::{Engine, Shutdown};
use crate::error::Result;
use crate::events::{EventData, EventName};

/// How often the quick things are done, and the slow ones.
const OFTEN: Duration = Duration::from_secs(5);
const HOURLY: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Statuses and edits wait this long for their message.
const UPDATES_WAIT_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// An unfinished upload that nobody wrote to for this long belongs to nobody.
const TEMPORARY_AFTER: Duration = Duration::from_secs(3600);
/// Rows of one transaction.
const BATCH: u32 = 500;

/// What a sweep did, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Downloads whose worker died.
    pub leases_released: u64,
    /// Media that WhatsApp forgot before it could be saved.
    pub expired_unsaved: u64,
    /// Files removed from storage because their record was deleted or replaced.
    pub files_removed: u64,
    /// What unfinished uploads had left behind.
    pub temporary_files_removed: u64,
    /// Webhook bodies and sessions past their time.
    pub webhooks_pruned: u64,
    pub sessions_pruned: u64,
}

impl SweepReport {
    /// Every figure with its name.
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("leasesReleased", self.leases_released),
            ("expiredUnsaved", self.expired_unsaved),
            ("filesRemoved", self.files_removed),
            ("temporaryFilesRemoved", self.temporary_files_removed),
            ("webhooksPruned", self.webhooks_pruned),
            ("sessionsPruned", self.sessions_pruned),
        ]
    }
}

/// Sweeps until `shutdown`: once at the start, then by and by.
pub(crate) async fn run(engine: Engine, shutdown: Shutdown) {
    let mut hourly_at = Instant::now();
    while !shutdown.soft.is_cancelled() {
        let mut report = SweepReport::default();
        let mut swept = engine.sweep_often(&mut report).await;
        if swept.is_ok() && Instant::now() >= hourly_at {
            swept = engine.sweep_hourly(&mut report).await;
            hourly_at = Instant::now() + HOURLY;
        }
        if let Err(error) = swept {
            tracing::error!(error = &error as &dyn std::error::Error, "a sweep did not get through");
        }
        if report != SweepReport::default() {
            tracing::info!(?report, "swept");
        }
        tokio::select! {
            () = shutdown.soft.cancelled() => {}
            () = engine.wake().sweep_due() => {}
            () = tokio::time::sleep(OFTEN) => {}
        }
    }
    if let Err(error) = engine.note_views().await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the last views could not be written down");
    }
}

impl Engine {
    /// Sweeps everything once.
    pub async fn sweep(&self) -> Result<SweepReport> {
        let mut report = SweepReport::default();
        self.sweep_often(&mut report).await?;
        self.sweep_hourly(&mut report).await?;
        let emptied = self.empty_trash().await?;
        report.files_removed += emptied.removed;
        for (backend, trouble) in &emptied.trouble {
            trouble.report(*backend);
        }
        Ok(report)
    }

    /// Counts what a sweep would do. What unfinished uploads left behind shows only when it is removed.
    pub async fn sweep_preview(&self) -> Result<SweepReport> {
        let now = self.now();
        let found = self.store().sweep_preview(now, self.processed_before()).await?;
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        Ok(SweepReport {
            leases_released: count(found.leases),
            expired_unsaved: count(found.expired_unsaved),
            files_removed: count(found.trash),
            temporary_files_removed: 0,
            webhooks_pruned: count(found.webhooks),
            sessions_pruned: count(found.sessions),
        })
    }

    fn processed_before(&self) -> Timestamp {
        self.now().minus(self.config().webhook_retention)
    }

    async fn sweep_often(&self, report: &mut SweepReport) -> Result<()> {
        self.note_views().await?;
        let released = self.store().release_expired_leases(self.now(), BATCH).await?;
        if !released.is_empty() {
            self.wake().fetch();
        }
        report.leases_released += released.len() as u64;
        report.expired_unsaved += self.expire_unsaved().await?;
        self.carry_out_media_tasks().await?;
        self.apply_waiting(MINUTE).await?;
        self.set_gauges().await
    }

    async fn sweep_hourly(&self, report: &mut SweepReport) -> Result<()> {
        for storage in self.parts().storages.all() {
            report.temporary_files_removed += storage.sweep_temporary(TEMPORARY_AFTER).await?.removed;
        }
        report.webhooks_pruned += self.prune_webhooks().await?;
        report.sessions_pruned += self.prune_sessions().await?;
        self.apply_waiting(DAY).await?;
        self.store().prune_message_updates(self.now().minus(UPDATES_WAIT_FOR), BATCH).await?;
        Ok(())
    }

    async fn prune_webhooks(&self) -> Result<u64> {
        let mut pruned = 0;
        loop {
            let batch = self.store().prune_webhook_events(self.processed_before(), BATCH).await?;
            pruned += batch;
            if batch < u64::from(BATCH) {
                return Ok(pruned);
            }
        }
    }

    async fn prune_sessions(&self) -> Result<u64> {
        let mut pruned = 0;
        loop {
            let batch = self.store().prune_sessions(self.now(), BATCH).await?;
            pruned += batch;
            if batch < u64::from(BATCH) {
                return Ok(pruned);
            }
        }
    }

    /// A status and its message may have been taken in by two processes at the same moment.
    async fn apply_waiting(&self, since: Duration) -> Result<()> {
        let changes = self.store().apply_waiting_updates(self.now().minus(since), BATCH).await?;
        self.changed(&changes);
        Ok(())
    }

    async fn expire_unsaved(&self) -> Result<u64> {
        let expired = self.store().expire_unsaved(self.now(), BATCH).await?;
        for change in &expired {
            self.events().publish(change.company_id, EventName::MediaFailed, expired_data(change));
        }
        Ok(expired.len() as u64)
    }

    async fn note_views(&self) -> Result<()> {
        for ((company, media), at) in self.files().take_views() {
            self.store().touch_media(company, media, at).await?;
        }
        Ok(())
    }
}

fn expired_data(change: &Change) -> EventData {
    EventData {
        id: change.media_id.map_or(0, i64::from),
        conversation_id: Some(change.conversation_id),
        message_id: change.message_id,
        media_id: change.media_id,
        status: Some(DownloadStatus::Failed),
        ..EventData::default()
    }
}
