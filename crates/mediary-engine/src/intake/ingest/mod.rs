//! Ingest: from the durable inbox to records, many webhook bodies at a time, each item by itself.

mod fit;
mod message;
pub(crate) mod parked;
mod plan;

use std::collections::BTreeSet;
use std::time::Duration;

use mediary_core::{CompanyId, Result, Timestamp, WebhookEventId};
use mediary_store::{Backend, ChangeKind, IngestLimits, IngestOutcome, Turn, WebhookEvent};
use metrics::{counter, histogram};
use tokio::time::Instant;
use tracing::Instrument as _;

use self::plan::{Accounts, PlanDetail, plan};
use crate::base::fault;
use crate::base::metrics::{INGEST_EVENTS, INGEST_LAG_SECONDS, ITEMS_PARKED, WEBHOOKS_WITHOUT_ACCOUNT};
use crate::base::shutdown::Shutdown;
use crate::base::work::Work;
use crate::base::worker::{NextStep, Schedule, Worker, every};
use crate::context::Context;
use crate::storage::leftovers;

/// The poll interval of the inbox: postponed bodies become due, and other processes accept webhooks.
const POLL: Duration = Duration::from_secs(1);
/// The pause after a batch that was not full. The first webhook is recorded at once; those that come right after it are collected,
/// for the cost of a transaction hardly grows with its rows.
const REST: Duration = Duration::from_millis(20);
/// If at least this many webhooks wait to be acknowledged, they go first: once acknowledged they are safe, and Meta need not send
/// them again.
const BACKLOG_THRESHOLD: usize = 16;
/// How old a recorded webhook may get while those go first.
const YIELDS_FOR: Duration = Duration::from_secs(5);
/// Bodies and bytes of one transaction. On SQLite few enough not to delay the next acknowledgement, which waits for the same writer;
/// on Postgres enough that the round trips hardly count.
const SQLITE_BATCH: IngestLimits = IngestLimits { events: 64, bytes: 1024 * 1024 };
const POSTGRES_BATCH: IngestLimits = IngestLimits { events: 256, bytes: 1024 * 1024 };
/// Batches under way at once on Postgres, which works on each in a process of its own.
const POSTGRES_INGESTERS: usize = 2;
const PARKED_FIRST: Duration = Duration::from_secs(10);
pub(crate) const PARKED_MAX: Duration = Duration::from_secs(3600);
/// How often webhooks that wait for an account, those that failed, and parked items are looked at.
const SET_ASIDE_EVERY: Duration = Duration::from_secs(1);
/// The least wait between two checks of postponed rows, as a multiple of the time that a check takes: new messages come first.
const SET_ASIDE_SHARE: u32 = 10;
/// How old a looked-up account may be, and how many are kept between batches.
const ACCOUNTS_KEPT_FOR: Duration = Duration::from_millis(400);
const ACCOUNTS_KEPT: usize = 1000;

/// Counts the waiting webhooks before this process takes them, once at its start. Returns how many are to be taken one by one, because
/// one of them may have ended earlier processes.
pub(crate) async fn begin_backlog(context: &Context) -> usize {
    let store = context.store();
    let counted = async {
        store.put_off_failed_webhooks().await?;
        store.begin_backlog(batch_of(store.backend())).await
    };
    counted.await.unwrap_or_else(|error| {
        let error: &dyn std::error::Error = &error;
        tracing::error!(error, "the webhooks that waited at the start could not be counted");
        0
    })
}

fn batch_of(backend: Backend) -> IngestLimits {
    match backend {
        Backend::Sqlite => SQLITE_BATCH,
        Backend::Postgres => POSTGRES_BATCH,
    }
}

/// How many [`run`] at once.
pub(crate) fn ingesters(backend: Backend) -> usize {
    match backend {
        Backend::Sqlite => 1,
        Backend::Postgres => POSTGRES_INGESTERS,
    }
}

/// Turns webhook bodies into records until `shutdown`.
///
/// As many of the first webhooks as `one_by_one` are taken alone.
pub(crate) async fn run(context: Context, shutdown: Shutdown, one_by_one: usize) {
    let mut ingester = Ingester::new(context.clone());
    (ingester.singly, ingester.counted_first) = (one_by_one, one_by_one);
    every(&shutdown, Schedule::woken(context.work(), Work::Ingest, POLL), &mut ingester).await;
}

impl Worker for Ingester {
    async fn step(&mut self, shutdown: &Shutdown) -> NextStep {
        match self.take_next().await {
            Ok(0) => NextStep::WhenDue,
            Ok(handled) => {
                shutdown.soft.run_until_cancelled(self.make_room(handled)).await;
                NextStep::Now
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "webhooks could not be recorded");
                NextStep::AfterPoll
            }
        }
    }
}

