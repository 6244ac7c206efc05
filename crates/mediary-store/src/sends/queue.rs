//! Queues a message: the message, its file, its place in the conversation and its job, in one transaction.
//!
//! It keeps the rules of `ingest` for what writes into a conversation: the contact and the conversation are locked against removal
//! before anything is written, so a join either waits and moves the message too, or came before and its conversation is found.

use mediary_core::{
    AccountId, CompanyId, ContactId, ConversationId, Direction, Integrity, MediaId, MediaPolicy, MessageId,
    MessageStatus, Scope, StorageBackend, Timestamp,
};
use sqlx::AssertSqlSafe;

use super::{NewSend, QueuedSend, UNFINISHED, UploadedFile};
use crate::db::Tx;
use crate::ingest::{note_outbound, sort_name};
use crate::record::{Record as _, record};
use crate::reservations::Reservations;
use crate::scope::and_seen;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::insert;
use crate::{Error, ErrorKind, Result, Store, dialect};

record! {
    /// The conversation that a message goes into.
    struct Thread from conversations as v {
        pub id: ConversationId,
        pub account_id: AccountId,
        pub contact_id: ContactId,
        pub wa_id: Option<String> = "c.wa_id",
        pub phone: Option<String> = "c.phone",
        pub account_name: String = "a.name",
        pub account_phone: Option<String> = "a.display_phone_number",
    }
}

impl Thread {
    /// The account's number as WhatsApp writes it in webhooks.
    fn sender_phone(&self) -> Option<String> {
        let digits = |number: &String| number.chars().filter(char::is_ascii_digit).collect::<String>();
        self.account_phone.as_ref().map(digits).filter(|number| !number.is_empty())
    }

    fn receiving_phone(&self) -> Option<&str> {
        self.wa_id.as_deref().or(self.phone.as_deref())
    }
}

impl Store {
    /// Queues a message of ours, with its file. If the company has a message with its client id already, that one is returned and the
    /// reservation of the file's key is given up. Fails with `NotFound` where the scope sees no such conversation, and with
    /// `Unrecordable` where the key of the file is not reserved any more: its bytes are deleted.
    pub async fn queue_send(&self, scope: &Scope, new: &NewSend) -> Result<QueuedSend> {
        if new.file.as_ref().is_some_and(|file| file.file_size == 0) {
            return Err(Error::new(
                ErrorKind::Unrecordable,
                "the file is empty; an empty file cannot be sent",
            ));
        }
        let (now, company) = (self.now(), scope.company());
        let queued = transaction!(self.db(), |tx| {
            let reserved = Reservations::hold(tx, company, keys(new)).await?;
            if let Some(first) = known(tx, company, new).await? {
                reserved.are_due(tx, now).await?;
                return Ok(Ok(first));
            }
            if !reserved.are_complete() {
                reserved.drop_bytes(tx, now, MediaId(0)).await?;
                return Ok(Err(Error::new(
                    ErrorKind::Unrecordable,
                    "the file was deleted again, because more than an hour went by until it was sent; upload it again",
                )));
            }
            let Some(thread) = hold_thread(tx, scope, new.conversation_id).await? else {
                return Err(Error::new(ErrorKind::NotFound, "there is no such conversation"));
            };
            let Some(message) = add_message(tx, now, company, &thread, new).await? else {
                // Another writer had the same client id, and its transaction is over: the insert waited for it.
                reserved.are_due(tx, now).await?;
                let vanished = || Error::collision("a message with the same client id came and went");
                return known(tx, company, new).await?.map(Ok).ok_or_else(vanished);
            };
            let media_id = match &new.file {
                Some(file) => Some(add_file(tx, now, (company, message), &thread, new, file).await?),
                None => None,
            };
            reserved.keep_bytes(tx).await?;
            if new.reaction.is_none() {
                note_outbound(tx, now, (company, thread.id), message).await?;
            }
            add_job(tx, now, (company, message), &thread, &new.content).await?;
            Ok(Ok(QueuedSend { message_id: message, conversation_id: thread.id, media_id, is_new: true }))
        });
        queued?
    }
}

/// The key of its file.
fn keys(new: &NewSend) -> impl Iterator<Item = (StorageBackend, &str)> {
    new.file.iter().map(|file| (file.storage_backend, file.storage_key.as_str()))
}

/// The first message with its client id.
async fn known(tx: &mut Tx, company: CompanyId, new: &NewSend) -> Result<Option<QueuedSend>> {
    let Some(client_id) = &new.client_id else { return Ok(None) };
    let sql = "SELECT m.id, m.conversation_id FROM messages m
        WHERE m.company_id = $1 AND m.client_id = $2 AND m.client_id IS NOT NULL";
    let found: Option<(MessageId, ConversationId)> =
        tx.first(sql, args![company, client_id.as_str()]).await?;
    Ok(found.map(|(message_id, conversation_id)| QueuedSend {
        message_id,
        conversation_id,
        media_id: None,
        is_new: false,
    }))
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
    let keep = dialect::keep_rows(tx.backend(), "c");
    let sql = format!("SELECT c.id FROM contacts c WHERE c.company_id = $1 AND c.id = $2{keep}");
    tx.first::<(ContactId,)>(AssertSqlSafe(sql), args![scope.company(), before.contact_id]).await?;
    // Read again: whoever held the contact may have moved the conversation, or removed it.
    let keep = dialect::keep_rows(tx.backend(), "v");
    match tx.first::<Thread>(AssertSqlSafe(format!("{select}{keep}")), args).await? {
        Some(thread) if thread.contact_id == before.contact_id => Ok(Some(thread)),
        _ => Err(Error::collision("another transaction joined the contact of a conversation at this moment")),
    }
}

