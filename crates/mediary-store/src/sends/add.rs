//! The rows of a message that is queued: the message, its file, its place in the conversation and its job.

use mediary_core::{
    AccountId, CompanyId, ContactId, ConversationId, Direction, MessageId, MessageStatus, Timestamp,
};
use sqlx::AssertSqlSafe;

use super::files::{FileOwner, add_file};
use super::{NewSend, QueuedSend, UNFINISHED};
use crate::db::Tx;
use crate::ingest::note_outbound;
use crate::record::record;
use crate::value::args;
use crate::writes::insert;
use crate::{Error, Result, dialect};

record! {
    /// The conversation that a message goes into.
    pub(super) struct Thread from conversations as v {
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

/// Adds a message to a conversation that is held. `None` if another message has its client id.
pub(super) async fn add(
    tx: &mut Tx,
    now: Timestamp,
    company: CompanyId,
    thread: &Thread,
    new: &NewSend,
    client_id: Option<String>,
) -> Result<Option<QueuedSend>> {
    let Some(message_id) = add_message(tx, now, company, thread, new, client_id).await? else {
        return Ok(None);
    };
    let media_id = match &new.file {
        Some(file) => {
            let owner = FileOwner::Message(thread.account_id, thread.id, message_id, new.file_part());
            let added = add_file(tx, now, company, &owner, new.created_by, file).await?;
            Some(added.ok_or_else(|| Error::internal("a file vanished while it was added"))?)
        }
        None => None,
    };
    if new.reaction.is_none() {
        note_outbound(tx, now, (company, thread.id), message_id).await?;
    }
    add_job(tx, now, (company, message_id), thread, &new.content).await?;
    let also_changed = Vec::new();
    Ok(Some(QueuedSend { message_id, conversation_id: thread.id, media_id, is_new: true, also_changed }))
}

/// `None` if another message has its client id.
async fn add_message(
    tx: &mut Tx,
    now: Timestamp,
    company: CompanyId,
    thread: &Thread,
    new: &NewSend,
    client_id: Option<String>,
) -> Result<Option<MessageId>> {
    let own_media = new.file.as_ref().filter(|_| new.file_part() == 0);
    let (sql, args) = insert! {
        messages {
            company_id => company,
            account_id => thread.account_id,
            conversation_id => thread.id,
            direction => Direction::Outbound,
            type => new.message_type,
            status => MessageStatus::Queued,
            sent_at => now,
            media_mime_type => own_media.map(|file| file.mime_type.as_str()),
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
            client_id => client_id,
            created_at => now,
            updated_at => now,
        }
        "ON CONFLICT (company_id, client_id) WHERE client_id IS NOT NULL DO NOTHING RETURNING id"
    };
    Ok(tx.first::<(MessageId,)>(sql, args).await?.map(|(id,)| id))
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
