//! One interface to both databases: statements in, rows out.

use std::str::FromStr;
use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, SqlSafeStr, SqlStr};

use crate::database_file::DatabaseFile;
use crate::pool::{self, PooledConnection, PostgresPool, SqliteReaders, WAIT_FOR_DATABASE, within};
use crate::record::{Read, read_row};
use crate::sqlite_writer::{SharedTx, SingleTx, SqliteWriter};
use crate::statement::{self, Row, Target};
use crate::tries::Tries;
use crate::value::Args;
use crate::{Backend, Result, cost, dialect, opening};

/// SQLite connections that read at the same time.
const SQLITE_READERS: usize = 4;
/// Statements kept prepared on a connection; bulk statements come in several lengths.
const PREPARED_STATEMENTS: usize = 256;
/// What the write-ahead log may keep on disk after a checkpoint.
const SQLITE_LOG_BYTES: &str = "67108864";
/// Pages of the write-ahead log that make SQLite copy it back into the database: 16 MiB. At its default of 4 MiB a busy
/// table's pages are copied, and the database synced, several times a second.
const SQLITE_CHECKPOINT_PAGES: &str = "4096";
/// SQLite's page cache of the writing connection, in KiB (negative by SQLite's convention).
const SQLITE_WRITER_CACHE: &str = "-16384";

/// An open database.
#[derive(Clone)]
pub(crate) enum Db {
    /// One connection writes, for SQLite has one writer anyway: waiting for it here is fair, in SQLite it is not.
    Sqlite {
        readers: SqliteReaders,
        writer: SqliteWriter,
        file: Arc<DatabaseFile>,
    },
    Postgres(PostgresPool),
}

/// A transaction that writes. Dropped without [`Tx::commit`], it never happened.
pub(crate) enum Tx {
    Sqlite(SingleTx),
    /// Of SQLite, with a commit that others share.
    Shared(SharedTx),
    Postgres(PooledConnection),
}

/// A database whose transactions share their commits with those that wait beside them: for short ones, of which many come at once while
/// files are synced. On Postgres every commit does.
pub(crate) struct Sharing<'a>(&'a Db);

