//! One transaction's worth of planned items, in the order that lets later steps rely on earlier ones.

use std::collections::HashSet;

use mediary_core::Timestamp;

use super::applied::{AppliedChanges, MessageKey, Updates};
use super::merge::ReportedChange;
use super::messages::NewRows;
use super::storable::Storable as _;
use super::types::{ChangeKind, IncomingMessage, IngestItem, PlannedItem};
use super::{
    contacts, conversations, duplicates, edits, media, merge, messages, reactions, statuses, waiting,
};
use crate::db::Tx;
use crate::{Error, Result};

fn by_kind(items: Vec<PlannedItem>) -> (Vec<IncomingMessage>, Updates) {
    let (mut arrived, mut updates) = (Vec::new(), Updates::default());
    for planned in items {
        match planned.item.storable() {
            IngestItem::Message(message) => arrived.push(*message),
            IngestItem::Status(status) => updates.statuses.push(status),
            IngestItem::Edit(edit) => updates.edits.push(edit),
            IngestItem::Revoke(revoke) => updates.revokes.push(revoke),
        }
    }
    (arrived, updates)
}

pub(super) async fn apply(tx: &mut Tx, now: Timestamp, items: Vec<PlannedItem>) -> Result<AppliedChanges> {
    let (arrived, mut updates) = by_kind(items);
    let (mut applied, mut identities) = (AppliedChanges::default(), Vec::new());
    if !arrived.is_empty() {
        let FollowUp { early, identity_changes } = arrive(tx, now, arrived, &mut applied).await?;
        identities = identity_changes;
        // Updates that waited for their message go first; their timestamps decide anyway.
        updates.statuses.splice(..0, early.statuses);
        updates.edits.splice(..0, early.edits);
        updates.revokes.splice(..0, early.revokes);
    }
    apply_updates(tx, now, updates, &mut applied).await?;
    for change in identities {
        merge::change_identity(tx, now, change, &mut applied).await?;
    }
    Ok(applied)
}

/// Writes messages with their contacts, conversations and media files; which of them were new.
pub(super) async fn write(
    tx: &mut Tx,
    now: Timestamp,
    arrived: Vec<IncomingMessage>,
    applied: &mut AppliedChanges,
) -> Result<NewRows> {
    // Checked before contacts are inserted: the sender of a repeated old message may have another number by now.
    let known = messages::known(tx, &arrived).await?;
    let contacts = contacts::resolve(tx, now, &arrived, &known, applied).await?;
    let (mut new_messages, mut senders, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
    for (message, contact) in arrived.into_iter().zip(contacts) {
        match contact.filter(|_| !known.contains(&MessageKey::of(&message))) {
            Some(contact) => {
                new_messages.push(message);
                senders.push(contact);
            }
            None => repeated.push(message),
        }
    }
    let conversations = conversations::resolve(tx, now, &new_messages, &senders).await?;
    let mut rows = messages::insert(tx, now, new_messages, &conversations).await?;
    // Messages that another node recorded meanwhile are known in the next try, which inserts nothing for them.
    let new: HashSet<MessageKey> = rows.new_messages.iter().map(|row| MessageKey::of(&row.message)).collect();
    if rows.repeated.iter().any(|message| !new.contains(&MessageKey::of(message))) {
        return Err(Error::collision("another node recorded the same message at this moment"));
    }
    rows.repeated.extend(repeated);
    media::insert(tx, now, &mut rows.new_messages, applied).await?;
    conversations::bump(tx, now, &rows.new_messages, applied).await?;
    applied.newest = rows.new_messages.iter().map(|row| row.id).max();
    Ok(rows)
}

/// The work that remains once messages are written.
struct FollowUp {
    /// The updates that had waited for them.
    early: Updates,
    identity_changes: Vec<ReportedChange>,
}

/// Writes messages and everything that belongs to them, except the identity changes that they report.
async fn arrive(
    tx: &mut Tx,
    now: Timestamp,
    arrived: Vec<IncomingMessage>,
    applied: &mut AppliedChanges,
) -> Result<FollowUp> {
    // Media of past conversations may come without its sender: its message is known by then.
    let (arrived, nameless): (Vec<_>, Vec<_>) =
        arrived.into_iter().partition(IncomingMessage::names_somebody);
    let NewRows { mut new_messages, mut repeated } = write(tx, now, arrived, applied).await?;
    let new = new_messages.iter_mut().filter_map(|row| ReportedChange::of(&mut row.message, true));
    let mut identity_changes: Vec<_> = new.collect();
    identity_changes.extend(repeated.iter_mut().filter_map(|message| ReportedChange::of(message, false)));
    duplicates::require(tx, &nameless).await?;
    repeated.extend(nameless);
    for row in &new_messages {
        if row.message.reaction.is_none() {
            let kind = ChangeKind::MessageCreated;
            applied.message(kind, row.message.company_id, row.conversation_id, row.id, row.media_id);
        }
    }
    duplicates::apply(tx, now, repeated, applied).await?;
    reactions::apply(tx, now, &new_messages, applied).await?;
    let early = waiting::take(tx, new_messages.iter().map(|row| MessageKey::of(&row.message))).await?;
    Ok(FollowUp { early, identity_changes })
}

/// Applies statuses, edits and revocations; those whose message is not known yet are kept for it.
pub(super) async fn apply_updates(
    tx: &mut Tx,
    now: Timestamp,
    updates: Updates,
    applied: &mut AppliedChanges,
) -> Result<()> {
    let mut early = Updates::default();
    statuses::apply(tx, now, updates.statuses, &mut early, applied).await?;
    edits::edit_all(tx, now, updates.edits, &mut early, applied).await?;
    edits::revoke_all(tx, now, updates.revokes, &mut early, applied).await?;
    waiting::keep(tx, now, &early).await
}
