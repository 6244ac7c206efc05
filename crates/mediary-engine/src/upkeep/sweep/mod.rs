//! Sweeps: expired leases, media that expired at WhatsApp, retention, bytes without a record, and metrics for operators. Three tasks, so
//! that none delays another: quick sweeps every few seconds (`run`), slow ones every hour (`hourly`), and the trash (`trash`).

mod gauges;
mod hourly;
mod retention;
mod search;

use std::sync::Arc;
use std::time::Duration;

use mediary_core::{DownloadStatus, Result, limits};
use mediary_store::{Change, SweepTimes};
use tokio::time::Instant;
use tracing::Instrument as _;

pub(crate) use hourly::run_hourly;
pub use retention::RetentionAct;

use crate::base::shutdown::Shutdown;
use crate::base::work::Work;
use crate::base::worker::{NextStep, Schedule, Worker, every};
use crate::context::Context;
use crate::events::event::{EventData, EventName};
use crate::media::open::OpenFiles;
use crate::storage::trash;
use crate::upkeep::policies::Policies;
use crate::upkeep::relocate::Mover;

/// The interval of the quick sweeps.
const OFTEN: Duration = Duration::from_secs(5);
const MINUTE: Duration = Duration::from_secs(60);
/// For how long one quick sweep may be repeated before the others get their turn.
const QUICK_WITHIN: Duration = Duration::from_secs(2);
/// Items that could not be recorded are kept at least as long, and as long as webhooks are.
const PARKED_KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long rows of the audit log are kept.
const AUDITS_KEPT_FOR: Duration = Duration::from_secs(2 * 365 * 24 * 3600);
/// Rows of one transaction.
const BATCH: u32 = 500;

/// Waiting updates of an account that are forgotten every few seconds, at most: 2,000 a second.
const BOUNDED_AT_ONCE: u32 = 10_000;

/// What a sweep did, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Downloads whose worker died.
    pub leases_released: u64,
    /// Media that expired at WhatsApp before it could be stored.
    pub expired_unsaved: u64,
    /// Files deleted, and moved to the archive, because their retention ended.
    pub retention_deleted: u64,
    pub retention_archived: u64,
    /// Files removed from storage because their record was deleted or replaced.
    pub files_removed: u64,
    /// What unfinished uploads had left behind.
    pub temporary_files_removed: u64,
    /// Webhook bodies and sessions past their time.
    pub webhooks_pruned: u64,
    pub sessions_pruned: u64,
    /// Items that could not be recorded, and lines of the audit log, past their time.
    pub parked_items_pruned: u64,
    pub audits_pruned: u64,
}

impl SweepReport {
    /// Every count with its name.
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("leasesReleased", self.leases_released),
            ("expiredUnsaved", self.expired_unsaved),
            ("retentionDeleted", self.retention_deleted),
            ("retentionArchived", self.retention_archived),
            ("filesRemoved", self.files_removed),
            ("temporaryFilesRemoved", self.temporary_files_removed),
            ("webhooksPruned", self.webhooks_pruned),
            ("sessionsPruned", self.sessions_pruned),
            ("parkedItemsPruned", self.parked_items_pruned),
            ("auditsPruned", self.audits_pruned),
        ]
    }

    fn count(&mut self, act: RetentionAct) {
        if act.archives() {
            self.retention_archived += 1;
        } else {
            self.retention_deleted += 1;
        }
    }
}

/// Steps of a sweep: one that fails stops none of the others, and the first error is returned at the end.
#[derive(Default)]
struct Steps(Option<mediary_core::Error>);

impl Steps {
    fn done<T: Default>(&mut self, step: Result<T>) -> T {
        step.unwrap_or_else(|error| {
            self.0.get_or_insert(error);
            T::default()
        })
    }

    fn end(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

/// Runs sweeps.
#[derive(Clone, Debug)]
pub(crate) struct Sweeper {
    context: Context,
    files: Arc<OpenFiles>,
    mover: Mover,
    policies: Policies,
}

/// Runs the quick sweeps until `shutdown`.
pub(crate) async fn run(sweeper: Sweeper, shutdown: Shutdown) {
    let context = sweeper.context.clone();
    let schedule = Schedule::woken(context.work(), Work::Sweep, OFTEN);
    every(&shutdown, schedule, &mut QuickSweeps(sweeper.clone())).await;
    if let Err(error) = sweeper.note_views().await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the last views could not be written down");
    }
}

struct QuickSweeps(Sweeper);

impl Worker for QuickSweeps {
    async fn step(&mut self, _: &Shutdown) -> NextStep {
        let mut report = SweepReport::default();
        let span = tracing::error_span!("sweep");
        let swept = self.0.sweep_often(&mut report).instrument(span.clone()).await;
        span.in_scope(|| say(&report_of(swept, report)));
        NextStep::WhenDue
    }
}

fn report_of(swept: Result<()>, report: SweepReport) -> SweepReport {
    if let Err(error) = swept {
        tracing::error!(error = &error as &dyn std::error::Error, "a sweep did not get through");
    }
    report
}

fn say(report: &SweepReport) {
    if *report != SweepReport::default() {
        tracing::info!(?report, "swept");
    }
}

/// Repeats a step over batches of rows until there are no more, or its time is over; returns the number of rows.
async fn in_batches<F>(within: Duration, mut batch: impl FnMut() -> F) -> Result<u64>
where
    F: Future<Output = Result<u64>>,
{
    let until = Instant::now() + within;
    let mut rows = 0;
    loop {
        let done = batch().await?;
        rows += done;
        if done < u64::from(BATCH) || Instant::now() >= until {
            return Ok(rows);
        }
    }
}

impl Sweeper {
    pub(crate) fn new(context: Context, files: Arc<OpenFiles>, mover: Mover, policies: Policies) -> Self {
        Self { context, files, mover, policies }
    }

