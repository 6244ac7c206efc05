//! The automatic inspection: every company's storage once a day, by whichever node comes first. It checks presence and size, and
//! records its findings for the API and the metrics. It repairs nothing, but removes files that no record named in two checks at least
//! a day apart.

use std::time::Duration;

use mediary_core::{CompanyId, Result, Timestamp};
use mediary_store::StorageCheckCounts;
use serde_json::json;
use tracing::Instrument as _;

use super::{InspectOptions, Inspection, Inspector};
use crate::base::metrics::UNTRACKED_REMOVED;
use crate::base::shutdown::Shutdown;
use crate::base::worker::{NextStep, Schedule, Worker, every};

const EVERY: Duration = Duration::from_secs(24 * 3600);
/// Files that are read from the database at once.
const BATCH: u32 = 500;
/// How often due checks are looked for; the first time after a pause, for a start has enough to do.
const LOOK_EVERY: Duration = Duration::from_secs(300);

/// Checks until `shutdown`.
pub(crate) async fn run(inspector: Inspector, shutdown: Shutdown) {
    let mut checks = DailyChecks { inspector, is_first_step: true };
    every(&shutdown, Schedule::polling(LOOK_EVERY), &mut checks).await;
}

struct DailyChecks {
    inspector: Inspector,
    is_first_step: bool,
}

impl Worker for DailyChecks {
    async fn step(&mut self, shutdown: &Shutdown) -> NextStep {
        if std::mem::take(&mut self.is_first_step) {
            return NextStep::AfterPoll;
        }
        let checked = self.inspector.check_storage_where_due();
        if let Some(Err(error)) = shutdown.soft.run_until_cancelled(checked).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "companies whose storage is due for a check could not be found"
            );
        }
        NextStep::AfterPoll
    }
}

impl Inspector {
    /// Checks the storage of every company that nobody has checked for a day; how many. One whose check fails does not
    /// hold up the others.
    pub(crate) async fn check_storage_where_due(&self) -> Result<u64> {
        let mut checked = 0;
        for company in self.context.store().list_companies().await? {
            if !self.context.store().storage_check_begin(company.id, self.context.now().minus(EVERY)).await? {
                continue;
            }
            let span = tracing::error_span!("check_storage", company.id = company.id.0);
            match self.check_storage(company.id).instrument(span).await {
                Ok(()) => checked += 1,
                Err(error) => tracing::warn!(
                    company.id = company.id.0,
                    error = &error as &dyn std::error::Error,
                    "storage of a company could not be checked"
                ),
            }
        }
        Ok(checked)
    }

    async fn check_storage(&self, company: CompanyId) -> Result<()> {
        let look = self.context.now();
        let (options, mut found) =
            (InspectOptions { look: Some(look), ..InspectOptions::default() }, Inspection::default());
        self.inspect_records(company, options, &mut found).await?;
        self.inspect_storage(Some(company), options, &mut found).await?;
        let Inspection { whole, missing, wrong, untracked, .. } = &found;
        if missing.count + wrong.count > 0 {
            tracing::error!(
                missing = missing.count,
                wrong = wrong.count,
                "stored files are not as their records say"
            );
        }
        let removed = self.remove_untracked(company, look, &found).await?;
        let keys: Vec<_> = untracked.first.iter().map(|(_, key, _)| key).collect();
        let ids = |ids: &[mediary_core::MediaId]| ids.iter().map(|id| id.0).collect::<Vec<_>>();
        let first = json!({ "missing": ids(&missing.first), "wrong": ids(&wrong.first), "untracked": keys });
        let result = StorageCheckCounts {
            whole: *whole,
            missing: missing.count,
            wrong: wrong.count,
            untracked: untracked.count,
            removed,
            found: first.to_string(),
        };
        Ok(self.context.store().storage_check_end(company, &result).await?)
    }

    /// Puts files into the trash that this check and one a day before found without a record; returns how many. That no record names
    /// them, and that no download stores under their key, is checked again when they are put there and when they are deleted.
    async fn remove_untracked(&self, company: CompanyId, look: Timestamp, found: &Inspection) -> Result<u64> {
        self.context.store().forget_tracked(company, look).await?;
        if found.is_suspicious() {
            tracing::error!(
                untracked = found.untracked.count,
                "storage has more files without a record than with one, so none is removed; check that it belongs to this \
                database, and remove them with `mediary storage check --repair --yes` if they may go"
            );
            return Ok(0);
        }
        let (mut removed, mut after) = (0, 0);
        let seen = (look.minus(EVERY), look);
        loop {
            let files = self.context.store().untracked_since(company, seen, after, BATCH).await?;
            let Some((last, ..)) = files.last() else { break };
            after = *last;
            for (_, backend, file) in &files {
                removed += u64::from(self.context.store().discard_file(*backend, file).await?);
            }
        }
        if removed > 0 {
            metrics::counter!(UNTRACKED_REMOVED).increment(removed);
            tracing::info!(files = removed, "files that no record named for a day are removed");
        }
        Ok(removed)
    }
}