/// `None` if another message has its client id.
async fn add_message(
    tx: &mut Tx,
    now: Timestamp,
    company: CompanyId,
    thread: &Thread,
    new: &NewSend,
) -> Result<Option<MessageId>> {
    let (sql, args) = insert! {
        messages {
            company_id => company,
            account_id => thread.account_id,
            conversation_id => thread.id,
            direction => Direction::Outbound,
            type => new.message_type,
            status => MessageStatus::Queued,
            sent_at => now,
            media_mime_type => new.file.as_ref().map(|file| file.mime_type.as_str()),
            text => new.text.as_deref(),
            caption => new.caption.as_deref(),
            sender_phone => thread.sender_phone(),
            sender_name => thread.account_name.as_str(),
            receiving_phone => thread.receiving_phone(),
            reply_to => new.reply_to.as_deref(),
            forwarded => new.forwarded,
            reaction_target => new.reaction.as_ref().map(|reaction| reaction.target.as_str()),
            reaction_emoji => new.reaction.as_ref().and_then(|reaction| reaction.emoji.as_deref()),
            created_by => new.created_by,
            client_id => new.client_id.as_deref(),
            created_at => now,
            updated_at => now,
        }
        "ON CONFLICT (company_id, client_id) WHERE client_id IS NOT NULL DO NOTHING RETURNING id"
    };
    Ok(tx.first::<(MessageId,)>(sql, args).await?.map(|(id,)| id))
}

/// Adds its file, which is completed, and queues what is made of it: the trigger does so only where a file becomes completed later.
/// WhatsApp never had it under an id that its bytes could be fetched by, so they are here alone from the beginning.
async fn add_file(
    tx: &mut Tx,
    now: Timestamp,
    (company, message): (CompanyId, MessageId),
    thread: &Thread,
    new: &NewSend,
    file: &UploadedFile,
) -> Result<MediaId> {
    let (sql, args) = insert! {
        media_files {
            company_id => company,
            account_id => thread.account_id,
            conversation_id => thread.id,
            message_id => message,
            policy => MediaPolicy::Store,
            file_type => file.file_type,
            mime_type => file.mime_type.as_str(),
            detected_mime_type => file.detected_mime_type.as_deref(),
            file_name => file.file_name.as_deref(),
            sort_name => sort_name(file.file_name.as_deref()),
            file_size => file.file_size,
            declared_size => file.file_size,
            sha256 => file.sha256,
            voice => file.voice,
            animated => file.animated,
            storage_key => file.storage_key.as_str(),
            storage_backend => file.storage_backend,
            file_url => file.file_url.as_str(),
            stored_at => now,
            download_status => "completed",
            bytes_downloaded => file.file_size,
            integrity => Integrity::Undeclared,
            scan_status => file.scan_status,
            expires_at => now,
            uploaded_by => new.created_by,
            uploaded => true,
            created_at => now,
            updated_at => now,
        }
        "RETURNING id"
    };
    let added: Option<(MediaId,)> = tx.first(sql, args).await?;
    let (media,) = added.ok_or_else(|| Error::internal("a file vanished while it was added"))?;
    let (sql, args) = insert! { derivations { company_id => company, id => media, due_at => now } };
    tx.execute(sql, args).await?;
    Ok(media)
}

/// Adds its job: asleep, if another one of its conversation can be held that is not over.
async fn add_job(
    tx: &mut Tx,
    now: Timestamp,
    (company, message): (CompanyId, MessageId),
    thread: &Thread,
    content: &str,
) -> Result<()> {
    let blocker = format!(
        "SELECT e.id FROM sends e WHERE e.company_id = $1 AND e.conversation_id = $2 AND {UNFINISHED} AND e.id < $3
            ORDER BY e.company_id, e.conversation_id, e.id DESC LIMIT 1{}",
        dialect::lock_rows(tx.backend())
    );
    let args = args![company, thread.id, message];
    let sleeps = tx.first::<(MessageId,)>(AssertSqlSafe(blocker), args).await?.is_some();
    let (sql, args) = insert! {
        sends {
            company_id => company,
            id => message,
            account_id => thread.account_id,
            conversation_id => thread.id,
            due_at => (!sleeps).then_some(now),
            content => content,
            created_at => now,
            updated_at => now,
        }
    };
    tx.execute(sql, args).await?;
    Ok(())
}
