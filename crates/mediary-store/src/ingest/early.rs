//! What came for a message of ours before it had WhatsApp's id: statuses overtake the answer to the call that sends.

use mediary_core::{AccountId, CompanyId, Timestamp};

use super::applied::{AppliedChanges, MessageKey};
use super::types::Change;
use super::{apply, reactions, waiting};
use crate::Result;
use crate::db::Tx;

/// Applies what waited for a message that has this id of WhatsApp's from now on. A reaction of ours is shown on its message.
///
/// What another transaction keeps for it at this moment is not seen here, and is found by the next sweep (`waited_for`).
pub(crate) async fn apply_early(
    tx: &mut Tx,
    now: Timestamp,
    (company, account, id): (CompanyId, AccountId, &str),
    reaction_target: Option<&str>,
) -> Result<Vec<Change>> {
    let key = MessageKey { company, account, id: id.to_owned() };
    let mut applied = AppliedChanges::default();
    let updates = waiting::take(tx, [key.clone()]).await?;
    apply::apply_updates(tx, now, updates, &mut applied).await?;
    reactions::after_acceptance(tx, now, key, reaction_target, &mut applied).await?;
    Ok(applied.changes)
}
