//! What follows when a company, or one of its WhatsApp accounts, changes its media policy.
//!
//! From the commit of the change on, no download begins that the policy does not allow: a claim looks at the policy
//! while it holds the company or the account, as a change does, and a change takes running downloads from their owners.
//! Records of files that are not here follow after it, in batches (`follow`): there may be millions. What is kept
//! stays until somebody has it erased (`erase`).

mod erase;
mod follow;
mod preview;
mod tasks;

use std::time::Duration;

use mediary_core::{AccountId, CompanyId, MediaId, MediaPolicy, MediaTask, Timestamp};
use sqlx::AssertSqlSafe;

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
/// By then every process has received a change, and what it took in before with the policy of before is committed.
const HEARD_WITHIN: Duration = Duration::from_secs(60);

/// The policy that holds now for a file, and stays until the end of the transaction.
pub(crate) async fn held(tx: &mut Tx, company: CompanyId, media: MediaId) -> Result<Option<MediaPolicy>> {
    // Two statements: on Postgres one would read as of before it waited for a change.
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

/// Holds a company and its accounts against claims and against changes of their policies and retentions: what the statements after
/// this one read of these stays so until the transaction ends. In this order, and before any file, as everybody takes them.
///
/// A transaction that acts on a policy or a retention holds them, too (or the account, [`held`]): a statement that waits for a file
/// continues with the accounts as of before it waited, for Postgres looks again only at the row that it waited for.
pub(crate) async fn hold(tx: &mut Tx, company: CompanyId) -> Result<()> {
    let hold = dialect::hold_rows(tx.backend(), "c");
    let sql = format!("SELECT c.id FROM companies c WHERE c.id = $1{hold}");
    tx.first::<(i64,)>(AssertSqlSafe(sql), args![company]).await?;
    let hold = dialect::hold_rows(tx.backend(), "a");
    let sql = format!("SELECT a.id FROM whatsapp_accounts a WHERE a.company_id = $1 ORDER BY a.id{hold}");
    tx.all::<(i64,)>(AssertSqlSafe(sql), args![company]).await?;
    Ok(())
}

/// Does at once what cannot wait after a change, and plans the rest.
pub(crate) async fn changed(tx: &mut Tx, company: CompanyId, now: Timestamp) -> Result<()> {
    // In the order in which everybody takes files. No claim adds to them, for the company and its accounts are held.
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
    // One that was planned before may have begun with what held before.
    let sql = "DELETE FROM media_tasks WHERE company_id = $1 AND kind = $2";
    tx.execute(sql, args![company, MediaTask::FollowPolicy]).await?;
    for due in [now, now.plus(HEARD_WITHIN)] {
        tasks::plan(tx, company, None, MediaTask::FollowPolicy, due).await?;
    }
    Ok(())
}
