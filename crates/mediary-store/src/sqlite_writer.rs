//! SQLite's one writer, and commits that several transactions share.
//!
//! A commit is a sync of the log, which takes milliseconds while files are synced beside it. So transactions that may share one run one
//! after the other within one transaction of SQLite's, each behind a savepoint of its own, and are committed together. Why each of them
//! is still a transaction by itself:
//!
//! 1. The writer is taken in turns, first come, first served. Who opens a group queues its commit at once: in the group are those that
//!    waited by then, and nobody waits for those that come later.
//! 2. Nobody is told of a success before the commit. What a member read of an earlier one is committed with it, or neither is.
//! 3. A member that fails or is dropped is undone to its savepoint before anything else runs.
//! 4. If SQLite ends the transaction by itself, as on a full disk, its savepoint is gone. The next member begins by releasing it, and
//!    the commit needs a transaction, so whichever comes first finds out: nothing is committed, and every member fails.
//! 5. What the others depend on (opening, undoing, committing) runs in tasks of its own, which go on if a caller is dropped.

use std::fmt;
use std::sync::Arc;

use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Executor as _, Sqlite, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::time::timeout;

use crate::database_file::DatabaseFile;
use crate::pool::WAIT_FOR_DATABASE;
use crate::{Error, Result, cost, dialect};

/// The most transactions that share a commit: the first one waits for all of them.
pub(crate) const MEMBERS_MAX: usize = 32;

/// The one connection that writes.
#[derive(Clone)]
pub(crate) struct SqliteWriter {
    pool: SqlitePool,
    file: Arc<DatabaseFile>,
    group: Arc<Mutex<Option<Group>>>,
}

/// The right to write. A group that is open is in it.
type Turn = OwnedMutexGuard<Option<Group>>;

/// Transactions that share a commit.
pub(crate) struct Group {
    tx: Transaction<'static, Sqlite>,
    /// Those that ended well, and wait for the commit.
    done: Vec<oneshot::Sender<Result<()>>>,
    members: usize,
    /// Whether the last member has not ended well.
    is_unfinished: bool,
}

/// A transaction that has the writer to itself.
pub(crate) struct SingleTx {
    tx: Transaction<'static, Sqlite>,
    file: Arc<DatabaseFile>,
    _turn: Turn,
}

/// A transaction that shares its commit. Dropped, it never happened.
pub(crate) struct SharedTx {
    turn: Turn,
    file: Arc<DatabaseFile>,
}

impl fmt::Debug for SqliteWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteWriter").field("file", &self.file).finish_non_exhaustive()
    }
}

impl SqliteWriter {
    pub(crate) fn new(pool: SqlitePool, file: Arc<DatabaseFile>) -> Self {
        Self { pool, file, group: Arc::default() }
    }

    /// The connection itself, for what runs before anybody shares a commit.
    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    pub(crate) async fn close(&self) {
        // Who waits for a commit has it first. Where the writer does not come free, its process ends anyway.
        drop(self.turn().await);
        self.pool.close().await;
    }

    /// The turn to write by oneself: a group that is open is committed first.
    pub(crate) async fn turn(&self) -> Result<Turn> {
        let turn = self.wait().await?;
        if turn.is_none() {
            return Ok(turn);
        }
        finished(tokio::spawn(end(turn, self.file.clone()))).await
    }

    pub(crate) async fn begin(&self) -> Result<SingleTx> {
        let turn = cost::waiting(self.turn()).await?;
        let tx = cost::statement(self.pool.begin_with(BEGIN)).await;
        let tx = tx.map_err(|error| dialect::error("begin a transaction", error))?;
        Ok(SingleTx { tx, file: self.file.clone(), _turn: turn })
    }

    /// Begins a transaction that shares its commit with those that wait to begin one now.
    pub(crate) async fn begin_shared(&self) -> Result<SharedTx> {
        let begun = async {
            let turn = self.wait().await?;
            let turn = finished(tokio::spawn(self.clone().join(turn))).await??;
            Ok(SharedTx { turn, file: self.file.clone() })
        };
        cost::statement(begun).await
    }

    async fn wait(&self) -> Result<Turn> {
        let turn = timeout(WAIT_FOR_DATABASE, self.group.clone().lock_owned()).await;
        turn.map_err(|_| dialect::error("begin a transaction", sqlx::Error::PoolTimedOut))
    }

