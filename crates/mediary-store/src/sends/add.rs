//! The rows of messages that are queued: each with its file, its place in the conversation and its job, many in few statements.

use std::collections::{BTreeMap, HashMap, HashSet};

use mediary_core::{
    AccountId, CompanyId, ContactId, ConversationId, Direction, MediaId, MessageId, MessageStatus, Timestamp,
};

use super::files::{FileOwner, NewFile, add_files};
use super::{NewSend, QueuedSend, UNFINISHED};
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::ingest::note_outbound;
use crate::record::record;
use crate::writes::{Row, row};
use crate::{Change, Error, Result, dialect};

record! {
    /// The conversation that a message goes into.
    #[derive(Clone)]
    pub(super) struct Thread from conversations as v {
        pub company_id: CompanyId,
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

/// A message that is to be added, and where.
pub(super) struct PlacedMessage<'a> {
    /// The conversation that it goes into, which is held.
    pub(super) thread: Thread,
    pub(super) new: &'a NewSend,
    /// What stands in its row.
    pub(super) client_id: Option<String>,
    /// Conversations that changed when its own was opened.
    pub(super) also_changed: Vec<Change>,
}

impl PlacedMessage<'_> {
    fn conversation(&self) -> (CompanyId, ConversationId) {
        (self.thread.company_id, self.thread.id)
    }

    /// Its file, once the message has this id.
    fn file(&self, message: MessageId) -> Option<NewFile<'_>> {
        let Self { thread, new, .. } = self;
        let owner = FileOwner::Message(thread.account_id, thread.id, message, new.file_part());
        let file = new.file.as_ref()?;
        Some(NewFile { company: thread.company_id, owner, by: new.created_by, file })
    }
}

/// Adds messages in this order, which is the order of their ids. `None` if another message has the client id of one of them: whether
/// any is written is not known then, unless there is only one.
pub(super) async fn add_all(
    tx: &mut Tx,
    now: Timestamp,
    all: &[PlacedMessage<'_>],
) -> Result<Option<Vec<QueuedSend>>> {
    let Some(ids) = add_messages(tx, now, all).await? else { return Ok(None) };
    let with_ids = || all.iter().zip(ids.iter().copied());
    let files: Vec<NewFile<'_>> = with_ids().filter_map(|(one, message)| one.file(message)).collect();
    let media = add_files(tx, now, &files).await?;
    let media: HashMap<MessageId, MediaId> =
        media.into_iter().filter_map(|(media, message)| Some((message?, media))).collect();
    if media.len() < files.len() {
        return Err(Error::internal("a file vanished while it was added"));
    }
    // A reaction is not shown by itself.
    let shown = with_ids().filter(|(one, _)| one.new.reaction.is_none());
    note_outbound(tx, now, shown.map(|(one, message)| (one.thread.company_id, one.thread.id, message)))
        .await?;
    add_jobs(tx, now, all, &ids).await?;
    let queued = |(one, message_id): (&PlacedMessage<'_>, MessageId)| QueuedSend {
        message_id,
        conversation_id: one.thread.id,
        media_id: media.get(&message_id).copied(),
        is_new: true,
        also_changed: one.also_changed.clone(),
    };
    Ok(Some(with_ids().map(queued).collect()))
}

/// Their ids. `None` if another message has the client id of one of them.
async fn add_messages(
    tx: &mut Tx,
    now: Timestamp,
    all: &[PlacedMessage<'_>],
) -> Result<Option<Vec<MessageId>>> {
    let mut insert = Bulk::insert(
        "messages",
        "ON CONFLICT (company_id, client_id) WHERE client_id IS NOT NULL DO NOTHING RETURNING id, conversation_id",
    );
    all.iter().for_each(|one| insert.push(row_of(one, now)));
    let mut added: Vec<(MessageId, ConversationId)> = insert.run(tx).await?;
    if added.len() < all.len() {
        return Ok(None);
    }
    // Both databases insert a list in its order, and number it so; what they return may be in any order.
    added.sort_unstable();
    if added.iter().zip(all).any(|((_, conversation), one)| *conversation != one.thread.id) {
        return Err(Error::internal("messages were not numbered in the order in which they were added"));
    }
    Ok(Some(added.into_iter().map(|(id, _)| id).collect()))
}

fn row_of(PlacedMessage { thread, new, client_id, .. }: &PlacedMessage<'_>, now: Timestamp) -> Row {
    let own_media = new.file.as_ref().filter(|_| new.file_part() == 0);
    row! {
        company_id => thread.company_id,
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
        client_id => client_id.as_deref(),
        created_at => now,
        updated_at => now,
    }
}

/// Adds their jobs. Asleep are those before which another one of their conversation can be held that is not over: one that was there, or
/// one of these, whose row nobody else sees before the commit.
async fn add_jobs(tx: &mut Tx, now: Timestamp, all: &[PlacedMessage<'_>], ids: &[MessageId]) -> Result<()> {
    let mut first_of = BTreeMap::new();
    for (one, id) in all.iter().zip(ids) {
        first_of.entry(one.conversation()).or_insert(*id);
    }
    let mut blocked = Bulk::with(format!(
        "SELECT k.company_id, k.conversation_id FROM k WHERE (SELECT e.id FROM sends e WHERE e.company_id = k.company_id
            AND e.conversation_id = k.conversation_id AND {UNFINISHED} AND e.id < k.id
            ORDER BY e.company_id, e.conversation_id, e.id DESC LIMIT 1{}) IS NOT NULL",
        dialect::lock_rows(tx.backend())
    ));
    for ((company, conversation), id) in &first_of {
        blocked.push(row! { company_id => *company, conversation_id => *conversation, id => *id });
    }
    let blocked: HashSet<(CompanyId, ConversationId)> = blocked.run(tx).await?.into_iter().collect();
    let mut insert = Bulk::insert("sends", "");
    for (one, id) in all.iter().zip(ids) {
        let conversation = one.conversation();
        let sleeps = blocked.contains(&conversation) || first_of.get(&conversation) != Some(id);
        insert.push(row! {
            company_id => one.thread.company_id,
            id => *id,
            account_id => one.thread.account_id,
            conversation_id => one.thread.id,
            due_at => (!sleeps).then_some(now),
            content => one.new.content.as_str(),
            created_at => now,
            updated_at => now,
        });
    }
    insert.execute(tx).await?;
    Ok(())
}
