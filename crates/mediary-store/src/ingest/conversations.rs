//! The conversation of each message, and its last message and unread count.

use std::collections::{BTreeMap, HashMap};

use mediary_core::{AccountId, CompanyId, ContactId, ConversationId, MessageId, Timestamp};

use super::applied::AppliedChanges;
use super::messages::NewMessage;
use super::types::IncomingMessage;
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::writes::row;
use crate::{Error, Result};

pub(super) type Key = (CompanyId, AccountId, ContactId);
type FoundConversation = (CompanyId, AccountId, ContactId, ConversationId);

/// The conversation of each message, in order; missing ones are inserted. The contacts are locked, so none of these conversations
/// can be moved to another contact or removed before the commit.
pub(super) async fn resolve(
    tx: &mut Tx,
    now: Timestamp,
    messages: &[IncomingMessage],
    contacts: &[ContactId],
) -> Result<Vec<ConversationId>> {
    let of = |(message, contact): (&IncomingMessage, &ContactId)| {
        ((message.company_id, message.account_id, *contact), message.timestamp)
    };
    find_or_add(tx, now, &messages.iter().zip(contacts).map(of).collect::<Vec<_>>()).await
}

/// The conversation of each key, in order; a missing one is inserted, as active at that time. The contacts are locked.
pub(super) async fn find_or_add(
    tx: &mut Tx,
    now: Timestamp,
    keys: &[(Key, Timestamp)],
) -> Result<Vec<ConversationId>> {
    // In one order on all nodes, so that they cannot wait for each other in a circle.
    let wanted: BTreeMap<Key, Timestamp> = keys.iter().copied().collect();
    let mut found = look_up(tx, wanted.keys()).await?;
    if found.len() < wanted.len() {
        let missing = wanted.iter().filter(|(key, _)| !found.contains_key(key));
        let inserted = insert(tx, now, missing).await?;
        found.extend(inserted);
    }
    if found.len() < wanted.len() {
        // Another node is inserting the others at this moment.
        found.extend(look_up(tx, wanted.keys()).await?);
    }
    let ids: Option<Vec<ConversationId>> = keys.iter().map(|(key, _)| found.get(key).copied()).collect();
    ids.ok_or_else(|| Error::collision("conversation vanished while its message was written"))
}

fn by_key(rows: Vec<FoundConversation>) -> HashMap<Key, ConversationId> {
    rows.into_iter().map(|(company, account, contact, id)| ((company, account, contact), id)).collect()
}

async fn look_up(tx: &mut Tx, keys: impl Iterator<Item = &Key>) -> Result<HashMap<Key, ConversationId>> {
    let mut select = Bulk::with(
        "SELECT v.company_id, v.account_id, v.contact_id, v.id FROM k CROSS JOIN conversations v
            WHERE v.company_id = k.company_id AND v.account_id = k.account_id AND v.contact_id = k.contact_id",
    );
    for (company, account, contact) in keys {
        select.push(row! { company_id => *company, account_id => *account, contact_id => *contact });
    }
    Ok(by_key(select.run(tx).await?))
}

async fn insert(
    tx: &mut Tx,
    now: Timestamp,
    missing: impl Iterator<Item = (&Key, &Timestamp)>,
) -> Result<HashMap<Key, ConversationId>> {
    let mut insert = Bulk::insert(
        "conversations",
        "ON CONFLICT DO NOTHING RETURNING company_id, account_id, contact_id, id",
    );
    for ((company, account, contact), at) in missing {
        insert.push(row! {
            company_id => *company,
            account_id => *account,
            contact_id => *contact,
            last_message_at => *at,
            created_at => now,
            updated_at => now,
        });
    }
    Ok(by_key(insert.run(tx).await?))
}

/// The update of one conversation by new messages.
#[derive(Default)]
struct Bump {
    newest: Option<(Timestamp, MessageId)>,
    unread: i64,
}

/// Brings last message and unread count up to date. Reactions count for neither.
pub(super) async fn bump(
    tx: &mut Tx,
    now: Timestamp,
    new_messages: &[NewMessage],
    applied: &mut AppliedChanges,
) -> Result<()> {
    let mut bumps: BTreeMap<(CompanyId, ConversationId), Bump> = BTreeMap::new();
    for row in new_messages.iter().filter(|row| row.message.reaction.is_none()) {
        let bump = bumps.entry((row.message.company_id, row.conversation_id)).or_default();
        bump.newest = bump.newest.max(Some((row.message.timestamp, row.id)));
        bump.unread += i64::from(row.message.unread);
    }
    write(tx, now, bumps, applied).await
}

/// Messages of ours were queued now: each is its conversation's newest, unless a later one is there.
pub(crate) async fn note_outbound(
    tx: &mut Tx,
    now: Timestamp,
    queued: impl Iterator<Item = (CompanyId, ConversationId, MessageId)>,
) -> Result<()> {
    let mut bumps: BTreeMap<_, Bump> = BTreeMap::new();
    for (company, conversation, message) in queued {
        let bump = bumps.entry((company, conversation)).or_default();
        bump.newest = bump.newest.max(Some((now, message)));
    }
    write(tx, now, bumps, &mut AppliedChanges::default()).await
}

async fn write(
    tx: &mut Tx,
    now: Timestamp,
    bumps: BTreeMap<(CompanyId, ConversationId), Bump>,
    applied: &mut AppliedChanges,
) -> Result<()> {
    let mut update = Bulk::with(
        "UPDATE conversations SET
                last_message_id = CASE WHEN last_message_id IS NULL
                    OR (k.sent_at, k.message_id) > (last_message_at, last_message_id)
                    THEN k.message_id ELSE last_message_id END,
                last_message_at = CASE WHEN last_message_id IS NULL OR k.sent_at > last_message_at
                    THEN k.sent_at ELSE last_message_at END,
                unread_count = unread_count + k.unread,
                updated_at = k.at
            FROM k WHERE conversations.company_id = k.company_id AND conversations.id = k.id",
    );
    for ((company, conversation), bump) in bumps {
        if let Some((sent_at, message)) = bump.newest {
            update.push(row! {
                company_id => company,
                id => conversation,
                message_id => message,
                sent_at => sent_at,
                unread => bump.unread,
                at => now,
            });
            applied.conversation(company, conversation);
        }
    }
    update.execute(tx).await?;
    Ok(())
}
