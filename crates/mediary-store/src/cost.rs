//! What a piece of work costs the database: how many statements it sends, and how long it waits for them.
//!
//! A counter belongs to the task that asks for it ([`counted`]), so no other task's statements are in it, and a task that
//! nobody asks about has none. A statement counts where it is sent, also if it fails or its caller goes away before the
//! answer; beginning and ending a transaction are statements, and so is a commit that several callers share. The time is
//! that of all statements together, from asking for a connection to the answer: of statements at the same time it may be
//! more than has passed.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

tokio::task_local! {
    static COST: Cell<DatabaseCost>;
}

/// The number of statements, and the time spent waiting for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DatabaseCost {
    pub statements: u32,
    pub time: Duration,
}

/// Work, and what it cost the database on its own task.
pub async fn counted<T>(work: impl Future<Output = T>) -> (T, DatabaseCost) {
    let work = async {
        let done = work.await;
        (done, COST.with(Cell::get))
    };
    COST.scope(Cell::default(), work).await
}

/// One statement, counted if somebody asked.
pub(crate) async fn statement<T>(work: impl Future<Output = T>) -> T {
    let _running = RunningStatements::begin(1);
    work.await
}

/// A wait that belongs to the statement after it.
pub(crate) async fn waiting<T>(work: impl Future<Output = T>) -> T {
    let _running = RunningStatements::begin(0);
    work.await
}

/// Counts when it is dropped, so that a statement counts whose caller gave up because the database was slow.
struct RunningStatements {
    since: Instant,
    statements: u32,
}

impl RunningStatements {
    fn begin(statements: u32) -> Option<Self> {
        COST.try_with(|_| Self { since: Instant::now(), statements }).ok()
    }
}

impl Drop for RunningStatements {
    fn drop(&mut self) {
        // If the whole task was dropped, nobody reads its counter.
        let _ = COST.try_with(|cost| {
            let DatabaseCost { statements, time } = cost.get();
            cost.set(DatabaseCost {
                statements: statements.saturating_add(self.statements),
                time: time.saturating_add(self.since.elapsed()),
            });
        });
    }
}
