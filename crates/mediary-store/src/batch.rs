//! Group commit: what arrives while a transaction is on its way to the disk goes into the next one together, so that
//! many callers share one flush.
//!
//! 1. A caller is answered after the commit of the transaction that wrote its item, never before.
//! 2. A transaction that failed never happened. Where one item may be to blame, each is committed by itself, so an item is written
//!    once, and only the bad one fails.
//! 3. If the outcome of a commit is unknown (no answer in time), all its callers get an error and may retry. So writing an item
//!    twice must be harmless: a webhook is known by its messages, a download by its bytes, a view by its time, a message of ours by
//!    its client id. A caller that gave none cannot know whether it was queued, as with any transaction whose end is not heard of.
//! 4. A caller that is dropped does not withdraw its item: it is in the queue or in a transaction, and is committed.
//! 5. At shutdown the queue is closed first. Items in it are committed, later ones are refused.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{Error, Result, cost};

/// Writes items in one transaction; one output for each, in order.
pub(crate) trait Commit: Send + Sync + 'static {
    type Item: Clone + Send + Sync;
    type Output: Send;

    fn commit(&self, items: Vec<Self::Item>) -> impl Future<Output = Result<Vec<Self::Output>>> + Send;
}

/// The deadline of a commit. After it the callers get an error, although the commit may still succeed.
const COMMITS_WITHIN: Duration = Duration::from_secs(10);

struct WaitingItem<C: Commit> {
    item: C::Item,
    answer: oneshot::Sender<Result<C::Output>>,
}

/// A handle on the task that commits for all callers.
pub(crate) struct Batcher<C: Commit> {
    what: &'static str,
    sender: mpsc::Sender<WaitingItem<C>>,
    callers: AtomicUsize,
}

/// Counts a caller for as long as it lives.
struct CountGuard<'a>(&'a AtomicUsize);

impl<'a> CountGuard<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for CountGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<C: Commit> fmt::Debug for Batcher<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher").field("what", &self.what).finish_non_exhaustive()
    }
}

/// How much a [`Batcher`] takes at once.
pub(crate) struct Bounds {
    /// Items that may wait.
    pub(crate) queue: usize,
    /// Items committed together.
    pub(crate) batch: usize,
}

impl<C: Commit> Batcher<C> {
    /// Starts the task. It ends when `stop` is cancelled and nothing waits any more, or when nobody can call it.
    pub(crate) fn start(
        what: &'static str,
        bounds: &Bounds,
        commit: C,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(bounds.queue);
        tasks.spawn(run(commit, receiver, bounds.batch, stop));
        Self { what, sender, callers: AtomicUsize::new(0) }
    }

    /// How many callers wait for their commit.
    pub(crate) fn callers(&self) -> usize {
        self.callers.load(Ordering::Relaxed)
    }

    /// Commits the item, or refuses it at once if too many wait.
    pub(crate) async fn try_commit(&self, item: C::Item) -> Result<C::Output> {
        let _counted = CountGuard::new(&self.callers);
        let (answer, answered) = oneshot::channel();
        self.sender.try_send(WaitingItem { item, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::unavailable(format!(
                "{} more {} wait for the database already; try again shortly",
                self.sender.max_capacity(),
                self.what
            )),
            mpsc::error::TrySendError::Closed(_) => self.closed(),
        })?;
        cost::statement(answered).await.unwrap_or_else(|_| Err(self.closed()))
    }

    /// Commits the item, and waits for room in the queue if too many wait.
    pub(crate) async fn commit(&self, item: C::Item) -> Result<C::Output> {
        let _counted = CountGuard::new(&self.callers);
        let (answer, answered) = oneshot::channel();
        cost::waiting(self.sender.send(WaitingItem { item, answer })).await.map_err(|_| self.closed())?;
        cost::statement(answered).await.unwrap_or_else(|_| Err(self.closed()))
    }

    fn closed(&self) -> Error {
        Error::unavailable(format!("store is closed; {} are not taken any more", self.what))
    }
}

async fn run<C: Commit>(
    commit: C,
    mut receiver: mpsc::Receiver<WaitingItem<C>>,
    max: usize,
    stop: CancellationToken,
) {
    let mut batch = Vec::with_capacity(max);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled(), if !receiver.is_closed() => receiver.close(),
            taken = receiver.recv_many(&mut batch, max) => {
                if taken == 0 {
                    return;
                }
                commit_batch(&commit, std::mem::take(&mut batch)).await;
            }
        }
    }
}

