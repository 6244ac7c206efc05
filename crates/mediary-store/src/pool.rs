//! Pooled connections.
//!
//! sqlx's own pool checks whether a connection is alive each time it is returned, and on Postgres each time it is checked out: up to
//! two round trips in addition to that of the statement. Here a connection is checked only if it was unused for a while. SQLite's one
//! writer stays with sqlx, whose transactions roll back when they are dropped.

use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use tokio::time::Instant;

use crate::database_file::DatabaseFile;
use crate::dialect;

/// How long a statement waits for a connection, or for another process's transaction.
pub(crate) const WAIT_FOR_DATABASE: Duration = Duration::from_secs(10);
/// The time after which a statement counts as lost by the network; Postgres itself cancels it earlier.
pub(crate) const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// A connection to Postgres that was unused for this long is checked before it is used again. Under load none is checked: where one was
/// ended meanwhile, what changes nothing runs again on another one, and a single statement that writes fails as one that may be
/// retried. If it died silently, the statement has to wait for its deadline.
pub(crate) const ALIVE_TTL: Duration = Duration::from_millis(100);
/// The longest that such a check may take.
const ALIVE_WITHIN: Duration = Duration::from_secs(1);
/// A connection is closed after this long unused, because firewalls may have dropped it silently, and at this age, because Postgres'
/// memory for it has grown.
pub(crate) const UNUSED_MAX: Duration = Duration::from_secs(10 * 60);
pub(crate) const AGE_MAX: Duration = Duration::from_secs(30 * 60);
/// For how long a Postgres that is about to start is tried again, and after which wait.
pub(crate) const STARTS_WITHIN: Duration = Duration::from_secs(5);
const CONNECT_AGAIN_AFTER: Duration = Duration::from_millis(200);

pub(crate) type SqliteReaders = Pool<SqliteReader>;
pub(crate) type PostgresPool = Pool<PostgresServer>;

/// Opens connections that read a file.
#[derive(Debug)]
pub(crate) struct SqliteReader {
    options: SqliteConnectOptions,
    file: Arc<DatabaseFile>,
}

/// Opens connections to a server.
#[derive(Debug)]
pub(crate) struct PostgresServer(PgConnectOptions);

pub(crate) fn sqlite_readers(
    options: SqliteConnectOptions,
    file: Arc<DatabaseFile>,
    connections: usize,
) -> SqliteReaders {
    pool(SqliteReader { options, file }, connections)
}

pub(crate) fn postgres_pool(options: PgConnectOptions, connections: usize) -> PostgresPool {
    pool(PostgresServer(options), connections)
}

fn pool<M: Manager>(manager: M, connections: usize) -> Pool<M> {
    Pool::builder(manager)
        .max_size(connections)
        // So as few connections as possible are in use, and those need no check.
        .queue_mode(QueueMode::Lifo)
        .build()
        .expect("without time limits of its own it needs nothing else")
}

/// A connection, within the time that a statement waits for one.
pub(crate) async fn check_out<M: Manager<Error = sqlx::Error>>(
    pool: &Pool<M>,
) -> Result<Object<M>, sqlx::Error> {
    match tokio::time::timeout(WAIT_FOR_DATABASE, pool.get()).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(PoolError::Backend(error))) => Err(error),
        Ok(Err(PoolError::Closed)) => Err(sqlx::Error::PoolClosed),
        Ok(Err(_)) | Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}

/// Closes the connections that nobody uses: what ended one of them, such as a restart of the server, has ended the others, too.
pub(crate) fn close_unused(pool: &PostgresPool) {
    drop(pool.retain(|_, _| false));
}

/// Closes unused connections; the others are closed when they are returned.
pub(crate) async fn close<M>(pool: &Pool<M>)
where
    M: Manager,
    M::Type: sqlx::Connection,
{
    let unused = pool.retain(|_, _| false).removed;
    pool.close();
    for connection in unused {
        // The result does not matter: the connection is gone.
        let _ = connection.close().await;
    }
}

impl Manager for SqliteReader {
    type Type = SqliteConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<SqliteConnection, sqlx::Error> {
        // A file in its place would be read, and at a checkpoint overwritten, with the log of this one.
        self.file.check().map_err(io::Error::other)?;
        self.options.connect().await
    }

    async fn recycle(&self, _: &mut SqliteConnection, _: &Metrics) -> RecycleResult<sqlx::Error> {
        Ok(())
    }
}

impl PostgresServer {
    /// A connection outside the pool, for it holds a lock as long as it is open.
    pub(crate) async fn apart(&self) -> Result<PgConnection, sqlx::Error> {
        within(self.create()).await
    }

    /// A connection outside the pool, for it listens.
    pub(crate) async fn listener(&self) -> Result<PgListener, sqlx::Error> {
        let own = PgPoolOptions::new().max_connections(1).acquire_timeout(WAIT_FOR_DATABASE).after_connect(
            |connection, _| {
                Box::pin(async move { connection.execute(dialect::POSTGRES_CONNECTION).await.map(drop) })
            },
        );
        PgListener::connect_with(&own.connect_lazy_with(self.0.clone())).await
    }
}

impl Manager for PostgresServer {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<PgConnection, sqlx::Error> {
        let until = Instant::now() + STARTS_WITHIN;
        let mut connection = loop {
            match self.0.connect().await {
                Ok(connection) => break connection,
                Err(error) if dialect::may_be_starting(&error) && Instant::now() < until => {
                    tokio::time::sleep(CONNECT_AGAIN_AFTER).await;
                }
                Err(error) => return Err(error),
            }
        };
        connection.execute(dialect::POSTGRES_CONNECTION).await?;
        Ok(connection)
    }

    async fn recycle(&self, connection: &mut PgConnection, used: &Metrics) -> RecycleResult<sqlx::Error> {
        if used.age() > AGE_MAX || used.last_used() > UNUSED_MAX {
            return Err(RecycleError::message("too old"));
        }
        if used.last_used() > ALIVE_TTL {
            let alive = tokio::time::timeout(ALIVE_WITHIN, connection.ping()).await;
            alive.map_err(|_| RecycleError::message("silent"))??;
        }
        Ok(())
    }
}

/// A connection to Postgres that is closed unless it is returned. A caller that is dropped in the middle of a statement leaves it in an
/// unknown state, with an open transaction; one whose network is gone never answers again.
pub(crate) struct PooledConnection(Option<Object<PostgresServer>>);

impl PooledConnection {
    pub(crate) async fn check_out(pool: &PostgresPool) -> Result<Self, sqlx::Error> {
        check_out(pool).await.map(|connection| Self(Some(connection)))
    }

    /// Returns it to the pool. No statement and no transaction may be in progress.
    pub(crate) fn return_to_pool(mut self) {
        drop(self.0.take());
    }

    /// Returns it if the server has answered, even with an error. A server that takes no changes may have become a standby, so that
    /// connection is closed; the next one finds out.
    pub(crate) fn return_after<T>(self, result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        let answered = match &result {
            Ok(_) => true,
            Err(sqlx::Error::Database(said)) => !dialect::is_read_only(said.as_ref()),
            Err(_) => false,
        };
        if answered {
            self.return_to_pool();
        }
        result
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}

impl Deref for PooledConnection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.0.as_ref().expect("only giving it back takes it")
    }
}

impl DerefMut for PooledConnection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.0.as_mut().expect("only giving it back takes it")
    }
}

/// The answer to a statement, or an error if it does not come in time.
pub(crate) async fn within<T>(
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let answer = tokio::time::timeout(ANSWERS_WITHIN, statement).await;
    answer.unwrap_or_else(|_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())))
}
