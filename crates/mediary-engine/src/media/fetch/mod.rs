//! Downloads: claimed from the rows that are the queue, run a few at a time, each ended in its row.

mod decide;
mod job;
mod judge;
mod settle;
mod transfer;

use std::sync::Arc;
use std::time::Duration;

use mediary_core::Result;
use mediary_store::{ClaimLimits, ClaimedDownload};
use tokio::sync::oneshot;

use crate::base::fault;
use crate::base::jobs::{JobKind, Jobs};
use crate::base::shutdown::Shutdown;
use crate::base::work::Work;
use crate::base::worker::Schedule;
use crate::context::Context;
use crate::transit::inbound_file::InboundFile;
use crate::transit::inbound_files::InboundFiles;

/// The poll interval of the queue: waits end, and other processes add work.
const POLL: Duration = Duration::from_secs(1);

/// Fetches files from WhatsApp into storage. Clones share the inbound files.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    context: Context,
    inbound_files: Arc<InboundFiles>,
}

impl Fetcher {
    pub(crate) fn new(context: Context, inbound_files: Arc<InboundFiles>) -> Self {
        Self { context, inbound_files }
    }

    /// Runs downloads until the soft stop, and the running ones to their end. Dropping this drops them: their leases expire.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        let context = self.context.clone();
        let schedule = Schedule::woken(context.work(), Work::Fetch, POLL);
        self.jobs().run(shutdown, schedule).await;
    }

    /// Runs everything that is due now, and what becomes due by it; how many downloads that was.
    pub(crate) async fn run_due(&self) -> Result<usize> {
        self.clone().jobs().run_due().await
    }

    fn jobs(self) -> Jobs<Self> {
        Jobs { name: "download", slots: self.context.config().workers, kind: self }
    }

    /// Runs a download that viewers wait for, who read it while it comes.
    pub(crate) async fn run_for_viewers(
        self,
        claim: ClaimedDownload,
        tell: oneshot::Sender<Arc<InboundFile>>,
    ) {
        job::run(self, claim, Some(tell)).await;
    }
}

impl JobKind for Fetcher {
    type Claim = ClaimedDownload;

    async fn claim(&self, free: usize) -> Result<Vec<ClaimedDownload>> {
        let context = &self.context;
        if context.pauses().storage_pause().is_some_and(|pause| pause.holds(context.now())) {
            return Ok(Vec::new());
        }
        let config = context.config();
        let limits = ClaimLimits {
            batch: free,
            per_company: config.downloads_per_company,
            per_account: config.downloads_per_account,
            lease: config.rules.lease,
        };
        let claims = context.store().claim_downloads(&config.node, &limits).await?;
        if !claims.is_empty() {
            fault::point("fetch.claimed");
        }
        Ok(claims)
    }

    async fn run(self, claim: ClaimedDownload) {
        job::run(self, claim, None).await;
    }

    fn in_flight(&self, jobs: usize) {
        self.context.meters().in_flight.set(u32::try_from(jobs).unwrap_or(u32::MAX));
    }
}
