//! Backfill: fetches files that are not stored and that WhatsApp may still have, nearest expiry first. Rows that an import left without
//! WhatsApp's media id get it first, if it can be found.

use std::time::Duration;

use mediary_core::{CompanyId, DownloadStatus, ErrorCode, MediaId, Result, Scope};
use mediary_store::MediaFile;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::context::Context;
use crate::intake::ingest;
use crate::media::fetch::Fetcher;
use crate::media::oversized;

/// Rows that are looked at at once, and those of them that are fetched together.
const LOOKED_AT: u32 = 1000;
const PAGE: u32 = 200;
const SECOND: Duration = Duration::from_secs(1);
/// How long a page waits for downloads of other processes, and how often it looks at them.
const ENDS_WITHIN: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(250);

/// What to fetch, and how fast.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackfillOptions {
    /// `None` is every company.
    pub company: Option<CompanyId>,
    /// `None` is as fast as the workers go.
    pub files_per_second: Option<u32>,
}

/// The outcome of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackfillOutcome {
    Saved,
    /// No further attempt can help.
    Lost(ErrorCode),
    /// Not yet; a running server retries it automatically.
    Waiting,
}

/// The result of a backfill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackfillReport {
    /// Rows whose media id was found in what an import had left.
    pub resolved: u64,
    /// Rows for which no media id was found.
    pub missing: u64,
    pub saved: u64,
    pub lost: u64,
    pub waiting: u64,
}

/// Fetches files that are not stored.
#[derive(Debug)]
pub(crate) struct Backfill {
    context: Context,
    fetcher: Fetcher,
}

impl Backfill {
    pub(crate) fn new(context: Context, fetcher: Fetcher) -> Self {
        Self { context, fetcher }
    }

    /// Fetches what has no bytes yet, telling `each` file's outcome. Can be broken off and begun again at any time.
    pub(crate) async fn run(
        &self,
        options: BackfillOptions,
        each: impl FnMut(MediaId, BackfillOutcome) + Send,
    ) -> Result<BackfillReport> {
        let span = tracing::error_span!("backfill", company.id = options.company.map(|company| company.0));
        self.save_all(options, each).instrument(span).await
    }

    async fn save_all(
        &self,
        options: BackfillOptions,
        mut each: impl FnMut(MediaId, BackfillOutcome) + Send,
    ) -> Result<BackfillReport> {
        let mut report = BackfillReport::default();
        self.resolve_all(options.company, &mut report).await?;
        let page = options.files_per_second.map_or(PAGE, |max| max.clamp(1, PAGE));
        let mut after = None;
        while let Some(stretch) =
            self.context.store().due_for_backfill(options.company, after, LOOKED_AT).await?
        {
            after = Some(stretch.upto);
            for wanted in stretch.found.chunks(page as usize) {
                let began = Instant::now();
                self.save(wanted).await?;
                for media in wanted {
                    let outcome = self.outcome(media).await?;
                    report.count(outcome);
                    each(media.id, outcome);
                }
                if let (Some(max), Ok(files)) = (options.files_per_second, u32::try_from(wanted.len())) {
                    tokio::time::sleep_until(began + SECOND * files / max.max(1)).await;
                }
            }
        }
        Ok(report)
    }

    /// Fetches these files, as far as they can be fetched.
    async fn save(&self, files: &[MediaFile]) -> Result<()> {
        for media in files {
            self.context.store().requeue_download(media.company_id, media.id, true).await?;
        }
        self.run_to_the_end(files).await
    }

    /// Runs due downloads, and waits for those of the files that another process is fetching, or for which it uses all slots.
    async fn run_to_the_end(&self, files: &[MediaFile]) -> Result<()> {
        let until = Instant::now() + ENDS_WITHIN;
        loop {
            self.fetcher.run_due().await?;
            let mut elsewhere = false;
            for file in files {
                elsewhere |= self.is_under_way(file).await?;
            }
            if !elsewhere || Instant::now() >= until {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn is_under_way(&self, file: &MediaFile) -> Result<bool> {
        let Some(record) = self.context.store().media(&Scope::system(file.company_id), file.id).await? else {
            return Ok(false);
        };
        match record.download_status {
            DownloadStatus::Downloading => Ok(true),
            DownloadStatus::Pending => {
                let account = self.context.whatsapp().account_of_file(&record).await?;
                let paused = account.row.paused_until.is_some_and(|until| until > self.context.now());
                Ok(record.next_attempt_at.is_some() && account.token().is_ok() && !paused)
            }
            DownloadStatus::Completed | DownloadStatus::Failed => Ok(false),
        }
    }

    /// Runs everything that is due now, webhooks and downloads, and returns when nothing is.
    pub(crate) async fn run_due(&self) -> Result<()> {
        loop {
            let events = ingest::run_due(&self.context).await?;
            let downloads = self.fetcher.run_due().await?;
            if events == 0 && downloads == 0 {
                return Ok(());
            }
        }
    }

    async fn resolve_all(&self, company: Option<CompanyId>, report: &mut BackfillReport) -> Result<()> {
        let companies = match company {
            Some(company) => vec![company],
            None => {
                self.context.store().list_companies().await?.into_iter().map(|company| company.id).collect()
            }
        };
        for company in companies {
            oversized::allow_within_limits(&self.context, company).await?;
            // Not queued: what follows queues them, as fast as was asked for.
            let search = self.context.whatsapp().resolve_legacy(company, false, u64::MAX).await?;
            report.resolved += search.resolved;
            report.missing += search.missing;
        }
        Ok(())
    }

    async fn outcome(&self, media: &MediaFile) -> Result<BackfillOutcome> {
        let record = self.context.store().media(&Scope::system(media.company_id), media.id).await?;
        Ok(match record {
            Some(record) if record.download_status == DownloadStatus::Completed => BackfillOutcome::Saved,
            Some(record)
                if record.download_status == DownloadStatus::Failed && !record.last_error_retryable =>
            {
                BackfillOutcome::Lost(record.last_error_code.unwrap_or(ErrorCode::Internal))
            }
            Some(_) => BackfillOutcome::Waiting,
            None => BackfillOutcome::Lost(ErrorCode::NotFound),
        })
    }
}

impl BackfillReport {
    fn count(&mut self, outcome: BackfillOutcome) {
        match outcome {
            BackfillOutcome::Saved => self.saved += 1,
            BackfillOutcome::Lost(_) => self.lost += 1,
            BackfillOutcome::Waiting => self.waiting += 1,
        }
    }
}
