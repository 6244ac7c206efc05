//! Reactions are messages of their own; the message they are on shows the latest of each person.

use std::collections::BTreeSet;

use mediary_core::{ConversationId, Direction, MessageId, Timestamp};
use sqlx::AssertSqlSafe;

use super::apply::{Applied, MessageKey};
use super::messages::Fresh;
use super::types::ChangeKind;
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::messages::MessageReaction;
use crate::record::record;
use crate::value::args;
use crate::{Error, Result, dialect};

record! {
    /// One reaction, and who it is from.
    struct Given from messages as r {
        pub direction: Direction,
        pub from: Option<String>,
        pub emoji: Option<String>,
    }
}

/// Brings the messages up to date that new reactions are on, and the new messages that reactions had waited for.
pub(super) async fn apply(tx: &mut Tx, now: Timestamp, fresh: &[Fresh], applied: &mut Applied) -> Result<()> {
    let mut targets: BTreeSet<MessageKey> = waited_for(tx, fresh).await?.into_iter().collect();
    for row in fresh {
        if let Some(reaction) = &row.message.reaction {
            targets.insert(MessageKey { id: reaction.target.clone(), ..MessageKey::of(&row.message) });
        }
    }
    for target in targets {
        gather(tx, now, &target, applied).await?;
    }
    Ok(())
}

async fn waited_for(tx: &mut Tx, fresh: &[Fresh]) -> Result<Vec<MessageKey>> {
    let mut select = Bulk::new(
        "WITH k(company_id, account_id, name) AS (",
        ") SELECT DISTINCT r.company_id, r.account_id, r.reaction_target FROM k CROSS JOIN messages r
            WHERE r.company_id = k.company_id AND r.account_id = k.account_id AND r.reaction_target = k.name",
    );
    for row in fresh.iter().filter(|row| row.message.reaction.is_none()) {
        let message = &row.message;
        select.push(args![message.company_id, message.account_id, message.provider_message_id.as_str()]);
    }
    select.run(tx).await
}

/// Writes all reactions to a message next to it. Holds the message first, so that two nodes that do so at once see
/// each other's reactions.
async fn gather(tx: &mut Tx, now: Timestamp, target: &MessageKey, applied: &mut Applied) -> Result<()> {
    let sql = format!(
        "SELECT m.id, m.conversation_id FROM messages m
            WHERE m.company_id = $1 AND m.account_id = $2 AND m.provider_message_id = $3{}",
        dialect::hold_rows(tx.backend(), "m")
    );
    let key = args![target.company, target.account, target.id.as_str()];
    let found: Option<(MessageId, ConversationId)> = tx.first(AssertSqlSafe(sql), key.clone()).await?;
    let Some((message, conversation)) = found else {
        return Ok(());
    };
    let sql =
        "SELECT r.direction, COALESCE(r.sender_phone, c.user_id, c.wa_id), r.reaction_emoji FROM messages r
        JOIN conversations v ON v.company_id = r.company_id AND v.id = r.conversation_id
        JOIN contacts c ON c.company_id = v.company_id AND c.id = v.contact_id
        WHERE r.company_id = $1 AND r.account_id = $2 AND r.reaction_target = $3
            AND r.reaction_target IS NOT NULL AND r.revoked_at IS NULL
        ORDER BY r.sent_at, r.id";
    let json = serde_json::to_string(&latest_of_each(tx.all(sql, key).await?))
        .map_err(|error| Error::invalid("failed to write reactions").with_source(error))?;
    let sql = "UPDATE messages SET reactions = $3, updated_at = $4 WHERE company_id = $1 AND id = $2";
    tx.execute(sql, args![target.company, message, json, now]).await?;
    applied.message(ChangeKind::MessageUpdated, target.company, conversation, message, None);
    Ok(())
}

/// From reactions in order of time.
fn latest_of_each(given: Vec<Given>) -> Vec<MessageReaction> {
    let mut latest: Vec<Given> = Vec::new();
    for reaction in given {
        latest.retain(|other| (other.direction, &other.from) != (reaction.direction, &reaction.from));
        latest.push(reaction);
    }
    let shown =
        |given: Given| Some(MessageReaction { emoji: given.emoji?, from: given.from.unwrap_or_default() });
    latest.into_iter().filter_map(shown).collect()
}
