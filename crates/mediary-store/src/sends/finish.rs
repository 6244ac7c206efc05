//! What the holder of a message's lease reports. Each function locks the message, then its job by the fence, and changes both in
//! one transaction; false, or `None`, says that the lease was lost and nothing was written: the caller must stop.

use mediary_core::{AccountId, CompanyId, ConversationId, MessageId, MessageStatus, Timestamp};
use sqlx::AssertSqlSafe;

use super::{ClaimedSend, UNFINISHED};
use crate::db::Tx;
use crate::ingest::{self, Change, ChangeKind};
use crate::leases::SENDS;
use crate::provisional::is_provisional;
use crate::record::{Record as _, record};
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::update;
use crate::{Result, Store, dialect};

record! {
    /// What is known of a message that is being sent.
    pub(super) struct SentMessage from messages as m {
        pub account_id: AccountId,
        pub conversation_id: ConversationId,
        pub status: MessageStatus,
        /// WhatsApp's id: a status that carries the message's own id may come before the answer.
        pub provider_message_id: Option<String>,
        pub reaction_target: Option<String>,
    }
}

/// Reads a message, locked until the transaction ends.
pub(super) async fn hold_message(
    tx: &mut Tx,
    company: CompanyId,
    message: MessageId,
) -> Result<Option<SentMessage>> {
    let sql = format!(
        "SELECT {} FROM messages m WHERE m.company_id = $1 AND m.id = $2{}",
        SentMessage::SELECT,
        dialect::hold_rows(tx.backend(), "m")
    );
    tx.first(AssertSqlSafe(sql), args![company, message]).await
}

/// Wakes the first message that waits in a conversation. Argued in [`super`].
pub(crate) async fn wake(
    tx: &mut Tx,
    now: Timestamp,
    company: CompanyId,
    conversation: ConversationId,
) -> Result<()> {
    let sql = format!(
        "UPDATE sends SET due_at = $3 WHERE company_id = $1 AND state = 'waiting' AND due_at IS NULL
            AND id = (SELECT e.id FROM sends e WHERE e.company_id = $1 AND e.conversation_id = $2 AND {UNFINISHED}
                AND e.state = 'waiting' ORDER BY e.company_id, e.conversation_id, e.id LIMIT 1)"
    );
    tx.execute(AssertSqlSafe(sql), args![company, conversation, now]).await?;
    Ok(())
}

/// Ends a job by its lease, and wakes the next one. False if the lease was lost.
async fn end(tx: &mut Tx, now: Timestamp, claimed: &ClaimedSend, state: &'static str) -> Result<bool> {
    let (sql, args) = update! {
        sends set { state => state, due_at = "NULL", updated_at => now } also [SENDS.ended()]
        where { company_id => claimed.company_id, id => claimed.message_id }
        fenced { SENDS => claimed.lease }
        and "state = 'running' RETURNING conversation_id"
    };
    let Some((conversation,)) = tx.first::<(ConversationId,)>(sql, args).await? else { return Ok(false) };
    wake(tx, now, claimed.company_id, conversation).await?;
    Ok(true)
}

/// Gives a message another status, with what went wrong.
async fn set_status(
    tx: &mut Tx,
    now: Timestamp,
    claimed: &ClaimedSend,
    status: MessageStatus,
    error: Option<(i64, &str)>,
) -> Result<()> {
    let (code, words) = error.unzip();
    let (sql, args) = update! {
        messages set { status => status, error_code => code, error_message => words, updated_at => now }
        where { company_id => claimed.company_id, id => claimed.message_id }
    };
    tx.execute(sql, args).await?;
    Ok(())
}

impl Store {
    /// The holder now gives the message's file to WhatsApp: its status is `uploading`, unless it is further. False if the lease was
    /// lost.
    pub async fn send_uploading(&self, claimed: &ClaimedSend) -> Result<bool> {
        let now = self.now();
        transaction!(self.db().sharing(), |tx| {
            let message = hold_message(tx, claimed.company_id, claimed.message_id).await?;
            let Some(message) = message else { return Ok(false) };
            let (sql, args) = update! {
                sends set { updated_at => now }
                where { company_id => claimed.company_id, id => claimed.message_id }
                fenced { SENDS => claimed.lease }
            };
            if tx.execute(sql, args).await? == 0 {
                return Ok(false);
            }
            if message.status.advances_to(MessageStatus::Uploading) {
                set_status(tx, now, claimed, MessageStatus::Uploading, None).await?;
            }
            Ok(true)
        })
    }

    /// Records that the call that sends the message begins now. Only after true may it begin: false says that the lease was lost, or
    /// that an earlier call has no answer ([`ClaimedSend::asked`]).
    pub async fn mark_asked(&self, claimed: &ClaimedSend) -> Result<bool> {
        let (sql, args) = update! {
            sends set { asked_at => self.now(), updated_at = "?asked_at" }
            where { company_id => claimed.company_id, id => claimed.message_id }
            fenced { SENDS => claimed.lease }
            and "asked_at IS NULL"
        };
        Ok(self.db().sharing().execute(sql, args).await? > 0)
    }