async fn commit_batch<C: Commit>(commit: &C, batch: Vec<WaitingItem<C>>) {
    let (items, answers): (Vec<_>, Vec<_>) = batch.into_iter().map(|one| (one.item, one.answer)).unzip();
    match commit_in_time(commit, items.clone()).await {
        Ok(outputs) => {
            for (answer, output) in answers.into_iter().zip(outputs) {
                // The item of a caller that was dropped is committed, too.
                let _ = answer.send(Ok(output));
            }
        }
        // One item may be the cause, so each is committed by itself.
        Err(error) if items.len() > 1 && !error.retryable() => {
            for (item, answer) in items.into_iter().zip(answers) {
                let _ = answer.send(commit_one(commit, item).await);
            }
        }
        Err(error) => {
            let mut error = Some(error);
            for answer in answers {
                let next = error.as_ref().map(Error::without_source);
                if let Some(error) = std::mem::replace(&mut error, next) {
                    let _ = answer.send(Err(error));
                }
            }
        }
    }
}

async fn commit_one<C: Commit>(commit: &C, item: C::Item) -> Result<C::Output> {
    let outputs = commit_in_time(commit, vec![item]).await?;
    outputs.into_iter().next().ok_or_else(|| Error::internal("commit gave no answer"))
}

async fn commit_in_time<C: Commit>(commit: &C, items: Vec<C::Item>) -> Result<Vec<C::Output>> {
    let late = |_| Error::unavailable(format!("the database did not answer within {COMMITS_WITHIN:?}"));
    tokio::time::timeout(COMMITS_WITHIN, commit.commit(items)).await.map_err(late)?
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    /// Refuses batches with a 13 in them; waits for a permit before each commit.
    struct Numbers {
        gate: Arc<Semaphore>,
        commits: Arc<AtomicUsize>,
    }

    impl Commit for Numbers {
        type Item = u64;
        type Output = u64;

        async fn commit(&self, items: Vec<u64>) -> Result<Vec<u64>> {
            self.gate.acquire().await.unwrap().forget();
            self.commits.fetch_add(1, Ordering::SeqCst);
            if items.contains(&13) { Err(Error::internal("no 13")) } else { Ok(items) }
        }
    }

    fn start(
        permits: usize,
        queue: usize,
    ) -> (Batcher<Numbers>, Arc<Semaphore>, Arc<AtomicUsize>, TaskTracker) {
        let (gate, commits, tasks) =
            (Arc::new(Semaphore::new(permits)), Arc::new(AtomicUsize::new(0)), TaskTracker::new());
        let numbers = Numbers { gate: gate.clone(), commits: commits.clone() };
        let bounds = Bounds { queue, batch: 8 };
        let batcher = Batcher::start("numbers", &bounds, numbers, &tasks, CancellationToken::new());
        (batcher, gate, commits, tasks)
    }

    #[tokio::test]
    async fn waiting_items_share_a_commit() {
        let (batcher, gate, commits, _tasks) = start(0, 64);
        let (answers, ()) = tokio::join!(
            futures_util::future::join_all((20..36).map(|number| batcher.try_commit(number))),
            async { gate.add_permits(100) }
        );
        let numbers: Vec<u64> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(numbers, (20..36).collect::<Vec<_>>());
        assert!(commits.load(Ordering::SeqCst) <= 3, "16 items in batches of 8");
        assert_eq!(batcher.callers(), 0);
    }

    #[tokio::test]
    async fn bad_item_of_a_batch_fails_alone() {
        let (batcher, _gate, _commits, _tasks) = start(100, 64);
        let (good, bad, also_good) =
            tokio::join!(batcher.try_commit(1), batcher.try_commit(13), batcher.try_commit(2));
        assert_eq!((good.unwrap(), also_good.unwrap()), (1, 2));
        assert!(bad.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn callers_of_a_database_that_does_not_answer_get_an_error() {
        // The first commit fails for the 13; of those that follow singly, only the first is let through.
        let (batcher, _gate, commits, _tasks) = start(2, 64);
        let (good, bad, stuck) =
            tokio::join!(batcher.try_commit(1), batcher.try_commit(13), batcher.try_commit(2));
        assert_eq!(good.unwrap(), 1);
        assert!(bad.unwrap_err().retryable() && stuck.unwrap_err().retryable(), "what happened is not known");
        assert_eq!(commits.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn items_beyond_the_queue_are_refused_as_retryable() {
        let (batcher, gate, _commits, tasks) = start(0, 1);
        let batcher = Arc::new(batcher);
        let first = tokio::spawn({
            let batcher = batcher.clone();
            async move { batcher.commit(1).await }
        });
        let second = tokio::spawn({
            let batcher = batcher.clone();
            async move { batcher.commit(2).await }
        });
        let refused = loop {
            tokio::task::yield_now().await;
            if batcher.sender.capacity() == 0 {
                assert_eq!(batcher.callers(), 2);
                break batcher.try_commit(3).await;
            }
        };
        assert!(refused.unwrap_err().retryable());
        gate.add_permits(100);
        assert_eq!((first.await.unwrap().unwrap(), second.await.unwrap().unwrap()), (1, 2));
        drop(batcher);
        tasks.close();
        tasks.wait().await;
    }
}
