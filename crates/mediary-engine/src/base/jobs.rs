//! Jobs that are claimed from rows and run concurrently, up to a number of slots.
//!
//! 1. A claim is committed before its job begins and gives a lease (`base/lease`), so a job that dies with its process is claimed
//!    again when its lease has run out.
//! 2. There is never more in flight than there are slots, and a claim asks for no more than are free: what is claimed begins at
//!    once, and its lease does not run out in a queue.
//! 3. A job that panics frees its slot and ends nothing else; its row is claimed again by its lease.
//! 4. At the soft stop nothing more is claimed, and what runs comes to its end. At the hard stop the future of [`run`] is dropped
//!    and drops all of them.

use mediary_core::Result;
use tokio::task::{JoinError, JoinSet};

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

    /// Runs one job, and records its end in its row.
    fn run(self, claim: Self::Claim) -> impl Future<Output = ()> + Send + 'static;

    /// How many run now, for the metrics.
    fn in_flight(&self, jobs: usize);
}

impl<J: JobKind> Jobs<J> {
    /// Runs due jobs until the soft stop, and the running ones to their end.
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
            // Jobs that ended together are replaced by one claim.
            while let Some(ended) = running.try_join_next() {
                self.note_panic(ended);
            }
        }
        while let Some(ended) = running.join_next().await {
            self.note_panic(ended);
        }
    }

    /// Runs everything that is due now, and what becomes due by it; returns how many jobs that was.
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

#[cfg(test)]
mod tests {
    //! A toy job, made as docs/dev/add-a-job.md says: rows in memory instead of a table, a lease that runs out, a wake-up.

    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::*;
    use crate::base::lease::{Lease, until_lost};
    use crate::base::work::{Work, WorkSignals};

    const POLL: Duration = Duration::from_secs(60);
    const SLOTS: usize = 2;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Row {
        Due,
        Running(u64),
        Done,
    }

    /// A kind of jobs: each greets somebody, and takes a second for it.
    #[derive(Clone, Default)]
    struct Greeter {
        rows: Arc<Mutex<BTreeMap<&'static str, Row>>>,
        /// The greatest number of jobs at once, and for how many each claim asked.
        max_jobs: Arc<Mutex<usize>>,
        claims: Arc<Mutex<Vec<usize>>>,
    }

    struct Greeting {
        name: &'static str,
        lease: u64,
    }

    impl Greeter {
        fn due(names: &[&'static str]) -> Self {
            let greeter = Self::default();
            greeter.rows.lock().unwrap().extend(names.iter().map(|name| (*name, Row::Due)));
            greeter
        }

        fn row(&self, name: &str) -> Row {
            self.rows.lock().unwrap()[name]
        }
    }

    struct GreetingLease<'a>(&'a Greeter, &'a Greeting);

    impl Lease for GreetingLease<'_> {
        fn life(&self) -> Duration {
            Duration::from_millis(300)
        }

        async fn renew(&mut self) -> Result<bool> {
            Ok(self.0.row(self.1.name) == Row::Running(self.1.lease))
        }

        async fn may_be_lost(&self) {
            std::future::pending::<()>().await;
        }
    }

    impl JobKind for Greeter {
        type Claim = Greeting;

        async fn claim(&self, free: usize) -> Result<Vec<Greeting>> {
            self.claims.lock().unwrap().push(free);
            let mut rows = self.rows.lock().unwrap();
            let due = rows.iter_mut().filter(|(_, row)| **row == Row::Due).take(free);
            Ok(due
                .map(|(name, row)| {
                    *row = Row::Running(1);
                    Greeting { name, lease: 1 }
                })
                .collect())
        }

        async fn run(self, greeting: Greeting) {
            let mut lease = GreetingLease(&self, &greeting);
            let work = tokio::time::sleep(Duration::from_secs(1));
            let done = until_lost(&mut lease, work).await;
            assert!(greeting.name != "panic", "a job that ends in a panic");
            // The fence: only who still holds the row finishes it.
            let mut rows = self.rows.lock().unwrap();
            if done.is_some() && rows[greeting.name] == Row::Running(greeting.lease) {
                rows.insert(greeting.name, Row::Done);
            }
        }

        fn in_flight(&self, jobs: usize) {
            let mut max_jobs = self.max_jobs.lock().unwrap();
            *max_jobs = jobs.max(*max_jobs);
        }
    }

    fn jobs(kind: &Greeter) -> Jobs<Greeter> {
        Jobs { name: "greeting", slots: SLOTS, kind: kind.clone() }
    }

    #[tokio::test(start_paused = true)]
    async fn due_jobs_run_to_their_end_no_more_at_once_than_there_are_slots() {
        let greeter = Greeter::due(&["ana", "ben", "cleo", "dan", "eve"]);
        let began = tokio::time::Instant::now();
        assert_eq!(jobs(&greeter).run_due().await.unwrap(), 5);
        assert_eq!(began.elapsed(), Duration::from_secs(3), "two at once");
        assert!(greeter.rows.lock().unwrap().values().all(|row| *row == Row::Done));
        assert!(greeter.claims.lock().unwrap().iter().all(|free| (1..=SLOTS).contains(free)));
    }

    #[tokio::test(start_paused = true)]
    async fn worker_is_woken_refills_its_slots_and_ends_what_runs_at_the_soft_stop() {
        let (greeter, signals, shutdown) = (Greeter::default(), WorkSignals::default(), Shutdown::default());
        let began = tokio::time::Instant::now();
        let schedule = Schedule::woken(&signals, Work::Sweep, POLL);
        let worker = jobs(&greeter).run(shutdown.clone(), schedule);
        let others = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            greeter.rows.lock().unwrap().extend(["ana", "ben", "cleo", "panic"].map(|name| (name, Row::Due)));
            signals.wake(Work::Sweep);
            tokio::time::sleep(Duration::from_millis(1500)).await;
            shutdown.soft.cancel();
            greeter.rows.lock().unwrap().insert("zoe", Row::Due);
        };
        tokio::join!(worker, others);
        assert!(began.elapsed() < Duration::from_secs(3), "nobody waited for the poll");
        assert_eq!(["ana", "ben", "cleo"].map(|name| greeter.row(name)), [Row::Done; 3]);
        assert_eq!(greeter.row("panic"), Row::Running(1), "its lease will run out");
        assert_eq!(greeter.row("zoe"), Row::Due, "nothing is claimed after the soft stop");
        assert_eq!(*greeter.max_jobs.lock().unwrap(), SLOTS);
    }

    #[tokio::test(start_paused = true)]
    async fn job_whose_lease_is_lost_ends_early_and_finishes_nothing() {
        let greeter = Greeter::due(&["ana"]);
        let took_over = async {
            tokio::time::sleep(Duration::from_millis(150)).await;
            greeter.rows.lock().unwrap().insert("ana", Row::Running(2));
        };
        let began = tokio::time::Instant::now();
        let running = jobs(&greeter);
        let (ran, ()) = tokio::join!(running.run_due(), took_over);
        assert_eq!(ran.unwrap(), 1);
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        assert_eq!(greeter.row("ana"), Row::Running(2), "somebody else has it");
    }
}
