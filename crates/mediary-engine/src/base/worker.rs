//! The one loop of all workers: a step over the rows that are due, then a wait until there is more.

use std::time::Duration;

use crate::base::shutdown::Shutdown;
use crate::base::work::{Work, WorkSignals};

/// When a worker takes its next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NextStep {
    /// At once: there may be more due rows.
    Now,
    /// After a wake-up, or after the poll interval.
    WhenDue,
    /// After the poll interval, regardless of wake-ups: a dependency does not answer now.
    AfterPoll,
}

/// The wake-ups that a worker listens to, if any, and its poll interval: waits end by the clock, and other processes add work.
pub(crate) struct Schedule<'a> {
    pub(crate) wake_up: Option<(&'a WorkSignals, Work)>,
    pub(crate) poll: Duration,
}

impl<'a> Schedule<'a> {
    pub(crate) fn woken(signals: &'a WorkSignals, work: Work, poll: Duration) -> Self {
        Self { wake_up: Some((signals, work)), poll }
    }

    /// Polls only.
    pub(crate) fn polling(poll: Duration) -> Self {
        Self { wake_up: None, poll }
    }

    /// Waits for a wake-up.
    pub(crate) async fn woken_up(&self) {
        match self.wake_up {
            Some((signals, work)) => signals.due(work).await,
            None => std::future::pending().await,
        }
    }
}

/// Processes due rows, a step at a time.
pub(crate) trait Worker: Send {
    /// A step that has begun runs to its end; a long one has to watch the soft stop by itself.
    fn step(&mut self, shutdown: &Shutdown) -> impl Future<Output = NextStep> + Send;
}

/// Runs step after step of a worker until the soft stop.
pub(crate) async fn every(shutdown: &Shutdown, schedule: Schedule<'_>, worker: &mut impl Worker) {
    while !shutdown.soft.is_cancelled() {
        let next = worker.step(shutdown).await;
        let due = async {
            match next {
                NextStep::Now => {}
                NextStep::WhenDue => schedule.woken_up().await,
                NextStep::AfterPoll => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = shutdown.soft.cancelled() => {}
            () = due => {}
            () = tokio::time::sleep(schedule.poll) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const POLL: Duration = Duration::from_secs(60);

    struct Steps<'a> {
        signals: &'a WorkSignals,
        began: Instant,
        taken: u32,
    }

    impl Worker for Steps<'_> {
        async fn step(&mut self, shutdown: &Shutdown) -> NextStep {
            self.taken += 1;
            match self.taken {
                1 => NextStep::Now,
                2 => {
                    self.signals.wake(Work::Fetch);
                    NextStep::WhenDue
                }
                3 => {
                    assert_eq!(self.began.elapsed(), Duration::ZERO, "neither waited for the poll");
                    self.signals.wake(Work::Fetch);
                    NextStep::AfterPoll
                }
                4 => {
                    assert_eq!(self.began.elapsed(), POLL, "a wake-up does not hurry what does not answer");
                    NextStep::WhenDue
                }
                5 => NextStep::WhenDue,
                _ => {
                    assert_eq!(self.began.elapsed(), 2 * POLL, "the kept wake-up counted once");
                    shutdown.soft.cancel();
                    NextStep::Now
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn worker_steps_at_once_while_there_is_more_then_when_woken_then_by_the_clock() {
        let (signals, shutdown) = (WorkSignals::default(), Shutdown::default());
        let mut steps = Steps { signals: &signals, began: Instant::now(), taken: 0 };
        every(&shutdown, Schedule::woken(&signals, Work::Fetch, POLL), &mut steps).await;
        assert_eq!(steps.taken, 6);
    }
}