    /// Makes room for a new member: in the group that is open, or in a new one.
    async fn join(self, mut turn: Turn) -> Result<Turn> {
        if let Some(group) = turn.as_mut() {
            let has_room = group.members < MEMBERS_MAX && group.set_savepoint().await.is_ok();
            if !has_room {
                turn = end(turn, self.file.clone()).await;
            }
        }
        let group = match turn.as_mut() {
            Some(group) => group,
            None => turn.insert(self.open().await?),
        };
        group.members += 1;
        group.is_unfinished = true;
        Ok(turn)
    }

    async fn open(&self) -> Result<Group> {
        let tx = self.pool.begin_with(BEGIN_SHARED).await;
        let tx = self.file.note(tx.map_err(|error| dialect::error("begin a transaction", error)))?;
        let (group, file) = (self.group.clone(), self.file.clone());
        // If another one has committed the group by then, it may be the next one, which loses nothing but company.
        tokio::spawn(async move { drop(end(group.lock_owned().await, file).await) });
        Ok(Group { tx, done: Vec::new(), members: 0, is_unfinished: false })
    }
}

/// Takes the write lock at the beginning, so that no transaction finds out later that another process has it.
const BEGIN: &str = "BEGIN IMMEDIATE";
/// With the savepoint of the first member.
const BEGIN_SHARED: &str = "BEGIN IMMEDIATE; SAVEPOINT member";

impl SingleTx {
    pub(crate) fn file(&self) -> &DatabaseFile {
        &self.file
    }

    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.tx
    }

    pub(crate) async fn commit(self) -> Result<()> {
        let committed = cost::statement(self.tx.commit()).await;
        self.file.note(committed.map_err(|error| dialect::error("commit", error)))?;
        self.file.check()
    }

    pub(crate) async fn roll_back(self) {
        // The answer does not matter: a transaction that is not committed never happened.
        drop(cost::statement(self.tx.rollback()).await);
    }
}

impl SharedTx {
    pub(crate) fn file(&self) -> &DatabaseFile {
        &self.file
    }

    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        let group = self.turn.as_mut().expect("who has joined a group ends its turn before the group ends");
        &mut group.tx
    }

    /// Ends the turn, and waits for the commit. A caller that is dropped meanwhile withdraws nothing.
    pub(crate) async fn commit(mut self) -> Result<()> {
        let (sender, committed) = oneshot::channel();
        if let Some(group) = self.turn.as_mut() {
            group.is_unfinished = false;
            group.done.push(sender);
        }
        drop(self);
        let lost = |_| Error::unavailable("the database was closed before it committed");
        cost::statement(committed).await.unwrap_or_else(|error| Err(lost(error)))
    }
}

impl Group {
    /// Sets the savepoint behind what ended well, once what did not is undone: that one's savepoint stands there already.
    async fn set_savepoint(&mut self) -> Result<()> {
        if self.is_unfinished {
            return self.undo_unfinished().await;
        }
        self.execute("RELEASE member; SAVEPOINT member").await
    }

    async fn undo_unfinished(&mut self) -> Result<()> {
        if self.is_unfinished {
            self.execute("ROLLBACK TO member").await?;
            self.is_unfinished = false;
        }
        Ok(())
    }

    async fn commit(mut self) -> (Vec<oneshot::Sender<Result<()>>>, Result<()>) {
        let done = std::mem::take(&mut self.done);
        let committed = async {
            self.undo_unfinished().await?;
            self.tx.commit().await.map_err(|error| dialect::error("commit", error))
        };
        let committed = committed.await;
        (done, committed)
    }

    async fn execute(&mut self, statements: &'static str) -> Result<()> {
        let done = self.tx.execute(sqlx::raw_sql(statements)).await;
        done.map(drop).map_err(|error| dialect::error("share a commit", error))
    }
}

/// Commits the group that is open, if one is, and tells its members.
async fn end(mut turn: Turn, file: Arc<DatabaseFile>) -> Turn {
    let Some(group) = turn.take() else { return turn };
    let (done, committed) = group.commit().await;
    let mut outcome = file.note(committed).and_then(|()| file.check());
    for member in done {
        let next = match &outcome {
            Ok(()) => Ok(()),
            Err(error) => Err(error.without_source()),
        };
        // One that was dropped is committed, too.
        let _ = member.send(std::mem::replace(&mut outcome, next));
    }
    turn
}

async fn finished<T>(task: tokio::task::JoinHandle<T>) -> Result<T> {
    task.await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => Error::unavailable("the database is being closed"),
    })
}