    /// Sweeps everything once, and tells of each file that retention deleted or archived.
    pub(crate) async fn sweep_and_tell(
        &self,
        mut tell: impl FnMut(RetentionAct) + Send,
    ) -> Result<SweepReport> {
        let mut report = SweepReport::default();
        let mut steps = Steps::default();
        steps.done(self.sweep_often(&mut report).await);
        steps.done(self.sweep_hourly(&mut report, &mut tell).await);
        let emptied = steps.done(trash::empty(&self.context).await);
        report.files_removed += emptied.removed;
        for (backend, trouble) in &emptied.trouble {
            trouble.report(*backend);
        }
        steps.end()?;
        Ok(report)
    }

    /// Counts what a sweep would do, and tells of each file that retention would delete or archive. What unfinished uploads left
    /// behind shows only when it is removed.
    pub(crate) async fn sweep_preview(
        &self,
        mut tell: impl FnMut(RetentionAct) + Send,
    ) -> Result<SweepReport> {
        let found = self.context.store().sweep_preview(self.sweep_times()).await?;
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        let mut report = SweepReport {
            leases_released: count(found.leases),
            expired_unsaved: count(found.expired_unsaved),
            files_removed: count(found.trash),
            webhooks_pruned: count(found.webhooks),
            sessions_pruned: count(found.sessions),
            parked_items_pruned: count(found.parked),
            audits_pruned: count(found.audits),
            ..SweepReport::default()
        };
        self.preview_retention(|act| {
            report.count(act);
            tell(act);
        })
        .await?;
        // Their bytes go in the same sweep.
        report.files_removed += report.retention_deleted;
        Ok(report)
    }

    fn sweep_times(&self) -> SweepTimes {
        let now = self.context.now();
        let processed_before = now.minus(self.context.config().webhook_retention);
        SweepTimes {
            now,
            processed_before,
            parked_before: now.minus(PARKED_KEPT_FOR).min(processed_before),
            done_before: now.minus(AUDITS_KEPT_FOR),
        }
    }

    async fn sweep_often(&self, report: &mut SweepReport) -> Result<()> {
        let mut steps = Steps::default();
        steps.done(self.note_views().await);
        report.leases_released += steps.done(in_batches(QUICK_WITHIN, || self.release_leases()).await);
        report.expired_unsaved += steps.done(in_batches(QUICK_WITHIN, || self.expire_unsaved()).await);
        steps.done(self.policies.carry_out_media_tasks().await);
        steps.done(self.apply_waiting(MINUTE).await);
        steps.done(self.bound_waiting().await);
        let usage = || async { Ok(self.context.store().add_up_usage(BATCH).await?) };
        steps.done(in_batches(QUICK_WITHIN, usage).await);
        steps.done(self.index().await);
        steps.done(self.set_gauges().await);
        steps.end()
    }

    async fn release_leases(&self) -> Result<u64> {
        let released = self.context.store().release_expired_leases(self.context.now(), BATCH).await?;
        if released > 0 {
            self.context.work().wake_released();
        }
        Ok(released)
    }

    /// A status and its message may have been taken in by two processes at the same moment.
    async fn apply_waiting(&self, since: Duration) -> Result<()> {
        let changes =
            self.context.store().apply_waiting_updates(self.context.now().minus(since), BATCH).await?;
        self.files.forget_changed(&changes);
        self.context.events().publish_changes(&changes);
        Ok(())
    }

    async fn bound_waiting(&self) -> Result<()> {
        let max_per_account = limits::WAITING_UPDATES_PER_ACCOUNT;
        let forgotten = self
            .context
            .store()
            .bound_message_updates(self.context.now().minus(MINUTE), max_per_account, BOUNDED_AT_ONCE)
            .await?;
        if forgotten > 0 {
            tracing::debug!(forgotten, "the oldest updates were dropped whose messages never came");
        }
        Ok(())
    }

    async fn expire_unsaved(&self) -> Result<u64> {
        let expired = self.context.store().expire_unsaved(self.context.now(), BATCH).await?;
        for change in &expired {
            self.context.events().publish(change.company_id, EventName::MediaFailed, expired_data(change));
        }
        Ok(expired.len() as u64)
    }

    async fn note_views(&self) -> Result<()> {
        for ((company, media), at) in self.files.take_views() {
            self.context.store().touch_media(company, media, at).await?;
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
