//! What people want of messages of theirs: one that failed sent again, one that has not left taken back. A job is queued again only
//! where nobody holds it, by a condition of the statement that changes it; a claim that came before is found by that.
//!
//! A job is taken away also from its holder, who may upload a file for minutes, but not once WhatsApp was asked: `mark_asked` and the
//! removal are each one statement on the row of the job. If the first comes first, the removal finds what it wrote; if the second
//! does, there is no row, and the holder does not call.

use mediary_core::{
    CompanyId, ConversationId, MediaId, MessageId, MessageStatus, Scope, StorageBackend, Timestamp,
};
use sqlx::AssertSqlSafe;

use super::finish::hold_message;
use super::{CancelledSend, RetriedSend, wake};
use crate::db::Tx;
use crate::scope::and_seen;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::update;
use crate::{Error, Result, Store, dialect, trash};

impl Store {
    /// Queues a message again that failed, or of which nobody knows whether it arrived: the one place where a status goes
    /// backwards. WhatsApp may get the latter twice, so only a person may want it.
    pub async fn retry_send(&self, scope: &Scope, message: MessageId) -> Result<RetriedSend> {
        let (now, company) = (self.now(), scope.company());
        transaction!(self.db().sharing(), |tx| {
            if seen(tx, scope, message).await?.is_none() {
                return Ok(RetriedSend::NotFound);
            }
            let Some(held) = hold_message(tx, company, message).await? else {
                return Ok(RetriedSend::NotFound);
            };
            let refused = RetriedSend::Refused(held.status);
            if !matches!(held.status, MessageStatus::Failed | MessageStatus::Unknown) {
                return Ok(refused);
            }
            let (sql, args) = update! {
                sends set {
                    state = "'waiting'",
                    conversation_id => held.conversation_id,
                    due_at => now,
                    attempts = "0",
                    asked_at = "NULL",
                    may_have_left = "may_have_left OR state = 'unknown'",
                    updated_at => now,
                }
                where { company_id => company, id => message }
                and "state NOT IN ('waiting', 'running')"
            };
            if tx.execute(sql, args).await? == 0 {
                return Ok(refused);
            }
            let (sql, args) = update! {
                messages set {
                    status => MessageStatus::Queued,
                    provider_message_id = "NULL",
                    error_code = "NULL",
                    error_message = "NULL",
                    updated_at => now,
                }
                where { company_id => company, id => message }
            };
            tx.execute(sql, args).await?;
            Ok(RetriedSend::Queued(held.conversation_id))
        })
    }

    /// Takes a message back that WhatsApp was not asked to send: the message goes with its files, and its client id is free again.
    pub async fn cancel_send(&self, scope: &Scope, message: MessageId) -> Result<CancelledSend> {
        let (now, company) = (self.now(), scope.company());
        transaction!(self.db().sharing(), |tx| {
            let Some(conversation) = seen(tx, scope, message).await? else {
                return Ok(CancelledSend::NotFound);
            };
            // The conversation before the message, as everywhere: its newest message changes.
            let hold = dialect::hold_rows(tx.backend(), "v");
            let sql = format!("SELECT v.id FROM conversations v WHERE v.company_id = $1 AND v.id = $2{hold}");
            tx.first::<(ConversationId,)>(AssertSqlSafe(sql), args![company, conversation]).await?;
            let Some(held) = hold_message(tx, company, message).await? else {
                return Ok(CancelledSend::NotFound);
            };
            if held.conversation_id != conversation {
                return Err(Error::collision("another transaction moved the message at this moment"));
            }
            let sql =
                "DELETE FROM sends WHERE company_id = $1 AND id = $2 AND state IN ('waiting', 'running')
                AND asked_at IS NULL AND NOT may_have_left RETURNING conversation_id";
            let gone: Vec<(ConversationId,)> = tx.all(sql, args![company, message]).await?;
            let Some((of_job,)) = gone.into_iter().next() else {
                return Ok(CancelledSend::TooLate(held.status));
            };
            wake(tx, now, company, of_job).await?;
            let media = remove(tx, now, company, message).await?;
            forget_newest(tx, now, company, conversation, message).await?;
            Ok(CancelledSend::Cancelled { conversation_id: conversation, media })
        })
    }
}

/// The conversation of a message that has a job, if the scope sees it.
async fn seen(tx: &mut Tx, scope: &Scope, message: MessageId) -> Result<Option<ConversationId>> {
    let sql = format!(
        "SELECT m.conversation_id FROM messages m JOIN sends s ON s.company_id = m.company_id AND s.id = m.id
            WHERE m.company_id = $1{} AND m.id = $2",
        and_seen(scope, "m.conversation_id")
    );
    let found: Option<(ConversationId,)> =
        tx.first(AssertSqlSafe(sql), args![scope.company(), message]).await?;
    Ok(found.map(|(conversation,)| conversation))
}

/// Removes a message with its files. Their bytes are in the trash from here on; those of what was made of them are put there by a
/// trigger.
async fn remove(tx: &mut Tx, now: Timestamp, company: CompanyId, message: MessageId) -> Result<Vec<MediaId>> {
    let sql = "DELETE FROM media_files WHERE company_id = $1 AND message_id = $2
        RETURNING id, storage_backend, storage_key";
    let files: Vec<(MediaId, Option<StorageBackend>, Option<String>)> =
        tx.all(sql, args![company, message]).await?;
    for (media, backend, key) in &files {
        if let (Some(backend), Some(key)) = (backend, key) {
            trash::put(tx, now, company, *media, *backend, key).await?;
        }
    }
    tx.execute("DELETE FROM messages WHERE company_id = $1 AND id = $2", args![company, message]).await?;
    Ok(files.into_iter().map(|(media, ..)| media).collect())
}

/// Gives a conversation that is locked its newest message again, if that was the one that is gone.
async fn forget_newest(
    tx: &mut Tx,
    now: Timestamp,
    company: CompanyId,
    conversation: ConversationId,
    gone: MessageId,
) -> Result<()> {
    let sql = "SELECT m.id, m.sent_at FROM messages m WHERE m.company_id = $1 AND m.conversation_id = $2
        AND m.type <> 'reaction' ORDER BY m.company_id, m.conversation_id, m.sent_at DESC, m.id DESC LIMIT 1";
    let newest: Option<(MessageId, Timestamp)> = tx.first(sql, args![company, conversation]).await?;
    let (id, at) = newest.unzip();
    let (sql, args) = update! {
        conversations set {
            last_message_id => id,
            last_message_at = "COALESCE(?, last_message_at)" => at,
            updated_at => now,
        }
        where { company_id => company, id => conversation }
        given { gone => gone }
        and "last_message_id = ?gone"
    };
    tx.execute(sql, args).await?;
    Ok(())
}
