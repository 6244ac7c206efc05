//! Downloads: claimed from the rows that are the queue, run a few at a time, each ended in its row.

mod decide;
mod job;
mod judge;
mod settle;
mod transfer;

use std::sync::Arc;
use std::time::Duration;

use mediary_store::{ClaimLimits, ClaimedDownload};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::base::error::Result;
use crate::base::fault;
use crate::base::shutdown::Shutdown;
use crate::engine::Engine;
use crate::transit::arriving::Arriving;

/// How often the queue is looked at when nobody calls: waits end, and other processes add work.
const POLL: Duration = Duration::from_secs(1);

/// Runs downloads until the soft stop, and what is under way to its end. Dropping this drops them: their leases run out.
pub(crate) async fn run(engine: Engine, shutdown: Shutdown) {
    let mut running = JoinSet::new();
    while !shutdown.soft.is_cancelled() {
        let free = engine.config().workers.saturating_sub(running.len());
        start(&engine, free, &mut running).await;
        let has_room = running.len() < engine.config().workers;
        tokio::select! {
            () = shutdown.soft.cancelled() => {}
            () = engine.wake().fetch_due(), if has_room => {}
            Some(ended) = running.join_next() => note_panic(ended),
            () = tokio::time::sleep(POLL) => {}
        }
        // What ended together is replaced by one claim.
        while let Some(ended) = running.try_join_next() {
            note_panic(ended);
        }
    }
    while let Some(ended) = running.join_next().await {
        note_panic(ended);
    }
}

/// Runs everything that is due now, and what becomes due by it, and returns when nothing is.
pub(crate) async fn run_due(engine: &Engine) -> Result<usize> {
    let mut ran = 0;
    let mut running = JoinSet::new();
    loop {
        let free = engine.config().workers.saturating_sub(running.len());
        for claim in claim(engine, free).await? {
            running.spawn(job::run(engine.clone(), claim, None));
        }
        let Some(ended) = running.join_next().await else { return Ok(ran) };
        note_panic(ended);
        ran += 1;
    }
}

/// Runs a download that viewers wait for, who read it while it comes.
pub(crate) async fn run_for_viewers(
    engine: Engine,
    claim: ClaimedDownload,
    tell: oneshot::Sender<Arc<Arriving>>,
) {
    job::run(engine, claim, Some(tell)).await;
}

async fn start(engine: &Engine, free: usize, running: &mut JoinSet<()>) {
    match claim(engine, free).await {
        Ok(claims) => {
            for claim in claims {
                running.spawn(job::run(engine.clone(), claim, None));
            }
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "downloads could not be claimed");
        }
    }
    engine.meters().in_flight.set(u32::try_from(running.len()).unwrap_or(u32::MAX));
}

async fn claim(engine: &Engine, free: usize) -> Result<Vec<ClaimedDownload>> {
    let storage_waits = engine.gates().storage_pause().is_some_and(|pause| pause.holds(engine.now()));
    if free == 0 || storage_waits {
        return Ok(Vec::new());
    }
    let config = engine.config();
    let limits = ClaimLimits {
        batch: free,
        per_company: config.downloads_per_company,
        per_account: config.downloads_per_account,
        lease: config.rules.lease,
    };
    let claims = engine.store().claim_downloads(&config.node, &limits).await?;
    if !claims.is_empty() {
        fault::point("fetch.claimed");
    }
    Ok(claims)
}

/// A download that panicked is our bug; its lease runs out and it is tried again.
fn note_panic(ended: std::result::Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(error = &error as &dyn std::error::Error, "a download ended in a panic");
    }
}
