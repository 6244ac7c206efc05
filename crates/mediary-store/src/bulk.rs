//! Many rows in few statements.

use std::borrow::Cow;

use sqlx::AssertSqlSafe;

use crate::db::{Db, Tx};
use crate::record::Read;
use crate::value::{Args, Value};
use crate::writes::Row;
use crate::{Backend, Result, dialect};

/// Rows of one statement on Postgres, which takes a list of rows as one array for each column: its text is always the
/// same, and costs the same to plan, however many rows there are.
const POSTGRES_ROWS_MAX: usize = 1024;
/// Rows of one statement on SQLite, where each value is a parameter. Row counts are powers of two, so that there are
/// few different statements and all of them stay prepared.
const SQLITE_ROWS_MAX: usize = 64;

/// The statement that a list of rows is part of.
enum BulkKind {
    /// `INSERT INTO table (columns)`
    Insert(&'static str),
    /// `WITH k(columns) AS (`
    With,
    /// `DELETE FROM table WHERE (columns) IN (`
    Delete(&'static str),
}

/// A statement around a list of rows. The first row names the columns.
pub(crate) struct Bulk {
    before: BulkKind,
    after: Cow<'static, str>,
    names: &'static str,
    columns: usize,
    values: Vec<Value>,
}

impl Bulk {
    fn new(before: BulkKind, after: impl Into<Cow<'static, str>>) -> Self {
        Self { before, after: after.into(), names: "", columns: 0, values: Vec::new() }
    }

    /// Inserts the rows into a table.
    pub(crate) fn insert(table: &'static str, after: impl Into<Cow<'static, str>>) -> Self {
        Self::new(BulkKind::Insert(table), after)
    }

    /// A statement that begins with the rows as a table `k`.
    pub(crate) fn with(statement: impl Into<Cow<'static, str>>) -> Self {
        Self::new(BulkKind::With, statement)
    }

    /// Deletes the rows of a table whose columns are those of a row.
    pub(crate) fn delete(table: &'static str) -> Self {
        Self::new(BulkKind::Delete(table), "")
    }

    /// Adds a row; all rows have the same columns.
    pub(crate) fn push(&mut self, row: Row) {
        debug_assert!(self.columns == 0 || self.names == row.columns, "rows of one kind");
        self.names = row.columns;
        self.columns = row.values.len();
        self.values.extend(row.values);
    }

    /// Runs it over all rows and gathers what it returns.
    pub(crate) async fn run<T: Read>(self, tx: &mut Tx) -> Result<Vec<T>> {
        let mut results = Vec::new();
        for (sql, args) in self.statements(tx.backend()) {
            results.extend(tx.all(sql, args).await?);
        }
        Ok(results)
    }

    /// Runs a statement that only reads over all rows, outside a transaction.
    pub(crate) async fn read<T: Read>(self, db: &Db) -> Result<Vec<T>> {
        let mut results = Vec::new();
        for (sql, args) in self.statements(db.backend()) {
            results.extend(db.all(sql, args).await?);
        }
        Ok(results)
    }

    /// Runs it over all rows; how many rows it changed.
    pub(crate) async fn execute(self, tx: &mut Tx) -> Result<u64> {
        let mut changed = 0;
        for (sql, args) in self.statements(tx.backend()) {
            changed += tx.execute(sql, args).await?;
        }
        Ok(changed)
    }

    fn statements(self, backend: Backend) -> impl Iterator<Item = (AssertSqlSafe<String>, Args)> + Send {
        let Self { before, after, names, columns, values } = self;
        Chunks { backend, columns, values: values.into_iter() }.map(move |(rows, values)| {
            let rows = dialect::rows(backend, rows, columns);
            let sql = match before {
                BulkKind::Insert(table) => format!("INSERT INTO {table} ({names}) {rows} {after}"),
                BulkKind::With => format!("WITH k({names}) AS ({rows}) {after}"),
                BulkKind::Delete(table) => format!("DELETE FROM {table} WHERE ({names}) IN ({rows}) {after}"),
            };
            (AssertSqlSafe(sql), Args::rows(columns, values))
        })
    }
}

/// Cuts the values into runs of rows, each for one statement.
struct Chunks {
    backend: Backend,
    columns: usize,
    values: std::vec::IntoIter<Value>,
}

impl Iterator for Chunks {
    type Item = (usize, Vec<Value>);

    fn next(&mut self) -> Option<Self::Item> {
        let left = self.values.len().checked_div(self.columns).filter(|left| *left > 0)?;
        let rows = match self.backend {
            Backend::Sqlite => 1 << left.min(SQLITE_ROWS_MAX).ilog2(),
            Backend::Postgres => left.min(POSTGRES_ROWS_MAX),
        };
        Some((rows, self.values.by_ref().take(rows * self.columns).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(backend: Backend, rows: i64) -> Vec<usize> {
        let values: Vec<Value> = (0..3 * rows).map(Value::from).collect();
        let chunks = Chunks { backend, columns: 3, values: values.into_iter() };
        chunks.map(|(rows, values)| rows.min(values.len() / 3)).collect()
    }

    #[test]
    fn rows_are_split_into_runs_without_loss() {
        assert_eq!(runs(Backend::Sqlite, 75), [64, 8, 2, 1]);
        assert_eq!(runs(Backend::Postgres, 2500), [1024, 1024, 452]);
        assert!(runs(Backend::Sqlite, 0).is_empty() && runs(Backend::Postgres, 0).is_empty());
    }
}
