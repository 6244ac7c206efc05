//! Queues messages: each with its file, its place in the conversation and its job, in one transaction.
//!
//! It keeps the rules of `ingest` for what writes into a conversation: the contact and the conversation are locked against removal
//! before anything is written, so a join either waits and moves the message too, or came before and its conversation is found.
//!
//! Several messages are queued in the order of their conversations' ids, after all of their contacts were locked in the order of their
//! own: two such transactions, and one and an ingest, lock in one order.

use std::collections::BTreeSet;
use std::sync::Arc;

use mediary_core::{
    AccountId, Clock, CompanyId, ContactId, ConversationId, MediaId, Scope, StorageBackend, Timestamp,
};
use sqlx::AssertSqlSafe;

use super::add::{PlacedMessage, Thread, add_all};
use super::client_ids::{in_row, known};
use super::{Destination, NewSend, QueuedSend};
use crate::bulk::Bulk;
use crate::db::{Db, Tx};
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
    /// A caller that is dropped meanwhile withdraws nothing. On SQLite those that call at one moment share a transaction (`queue_together`).
    pub async fn queue_sends(&self, scope: &Scope, all: &[NewSend]) -> Result<Vec<QueuedSend>> {
        all.iter().try_for_each(refuse_empty)?;
        let request = SendRequest { scope: scope.clone(), all: all.to_vec() };
        match self.backend() {
            Backend::Sqlite => self.inner.queued.commit(Arc::new(request)).await,
            Backend::Postgres => queue_alone(self.db(), &*self.inner.clock, &request).await,
        }
    }
}

/// Queues the messages of a request in a transaction of its own.
pub(super) async fn queue_alone(
    db: &Db,
    clock: &dyn Clock,
    request: &SendRequest,
) -> Result<Vec<QueuedSend>> {
    let (SendRequest { scope, all }, company, now) = (request, request.company(), clock.now());
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|index| all[*index].conversation());
    let queued = transaction!(db.sharing(), |tx| {
        let reserved = Reservations::hold_all(tx, request.keys().collect()).await?;
        if let Some(client_id) = request.client_id() {
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
        request.end_uploads(tx, now).await?;
        if all.len() > 1 {
            hold_contacts(tx, company, all).await?;
        }
        let mut placed = Vec::with_capacity(all.len());
        for index in &order {
            let (thread, also_changed) = hold_destination(tx, now, scope, &all[*index].destination).await?;
            placed.push(request.placed(*index, thread, also_changed));
        }
        // Messages leave in the order of their ids, and stand in the thread by their time: so it is that of now, not of before the waits.
        let Some(queued) = add_all(tx, clock.now(), &placed).await? else {
            // Another writer had the same client id, and its transaction is over: the insert waited for it. Of several messages some
            // may be written, so the next try finds it.
            let first = known(tx, company, request.client_id().unwrap_or_default()).await?;
            if first.is_empty() || all.len() > 1 {
                return Err(Error::collision("a message with the same client id came at this moment"));
            }
            reserved.are_due(tx, now).await?;
            return Ok(Ok(first));
        };
        reserved.keep_bytes(tx).await?;
        let mut queued: Vec<_> = order.iter().zip(queued).collect();
        queued.sort_by_key(|(index, _)| **index);
        Ok(Ok(queued.into_iter().map(|(_, one)| one).collect()))
    });
    queued?
}

/// Messages of ours that are queued together: all of them, or none.
pub(crate) struct SendRequest {
    pub(crate) scope: Scope,
    pub(crate) all: Vec<NewSend>,
}

impl SendRequest {
    pub(super) fn company(&self) -> CompanyId {
        self.scope.company()
    }

    /// What its sender calls it.
    pub(super) fn client_id(&self) -> Option<&str> {
        self.all.first().and_then(|first| first.client_id.as_deref())
    }

    /// The keys of its files.
    pub(super) fn keys(&self) -> impl Iterator<Item = (CompanyId, StorageBackend, &str)> {
        let files = self.all.iter().filter_map(|new| new.file.as_ref());
        files.map(|file| (self.company(), file.storage_backend, file.storage_key.as_str()))
    }

    /// Ends the uploads that its files were.
    pub(super) async fn end_uploads(&self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        for (upload, by) in self.all.iter().filter_map(|new| new.upload.as_ref()) {
            if !partial_uploads::end(tx, now, self.company(), by, *upload).await? {
                let constraint = partial_uploads::USED_UPLOAD.to_owned();
                return Err(Error::new(ErrorKind::Conflict { constraint }, "the upload was used or ended"));
            }
        }
        Ok(())
    }

    /// Its message with this index, in the conversation that was held for it.
    pub(super) fn placed(
        &self,
        index: usize,
        thread: Thread,
        also_changed: Vec<Change>,
    ) -> PlacedMessage<'_> {
        let client_id = self.client_id().map(|client_id| in_row(client_id, index));
        PlacedMessage { thread, new: &self.all[index], client_id, also_changed }
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

pub(super) fn deleted_again() -> Error {
    Error::new(
        ErrorKind::Unrecordable,
        "the file was deleted again, because more than an hour went by until it was sent; upload it again",
    )
}

/// The conversation that a message goes into, held, and what changed while it was opened.
pub(super) async fn hold_destination(
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
    Ok((thread.ok_or_else(no_such_conversation)?, also_changed))
}

pub(super) fn no_such_conversation() -> Error {
    Error::new(ErrorKind::NotFound, "there is no such conversation")
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

/// What the record of a thread is read from besides its conversation.
pub(super) const THREAD_JOINS: &str = "JOIN contacts c ON c.company_id = v.company_id AND c.id = v.contact_id
    JOIN whatsapp_accounts a ON a.company_id = v.company_id AND a.id = v.account_id";

/// The conversation, which neither is joined with another nor loses its contact before the commit. Nobody else adds a message of ours to
/// it until then: ids are given in the order of the commits, so none that is committed later has to leave before one that left.
async fn hold_thread(tx: &mut Tx, scope: &Scope, conversation: ConversationId) -> Result<Option<Thread>> {
    let select = format!(
        "SELECT {} FROM conversations v {THREAD_JOINS} WHERE v.company_id = $1{} AND v.id = $2",
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
    let hold = dialect::hold_rows(tx.backend(), "v");
    match tx.first::<Thread>(AssertSqlSafe(format!("{select}{hold}")), args).await? {
        Some(thread) if thread.contact_id == before.contact_id => Ok(Some(thread)),
        _ => Err(Error::collision("another transaction joined the contact of a conversation at this moment")),
    }
}