impl Db {
    pub(crate) async fn open(url: &str, max_connections: usize) -> Result<Self> {
        if url.starts_with("sqlite:") {
            if let Some(path) = opening::embedded_file(url) {
                DatabaseFile::check_names(&path)?;
            }
            return open_sqlite(url).await.map_err(|error| opening::error(url, error));
        }
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let opened = open_postgres(url, max_connections).await;
            return opened.map_err(|error| opening::error(url, error));
        }
        Err(crate::Error::new(
            crate::ErrorKind::Unusable,
            "database URL must start with sqlite:// or postgres://",
        ))
    }

    /// The same database over a pool of its own, which other callers cannot exhaust. On SQLite the one writer is shared, for its
    /// queue is fair.
    pub(crate) fn apart(&self, url: &str, connections: usize) -> Result<Self> {
        match self {
            Self::Sqlite { .. } => Ok(self.clone()),
            Self::Postgres(_) => {
                let pool = postgres_pool(url, connections);
                pool.map(Self::Postgres).map_err(|error| opening::error(url, error))
            }
        }
    }

    pub(crate) fn backend(&self) -> Backend {
        match self {
            Self::Sqlite { .. } => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { readers, writer, .. } => {
                pool::close(readers).await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool::close(pool).await,
        }
    }

    /// Starts a transaction that writes. On SQLite it is the only writer from here on.
    pub(crate) async fn begin(&self) -> Result<Tx> {
        self.check_file()?;
        let started = match self {
            Self::Sqlite { writer, .. } => writer.begin().await.map(Tx::Sqlite),
            Self::Postgres(pool) => {
                let started = Box::pin(cost::statement(begin_postgres(pool))).await;
                started.map(Tx::Postgres).map_err(|error| dialect::error("begin a transaction", error))
            }
        };
        self.note(started)
    }

    /// For transactions that may share their commits.
    pub(crate) fn sharing(&self) -> Sharing<'_> {
        Sharing(self)
    }

    /// Remembers a failure that shows SQLite's file to be damaged.
    fn note<T>(&self, done: Result<T>) -> Result<T> {
        match self {
            Self::Sqlite { file, .. } => file.note(done),
            Self::Postgres(_) => done,
        }
    }

    async fn read(&self, sql: SqlStr, args: Args) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite { readers, file, .. } => {
                file.check_content()?;
                let connection = cost::waiting(pool::check_out(readers)).await;
                let mut reader =
                    file.note(connection.map_err(|error| dialect::error("run a statement", error)))?;
                file.note(Target::Sqlite(&mut reader).rows(sql, args).await)
            }
            Self::Postgres(pool) => statement::read(pool, sql, args).await,
        }
    }

    /// Before and after a write: whether SQLite's file is still the one that was opened.
    fn check_file(&self) -> Result<()> {
        match self {
            Self::Sqlite { file, .. } => file.check(),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Runs a writing statement, which counts with its wait for the writer.
    async fn write<T>(&self, run: impl AsyncFnOnce(Target<'_>) -> Result<T>) -> Result<T> {
        let ran = cost::statement(async {
            match self {
                Self::Sqlite { writer, .. } => {
                    let _turn = writer.turn().await?;
                    run(Target::SqlitePool(writer.pool())).await
                }
                Self::Postgres(pool) => run(Target::PostgresPool(pool)).await,
            }
        });
        Box::pin(ran).await
    }

    /// All rows of a statement that only reads.
    pub(crate) async fn all<T: Read>(&self, sql: impl SqlSafeStr, args: impl Into<Args>) -> Result<Vec<T>> {
        read_all(&self.read(sql.into_sql_str(), args.into()).await?)
    }

    /// The only row of a statement that only reads, if there is one.
    pub(crate) async fn first<T: Read>(
        &self,
        sql: impl SqlSafeStr,
        args: impl Into<Args>,
    ) -> Result<Option<T>> {
        read_first(&self.read(sql.into_sql_str(), args.into()).await?)
    }

    /// Runs one writing statement; how many rows it changed. One that collided is run again.
    pub(crate) async fn execute(&self, sql: impl SqlSafeStr, args: impl Into<Args>) -> Result<u64> {
        let (sql, args, mut tries) = (sql.into_sql_str(), args.into(), Tries::default());
        self.check_file()?;
        loop {
            let ended = self.write(async |target| target.run(sql.clone(), args.clone()).await);
            match ended.await {
                Err(error) if tries.another(&error) => {}
                ended => {
                    let changed = self.note(ended)?;
                    return self.check_file().map(|()| changed);
                }
            }
        }
    }

    /// Runs one writing statement that returns rows. One that collided is run again.
    pub(crate) async fn change<T: Read>(
        &self,
        sql: impl SqlSafeStr,
        args: impl Into<Args>,
    ) -> Result<Vec<T>> {
        let (sql, args, mut tries) = (sql.into_sql_str(), args.into(), Tries::default());
        self.check_file()?;
        loop {
            let ended = self.write(async |target| target.all_rows(sql.clone(), args.clone()).await);
            match ended.await {
                Err(error) if tries.another(&error) => {}
                ended => {
                    let rows = self.note(ended)?;
                    self.check_file()?;
                    return read_all(&rows);
                }
            }
        }
    }
}

impl Sharing<'_> {
    pub(crate) async fn begin(&self) -> Result<Tx> {
        let Db::Sqlite { writer, .. } = self.0 else { return self.0.begin().await };
        self.0.check_file()?;
        self.0.note(writer.begin_shared().await.map(Tx::Shared))
    }

    /// Runs one writing statement; how many rows it changed.
    pub(crate) async fn execute(&self, sql: impl SqlSafeStr, args: impl Into<Args>) -> Result<u64> {
        if let Db::Postgres(_) = self.0 {
            return self.0.execute(sql, args).await;
        }
        let mut tx = self.begin().await?;
        let changed = tx.execute(sql, args).await?;
        tx.commit().await.map(|()| changed)
    }
}

impl Tx {
    pub(crate) async fn commit(self) -> Result<()> {
        let committed = match self {
            Self::Sqlite(tx) => return tx.commit().await,
            Self::Shared(tx) => return tx.commit().await,
            Self::Postgres(mut connection) => {
                let committed = cost::statement(within(connection.execute("COMMIT"))).await.map(drop);
                if committed.is_ok() {
                    connection.return_to_pool();
                }
                committed
            }
        };
        committed.map_err(|error| dialect::error("commit", error))
    }

    /// Undoes it all, and returns the connection if it can.
    pub(crate) async fn roll_back(self) {
        match self {
            Self::Sqlite(tx) => tx.roll_back().await,
            Self::Shared(tx) => drop(tx),
            Self::Postgres(mut connection) => {
                if cost::statement(within(connection.execute("ROLLBACK"))).await.is_ok() {
                    connection.return_to_pool();
                }
            }
        }
    }

    /// Releases the locks of a transaction that has written nothing yet. On SQLite there are none.
    pub(crate) async fn begin_again(&mut self) -> Result<()> {
        let Self::Postgres(connection) = self else { return Ok(()) };
        for step in ["ROLLBACK", "BEGIN"] {
            let begun = cost::statement(within(connection.execute(step))).await;
            begun.map_err(|error| dialect::error("begin a transaction", error))?;
        }
        Ok(())
    }

    pub(crate) fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(..) | Self::Shared(..) => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }

    fn target(&mut self) -> Target<'_> {
        match self {
            Self::Sqlite(tx) => Target::Sqlite(tx.connection()),
            Self::Shared(tx) => Target::Sqlite(tx.connection()),
            Self::Postgres(tx) => Target::Postgres(tx),
        }
    }

    pub(crate) async fn all<T: Read>(
        &mut self,
        sql: impl SqlSafeStr,
        args: impl Into<Args>,
    ) -> Result<Vec<T>> {
        read_all(&self.rows(sql.into_sql_str(), args.into()).await?)
    }

    async fn rows(&mut self, sql: SqlStr, args: Args) -> Result<Vec<Row>> {
        let rows = self.target().rows(sql, args).await;
        self.note(rows)
    }

    fn note<T>(&self, done: Result<T>) -> Result<T> {
        match self {
            Self::Sqlite(tx) => tx.file().note(done),
            Self::Shared(tx) => tx.file().note(done),
            Self::Postgres(_) => done,
        }
    }

    pub(crate) async fn first<T: Read>(
        &mut self,
        sql: impl SqlSafeStr,
        args: impl Into<Args>,
    ) -> Result<Option<T>> {
        read_first(&self.rows(sql.into_sql_str(), args.into()).await?)
    }

    pub(crate) async fn execute(&mut self, sql: impl SqlSafeStr, args: impl Into<Args>) -> Result<u64> {
        let changed = self.target().execute(sql.into_sql_str(), args.into()).await;
        self.note(changed)
    }
}

