//! Queues messages: each with its file, its place in the conversation and its job, in one transaction.
//!
//! It keeps the rules of `ingest` for what writes into a conversation: the contact and the conversation are locked against removal
//! before anything is written, so a join either waits and moves the message too, or came before and its conversation is found.
//!
//! Several messages are queued in the order of their conversations' ids, after all of their contacts were locked in the order of their
//! own: two such transactions, and one and an ingest, lock in one order.

use std::collections::BTreeSet;

use mediary_core::{
    AccountId, CompanyId, ContactId, ConversationId, MediaId, Scope, StorageBackend, Timestamp,
};
use sqlx::AssertSqlSafe;

use super::add::{Thread, add};
use super::client_ids::{in_row, known};
use super::{Destination, NewSend, QueuedSend};
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::ingest::open_conversation;
use crate::record::Record as _;
use crate::reservations::Reservations;
use crate::scope::and_seen;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::row;
use crate::{Backend, Change, Error, ErrorKind, Result, Store, dialect, partial_uploads};

impl Store {
    /// Queues one message, as [`Store::queue_sends`] does.
    pub async fn queue_send(&self, scope: &Scope, new: &NewSend) -> Result<QueuedSend> {
        let queued = self.queue_sends(scope, std::slice::from_ref(new)).await?;
        queued.into_iter().next().ok_or_else(|| Error::internal("a message vanished while it was queued"))
    }

    /// Queues messages of ours with their files, all of them or none, and opens conversations where there are none. Several go to one
    /// destination, or each to a conversation of its own. In their order. Several with a client id have the same one; if the company
    /// has messages with it already, those are returned and the reservations of the files' keys are given up. Fails with `NotFound`
    /// where the scope sees no such conversation or the company has no such account, with `Unrecordable` where the key of a file
    /// is not reserved any more: its bytes are deleted; and with `Conflict` ([`crate::USED_UPLOAD`]) where a file's upload was used or ended.
    pub async fn queue_sends(&self, scope: &Scope, all: &[NewSend]) -> Result<Vec<QueuedSend>> {
        all.iter().try_for_each(refuse_empty)?;
        let (now, company) = (self.now(), scope.company());
        let client_id = all.first().and_then(|first| first.client_id.as_deref());
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by_key(|index| all[*index].conversation());
        let queued = transaction!(self.db().sharing(), |tx| {
            let reserved = Reservations::hold(tx, company, all.iter().flat_map(keys)).await?;
            if let Some(client_id) = client_id {
                let first = known(tx, company, client_id).await?;
                if !first.is_empty() {
                    reserved.are_due(tx, now).await?;
                    return Ok(Ok(first));
                }
            }
            if !reserved.are_complete() {
                reserved.drop_bytes(tx, now, MediaId(0)).await?;
                return Ok(Err(deleted_again()));
            }
            for (upload, by) in all.iter().filter_map(|new| new.upload.as_ref()) {
                if !partial_uploads::end(tx, now, company, by, *upload).await? {
                    let constraint = partial_uploads::USED_UPLOAD.to_owned();
                    return Err(Error::new(
                        ErrorKind::Conflict { constraint },
                        "the upload was used or ended",
                    ));
                }
            }
            if all.len() > 1 {
                hold_contacts(tx, company, all).await?;
            }
            let mut queued = Vec::with_capacity(all.len());
            for index in &order {
                let new = &all[*index];
                let (thread, also_changed) = hold_destination(tx, now, scope, &new.destination).await?;
                let in_row = client_id.map(|client_id| in_row(client_id, *index));
                let Some(one) = add(tx, now, company, &thread, new, in_row).await? else {
                    // Another writer had the same client id, and its transaction is over: the insert waited for it. It is the first of
                    // ours that meets it, so of the others nothing is written.
                    let first = known(tx, company, client_id.unwrap_or_default()).await?;
                    if first.is_empty() || !queued.is_empty() {
                        return Err(Error::collision("a message with the same client id came and went"));
                    }
                    reserved.are_due(tx, now).await?;
                    return Ok(Ok(first));
                };
                queued.push((*index, QueuedSend { also_changed, ..one }));
            }
            reserved.keep_bytes(tx).await?;
            queued.sort_by_key(|(index, _)| *index);
            Ok(Ok(queued.into_iter().map(|(_, one)| one).collect()))
        });
        queued?
    }
}

impl NewSend {
    fn conversation(&self) -> Option<ConversationId> {
        match self.destination {
            Destination::Conversation(id) => Some(id),
            Destination::Contact(..) => None,
        }
    }
}

