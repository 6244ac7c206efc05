//! Jobs that are claimed from rows and run side by side, so many at once.
//!
//! 1. A claim is committed before its job begins and gives a lease (`base/lease`), so a job that dies with its process is claimed
//!    again when its lease has run out.
//! 2. There is never more in flight than there are slots, and a claim asks for no more than are free: what is claimed begins at
//!    once, and its lease does not run out in a queue.
//! 3. A job that panics frees its slot and ends nothing else; its row is claimed again by its lease.
//! 4. At the soft stop nothing more is claimed, and what runs comes to its end. At the hard stop the future of [`run`] is dropped
//!    and drops all of them.

use tokio::task::{JoinError, JoinSet};

use crate::base::error::Result;
use crate::base::shutdown::Shutdown;
use crate::base::worker::Schedule;

/// The jobs of one kind in this process.
pub(crate) struct Jobs<J> {
    /// The job's name in logs.
    pub(crate) name: &'static str,
    /// At once.
    pub(crate) slots: usize,
    pub(crate) kind: J,
}

/// A kind of jobs: how they are claimed, and what one of them does.
pub(crate) trait JobKind: Clone + Send + Sync + 'static {
    type Claim: Send + 'static;

    /// Claims due rows for at most `free` jobs, never for more.
    fn claim(&self, free: usize) -> impl Future<Output = Result<Vec<Self::Claim>>> + Send;

    /// Runs one, to its end in its row.
    fn run(self, claim: Self::Claim) -> impl Future<Output = ()> + Send + 'static;

    /// How many run now, for the metrics.
    fn in_flight(&self, jobs: usize);
}

impl<J: JobKind> Jobs<J> {
    /// Runs what is due until the soft stop, and what is under way to its end.
    pub(crate) async fn run(self, shutdown: Shutdown, schedule: Schedule<'_>) {
        let mut running = JoinSet::new();
        while !shutdown.soft.is_cancelled() {
            if let Err(error) = self.start(&mut running).await {
                let error: &dyn std::error::Error = &error;
                tracing::error!(job = self.name, error, "due jobs could not be claimed");
            }
            self.kind.in_flight(running.len());
            let has_room = running.len() < self.slots;
            tokio::select! {
                () = shutdown.soft.cancelled() => {}
                () = schedule.woken_up(), if has_room => {}
                Some(ended) = running.join_next() => self.note_panic(ended),
                () = tokio::time::sleep(schedule.poll) => {}
            }
            // What ended together is replaced by one claim.
            while let Some(ended) = running.try_join_next() {
                self.note_panic(ended);
            }
        }
        while let Some(ended) = running.join_next().await {
            self.note_panic(ended);
        }
    }

    /// Runs everything that is due now, and what becomes due by it; how many that was.
    pub(crate) async fn run_due(&self) -> Result<usize> {
        let mut ran = 0;
        let mut running = JoinSet::new();
        loop {
            self.start(&mut running).await?;
            let Some(ended) = running.join_next().await else { return Ok(ran) };
            self.note_panic(ended);
            ran += 1;
        }
    }

    async fn start(&self, running: &mut JoinSet<()>) -> Result<()> {
        let free = self.slots.saturating_sub(running.len());
        if free > 0 {
            for claim in self.kind.claim(free).await? {
                running.spawn(self.kind.clone().run(claim));
            }
        }
        Ok(())
    }

    fn note_panic(&self, ended: Result<(), JoinError>) {
        if let Err(error) = ended
            && error.is_panic()
        {
            let error: &dyn std::error::Error = &error;
            tracing::error!(
                job = self.name,
                error,
                "a job ended in a panic; it is claimed again once its lease has run out"
            );
        }
    }
}
