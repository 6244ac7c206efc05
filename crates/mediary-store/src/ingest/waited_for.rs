//! Updates and reactions that wait although the message that they are about is there.
//!
//! Two nodes may take an update and its message at the same moment, and neither sees the other's row: each reads what was committed
//! before. Why no update is lost: the transaction that did not find the message keeps the update, so once both transactions are
//! committed, the waiting row and the message are both visible, and the next sweep finds them in one statement. It reads the rows of
//! a recent period that is longer than any transaction lasts.

use mediary_core::Timestamp;

use super::applied::AppliedChanges;
use super::apply;
use super::collisions::Tries;
use super::reactions;
use super::types::Change;
use super::waiting::{WaitingUpdate, take_out};
use crate::db::Tx;
use crate::value::args;
use crate::{Result, Store};

async fn apply_found(tx: &mut Tx, now: Timestamp, since: Timestamp, limit: u32) -> Result<AppliedChanges> {
    let sql = "SELECT u.id, u.company_id, u.kind, u.body FROM message_updates u
        JOIN messages m ON m.company_id = u.company_id AND m.account_id = u.account_id
            AND m.provider_message_id = u.provider_message_id
        WHERE u.created_at >= $1 ORDER BY u.created_at, u.id LIMIT $2";
    let waiting: Vec<WaitingUpdate> = tx.all(sql, args![since, limit]).await?;
    let updates = take_out(tx, waiting).await?;
    let mut applied = AppliedChanges::default();
    apply::apply_updates(tx, now, updates, &mut applied).await?;
    reactions::gather_missed(tx, now, since, limit, &mut applied).await?;
    Ok(applied)
}

impl Store {
    /// Applies updates and reactions that wait although their message is stored: two nodes may have taken the two at the same moment,
    /// neither seeing the other's row. Reads those that came since then.
    pub async fn apply_waiting_updates(&self, since: Timestamp, limit: u32) -> Result<Vec<Change>> {
        let mut tries = Tries::default();
        loop {
            let mut tx = self.db().begin().await?;
            match apply_found(&mut tx, self.now(), since, limit).await {
                Ok(applied) => {
                    tx.commit().await?;
                    return Ok(applied.changes);
                }
                Err(error) => tries.after(tx, error).await?,
            }
        }
    }
}