/// Records every webhook body that is due now.
pub(crate) async fn run_due(context: &Context) -> Result<usize> {
    let mut ingester = Ingester::new(context.clone());
    let mut events = 0;
    loop {
        match ingester.take_next().await? {
            0 => return Ok(events),
            some => events += some,
        }
    }
}

struct Ingester {
    context: Context,
    accounts: Accounts,
    accounts_at: Timestamp,
    /// The numbers for which webhooks were postponed. They are looked up right before the next batch, so that it can plan with them
    /// even if the cache is cleared meanwhile.
    wanted: BTreeSet<String>,
    /// When waiting webhooks and parked items were checked last, and up to which number and company.
    set_aside_at: Option<Instant>,
    set_aside_rest: Duration,
    numbers_reached: String,
    parked_reached: CompanyId,
    generation: u64,
    batch: IngestLimits,
    /// How many webhooks are still to be taken one by one, and how many of these are counted before they are taken.
    singly: usize,
    counted_first: usize,
    /// The age of what was recorded last.
    lag: Duration,
}

/// What is taken in one step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IngestMode {
    Batch,
    /// One body by itself.
    Alone(Turn),
}

/// What a batch found besides its records.
#[derive(Default)]
struct BatchFindings {
    missing: BTreeSet<String>,
    first: Option<(WebhookEventId, i64)>,
    events: usize,
}

impl Ingester {
    fn new(context: Context) -> Self {
        let (accounts_at, generation) = (context.now(), context.accounts().generation());
        let batch = batch_of(context.store().backend());
        Self {
            context,
            accounts: Accounts::new(),
            accounts_at,
            wanted: BTreeSet::new(),
            set_aside_at: None,
            set_aside_rest: SET_ASIDE_EVERY,
            numbers_reached: String::new(),
            parked_reached: CompanyId(0),
            generation,
            batch,
            singly: 0,
            counted_first: 0,
            lag: Duration::ZERO,
        }
    }

    /// Pauses after a batch of that many bodies, if it left no more or a backlog of webhooks waits.
    async fn make_room(&self, handled: usize) {
        let since = Instant::now();
        if self.singly == 0 && handled < self.batch.events {
            tokio::time::sleep(REST).await;
        }
        let waiting = || self.context.store().inbox_appending();
        while yields(waiting(), self.lag + since.elapsed()) {
            tokio::time::sleep(REST).await;
        }
    }

    /// Processes one batch, or one body. Returns how many bodies were handled; zero means that none is due.
    async fn take_next(&mut self) -> Result<usize> {
        let mut handled = 0;
        if self.set_aside_at.is_none_or(|at| at.elapsed() >= self.set_aside_rest) {
            let began = Instant::now();
            self.look_at_what_was_set_aside().await;
            self.set_aside_at = Some(Instant::now());
            self.set_aside_rest = SET_ASIDE_EVERY.max(began.elapsed() * SET_ASIDE_SHARE);
            handled += self.take_failed().await?;
        }
        let mode = if self.singly > 0 { IngestMode::Alone(Turn::New) } else { IngestMode::Batch };
        self.singly = self.singly.saturating_sub(1);
        Ok(handled + self.take(mode).await?)
    }

    /// Bodies that failed and are due again, for no longer than it is until the next time: what is new waits meanwhile.
    async fn take_failed(&mut self) -> Result<usize> {
        let began = Instant::now();
        let mut handled = 0;
        while began.elapsed() < SET_ASIDE_EVERY {
            match self.take(IngestMode::Alone(Turn::Failed)).await? {
                0 => break,
                some => handled += some,
            }
        }
        Ok(handled)
    }

