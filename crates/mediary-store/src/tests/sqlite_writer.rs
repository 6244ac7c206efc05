//! Transactions of SQLite that share a commit, each of which happens or not by itself.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::db::{Db, Tx};
use crate::sqlite_writer::MEMBERS_MAX;
use crate::value::args;
use crate::{Error, ErrorKind, Result};

struct Opened {
    db: Db,
    _folder: tempfile::TempDir,
}

impl Opened {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("t.db").display());
        let db = Db::open(&url, 2).await.unwrap();
        db.execute("CREATE TABLE t (x INTEGER PRIMARY KEY)", args![]).await.unwrap();
        Self { db, _folder: folder }
    }

    async fn committed(&self) -> Vec<i64> {
        let rows = self.db.all::<(i64,)>("SELECT x FROM t ORDER BY x", args![]).await.unwrap();
        rows.into_iter().map(|(x,)| x).collect()
    }

    /// Runs these at once: all of them wait for the writer before the first one has it.
    async fn at_once<T>(&self, all: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
        let turn = self.writer().turn().await.unwrap();
        let mut running = Box::pin(join_all(all));
        assert!((&mut running).now_or_never().is_none(), "they wait");
        drop(turn);
        running.await
    }

    fn writer(&self) -> &crate::sqlite_writer::SqliteWriter {
        let Db::Sqlite { writer, .. } = &self.db else { panic!("not SQLite") };
        writer
    }

    /// Adds a row in a transaction that shares its commit.
    async fn add(&self, x: i64) -> Result<()> {
        let mut tx = self.db.sharing().begin().await?;
        insert(&mut tx, x).await?;
        tx.commit().await
    }
}

async fn insert(tx: &mut Tx, x: i64) -> Result<()> {
    tx.execute("INSERT INTO t (x) VALUES ($1)", args![x]).await.map(drop)
}

async fn rows_in(tx: &mut Tx) -> i64 {
    tx.first::<(i64,)>("SELECT COUNT(*) FROM t", args![]).await.unwrap().unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_that_wait_share_a_commit_and_are_told_after_it() {
    let opened = Opened::new().await;
    let told = AtomicUsize::new(0);
    let one = async |x: i64| {
        let mut tx = opened.db.sharing().begin().await?;
        let before = rows_in(&mut tx).await;
        assert_eq!(
            (opened.committed().await, told.load(Ordering::SeqCst)),
            (vec![], 0),
            "nothing is committed"
        );
        insert(&mut tx, x).await?;
        tx.commit().await?;
        told.fetch_add(1, Ordering::SeqCst);
        Ok::<_, Error>(before)
    };
    let before: Result<Vec<_>> = opened.at_once((0..8).map(one)).await.into_iter().collect();
    assert_eq!(before.unwrap(), (0..8).collect::<Vec<_>>(), "each sees what went before it");
    assert_eq!(opened.committed().await, (0..8).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_fails_or_is_dropped_takes_no_other_with_it() {
    let opened = Opened::new().await;
    opened.add(5).await.unwrap();
    let one = async |x: i64| {
        let mut tx = opened.db.sharing().begin().await?;
        insert(&mut tx, if x % 4 == 0 { 100 + x } else { x }).await?;
        match x {
            0 => drop(tx),
            4 | 8 => tx.roll_back().await,
            _ => tx.commit().await?,
        }
        Ok::<_, Error>(())
    };
    let ended = opened.at_once((0..10).map(one)).await;
    let failed: Vec<_> = (0..10).filter(|x| ended[*x].is_err()).collect();
    assert_eq!(failed, [5], "it is there already");
    assert_eq!(opened.committed().await, [1, 2, 3, 5, 6, 7, 9]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caller_that_goes_away_while_it_waits_is_committed() {
    let opened = Opened::new().await;
    let mut first = Some(Box::pin(opened.add(1)));
    let second = async {
        let mut tx = opened.db.sharing().begin().await?;
        assert_eq!(rows_in(&mut tx).await, 1, "the first one is done");
        Ok::<_, Error>(tx)
    };
    let turn = opened.writer().turn().await.unwrap();
    assert!(first.as_mut().unwrap().now_or_never().is_none());
    let mut second = Box::pin(second);
    assert!((&mut second).now_or_never().is_none());
    drop(turn);
    let mut tx = tokio::select! {
        begun = &mut second => begun.unwrap(),
        _ = first.as_mut().unwrap() => panic!("it is told before the commit"),
    };
    first = None;
    insert(&mut tx, 2).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(opened.committed().await, [1, 2]);
    assert!(first.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transaction_that_the_database_ends_fails_for_all_that_share_it() {
    let opened = Opened::new().await;
    let one = async |x: i64| {
        let mut tx = opened.db.sharing().begin().await?;
        insert(&mut tx, x).await?;
        if x == 2 {
            // As SQLite does where the disk is full.
            tx.execute("ROLLBACK", args![]).await?;
            return Err(Error::internal("the disk is full"));
        }
        tx.commit().await
    };
    let ended = opened.at_once((0..4).map(one)).await;
    assert!(ended[..3].iter().all(Result::is_err), "{ended:?}");
    let kept: Vec<i64> = (0..4).filter(|x| ended[usize::try_from(*x).unwrap()].is_ok()).collect();
    assert_eq!(opened.committed().await, kept, "what succeeded is there, and nothing else");
    opened.add(9).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transaction_by_itself_commits_those_before_it_first() {
    let opened = Opened::new().await;
    let by_itself = async {
        let mut tx = opened.db.begin().await?;
        assert_eq!(opened.committed().await, [1], "it does not hold up what is done");
        insert(&mut tx, 2).await?;
        tx.commit().await
    };
    let shared = opened.add(1);
    let after = opened.add(3);
    let all: [std::pin::Pin<Box<dyn Future<Output = Result<()>>>>; 3] =
        [Box::pin(shared), Box::pin(by_itself), Box::pin(after)];
    assert!(opened.at_once(all).await.iter().all(Result::is_ok));
    assert_eq!(opened.committed().await, [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commit_is_shared_by_no_more_than_its_limit() {
    let opened = Opened::new().await;
    let most = AtomicUsize::new(0);
    let one = async |x: i64| {
        let mut tx = opened.db.sharing().begin().await?;
        let uncommitted = rows_in(&mut tx).await - i64::try_from(opened.committed().await.len()).unwrap();
        most.fetch_max(usize::try_from(uncommitted).unwrap() + 1, Ordering::SeqCst);
        insert(&mut tx, x).await?;
        tx.commit().await
    };
    let count = i64::try_from(MEMBERS_MAX).unwrap() + 8;
    assert!(opened.at_once((0..count).map(one)).await.iter().all(Result::is_ok));
    assert_eq!(most.load(Ordering::SeqCst), MEMBERS_MAX);
    assert_eq!(opened.committed().await.len(), MEMBERS_MAX + 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_commits_what_is_done() {
    let opened = Opened::new().await;
    let ended = opened.at_once((0..3).map(|x| opened.add(x)));
    let (ended, ()) = tokio::join!(ended, opened.db.close());
    assert!(
        ended
            .iter()
            .all(|ended| ended.is_ok()
                || matches!(ended, Err(error) if *error.kind() == ErrorKind::Unavailable))
    );
}
