//! Changes of media policies: their preview, their effect on files that are not stored, and the erasing of files that were stored
//! before. Nothing is erased without a request.

use std::sync::Arc;
use std::time::Duration;

use mediary_core::{
    AccountId, CompanyId, Error, ErrorCode, MediaId, MediaTask, Result, Retention, RetentionMode,
};
use mediary_store::{
    Actor, Company, DueTask, MediaSettingsPatch, PolicyPreview, ScannedBatch, StoredTally, Tally,
};

use tracing::Instrument as _;

use crate::access::{May, rights};
use crate::base::work::Work;
use crate::context::Context;
use crate::media::open::OpenFiles;
use crate::storage::trash;

/// Files of one transaction.
const BATCH: usize = 500;
/// Files that are looked at at once; how often of one task, and tasks, before the rest of the sweep gets its turn.
const LOOKED_AT: u32 = 2000;
const STRETCHES_AT_ONCE: u32 = 10;
const TASKS_AT_ONCE: u32 = 10;
/// The wait of a task that failed.
pub(crate) const RESUMED_AFTER: Duration = Duration::from_secs(60);

/// Media policies of companies and accounts.
#[derive(Clone, Debug)]
pub(crate) struct Policies {
    context: Context,
    files: Arc<OpenFiles>,
}

impl Policies {
    pub(crate) fn new(context: Context, files: Arc<OpenFiles>) -> Self {
        Self { context, files }
    }

    /// Changes what a company wants done with its media. Another policy holds at once: no download begins that it does
    /// not allow, running ones that it does not allow stop, and files that are not here follow. What is kept stays.
    pub(crate) async fn update_media_settings(
        &self,
        may: &May<rights::ChangeMediaSettings>,
        patch: &MediaSettingsPatch,
        by: &Actor,
    ) -> Result<Company> {
        let company = may.caller().company_id;
        let company = self.context.store().update_company_settings(company, patch, by).await?;
        self.context.accounts().forget();
        if let Some(outbox) = self.context.outbox() {
            outbox.accounts();
        }
        self.context.work().wake(Work::Sweep);
        company.ok_or_else(|| Error::not_found("there is no such company"))
    }

    /// Whether this installation can do what a retention says.
    pub(crate) fn check_retention(&self, retention: Retention) -> Result<()> {
        if retention.mode() == RetentionMode::ArchiveAfter && self.context.config().archive.is_none() {
            let detail = "archive_after needs an archive storage, and this installation has none: an operator can set \
                MEDIA_ARCHIVE_BACKEND, or use days_after_stored";
            return Err(Error::invalid("retention", detail));
        }
        Ok(())
    }

    /// What another policy would be about: for one account, or for all that have none of their own.
    pub(crate) async fn preview_policy(
        &self,
        may: &May<rights::ChangeMediaSettings>,
        account: Option<AccountId>,
    ) -> Result<PolicyPreview> {
        let company = may.caller().company_id;
        self.require_account(company, account).await?;
        Ok(self.context.store().policy_preview(company, account).await?)
    }

    /// What another retention would delete or archive at once: of one account, or of all that have none of their own.
    pub(crate) async fn preview_retention(
        &self,
        may: &May<rights::ChangeMediaSettings>,
        account: Option<AccountId>,
        retention: Retention,
    ) -> Result<Tally> {
        let company = may.caller().company_id;
        self.check_retention(retention)?;
        self.require_account(company, account).await?;
        let archive = self.context.config().archive;
        Ok(self.context.store().retention_preview(company, account, retention, archive).await?)
    }

    /// Erases what is kept of accounts whose policy is to keep nothing: of one, or of all of them. How much it is; the
    /// bytes go gradually.
    pub(crate) async fn erase_kept(
        &self,
        may: &May<rights::EraseMedia>,
        account: Option<AccountId>,
        by: &Actor,
    ) -> Result<Tally> {
        let caller = may.caller();
        let company = caller.company_id;
        let found = self.kept_against_policy(company, account).await?.stored;
        self.context.store().plan_erasing(company, account, by).await?;
        self.context.work().wake(Work::Sweep);
        tracing::info!(company.id = company.0, files = found.files, by = caller.label(), "media_erasing");
        Ok(found)
    }

