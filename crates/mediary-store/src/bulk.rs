//! Many rows in few statements.

use std::borrow::Cow;

use sqlx::AssertSqlSafe;

use crate::db::{Db, Tx};
use crate::dialect::parameter_rows;
use crate::record::Read;
use crate::value::Value;
use crate::{Backend, Result};

/// Rows of one statement, at most. Row counts are powers of two, so that there are few different statements and all
/// of them stay prepared.
const ROWS_MAX: usize = 64;

/// A statement around a list of rows: `before (…), (…) after`.
pub(crate) struct Bulk {
    before: &'static str,
    after: Cow<'static, str>,
    columns: usize,
    values: Vec<Value>,
}

impl Bulk {
    pub(crate) fn new(before: &'static str, after: impl Into<Cow<'static, str>>) -> Self {
        Self { before, after: after.into(), columns: 0, values: Vec::new() }
    }

    /// Adds a row; all rows have the same columns.
    pub(crate) fn push(&mut self, row: Vec<Value>) {
        debug_assert!(self.columns == 0 || self.columns == row.len(), "rows of one length");
        self.columns = row.len();
        self.values.extend(row);
    }

    /// Runs it over all rows and gathers what it returns.
    pub(crate) async fn run<T: Read>(self, tx: &mut Tx) -> Result<Vec<T>> {
        let mut results = Vec::new();
        for (sql, values) in self.statements(tx.backend()) {
            results.extend(tx.all(sql, values).await?);
        }
        Ok(results)
    }

    /// The same outside a transaction, if it only reads.
    pub(crate) async fn read<T: Read>(self, db: &Db) -> Result<Vec<T>> {
        let mut results = Vec::new();
        for (sql, values) in self.statements(db.backend()) {
            results.extend(db.all(sql, values).await?);
        }
        Ok(results)
    }

    /// Runs it over all rows; how many rows it changed.
    pub(crate) async fn execute(self, tx: &mut Tx) -> Result<u64> {
        let mut changed = 0;
        for (sql, values) in self.statements(tx.backend()) {
            changed += tx.execute(sql, values).await?;
        }
        Ok(changed)
    }

    fn statements(
        self,
        backend: Backend,
    ) -> impl Iterator<Item = (AssertSqlSafe<String>, Vec<Value>)> + Send {
        let Self { before, after, columns, values } = self;
        chunks(columns, values).map(move |(rows, values)| {
            let rows = parameter_rows(backend, rows, columns);
            (AssertSqlSafe(format!("{before} {rows} {after}")), values)
        })
    }
}

/// Cuts the values into runs of 64, 32, … 1 rows.
struct Chunks {
    columns: usize,
    values: std::vec::IntoIter<Value>,
}

fn chunks(columns: usize, values: Vec<Value>) -> Chunks {
    Chunks { columns, values: values.into_iter() }
}

impl Iterator for Chunks {
    type Item = (usize, Vec<Value>);

    fn next(&mut self) -> Option<Self::Item> {
        let left = self.values.len().checked_div(self.columns).filter(|left| *left > 0)?;
        let rows = 1 << left.min(ROWS_MAX).ilog2();
        Some((rows, self.values.by_ref().take(rows * self.columns).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_counts_are_powers_of_two_and_nothing_is_lost() {
        let values: Vec<Value> = (0..3 * 75_i64).map(Value::from).collect();
        let rows: Vec<usize> = chunks(3, values).map(|(rows, values)| rows.min(values.len() / 3)).collect();
        assert_eq!(rows, [64, 8, 2, 1]);
        assert!(chunks(0, Vec::new()).next().is_none());
    }
}
