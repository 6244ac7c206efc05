//! Derivations that an administrator asks for: of files that were stored before there were any, of what failed, or of everything.

use std::time::Duration;

use mediary_core::{CompanyId, Error, ErrorCode, MediaId, Result};
use mediary_store::QueuedDerivations;

use crate::base::work::Work;
use crate::context::Context;
use crate::media::derive::Deriver;

/// Rows that are looked at at once.
const LOOKED_AT: u32 = 1000;
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// Of which files to make variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeriveWhich {
    /// Where there are none, or where they are of an older version.
    Missing,
    /// Where it failed for good.
    Failed,
    /// Of every stored file, again.
    All,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeriveReport {
    /// Files that were put into the queue.
    pub queued: u64,
    /// Files whose derivation ended here, and how many of them failed.
    pub made: u64,
    pub failed: u64,
    /// Left for another try, or for another process that makes them now.
    pub waiting: u64,
}

/// Queues derivations and runs them.
#[derive(Clone, Debug)]
pub(crate) struct Derivations {
    context: Context,
    deriver: Deriver,
}

impl Derivations {
    pub(crate) fn new(context: Context, deriver: Deriver) -> Self {
        Self { context, deriver }
    }

    /// Queues what is asked for and runs it to its end, telling now and then how many files are left. Can be broken off at any time:
    /// what is queued stays queued, for this command or a server.
    pub(crate) async fn run(
        &self,
        companies: &[CompanyId],
        which: DeriveWhich,
        mut tell: impl FnMut(u64) + Send,
    ) -> Result<DeriveReport> {
        if self.context.media_workers().is_none() {
            return Err(Error::refused(
                ErrorCode::Conflict,
                "decoders may not run here, as `mediary doctor` explains; nothing was queued",
            ));
        }
        // What processes that ended have left: without a server nobody else gives it back.
        self.context.store().release_expired_leases(self.context.now(), LOOKED_AT).await?;
        let mut report = DeriveReport::default();
        for company in companies {
            report.queued += self.queue(*company, which).await?;
        }
        self.context.work().wake(Work::Derive);
        let (made, failed) = self.deriver.ended();
        let mut running = std::pin::pin!(self.deriver.run_due());
        loop {
            tokio::select! {
                ran = &mut running => { ran?; break; }
                () = tokio::time::sleep(PROGRESS_EVERY) => tell(self.left(companies).await?),
            }
        }
        let (made_now, failed_now) = self.deriver.ended();
        report.made = made_now - made;
        report.failed = failed_now - failed;
        report.waiting = self.left(companies).await?;
        Ok(report)
    }

    async fn queue(&self, company: CompanyId, which: DeriveWhich) -> Result<u64> {
        let which = match which {
            DeriveWhich::Missing => self.deriver.missing(),
            DeriveWhich::Failed => QueuedDerivations::Failed,
            DeriveWhich::All => QueuedDerivations::All,
        };
        let (mut queued, mut after) = (0, MediaId(0));
        while let Some(stretch) =
            self.context.store().queue_derivations(company, which, after, LOOKED_AT).await?
        {
            queued += stretch.queued;
            after = stretch.upto;
        }
        Ok(queued)
    }

    async fn left(&self, companies: &[CompanyId]) -> Result<u64> {
        let mut left = 0;
        for company in companies {
            left += self.context.store().derivations_left(*company).await?;
        }
        Ok(left)
    }
}
