//! Decisions about many files, until they have been carried out.

use mediary_core::{AccountId, CompanyId, MediaTask, Timestamp};

use crate::db::Tx;
use crate::record::record;
use crate::value::args;
use crate::{Result, Store};

record! {
    /// A decision whose time has come.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct DueTask from media_tasks as t {
        pub id: i64,
        pub company_id: CompanyId,
        /// `None` for all of the company's accounts.
        pub account_id: Option<AccountId>,
        pub kind: MediaTask,
    }
}

pub(super) async fn plan(
    tx: &mut Tx,
    company: CompanyId,
    account: Option<AccountId>,
    kind: MediaTask,
    due: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO media_tasks (company_id, account_id, kind, due_at) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, args![company, account, kind, due]).await?;
    Ok(())
}

impl Store {
    /// What is to be done now, oldest first. It stays until [`Store::media_task_done`], so that it is done by somebody;
    /// that several do it at once does no harm.
    pub async fn due_media_tasks(&self, limit: u32) -> Result<Vec<DueTask>> {
        let sql = "SELECT t.id, t.company_id, t.account_id, t.kind FROM media_tasks t
            WHERE t.due_at <= $1 ORDER BY t.due_at, t.id LIMIT $2";
        self.db().all(sql, args![self.now(), limit]).await
    }

    pub async fn media_task_done(&self, task: &DueTask) -> Result<()> {
        let sql = "DELETE FROM media_tasks WHERE company_id = $1 AND id = $2";
        self.db().execute(sql, args![task.company_id, task.id]).await?;
        Ok(())
    }
}
