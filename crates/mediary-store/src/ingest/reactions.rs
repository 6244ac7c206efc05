//! Reactions. Each is a message of its own; the message it refers to shows the latest reaction of each person.

use std::collections::{BTreeSet, HashSet};

use mediary_core::{ConversationId, Direction, MessageId, Timestamp};
use sqlx::AssertSqlSafe;

use super::applied::{AppliedChanges, MessageKey};
use super::messages::NewMessage;
use super::types::ChangeKind;
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::messages::MessageReaction;
use crate::record::record;
use crate::value::args;
use crate::writes::row;
use crate::{Error, Result, dialect};

/// The most reactions that are read for a message, newest first, to find the latest of each person: as many as a group can have
/// members. So the cost of one more reaction, and of the message in an answer, has a bound.
pub(crate) const REACTIONS_MAX: u32 = 1024;

record! {
    /// One reaction, and who it is from.
    struct GivenReaction from messages as r {
        pub direction: Direction,
        pub from: Option<String>,
        pub emoji: Option<String>,
    }
}

/// Updates the messages that new reactions refer to, and the new messages for which reactions had waited.
pub(super) async fn apply(
    tx: &mut Tx,
    now: Timestamp,
    new_messages: &[NewMessage],
    applied: &mut AppliedChanges,
) -> Result<()> {
    let mut targets: BTreeSet<MessageKey> = waited_for(tx, new_messages).await?.into_iter().collect();
    forget(tx, &targets).await?;
    for row in new_messages {
        if let Some(reaction) = &row.message.reaction {
            targets.insert(MessageKey { id: reaction.target.clone(), ..MessageKey::of(&row.message) });
        }
    }
    let mut missed = Vec::new();
    for target in targets {
        if !gather(tx, now, &target, applied).await? {
            missed.push(target);
        }
    }
    wait_for(tx, now, missed).await
}

/// Records that reactions wait for messages that are not stored yet. The time of the last reaction counts, for the sweep reads recent
/// rows only.
async fn wait_for(tx: &mut Tx, now: Timestamp, missed: Vec<MessageKey>) -> Result<()> {
    let mut insert = Bulk::insert(
        "waiting_reactions",
        "ON CONFLICT (company_id, account_id, reaction_target) DO UPDATE SET created_at = excluded.created_at",
    );
    for key in missed {
        insert.push(row! {
            company_id => key.company,
            account_id => key.account,
            reaction_target => key.id,
            created_at => now,
        });
    }
    insert.execute(tx).await?;
    Ok(())
}

/// Deletes the notes for messages whose reactions are gathered next; why before that is argued in `gather_missed`.
async fn forget(tx: &mut Tx, found: &BTreeSet<MessageKey>) -> Result<()> {
    let mut delete = Bulk::delete("waiting_reactions");
    for key in found {
        delete.push(row! {
            company_id => key.company,
            account_id => key.account,
            reaction_target => key.id.as_str(),
        });
    }
    delete.execute(tx).await?;
    Ok(())
}

/// Gathers the reactions to messages that are stored although a reaction did not find them.
///
/// The notes are deleted before anything is gathered: the deletion waits for a transaction that is writing one of them, so its
/// reaction is seen; a later transaction leaves a note of its own.
pub(super) async fn gather_missed(
    tx: &mut Tx,
    now: Timestamp,
    since: Timestamp,
    limit: u32,
    applied: &mut AppliedChanges,
) -> Result<()> {
    let sql = "DELETE FROM waiting_reactions WHERE (company_id, account_id, reaction_target) IN (
            SELECT w.company_id, w.account_id, w.reaction_target FROM waiting_reactions w
            JOIN messages m ON m.company_id = w.company_id AND m.account_id = w.account_id
                AND m.provider_message_id = w.reaction_target
            WHERE w.created_at >= $1 ORDER BY w.created_at, w.reaction_target LIMIT $2)
        RETURNING company_id, account_id, reaction_target";
    let mut missed: Vec<MessageKey> = tx.all(sql, args![since, limit]).await?;
    missed.sort_unstable();
    for target in &missed {
        gather(tx, now, target, applied).await?;
    }
    Ok(())
}