fn read_all<T: Read>(rows: &[Row]) -> Result<Vec<T>> {
    rows.iter().map(read_row).collect()
}

fn read_first<T: Read>(rows: &[Row]) -> Result<Option<T>> {
    rows.first().map(read_row).transpose()
}

async fn open_sqlite(url: &str) -> std::result::Result<Db, sqlx::Error> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // Anything less may lose acknowledged commits when the power goes.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(WAIT_FOR_DATABASE)
        .statement_cache_capacity(PREPARED_STATEMENTS)
        .pragma("journal_size_limit", SQLITE_LOG_BYTES)
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging();
    let writing = options
        .clone()
        .pragma("cache_size", SQLITE_WRITER_CACHE)
        .pragma("wal_autocheckpoint", SQLITE_CHECKPOINT_PAGES);
    let writer = SqlitePoolOptions::new()
        .acquire_timeout(WAIT_FOR_DATABASE)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .before_acquire(|connection, _| Box::pin(has_no_transaction(connection)))
        .min_connections(1)
        .max_connections(1)
        .connect_with(writing)
        .await?;
    // Any other failure, such as a lock of another process, is met by the first write, which waits for it or tells of it.
    if let Err(error) = try_to_write(&writer).await
        && error.as_database_error().is_some_and(dialect::is_read_only)
    {
        return Err(error);
    }
    let file = Arc::new(DatabaseFile::opened(options.get_filename()));
    let readers = pool::sqlite_readers(options.pragma("query_only", "ON"), Arc::clone(&file), SQLITE_READERS);
    let writer = SqliteWriter::new(writer, Arc::clone(&file));
    Ok(Db::Sqlite { readers, writer, file })
}

/// Whether a connection is ready for the next transaction. SQLite ends a transaction by itself if the disk is full. The driver still
/// takes it for open, because it can be neither committed nor rolled back, and cannot begin another one on this connection.
async fn has_no_transaction(connection: &mut SqliteConnection) -> std::result::Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A dropped transaction is rolled back in the background, before this.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// A read-only file reports that only on a write. So a start tries one and rolls it back; otherwise the first webhook would find out.
async fn try_to_write(writer: &SqlitePool) -> std::result::Result<(), sqlx::Error> {
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
    let tried = tx.execute("CREATE TABLE mediary_can_write (x INTEGER)").await;
    tx.rollback().await?;
    tried.map(drop)
}

/// A transaction on a connection that is there: one that had ended while it was idle is replaced once.
async fn begin_postgres(pool: &PostgresPool) -> std::result::Result<PooledConnection, sqlx::Error> {
    match begin_on_any(pool).await {
        Err(error) if dialect::has_ended(&error) => {
            pool::close_unused(pool);
            begin_on_any(pool).await
        }
        begun => begun,
    }
}

async fn begin_on_any(pool: &PostgresPool) -> std::result::Result<PooledConnection, sqlx::Error> {
    let mut connection = PooledConnection::check_out(pool).await?;
    within(connection.execute("BEGIN")).await?;
    Ok(connection)
}

async fn open_postgres(url: &str, max_connections: usize) -> std::result::Result<Db, sqlx::Error> {
    let pool = postgres_pool(url, max_connections.max(2))?;
    // A start must report at once that the database cannot be reached or written.
    let mut connection = PooledConnection::check_out(&pool).await?;
    let writable = within(connection.execute(dialect::POSTGRES_IS_WRITABLE)).await;
    connection.return_after(writable)?;
    Ok(Db::Postgres(pool))
}

fn postgres_pool(url: &str, connections: usize) -> std::result::Result<PostgresPool, sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?
        .statement_cache_capacity(PREPARED_STATEMENTS)
        .application_name("mediary")
        .disable_statement_logging();
    Ok(pool::postgres_pool(options, connections))
}
