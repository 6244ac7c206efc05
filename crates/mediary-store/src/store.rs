//! The handle on the database.

use std::fmt;
use std::sync::Arc;

use mediary_core::{Clock, Timestamp, limits};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::batch::{Batcher, Bounds};
use crate::db::Db;
use crate::derivations::LastServed;
use crate::downloads::FinishCommit;
use crate::inbox::InboxCommit;
use crate::ingest::{Growth, Turns};
use crate::sends::{LastSender, QueueCommit, ReserveCommit};
use crate::value::args;
use crate::views::ViewCommit;
use crate::{Result, migrations};

/// Finished downloads that may wait for their commit, and that are committed together.
const FINISHED: Bounds = Bounds { queue: 256, batch: 64 };
/// Views that may wait for their commit, and that are committed together.
const VIEWS: Bounds = Bounds { queue: 1024, batch: 256 };
/// Keys of uploads that may wait to be reserved, and that are reserved together.
const RESERVED: Bounds = Bounds { queue: 1024, batch: 64 };
/// Requests to send messages that may wait to be queued, and that are queued together.
const QUEUED: Bounds = Bounds { queue: 1024, batch: 32 };
/// Connections that only webhooks use, on Postgres: one for their commit and one to look their accounts up.
const WEBHOOK_CONNECTIONS: usize = 2;
/// Webhook bodies that may wait for their commit, and that are committed together.
const WEBHOOKS: Bounds = Bounds { queue: limits::WEBHOOK_QUEUE, batch: limits::WEBHOOK_BATCH };

/// Bytes of a probe: like a webhook, it needs pages of its own on the disk.
const PROBE_BYTES: usize = 16 * 1024;

/// Which database is behind a [`Store`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// How to open a [`Store`].
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite://path` or `postgres://…`.
    pub url: String,
    /// On Postgres. SQLite has one connection that writes and a few that read.
    pub max_connections: usize,
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions").field("max_connections", &self.max_connections).finish_non_exhaustive()
    }
}

/// All records of Mediary. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) db: Db,
    /// The same database for webhooks alone, which must not wait until readers are done.
    pub(crate) intake: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) inbox: Batcher<InboxCommit>,
    pub(crate) finished: Batcher<FinishCommit>,
    pub(crate) views: Batcher<ViewCommit>,
    pub(crate) reserved: Batcher<ReserveCommit>,
    pub(crate) queued: Batcher<QueueCommit>,
    pub(crate) growth: Growth,
    pub(crate) turns: Turns,
    pub(crate) last_derived: LastServed,
    pub(crate) last_sender: LastSender,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("backend", &self.backend()).finish_non_exhaustive()
    }
}

impl Store {
    /// Connects. An SQLite file that is not there is made; its tables come with [`Store::migrate`].
    pub async fn open(options: &StoreOptions, clock: Arc<dyn Clock>) -> Result<Self> {
        let db = Db::open(&options.url, options.max_connections).await?;
        let intake = db.apart(&options.url, WEBHOOK_CONNECTIONS)?;
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let inbox =
            Batcher::start("webhooks", &WEBHOOKS, InboxCommit { db: intake.clone() }, &tasks, stop.clone());
        let commit = FinishCommit { db: db.clone(), clock: clock.clone() };
        let finished = Batcher::start("finished downloads", &FINISHED, commit, &tasks, stop.clone());
        let commit = ViewCommit { db: db.clone() };
        let views = Batcher::start("views", &VIEWS, commit, &tasks, stop.clone());
        let commit = ReserveCommit { db: db.clone() };
        let reserved = Batcher::start("uploads", &RESERVED, commit, &tasks, stop.clone());
        let commit = QueueCommit { db: db.clone(), clock: clock.clone() };
        let queued = Batcher::start("messages", &QUEUED, commit, &tasks, stop.clone());
        Ok(Self {
            inner: Arc::new(Inner {
                db,
                intake,
                clock,
                inbox,
                finished,
                views,
                reserved,
                queued,
                growth: Growth::default(),
                turns: Turns::default(),
                last_derived: LastServed::default(),
                last_sender: LastSender::default(),
                tasks,
                stop,
            }),
        })
    }

    /// Brings the schema up to date; the names of the steps taken.
    pub async fn migrate(&self) -> Result<Vec<String>> {
        migrations::migrate(&self.inner.db).await
    }

    /// Whether the database answers, its schema is up to date, and it can be written. It is by writing that a full disk, a read-only
    /// role or a standby shows.
    pub async fn check(&self) -> Result<()> {
        migrations::check(self.db()).await?;
        // Other nodes overwrite the same row; its content does not matter.
        let sql = "INSERT INTO write_probe (id, content) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET content = $1";
        self.db().execute(sql, args![write_probe(self.now())]).await?;
        Ok(())
    }

    pub fn backend(&self) -> Backend {
        self.inner.db.backend()
    }

    /// Commits what waits, then closes all connections.
    pub async fn close(&self) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        self.inner.intake.close().await;
        self.inner.db.close().await;
    }

    pub(crate) fn db(&self) -> &Db {
        &self.inner.db
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }
}

/// Bytes that cannot be compressed and differ each time, so that they need disk space again.
fn write_probe(now: Timestamp) -> Vec<u8> {
    let seed = now.millis().unsigned_abs();
    let words = (1..=PROBE_BYTES as u64 / 8).map(|at| (seed + at).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    words.flat_map(u64::to_le_bytes).collect()
}