/// A message of ours has WhatsApp's id from now on. A reaction is shown on its message, of which it is known that it is stored;
/// reactions to another one may have come before.
pub(super) async fn after_acceptance(
    tx: &mut Tx,
    now: Timestamp,
    key: MessageKey,
    reaction_target: Option<&str>,
    applied: &mut AppliedChanges,
) -> Result<()> {
    if let Some(target) = reaction_target {
        gather(tx, now, &MessageKey { id: target.to_owned(), ..key }, applied).await?;
        return Ok(());
    }
    let sql =
        "SELECT r.id FROM messages r WHERE r.company_id = $1 AND r.account_id = $2 AND r.reaction_target = $3
        AND r.reaction_target IS NOT NULL LIMIT 1";
    let args = args![key.company, key.account, key.id.as_str()];
    if tx.first::<(MessageId,)>(sql, args).await?.is_some() {
        gather(tx, now, &key, applied).await?;
    }
    Ok(())
}

async fn waited_for(tx: &mut Tx, new_messages: &[NewMessage]) -> Result<Vec<MessageKey>> {
    let mut select = Bulk::with(
        "SELECT k.company_id, k.account_id, k.name FROM k WHERE EXISTS (SELECT 1 FROM messages r
            WHERE r.company_id = k.company_id AND r.account_id = k.account_id AND r.reaction_target = k.name)",
    );
    for row in new_messages.iter().filter(|row| row.message.reaction.is_none()) {
        let message = &row.message;
        select.push(row! {
            company_id => message.company_id,
            account_id => message.account_id,
            name => message.provider_message_id.as_str(),
        });
    }
    select.run(tx).await
}

/// Writes the latest reactions to a message into its row; one of ours counts once WhatsApp took it. Locks the message first, so that two nodes that do so at once see each
/// other's reactions. Returns whether the message is stored.
pub(super) async fn gather(
    tx: &mut Tx,
    now: Timestamp,
    target: &MessageKey,
    applied: &mut AppliedChanges,
) -> Result<bool> {
    let sql = format!(
        "SELECT m.id, m.conversation_id FROM messages m
            WHERE m.company_id = $1 AND m.account_id = $2 AND m.provider_message_id = $3{}",
        dialect::hold_rows(tx.backend(), "m")
    );
    let key = args![target.company, target.account, target.id.as_str()];
    let found: Option<(MessageId, ConversationId)> = tx.first(AssertSqlSafe(sql), key).await?;
    let Some((message, conversation)) = found else {
        return Ok(false);
    };
    // The innermost query ends at its limit, in the order of its index, however many reactions there are.
    let sql = "SELECT latest.direction, COALESCE(latest.sender_phone, c.user_id, c.wa_id), latest.reaction_emoji
        FROM (SELECT r.id, r.conversation_id, r.direction, r.status, r.sender_phone, r.reaction_emoji, r.revoked_at, r.sent_at
            FROM messages r WHERE r.company_id = $1 AND r.account_id = $2 AND r.reaction_target = $3
                AND r.reaction_target IS NOT NULL
            ORDER BY r.sent_at DESC, r.id DESC LIMIT $4) latest
        CROSS JOIN conversations v CROSS JOIN contacts c
        WHERE v.company_id = $1 AND v.id = latest.conversation_id AND c.company_id = $1 AND c.id = v.contact_id
            AND latest.revoked_at IS NULL AND latest.status NOT IN ('queued', 'uploading', 'unknown', 'failed')
        ORDER BY latest.sent_at DESC, latest.id DESC";
    let given = args![target.company, target.account, target.id.as_str(), REACTIONS_MAX];
    let json = serde_json::to_string(&latest_of_each(tx.all(sql, given).await?))
        .map_err(|error| Error::internal("failed to write reactions").with_source(error))?;
    let sql = "UPDATE messages SET reactions = $3, updated_at = $4 WHERE company_id = $1 AND id = $2";
    tx.execute(sql, args![target.company, message, json, now]).await?;
    applied.message(ChangeKind::MessageUpdated, target.company, conversation, message, None);
    Ok(true)
}

/// The latest reaction of each person, in order of time, from reactions that are ordered newest first.
fn latest_of_each(given: Vec<GivenReaction>) -> Vec<MessageReaction> {
    let mut seen = HashSet::new();
    let latest = given.into_iter().filter(|one| seen.insert((one.direction, one.from.clone())));
    let shown = |given: GivenReaction| {
        Some(MessageReaction { emoji: given.emoji?, from: given.from.unwrap_or_default() })
    };
    let mut shown: Vec<MessageReaction> = latest.filter_map(shown).collect();
    shown.reverse();
    shown
}
