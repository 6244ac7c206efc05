//! Steps of derivations that take minutes: a lane beside that of the short ones.
//!
//! **No thumbnail waits for a conversion**, of whichever company:
//!
//! 1. The short step of a file is recorded before its long one is due, and a long recording is put back before it has a worker.
//! 2. Nobody makes a long step out of its turn: a viewer who asks for its result is told to come back.
//! 3. This lane has few slots of its own, and gets nothing while a short step of any company is due (`claim_derivations`).
//! 4. The short lane may be empty for that moment only. So the pool starts a long job only while no other waits for room, one at a time,
//!    and one that runs leaves workers and memory for the largest short job (`mediary_derive::pool`).
//!
//! Where short steps never end, a long one goes among them after minutes (`claim_derivations`, `pool`); it still leaves them room.
//!
//! A stop does not wait for minutes: what is being made is put back, and begins again after the start.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mediary_core::{DerivationStep, Result};
use mediary_store::ClaimedDerivation;
use tokio_util::sync::CancellationToken;

use super::{Deriver, job};
use crate::base::fault;
use crate::base::jobs::{JobKind, Jobs};

/// Long steps of one process at once. A conversion keeps a processor and half of the workers' memory busy.
const AT_ONCE: usize = 1;

pub(super) fn jobs(deriver: &Deriver, stop: CancellationToken) -> Jobs<LongSteps> {
    let slots = if deriver.context.media_workers().is_some() { AT_ONCE } else { 0 };
    let kind = LongSteps { deriver: deriver.clone(), stop, conversions_first: Arc::default() };
    Jobs { name: "long derivation", slots, kind }
}

#[derive(Clone)]
pub(super) struct LongSteps {
    deriver: Deriver,
    stop: CancellationToken,
    /// Recordings and conversions take turns.
    conversions_first: Arc<AtomicBool>,
}

impl JobKind for LongSteps {
    type Claim = ClaimedDerivation;

    async fn claim(&self, free: usize) -> Result<Vec<ClaimedDerivation>> {
        let context = &self.deriver.context;
        let config = context.config();
        let mut steps = DerivationStep::LONG;
        if self.conversions_first.fetch_not(Ordering::Relaxed) {
            steps.reverse();
        }
        for step in steps {
            // Another node may have what this one lacks.
            if step == DerivationStep::Conversion && !self.deriver.has_ffmpeg() {
                continue;
            }
            let claims =
                context.store().claim_derivations(&config.node, step, free, config.rules.lease).await?;
            if !claims.is_empty() {
                fault::point("derive.claimed");
                return Ok(claims);
            }
        }
        Ok(Vec::new())
    }

    async fn run(self, claim: ClaimedDerivation) {
        job::run(self.deriver, claim, self.stop).await;
    }

    fn in_flight(&self, jobs: usize) {
        self.deriver.in_flight.long.store(u32::try_from(jobs).unwrap_or(u32::MAX), Ordering::Relaxed);
        self.deriver.tell_in_flight();
    }
}
