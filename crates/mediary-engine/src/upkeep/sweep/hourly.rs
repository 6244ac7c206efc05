//! The slow part of a sweep, in a task of its own: retention, what unfinished uploads left behind, and rows past their time.

use std::time::Duration;

use mediary_core::{Result, limits};
use mediary_store::LongestWaits;
use tracing::Instrument as _;

use super::{BATCH, RetentionAct, Steps, SweepReport, Sweeper, in_batches, report_of, say};
use crate::base::shutdown::Shutdown;
use crate::base::worker::{NextStep, Schedule, Worker, every};
use crate::intake::ingest::PARKED_MAX;
use crate::media::oversized;
use crate::upkeep::policies::RESUMED_AFTER;

const HOURLY: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// For how long one kind of rows is pruned before the others get their turn. The rest is pruned an hour later.
const PRUNE_WITHIN: Duration = Duration::from_secs(600);
/// How long webhooks wait for an account with their number.
const WEBHOOKS_WAIT_FOR: Duration = Duration::from_secs(7 * 24 * 3600);
/// Statuses and edits wait this long for their message.
const UPDATES_WAIT_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// What was archived is often archived again soon.
const CHECKSUMS_KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// An unfinished upload without a write for this long is abandoned.
const TEMPORARY_AFTER: Duration = Duration::from_secs(3600);

/// Runs the slow sweeps until `shutdown`: once at the start, then every hour.
pub(crate) async fn run_hourly(sweeper: Sweeper, shutdown: Shutdown) {
    every(&shutdown, Schedule::polling(HOURLY), &mut SlowSweeps(sweeper)).await;
}

struct SlowSweeps(Sweeper);

impl Worker for SlowSweeps {
    async fn step(&mut self, shutdown: &Shutdown) -> NextStep {
        let mut report = SweepReport::default();
        let span = tracing::error_span!("sweep_hourly");
        // All of it is done in short transactions, so that it may end between any two.
        let mut ignore = |_| {};
        let swept = self.0.sweep_hourly(&mut report, &mut ignore).instrument(span.clone());
        if let Some(swept) = shutdown.soft.run_until_cancelled(swept).await {
            span.in_scope(|| say(&report_of(swept, report)));
        }
        NextStep::AfterPoll
    }
}

impl Sweeper {
    pub(super) async fn sweep_hourly(
        &self,
        report: &mut SweepReport,
        tell: &mut (impl FnMut(RetentionAct) + Send),
    ) -> Result<()> {
        let mut steps = Steps::default();
        // First, for the other steps take long, and downloads have little time.
        steps.done(self.end_overlong_waits().await);
        steps.done(self.allow_oversized().await);
        steps.done(
            self.apply_retention(|act| {
                report.count(act);
                tell(act);
            })
            .await,
        );
        for storage in self.context.storages().all() {
            let swept = storage.sweep_temporary(TEMPORARY_AFTER).await;
            report.temporary_files_removed +=
                steps.done(swept.map(|swept| swept.removed).map_err(Into::into));
        }
        let store = self.context.store();
        let waited = self.context.now().minus(WEBHOOKS_WAIT_FOR);
        let waiting = || async { Ok(store.prune_waiting_webhooks(waited, BATCH).await?) };
        steps.done(in_batches(PRUNE_WITHIN, waiting).await);
        let times = self.sweep_times();
        // Before the webhooks, which stay as long as one of their items is parked.
        let parked = || async { Ok(store.prune_parked_items(times.parked_before, BATCH).await?) };
        report.parked_items_pruned += steps.done(in_batches(PRUNE_WITHIN, parked).await);
        let audits = || async { Ok(store.prune_audits(times.done_before, BATCH).await?) };
        report.audits_pruned += steps.done(in_batches(PRUNE_WITHIN, audits).await);
        let bodies = || async { Ok(store.prune_webhook_events(times.processed_before, BATCH).await?) };
        report.webhooks_pruned += steps.done(in_batches(PRUNE_WITHIN, bodies).await);
        let sessions = || async { Ok(store.prune_sessions(self.context.now(), BATCH).await?) };
        report.sessions_pruned += steps.done(in_batches(PRUNE_WITHIN, sessions).await);
        steps.done(self.apply_waiting(DAY).await);
        let before = self.context.now().minus(UPDATES_WAIT_FOR);
        let updates = || async { Ok(store.prune_message_updates(before, BATCH).await?) };
        steps.done(in_batches(PRUNE_WITHIN, updates).await);
        let media_ids = || async { Ok(store.prune_media_ids(self.context.now(), BATCH).await?) };
        steps.done(in_batches(PRUNE_WITHIN, media_ids).await);
        let uploads = || async { Ok(store.prune_partial_uploads(self.context.now(), BATCH).await?) };
        steps.done(in_batches(PRUNE_WITHIN, uploads).await);
        let archives = || async { Ok(store.prune_archives(self.context.now(), BATCH).await?) };
        steps.done(in_batches(PRUNE_WITHIN, archives).await);
        let made = self.context.now().minus(CHECKSUMS_KEPT_FOR);
        let checksums = || async { Ok(store.prune_checksums(made, BATCH).await?) };
        steps.done(in_batches(PRUNE_WITHIN, checksums).await);
        steps.end()
    }

    /// A limit may have been raised since the last start.
    async fn allow_oversized(&self) -> Result<()> {
        for company in self.context.store().list_companies().await? {
            oversized::allow_within_limits(&self.context, company.id).await?;
        }
        Ok(())
    }

    /// The longest waits that the engine sets. Longer ones were written while the clock was ahead, and would delay due work.
    async fn end_overlong_waits(&self) -> Result<()> {
        let rules = &self.context.config().rules;
        let jittered = |max: Duration| max + max / 4;
        let longest = LongestWaits {
            job: jittered(rules.quick.max).max(rules.sweep_every).max(jittered(rules.storage.max)),
            lease: rules.lease,
            pause: jittered(rules.throttled.max).max(limits::PROVIDER_WAIT_MAX),
            webhook: PARKED_MAX,
            task: RESUMED_AFTER,
        };
        let batch = || async { Ok(self.context.store().end_overlong_waits(&longest, BATCH).await?) };
        let ended = in_batches(PRUNE_WITHIN, batch).await?;
        if ended > 0 {
            tracing::warn!(
                rows = ended,
                "waits ended later than any wait does, written by a clock that was ahead; they are over now"
            );
            self.context.accounts().forget();
            self.context.work().wake_released();
        }
        Ok(())
    }
}
