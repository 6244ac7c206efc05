//! One statement on either database, and the rows it answers with.

use futures_util::future::BoxFuture;
use sqlx::postgres::PgRow;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{PgConnection, Row as _, SqlStr, SqliteConnection, ValueRef as _};

use crate::pool::{self, PooledConnection, PostgresPool, within};
use crate::value::Args;
use crate::{Result, cost, dialect};

/// A row of either database, read by position; null is `None`.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// Where a statement runs.
pub(crate) enum Target<'a> {
    SqlitePool(&'a SqlitePool),
    PostgresPool(&'a PostgresPool),
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

// Counted, and on the heap, for these futures are large, and callers have several of them.
impl<'a> Target<'a> {
    pub(crate) fn rows(self, sql: SqlStr, args: Args) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(cost::statement(self.all_rows(sql, args)))
    }

    pub(crate) fn execute(self, sql: SqlStr, args: Args) -> BoxFuture<'a, Result<u64>> {
        Box::pin(cost::statement(self.run(sql, args)))
    }

    // Always to the last row: a write that returns rows is not done before.
    pub(crate) async fn all_rows(self, sql: SqlStr, args: Args) -> Result<Vec<Row>> {
        #[cfg(test)]
        crate::tests::plans::note(&sql, &args);
        let fetched = match self {
            Self::SqlitePool(pool) => args.sqlite(sql).fetch_all(pool).await.map(sqlite_rows),
            Self::Sqlite(connection) => args.sqlite(sql).fetch_all(connection).await.map(sqlite_rows),
            Self::PostgresPool(pool) => fetch(pool, sql, args).await.map(postgres_rows),
            Self::Postgres(connection) => {
                within(args.postgres(sql).fetch_all(connection)).await.map(postgres_rows)
            }
        };
        fetched.map_err(|error| dialect::error("run a statement", error))
    }

    pub(crate) async fn run(self, sql: SqlStr, args: Args) -> Result<u64> {
        #[cfg(test)]
        crate::tests::plans::note(&sql, &args);
        let executed = match self {
            Self::SqlitePool(pool) => args.sqlite(sql).execute(pool).await.map(|done| done.rows_affected()),
            Self::Sqlite(tx) => args.sqlite(sql).execute(tx).await.map(|done| done.rows_affected()),
            Self::PostgresPool(pool) => match PooledConnection::check_out(pool).await {
                Ok(mut connection) => {
                    let done = within(args.postgres(sql).execute(&mut *connection)).await;
                    connection.return_after(done).map(|done| done.rows_affected())
                }
                Err(error) => Err(error),
            },
            Self::Postgres(connection) => {
                within(args.postgres(sql).execute(connection)).await.map(|done| done.rows_affected())
            }
        };
        executed.map_err(|error| dialect::error("run a statement", error))
    }
}

/// The rows of a statement that only reads. If its connection had ended while it was idle, it runs again: it changed nothing.
pub(crate) fn read(pool: &PostgresPool, sql: SqlStr, args: Args) -> BoxFuture<'_, Result<Vec<Row>>> {
    let fetched = async move {
        #[cfg(test)]
        crate::tests::plans::note(&sql, &args);
        let fetched = match fetch(pool, sql.clone(), args.clone()).await {
            Err(error) if dialect::has_ended(&error) => {
                pool::close_unused(pool);
                fetch(pool, sql, args).await
            }
            fetched => fetched,
        };
        fetched.map(postgres_rows).map_err(|error| dialect::error("run a statement", error))
    };
    Box::pin(cost::statement(fetched))
}

async fn fetch(pool: &PostgresPool, sql: SqlStr, args: Args) -> std::result::Result<Vec<PgRow>, sqlx::Error> {
    let mut connection = PooledConnection::check_out(pool).await?;
    let rows = within(args.postgres(sql).fetch_all(&mut *connection)).await;
    connection.return_after(rows)
}

fn sqlite_rows(rows: Vec<SqliteRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Sqlite).collect()
}

fn postgres_rows(rows: Vec<PgRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Postgres).collect()
}

macro_rules! getters {
    ($($name:ident: $type:ty),+) => { $(
        pub(crate) fn $name(&self, index: usize) -> std::result::Result<Option<$type>, sqlx::Error> {
            match self {
                Self::Sqlite(row) => row.try_get(index),
                Self::Postgres(row) => row.try_get(index),
            }
        }
    )+ };
}

impl Row {
    getters!(int: i64, flag: bool, text: String, bytes: Vec<u8>);

    pub(crate) fn is_null(&self, index: usize) -> std::result::Result<bool, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get_raw(index)?.is_null(),
            Self::Postgres(row) => row.try_get_raw(index)?.is_null(),
        })
    }
}
