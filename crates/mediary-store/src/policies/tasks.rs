//! Tasks that change many files, kept until they are done.

use mediary_core::{AccountId, CompanyId, MediaId, MediaTask, Timestamp};
use sqlx::AssertSqlSafe;

use crate::db::Tx;
use crate::record::{Record as _, record};
use crate::value::args;
use crate::writes::insert;
use crate::{Result, Store};

record! {
    /// A task that is due.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct DueTask from media_tasks as t {
        pub id: i64,
        pub company_id: CompanyId,
        /// `None` for all of the company's accounts.
        pub account_id: Option<AccountId>,
        pub kind: MediaTask,
        /// The last file that was looked at, and when it expires where the scan is in that order.
        pub reached_at: Option<Timestamp>,
        pub reached_id: Option<MediaId>,
    }
}

pub(super) async fn plan(
    tx: &mut Tx,
    company: CompanyId,
    account: Option<AccountId>,
    kind: MediaTask,
    due: Timestamp,
) -> Result<()> {
    let (sql, args) =
        insert! { media_tasks { company_id => company, account_id => account, kind => kind, due_at => due } };
    tx.execute(sql, args).await?;
    Ok(())
}

impl Store {
    /// The tasks that are due, oldest first. A task stays until [`Store::media_task_done`], so that it is done even if a process dies;
    /// it does no harm if several processes do it at once.
    pub async fn due_media_tasks(&self, limit: u32) -> Result<Vec<DueTask>> {
        let sql = format!(
            "SELECT {} FROM media_tasks t WHERE t.due_at <= $1 ORDER BY t.due_at, t.id LIMIT $2",
            DueTask::SELECT
        );
        self.db().all(AssertSqlSafe(sql), args![self.now(), limit]).await
    }

    /// Records the progress of a task, from which it resumes after the others had their turn.
    pub async fn media_task_reached(
        &self,
        task: &DueTask,
        expires_at: Option<Timestamp>,
        media: MediaId,
    ) -> Result<()> {
        let sql = "UPDATE media_tasks SET reached_at = $3, reached_id = $4, due_at = $5 WHERE company_id = $1 AND id = $2";
        self.db().execute(sql, args![task.company_id, task.id, expires_at, media, self.now()]).await?;
        Ok(())
    }

    /// Postpones a task, so that the others go first.
    pub async fn media_task_put_off(&self, task: &DueTask, until: Timestamp) -> Result<()> {
        let sql = "UPDATE media_tasks SET due_at = $3 WHERE company_id = $1 AND id = $2";
        self.db().execute(sql, args![task.company_id, task.id, until]).await?;
        Ok(())
    }

    pub async fn media_task_done(&self, task: &DueTask) -> Result<()> {
        let sql = "DELETE FROM media_tasks WHERE company_id = $1 AND id = $2";
        self.db().execute(sql, args![task.company_id, task.id]).await?;
        Ok(())
    }
}