fn refuse_empty(new: &NewSend) -> Result<()> {
    if new.file.as_ref().is_some_and(|file| file.file_size == 0) {
        return Err(Error::new(ErrorKind::Unrecordable, "the file is empty; an empty file cannot be sent"));
    }
    Ok(())
}

fn deleted_again() -> Error {
    Error::new(
        ErrorKind::Unrecordable,
        "the file was deleted again, because more than an hour went by until it was sent; upload it again",
    )
}

/// The key of its file.
fn keys(new: &NewSend) -> impl Iterator<Item = (StorageBackend, &str)> {
    new.file.iter().map(|file| (file.storage_backend, file.storage_key.as_str()))
}

/// The conversation that a message goes into, held, and what changed while it was opened.
async fn hold_destination(
    tx: &mut Tx,
    now: Timestamp,
    scope: &Scope,
    destination: &Destination,
) -> Result<(Thread, Vec<Change>)> {
    let company = scope.company();
    let (conversation, also_changed) = match destination {
        Destination::Conversation(id) => (*id, Vec::new()),
        Destination::Contact(account, contact) => {
            let sql = "SELECT a.id FROM whatsapp_accounts a WHERE a.company_id = $1 AND a.id = $2";
            if tx.first::<(AccountId,)>(sql, args![company, *account]).await?.is_none() {
                return Err(Error::new(ErrorKind::NotFound, "there is no such WhatsApp account"));
            }
            let opened = open_conversation(tx, now, (company, *account), contact).await?;
            (opened.id, opened.also_changed)
        }
    };
    // Who sees only some conversations opens no other one: what was opened is rolled back with this transaction.
    let thread = hold_thread(tx, scope, conversation).await?;
    let thread = thread.ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no such conversation"))?;
    Ok((thread, also_changed))
}

/// Locks the contacts of conversations against removal, in the order of their ids.
async fn hold_contacts(tx: &mut Tx, company: CompanyId, all: &[NewSend]) -> Result<()> {
    let mut look = Bulk::with(
        "SELECT v.contact_id FROM k CROSS JOIN conversations v WHERE v.company_id = k.company_id AND v.id = k.id",
    );
    for id in all.iter().filter_map(NewSend::conversation) {
        look.push(row! { company_id => company, id => id });
    }
    let contacts: BTreeSet<(ContactId,)> = look.run(tx).await?.into_iter().collect();
    let mut hold = Bulk::with(format!(
        "SELECT c.id FROM k CROSS JOIN contacts c WHERE c.company_id = k.company_id AND c.id = k.id ORDER BY c.id{}",
        dialect::keep_rows(tx.backend(), "c")
    ));
    for (contact,) in contacts {
        hold.push(row! { company_id => company, id => contact });
    }
    // One that was joined meanwhile is found to be another when its conversation is held.
    hold.run::<(ContactId,)>(tx).await?;
    Ok(())
}

/// The conversation, which neither is joined with another nor loses its contact before the commit.
async fn hold_thread(tx: &mut Tx, scope: &Scope, conversation: ConversationId) -> Result<Option<Thread>> {
    let select = format!(
        "SELECT {} FROM conversations v JOIN contacts c ON c.company_id = v.company_id AND c.id = v.contact_id
            JOIN whatsapp_accounts a ON a.company_id = v.company_id AND a.id = v.account_id
            WHERE v.company_id = $1{} AND v.id = $2",
        Thread::SELECT,
        and_seen(scope, "v.id")
    );
    let args = args![scope.company(), conversation];
    // The contact first, as everywhere: a join holds it before it moves its conversations.
    let Some(before) = tx.first::<Thread>(AssertSqlSafe(select.clone()), args.clone()).await? else {
        return Ok(None);
    };
    if tx.backend() == Backend::Sqlite {
        // It has one writer, and that is this transaction.
        return Ok(Some(before));
    }
    let keep = dialect::keep_rows(tx.backend(), "c");
    let sql = format!("SELECT c.id FROM contacts c WHERE c.company_id = $1 AND c.id = $2{keep}");
    tx.first::<(ContactId,)>(AssertSqlSafe(sql), args![scope.company(), before.contact_id]).await?;
    // Read again: another transaction that held the contact may have moved the conversation, or removed it.
    let keep = dialect::keep_rows(tx.backend(), "v");
    match tx.first::<Thread>(AssertSqlSafe(format!("{select}{keep}")), args).await? {
        Some(thread) if thread.contact_id == before.contact_id => Ok(Some(thread)),
        _ => Err(Error::collision("another transaction joined the contact of a conversation at this moment")),
    }
}
