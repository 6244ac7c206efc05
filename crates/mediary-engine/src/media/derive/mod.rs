//! What people see and hear of a stored file: thumbnails, first pages, waveforms, made once by workers that are locked up, and stored
//! beside the file. The original is never touched and never waits for them.
//!
//! A derivation is a job in rows. Its variants are reserved before they are stored, so whatever dies in between, their bytes are in the
//! trash; they are recorded together with the end of the job (`mediary_store::derivations`).

mod decide;
mod for_viewers;
mod job;
mod kinds;
mod long;
mod places;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use mediary_blob::Spools;
use mediary_core::{DerivationStep, Result};
use mediary_derive::{RECIPES_VERSION, Recipe};
use mediary_store::{ClaimedDerivation, QueuedDerivations};
use tokio_util::sync::CancellationToken;

pub(crate) use self::for_viewers::ForViewer;
pub use self::kinds::variant_kinds;
use self::places::Places;
use crate::base::fault;
use crate::base::jobs::{JobKind, Jobs};
use crate::base::shutdown::Shutdown;
use crate::base::work::Work;
use crate::base::worker::Schedule;
use crate::context::Context;

/// The poll interval of the queue: waits end, and other processes add work.
const POLL: Duration = Duration::from_secs(5);

/// Has variants made of stored files, and stores them.
#[derive(Clone, Debug)]
pub(crate) struct Deriver {
    context: Context,
    /// For copies of files that are in an object store.
    spools: Spools,
    for_viewers: Arc<Places>,
    ended: Arc<Ended>,
    in_flight: Arc<InFlight>,
}

/// How many derivations of this process ended, and how.
#[derive(Debug, Default)]
struct Ended {
    made: AtomicU64,
    failed: AtomicU64,
}

/// What runs now, for the metrics.
#[derive(Debug, Default)]
struct InFlight {
    short: AtomicU32,
    long: AtomicU32,
}

impl Deriver {
    pub(crate) fn new(context: Context) -> Self {
        let spools = Spools::new(context.config().spool.clone());
        let workers = context.media_workers().map_or(0, |workers| workers.at_once());
        let for_viewers = Arc::new(Places::of(workers));
        Self { context, spools, for_viewers, ended: Arc::default(), in_flight: Arc::default() }
    }

    fn has_ffmpeg(&self) -> bool {
        self.context.media_workers().is_some_and(|workers| workers.has_ffmpeg())
    }

    /// The version of what is made here of a file of this type.
    fn version(&self, mime_type: Option<&str>) -> u32 {
        let recipe = mime_type.and_then(kinds::recipe);
        recipe.map_or(RECIPES_VERSION, |recipe| recipe.version(self.has_ffmpeg()))
    }

    /// Files of which less was made than can be made here.
    pub(crate) fn missing(&self) -> QueuedDerivations {
        let of_videos = Recipe::Video.version(self.has_ffmpeg());
        QueuedDerivations::Missing { version: RECIPES_VERSION, of_videos }
    }

    /// Runs derivations until the soft stop, and the running ones to their end. Without workers there is nothing to run.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        if self.context.media_workers().is_none() {
            return;
        }
        let context = self.context.clone();
        let short = Schedule::woken(context.work(), Work::Derive, POLL);
        let long = Schedule::woken(context.work(), Work::DeriveLong, POLL);
        let long_jobs = long::jobs(&self, shutdown.soft.clone());
        tokio::join!(self.jobs().run(shutdown.clone(), short), long_jobs.run(shutdown, long));
    }

    /// Runs everything that is due now; how many derivations that was.
    pub(crate) async fn run_due(&self) -> Result<usize> {
        let mut all = 0;
        loop {
            let short = self.clone().jobs().run_due().await?;
            let long = long::jobs(self, CancellationToken::new()).run_due().await?;
            all += short + long;
            if short + long == 0 {
                return Ok(all);
            }
        }
    }

    /// How many derivations were made since the start of this process, and how many failed.
    pub(crate) fn ended(&self) -> (u64, u64) {
        (self.ended.made.load(Ordering::Relaxed), self.ended.failed.load(Ordering::Relaxed))
    }

    fn tell_in_flight(&self) {
        let InFlight { short, long } = &*self.in_flight;
        let all = short.load(Ordering::Relaxed).saturating_add(long.load(Ordering::Relaxed));
        self.context.meters().deriving.set(all);
    }

    fn jobs(self) -> Jobs<Self> {
        let slots = self.context.media_workers().map_or(0, |workers| workers.at_once());
        Jobs { name: "derivation", slots, kind: self }
    }
}

impl JobKind for Deriver {
    type Claim = ClaimedDerivation;

    async fn claim(&self, free: usize) -> Result<Vec<ClaimedDerivation>> {
        let config = self.context.config();
        let (step, lease) = (DerivationStep::Short, config.rules.lease);
        let claims = self.context.store().claim_derivations(&config.node, step, free, lease).await?;
        if !claims.is_empty() {
            fault::point("derive.claimed");
        }
        Ok(claims)
    }

    async fn run(self, claim: ClaimedDerivation) {
        job::run(self, claim, CancellationToken::new()).await;
    }

    fn in_flight(&self, jobs: usize) {
        self.in_flight.short.store(u32::try_from(jobs).unwrap_or(u32::MAX), Ordering::Relaxed);
        self.tell_in_flight();
    }
}
