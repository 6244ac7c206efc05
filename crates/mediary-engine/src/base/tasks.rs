//! The tasks that run until shutdown. A row that triggers a bug in one of them must not end the server for all companies, or end it
//! again at each start: a task that panics restarts after a pause.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use mediary_core::{Error, ErrorCode, Result};
use tokio::task::JoinSet;

use crate::base::shutdown::Shutdown;

const PAUSE: Duration = Duration::from_secs(1);

/// Tasks that run side by side.
pub(crate) struct Tasks {
    shutdown: Shutdown,
    running: JoinSet<()>,
}

impl Tasks {
    pub(crate) fn new(shutdown: Shutdown) -> Self {
        Self { shutdown, running: JoinSet::new() }
    }

    /// Runs a task that works with a clone of `with`.
    pub(crate) fn spawn<W, F>(
        &mut self,
        name: &'static str,
        with: &W,
        task: impl Fn(W, Shutdown) -> F + Send + 'static,
    ) where
        W: Clone + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let with = with.clone();
        let task = move |shutdown| task(with.clone(), shutdown);
        self.running.spawn(kept_running(name, self.shutdown.clone(), task));
    }

    /// Waits until all have ended. A hard shutdown drops them.
    pub(crate) async fn ended(mut self) -> Result<()> {
        let all = async {
            while let Some(ended) = self.running.join_next().await {
                ended.map_err(|error| Error::new(ErrorCode::Internal, "run the engine").because(error))?;
            }
            Ok(())
        };
        let ended = self.shutdown.hard.run_until_cancelled(all).await;
        self.running.shutdown().await;
        ended.unwrap_or(Ok(()))
    }
}

/// Runs a task until it ends by itself, and restarts it after a panic. Its unfinished work is found as after a crash: transactions are
/// rolled back, leases expire.
async fn kept_running<F>(name: &'static str, shutdown: Shutdown, task: impl Fn(Shutdown) -> F)
where
    F: Future<Output = ()>,
{
    while AssertUnwindSafe(task(shutdown.clone())).catch_unwind().await.is_err() {
        tracing::error!(task = name, "a background task ended in a panic and begins again");
        if shutdown.soft.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio_util::sync::CancellationToken;

    use super::*;

    fn shutdown() -> Shutdown {
        Shutdown { soft: CancellationToken::new(), hard: CancellationToken::new() }
    }

    #[tokio::test(start_paused = true)]
    async fn task_that_panics_restarts() {
        let started = AtomicU32::new(0);
        let task = |_| async {
            assert!(started.fetch_add(1, Ordering::Relaxed) >= 2, "a bug");
        };
        kept_running("test", shutdown(), task).await;
        assert_eq!(started.into_inner(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn task_that_keeps_panicking_ends_with_the_shutdown() {
        let shutdown = shutdown();
        let task = |shutdown: Shutdown| async move {
            shutdown.soft.cancel();
            panic!("a bug");
        };
        kept_running("test", shutdown, task).await;
    }
}