    async fn take(&mut self, mode: IngestMode) -> Result<usize> {
        if mode == IngestMode::Alone(Turn::New) && self.counted_first > 0 {
            self.counted_first -= 1;
            self.context.store().begin_one().await?;
        }
        self.refresh_accounts().await?;
        let wanted = std::mem::take(&mut self.wanted);
        self.look_up(wanted).await?;
        let mut findings = BatchFindings::default();
        // The span begins with the first body: a check that finds none is not logged.
        let mut span = tracing::Span::none();
        let accounts = &self.accounts;
        let detail = if mode == IngestMode::Batch { PlanDetail::Items } else { PlanDetail::Sources };
        let planning = |events: &[WebhookEvent]| {
            // It is asked again after a collision.
            findings = BatchFindings::default();
            findings.first = events.first().map(|event| (event.id, event.attempts));
            findings.events = events.len();
            if let Some(first) = events.first().filter(|_| span.is_none()) {
                span = tracing::error_span!("ingest", webhook_event.id = first.id.0, events = events.len());
            }
            let plan = span.in_scope(|| plan(events, accounts, &mut findings.missing, detail));
            if !events.is_empty() {
                fault::point("ingest.before_commit");
            }
            plan
        };
        let store = self.context.store();
        let outcome = match mode {
            IngestMode::Batch => store.ingest(self.batch, planning).await,
            IngestMode::Alone(turn) => store.ingest_in_parts(turn, planning).await,
        };
        match outcome {
            Ok(outcome) => {
                let handled = outcome.events + findings.missing.len();
                self.wanted = findings.missing;
                if mode != IngestMode::Alone(Turn::Failed) {
                    self.lag = outcome.newest_lag;
                }
                if outcome.events > 0 {
                    fault::point("ingest.after_commit");
                    Self::count(&outcome);
                    recorded(&self.context, &outcome).instrument(span).await;
                }
                Ok(handled)
            }
            // No webhook is to blame for it, and none could be recorded now.
            Err(error) if error.is_unavailable() => Err(error.into()),
            Err(error) if mode == IngestMode::Batch => {
                let error: &dyn std::error::Error = &error;
                span.in_scope(|| tracing::warn!(error, "a batch of webhooks goes one by one"));
                // As many bodies go one by one, and in parts, so that only the bad item is parked.
                self.singly = findings.events;
                Ok(1)
            }
            Err(error) => self.park(findings.first, error).instrument(span).await,
        }
    }

    /// Drops cached accounts, because policies change: at once after a change by this process, else when they expire.
    async fn refresh_accounts(&mut self) -> Result<()> {
        let generation = self.context.accounts().generation();
        let young = self.accounts_at.is_younger_than(ACCOUNTS_KEPT_FOR, self.context.now());
        if young && generation == self.generation {
            return Ok(());
        }
        (self.accounts_at, self.generation) = (self.context.now(), generation);
        let known = std::mem::take(&mut self.accounts);
        if known.len() <= ACCOUNTS_KEPT {
            self.look_up(known.into_keys()).await?;
        }
        Ok(())
    }

    async fn look_up(&mut self, ids: impl IntoIterator<Item = String>) -> Result<()> {
        self.accounts.extend(self.context.accounts().by_phone_number_ids(ids).await?);
        Ok(())
    }

    fn count(outcome: &IngestOutcome) {
        counter!(INGEST_EVENTS).increment(outcome.events as u64);
        counter!(ITEMS_PARKED).increment(outcome.parked as u64);
        counter!(WEBHOOKS_WITHOUT_ACCOUNT).increment(outcome.waiting as u64);
        histogram!(INGEST_LAG_SECONDS).record(outcome.newest_lag);
    }

    /// Postpones the one body that cannot be recorded; it stays, and is retried with growing waits.
    async fn park(&self, first: Option<(WebhookEventId, i64)>, error: mediary_store::Error) -> Result<usize> {
        let Some((event, attempts)) = first else { return Err(error.into()) };
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "a webhook could not be recorded and is parked"
        );
        let parked = mediary_core::Backoff { first: PARKED_FIRST, max: PARKED_MAX };
        let wait = parked.wait(u32::try_from(attempts).unwrap_or(u32::MAX).saturating_add(1));
        let next = self.context.now().plus(wait);
        self.context.store().ingest_failed(event, &error.to_string(), next).await?;
        Ok(1)
    }
}

/// Whether so many webhooks that wait to be acknowledged go before one that was acknowledged so long ago.
fn yields(waiting: usize, age: Duration) -> bool {
    waiting >= BACKLOG_THRESHOLD && age < YIELDS_FOR
}

/// Tells what was recorded, and begins what follows from it.
async fn recorded(context: &Context, outcome: &IngestOutcome) {
    context.events().publish_changes(&outcome.changes);
    if outcome.downloads_due {
        context.work().wake(Work::Fetch);
    }
    // Revoked media is no longer served from now on, and its bytes are deleted soon.
    let deleted = outcome.changes.iter().filter(|change| change.kind == ChangeKind::MediaDeleted);
    for (company, media) in deleted.filter_map(|change| Some((change.company_id, change.media_id?))) {
        if let Err(error) = leftovers::clear(context, company, media).await {
            tracing::error!(
                company.id = company.0,
                media.id = media.0,
                error = &error as &dyn std::error::Error,
                "what a revoked file left behind could not be removed"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backlog_of_webhooks_goes_first_but_not_for_ever() {
        let late = YIELDS_FOR - Duration::from_millis(1);
        assert!(yields(BACKLOG_THRESHOLD, Duration::ZERO) && yields(BACKLOG_THRESHOLD, late));
        assert!(!yields(BACKLOG_THRESHOLD - 1, Duration::ZERO), "too few");
        assert!(!yields(usize::MAX, YIELDS_FOR), "it waited long enough");
    }
}
