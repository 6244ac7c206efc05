//! Records found by their words. Why the words are made here and not by the databases: decision 0024.

mod find;
mod index;
mod page;
mod terms;

use mediary_core::{CompanyId, ConversationId, Direction, WordQuery};
use sqlx::{AssertSqlSafe, SqlSafeStr};

use crate::record::Read;
use crate::value::{Value, args};
use crate::{Backend, Result, Store, dialect};
pub(crate) use page::{Candidate, FilteredList, page_of};
use terms::Terms;

/// What the index is asked for, besides the company.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IndexedFilter<'q> {
    pub(crate) words: Option<&'q WordQuery>,
    pub(crate) sender: Option<&'q str>,
    pub(crate) direction: Option<Direction>,
    pub(crate) conversation: Option<ConversationId>,
}

impl IndexedFilter<'_> {
    /// As the database is asked for it.
    pub(crate) fn to_query(self, company: CompanyId, backend: Backend) -> String {
        let terms = Terms::new(company).query(self.words).sender(self.sender).direction(self.direction);
        terms.conversation(self.conversation).to_query(backend)
    }
}

impl Store {
    /// Whether a statement over an index has no more than `max` rows; how many are beyond that is never counted.
    pub(crate) async fn finds_few(&self, rows: &str, mut args: Vec<Value>, max: i64) -> Result<bool> {
        args.push((max + 1).into());
        let sql = format!("SELECT CAST(COUNT(*) AS BIGINT) FROM ({rows} LIMIT ${}) AS hits", args.len());
        let counted: Vec<(i64,)> = self.search_rows(AssertSqlSafe(sql), args).await?;
        Ok(counted.first().is_some_and(|(count,)| *count <= max))
    }

    /// The rows of a statement that reads an index of words or of runs of letters.
    pub(crate) async fn search_rows<T: Read>(
        &self,
        sql: impl SqlSafeStr,
        args: Vec<Value>,
    ) -> Result<Vec<T>> {
        let Some(setting) = dialect::before_search(self.backend()) else {
            return self.db().all(sql, args).await;
        };
        let mut tx = self.db().begin().await?;
        tx.all::<(String,)>(setting, args![]).await?;
        let rows = tx.all(sql, args).await;
        tx.roll_back().await;
        rows
    }
}
