//! The effects of a change of the media policy of a company or of one of its WhatsApp accounts.
//!
//! From the commit of the change on, no download begins that the policy does not allow: a claim reads the policy while it holds a lock
//! on the company or the account, as a change does, and a change ends the leases of running downloads. Records of files that are not
//! stored are updated afterwards, in batches (`follow`), for there may be millions. Stored files stay until a user has them erased
//! (`erase`).

mod erase;
mod follow;
mod preview;
mod tasks;

use std::time::Duration;

use mediary_core::{AccountId, CompanyId, MediaId, MediaPolicy, MediaTask, Timestamp};
use sqlx::AssertSqlSafe;

pub(crate) use follow::{changes, follow};
pub(crate) use preview::tallies;
pub use preview::{PolicyPreview, StoredTally, Tally};
pub use tasks::DueTask;

use crate::db::Tx;
use crate::leases::DOWNLOADS;
use crate::value::args;
use crate::{Result, dialect};

macro_rules! effective {
    () => {
        "COALESCE(a.media_policy, c.media_policy)"
    };
}
/// The policy of an account `a` of the company `c`.
pub(crate) const EFFECTIVE: &str = effective!();
/// The policy of a media file `f`; a look-up for each row, so that rows come in the order of their own index.
pub(crate) const OF_FILE: &str = concat!(
    "(SELECT ",
    effective!(),
    " FROM whatsapp_accounts a JOIN companies c ON c.id = a.company_id
    WHERE a.company_id = f.company_id AND a.id = f.account_id)"
);
/// The time within which every process has received a change, and has committed what it ingested under the previous policy.
const HEARD_WITHIN: Duration = Duration::from_secs(60);

/// The current policy of a file, locked until the end of the transaction.
pub(crate) async fn held(tx: &mut Tx, company: CompanyId, media: MediaId) -> Result<Option<MediaPolicy>> {
    // Two statements: on Postgres a single one would read the policy as it was before it waited for a change.
    let hold = dialect::hold_rows(tx.backend(), "a");
    let sql = format!(
        "SELECT a.id FROM media_files f JOIN whatsapp_accounts a ON a.company_id = f.company_id AND a.id = f.account_id
            WHERE f.company_id = $1 AND f.id = $2{hold}"
    );
    let Some((account,)) = tx.first::<(AccountId,)>(AssertSqlSafe(sql), args![company, media]).await? else {
        return Ok(None);
    };
    let sql = format!(
        "SELECT {EFFECTIVE} FROM whatsapp_accounts a JOIN companies c ON c.id = a.company_id
            WHERE a.company_id = $1 AND a.id = $2"
    );
    let held: Option<(MediaPolicy,)> = tx.first(AssertSqlSafe(sql), args![company, account]).await?;
    Ok(held.map(|(policy,)| policy))
}

/// Locks a company and its accounts against claims and against changes of their policies and retentions: what later statements read of
/// these stays true until the transaction ends. Every transaction locks them in this order, and before any file.
///
/// A transaction that acts on a policy or a retention locks them, too (or the account, [`held`]). Otherwise a statement that waits for
/// a file would continue with the accounts as they were before it waited, for Postgres reads only the row again that it waited for.
pub(crate) async fn hold(tx: &mut Tx, company: CompanyId) -> Result<()> {
    let hold = dialect::hold_rows(tx.backend(), "c");
    let sql = format!("SELECT c.id FROM companies c WHERE c.id = $1{hold}");
    tx.first::<(i64,)>(AssertSqlSafe(sql), args![company]).await?;
    let hold = dialect::hold_rows(tx.backend(), "a");
    let sql = format!("SELECT a.id FROM whatsapp_accounts a WHERE a.company_id = $1 ORDER BY a.id{hold}");
    tx.all::<(i64,)>(AssertSqlSafe(sql), args![company]).await?;
    Ok(())
}

/// Does what a change needs at once, and plans the rest as a task.
pub(crate) async fn changed(tx: &mut Tx, company: CompanyId, now: Timestamp) -> Result<()> {
    // In the order in which every transaction locks files. No claim adds running files, for the company and its accounts are locked.
    let running = format!(
        "SELECT f.id FROM media_files f WHERE f.company_id = $1 AND f.download_status = 'downloading' ORDER BY f.id{}",
        dialect::hold_rows(tx.backend(), "f")
    );
    tx.all::<(MediaId,)>(AssertSqlSafe(running), args![company]).await?;
    let sql = format!(
        "UPDATE media_files SET policy = $2, download_status = 'pending', due = FALSE, next_attempt_at = NULL,
            download_attempts = download_attempts - 1, bytes_downloaded = 0, {}, updated_at = $3
        WHERE company_id = $1 AND download_status = 'downloading' AND account_id IN
            (SELECT a.id FROM whatsapp_accounts a JOIN companies c ON c.id = a.company_id
                WHERE a.company_id = $1 AND {EFFECTIVE} = $2)",
        DOWNLOADS.ended()
    );
    tx.execute(AssertSqlSafe(sql), args![company, MediaPolicy::Stream, now]).await?;
    // A task that was planned before may have started with the previous policy.
    let sql = "DELETE FROM media_tasks WHERE company_id = $1 AND kind = $2";
    tx.execute(sql, args![company, MediaTask::FollowPolicy]).await?;
    for due in [now, now.plus(HEARD_WITHIN)] {
        tasks::plan(tx, company, None, MediaTask::FollowPolicy, due).await?;
    }
    Ok(())
}