    /// How much is kept of accounts whose policy is to keep nothing. Fails if there is no such account.
    pub(crate) async fn kept_against_policy(
        &self,
        company: CompanyId,
        account: Option<AccountId>,
    ) -> Result<StoredTally> {
        self.require_account(company, account).await?;
        if !self.context.store().keeps_nothing(company, account).await? {
            let detail =
                "the media policy keeps files; change it to `stream` first, or delete files one by one";
            return Err(Error::refused(ErrorCode::Conflict, detail));
        }
        Ok(self.context.store().kept_against_policy(company, account).await?)
    }

    async fn require_account(&self, company: CompanyId, account: Option<AccountId>) -> Result<()> {
        if let Some(id) = account {
            self.context.whatsapp().account_of(company, id).await?;
        }
        Ok(())
    }

    /// Runs due tasks that change many files.
    pub(crate) async fn carry_out_media_tasks(&self) -> Result<()> {
        for task in self.context.store().due_media_tasks(TASKS_AT_ONCE).await? {
            let span = tracing::error_span!("media_task", company.id = task.company_id.0, kind = ?task.kind);
            self.carry_out(&task).instrument(span).await?;
        }
        Ok(())
    }

    async fn carry_out(&self, task: &DueTask) -> Result<()> {
        let through = match task.kind {
            MediaTask::FollowPolicy => self.follow_policy(task).await,
            MediaTask::Erase => self.erase(task).await,
        };
        match through {
            Ok(true) => self.context.store().media_task_done(task).await?,
            Ok(false) => self.context.work().wake(Work::Sweep),
            // It waits, so that it does not take the turn of the others each time.
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a change of many files stopped half-way; it is resumed in a minute"
                );
                let due = self.context.now().plus(RESUMED_AFTER);
                self.context.store().media_task_put_off(task, due).await?;
            }
        }
        Ok(())
    }

    /// False if there may be more.
    async fn follow_policy(&self, task: &DueTask) -> Result<bool> {
        let mut after = task.reached_at.zip(task.reached_id);
        for _ in 0..STRETCHES_AT_ONCE {
            let behind = self.context.store().behind_policy(task.company_id, after, LOOKED_AT).await?;
            let Some(ScannedBatch { found, upto }) = behind else { return Ok(true) };
            for files in found.chunks(BATCH) {
                let followed = self.context.store().follow_policy(task.company_id, files).await?;
                self.files.forget_changed(&followed);
                self.context.events().publish_changes(&followed);
                self.context.work().wake(Work::Fetch);
            }
            self.context.store().media_task_reached(task, Some(upto.0), upto.1).await?;
            after = Some(upto);
        }
        Ok(false)
    }

    /// False if there may be more.
    async fn erase(&self, task: &DueTask) -> Result<bool> {
        let mut after = task.reached_id.unwrap_or(MediaId(0));
        for _ in 0..STRETCHES_AT_ONCE {
            let erased = self.erase_next(task.company_id, task.account_id, after).await?;
            let Some((upto, _)) = erased else { return Ok(true) };
            self.context.store().media_task_reached(task, None, upto).await?;
            after = upto;
        }
        Ok(false)
    }

    /// Erases at once what is kept of accounts whose policy is to keep nothing, telling how many files went each time.
    pub(crate) async fn erase_kept_now(
        &self,
        company: CompanyId,
        account: Option<AccountId>,
        by: &Actor,
        mut gone: impl FnMut(usize),
    ) -> Result<()> {
        // Also planned as a task, so that a server finishes it if this process dies.
        self.context.store().plan_erasing(company, account, by).await?;
        let mut after = MediaId(0);
        while let Some((upto, erased)) = self.erase_next(company, account, after).await? {
            after = upto;
            trash::empty(&self.context).await?;
            gone(erased);
        }
        Ok(())
    }

    /// The last of the files that it looked at, and how many it erased; `None` at the end.
    async fn erase_next(
        &self,
        company: CompanyId,
        account: Option<AccountId>,
        after: MediaId,
    ) -> Result<Option<(MediaId, usize)>> {
        let kept = self.context.store().files_to_erase(company, account, after, LOOKED_AT).await?;
        let Some(ScannedBatch { found, upto }) = kept else { return Ok(None) };
        let mut gone = 0;
        for files in found.chunks(BATCH) {
            let erased = self.context.store().erase_files(company, files).await?;
            self.files.forget_changed(&erased);
            self.context.events().publish_changes(&erased);
            self.context.work().wake(Work::Trash);
            gone += erased.len();
        }
        Ok(Some((upto, gone)))
    }
}