    /// WhatsApp took the message and gave it this id: it is `accepted`, or what a status says that came before. Returns the records
    /// that changed, with the message that a reaction is on; `None` if the lease was lost.
    pub async fn finish_send(
        &self,
        claimed: &ClaimedSend,
        provider_message_id: &str,
    ) -> Result<Option<Vec<Change>>> {
        let now = self.now();
        let (company, id) = (claimed.company_id, claimed.message_id);
        transaction!(self.db().sharing(), |tx| {
            let Some(message) = hold_message(tx, company, id).await? else { return Ok(None) };
            if !end(tx, now, claimed, "done").await? {
                return Ok(None);
            }
            // A failure that was reported of an earlier attempt, which has another id, says nothing about this one.
            let known = message.provider_message_id.as_deref();
            let is_of_another = known.is_some_and(|known| known != provider_message_id);
            // A status was quicker, and brought WhatsApp's id; one of a failure may be of an earlier attempt.
            let brought = known.filter(|_| message.status != MessageStatus::Failed);
            let provider_message_id =
                brought.filter(|_| is_provisional(provider_message_id)).unwrap_or(provider_message_id);
            let accepted = MessageStatus::Accepted;
            if message.status.advances_to(accepted)
                || (is_of_another && message.status == MessageStatus::Failed)
            {
                set_status(tx, now, claimed, accepted, None).await?;
            }
            // Of reactions the latest that WhatsApp took is shown, which is not the one that was wanted last: one that failed may be sent
            // again after another. Of a conversation one message after the other is sent, so the next one is taken later.
            let (sql, args) = update! {
                messages set {
                    provider_message_id => provider_message_id,
                    sent_at = "CASE WHEN reaction_target IS NULL THEN sent_at ELSE ?updated_at END",
                    updated_at => now,
                }
                where { company_id => company, id => id }
            };
            tx.execute(sql, args).await?;
            let own = Change {
                company_id: company,
                conversation_id: message.conversation_id,
                message_id: Some(id),
                media_id: None,
                kind: ChangeKind::MessageUpdated,
            };
            let key = (company, message.account_id, provider_message_id);
            let mut changes = ingest::apply_early(tx, now, key, message.reaction_target.as_deref()).await?;
            changes.retain(|change| *change != own);
            changes.insert(0, own);
            Ok(Some(changes))
        })
    }

    /// WhatsApp refused the message for good, or it cannot be sent: it is `failed` with this error, unless a status says that it
    /// arrived. False if the lease was lost.
    pub async fn fail_send(&self, claimed: &ClaimedSend, code: i64, message: &str) -> Result<bool> {
        self.end_unanswered(claimed, ("failed", MessageStatus::Failed), Some((code, message))).await
    }

    /// Nobody knows whether WhatsApp took the message: it is `unknown`, unless a status said more by now. It is not sent again but by
    /// [`Store::retry_send`]. False if the lease was lost.
    pub async fn settle_unknown(&self, claimed: &ClaimedSend) -> Result<bool> {
        self.end_unanswered(claimed, ("unknown", MessageStatus::Unknown), None).await
    }

    async fn end_unanswered(
        &self,
        claimed: &ClaimedSend,
        (state, status): (&'static str, MessageStatus),
        error: Option<(i64, &str)>,
    ) -> Result<bool> {
        let now = self.now();
        transaction!(self.db().sharing(), |tx| {
            let message = hold_message(tx, claimed.company_id, claimed.message_id).await?;
            let Some(message) = message else { return Ok(false) };
            let has_arrived = message.provider_message_id.is_some();
            if !end(tx, now, claimed, if has_arrived { "done" } else { state }).await? {
                return Ok(false);
            }
            if !has_arrived && message.status.advances_to(status) {
                set_status(tx, now, claimed, status, error).await?;
            }
            Ok(true)
        })
    }

    /// The message was not sent and has to wait until then; a pause of its account counts no attempt. One that arrived after all,
    /// as a status says, is done. False if the lease was lost.
    pub async fn put_off_send(
        &self,
        claimed: &ClaimedSend,
        until: Timestamp,
        counts_attempt: bool,
    ) -> Result<bool> {
        let now = self.now();
        transaction!(self.db().sharing(), |tx| {
            let message = hold_message(tx, claimed.company_id, claimed.message_id).await?;
            let Some(message) = message else { return Ok(false) };
            if message.provider_message_id.is_some() {
                return end(tx, now, claimed, "done").await;
            }
            let (sql, args) = update! {
                sends set {
                    state = "'waiting'",
                    due_at => until,
                    attempts = "attempts - ?" => i64::from(!counts_attempt),
                    asked_at = "NULL",
                    updated_at => now,
                } also [SENDS.ended()]
                where { company_id => claimed.company_id, id => claimed.message_id }
                fenced { SENDS => claimed.lease }
            };
            Ok(tx.execute(sql, args).await? > 0)
        })
    }
}
