//! Messages as records.

use std::collections::HashMap;
use std::fmt;

use mediary_core::{
    AccountId, CompanyId, ConversationId, Direction, MessageId, MessageStatus, MessageType, Scope, Timestamp,
    UserId,
};
use serde::{Deserialize, Serialize};

use sqlx::AssertSqlSafe;

use crate::bulk::Bulk;
use crate::record::{Columns, Read, ReadError, Record as _, record};
use crate::scope::and_seen;
use crate::value::{Value, args};
use crate::writes::row;
use crate::{Cursor, MediaFile, Page, PageRequest, Result, Store};

/// One emoji of one person on a message.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct MessageReaction {
    pub emoji: String,
    pub from: String,
}

impl fmt::Debug for MessageReaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageReaction").finish_non_exhaustive()
    }
}

/// The message that another one answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyTo {
    /// `None` while that message is not known here.
    pub message_id: Option<MessageId>,
    pub provider_message_id: String,
}

/// What WhatsApp says went wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageError {
    pub code: i64,
    pub message: String,
}

impl Read for Option<ReplyTo> {
    const WIDTH: usize = 2;
    fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
        let (provider_message_id, message_id) = <(Option<String>, Option<MessageId>)>::read(columns)?;
        Ok(provider_message_id.map(|provider_message_id| ReplyTo { message_id, provider_message_id }))
    }
}

impl Read for Option<MessageError> {
    const WIDTH: usize = 2;
    fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
        let (code, message) = <(Option<i64>, Option<String>)>::read(columns)?;
        Ok(code.map(|code| MessageError { code, message: message.unwrap_or_default() }))
    }
}

impl Read for Vec<MessageReaction> {
    const WIDTH: usize = 1;
    fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
        let json = Option::<String>::read(columns)?;
        json.map_or(Ok(Vec::new()), |json| serde_json::from_str(&json).map_err(ReadError::new))
    }
}

record! {
    /// One WhatsApp message, as people see it.
    #[derive(Clone)]
    pub struct Message from messages as m {
        pub id: MessageId,
        pub company_id: CompanyId,
        pub conversation_id: ConversationId,
        pub account_id: AccountId,
        pub aws_phone_number_id: Option<String> = "(SELECT a.aws_phone_number_id FROM whatsapp_accounts a \
            WHERE a.company_id = m.company_id AND a.id = m.account_id)",
        pub direction: Direction,
        pub message_type: MessageType = "m.type",
        pub status: MessageStatus,
        pub text: Option<String>,
        pub caption: Option<String>,
        pub provider_message_id: Option<String>,
        pub provider_media_id: Option<String>,
        pub media_mime_type: Option<String>,
        pub sender_phone: Option<String>,
        pub sender_name: Option<String>,
        pub receiving_phone: Option<String>,
        pub reply_to: Option<ReplyTo> = "m.reply_to, (SELECT r.id FROM messages r WHERE r.company_id = m.company_id \
            AND r.account_id = m.account_id AND r.provider_message_id = m.reply_to)",
        pub forwarded: bool,
        /// More than five times.
        pub frequently_forwarded: bool,
        pub reactions: Vec<MessageReaction>,
        pub edited: bool = "m.edited_at IS NOT NULL",
        pub revoked: bool = "m.revoked_at IS NOT NULL",
        pub error: Option<MessageError> = "m.error_code, m.error_message",
        /// WhatsApp's own time.
        pub sent_at: Timestamp,
        pub created_by: Option<UserId>,
        /// What its sender calls it.
        pub client_id: Option<String>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("company_id", &self.company_id)
            .field("conversation_id", &self.conversation_id)
            .field("direction", &self.direction)
            .field("message_type", &self.message_type)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

record! {
    /// What a message was made of.
    pub struct MessageSource from messages as m {
        /// As WhatsApp's webhook had it.
        pub received: Option<String> = "m.raw_payload",
        /// As its sender's job keeps it ([`crate::NewSend::content`]).
        pub sent: Option<String> = "(SELECT s.content FROM sends s WHERE s.company_id = m.company_id AND s.id = m.id)",
    }
}

impl fmt::Debug for MessageSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageSource").finish_non_exhaustive()
    }
}

/// A message with its media joined in.
#[derive(Clone, Debug)]
pub struct MessageWithMedia {
    pub message: Message,
    pub media: Option<MediaFile>,
    /// Further files, in the order of their parts.
    pub attachments: Vec<MediaFile>,
}

impl MessageWithMedia {
    /// Its own media and its attachments.
    pub fn files(&self) -> impl Iterator<Item = &MediaFile> {
        self.media.iter().chain(&self.attachments)
    }
}

impl Read for MessageWithMedia {
    const WIDTH: usize = Message::WIDTH + MediaFile::WIDTH;
    fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
        Ok(Self { message: Message::read(columns)?, media: columns.outer()?, attachments: Vec::new() })
    }
}

impl MessageWithMedia {
    /// Where a list by time goes on behind it.
    pub(crate) fn cursor(&self) -> Cursor {
        Cursor::number(self.message.sent_at.millis(), self.message.id.0)
    }
}

fn may_have_attachments(kind: MessageType) -> bool {
    matches!(kind, MessageType::Interactive | MessageType::Template)
}

/// A direction along a thread.
#[derive(Clone, Copy)]
enum ThreadDirection {
    Older,
    Newer,
}

impl Store {
    async fn messages_where(
        &self,
        scope: &Scope,
        rest: &str,
        args: Vec<Value>,
    ) -> Result<Vec<MessageWithMedia>> {
        let sql = format!(
            "SELECT {}, {} FROM messages m
                LEFT JOIN media_files f ON f.company_id = m.company_id AND f.message_id = m.id AND f.part = 0
                WHERE m.company_id = $1{} AND {rest}",
            Message::SELECT,
            MediaFile::SELECT,
            and_seen(scope, "m.conversation_id")
        );
        let mut rows: Vec<MessageWithMedia> = self.db().all(AssertSqlSafe(sql), args).await?;
        self.attach(rows.iter_mut()).await?;
        Ok(rows)
    }

    /// Messages by their ids, in that order; without those that are gone.
    pub async fn messages_of_ids(&self, scope: &Scope, ids: &[MessageId]) -> Result<Vec<MessageWithMedia>> {
        let mut read = Bulk::with(format!(
            "SELECT {}, {} FROM k CROSS JOIN messages m
                LEFT JOIN media_files f ON f.company_id = m.company_id AND f.message_id = m.id AND f.part = 0
                WHERE m.company_id = k.company_id AND m.id = k.id{}",
            Message::SELECT,
            MediaFile::SELECT,
            and_seen(scope, "m.conversation_id")
        ));
        let mut order = HashMap::new();
        for (place, id) in ids.iter().enumerate() {
            read.push(row! { company_id => scope.company(), id => *id });
            order.insert(*id, place);
        }
        let mut rows: Vec<MessageWithMedia> = read.read(self.db()).await?;
        rows.sort_unstable_by_key(|row| order.get(&row.message.id).copied());
        self.attach(rows.iter_mut()).await?;
        Ok(rows)
    }

    /// Adds to messages the files that only forms, templates and interactive messages have.
    pub(crate) async fn attach<'a>(
        &self,
        messages: impl Iterator<Item = &'a mut MessageWithMedia>,
    ) -> Result<()> {
        let after = format!(
            "SELECT {} FROM k CROSS JOIN media_files f
                WHERE f.company_id = k.company_id AND f.message_id = k.message_id AND f.part > 0",
            MediaFile::SELECT
        );
        let mut select = Bulk::with(after);
        let mut having = HashMap::new();
        for row in messages.filter(|row| may_have_attachments(row.message.message_type)) {
            select.push(row! { company_id => row.message.company_id, message_id => row.message.id });
            having.insert(row.message.id, &mut row.attachments);
        }
        let mut files: Vec<MediaFile> = select.read(self.db()).await?;
        files.sort_by_key(|file| (file.message_id, file.part));
        for file in files {
            if let Some(attachments) = file.message_id.and_then(|message| having.get_mut(&message)) {
                attachments.push(file);
            }
        }
        Ok(())
    }

    /// At most `rows` messages of a thread from a position on. Reactions are not shown in it.
    async fn thread(
        &self,
        scope: &Scope,
        conversation: ConversationId,
        toward: ThreadDirection,
        (sent_at, id): (i64, i64),
        rows: i64,
    ) -> Result<Vec<MessageWithMedia>> {
        let rest = match toward {
            ThreadDirection::Older => {
                "m.conversation_id = $2 AND m.type <> 'reaction' AND (m.sent_at, m.id) < ($3, $4)
                    ORDER BY m.sent_at DESC, m.id DESC LIMIT $5"
            }
            ThreadDirection::Newer => {
                "m.conversation_id = $2 AND m.type <> 'reaction' AND (m.sent_at, m.id) > ($3, $4)
                    ORDER BY m.sent_at, m.id LIMIT $5"
            }
        };
        self.messages_where(scope, rest, args![scope.company(), conversation, sent_at, id, rows]).await
    }

    /// A thread, newest first, by WhatsApp's own time.
    pub async fn messages(
        &self,
        scope: &Scope,
        conversation: ConversationId,
        page: &PageRequest,
    ) -> Result<Page<MessageWithMedia>> {
        let rows = self
            .thread(scope, conversation, ThreadDirection::Older, page.before()?, page.row_count())
            .await?;
        Ok(Page::from_rows(rows, page.limit, MessageWithMedia::cursor))
    }

    /// A page with the message in its middle, as far as there are newer ones, newest first. `None` if the message is not in that
    /// conversation.
    pub async fn messages_around(
        &self,
        scope: &Scope,
        conversation: ConversationId,
        message: MessageId,
        limit: u32,
    ) -> Result<Option<Page<MessageWithMedia>>> {
        let rest = "m.id = $2 AND m.conversation_id = $3 AND m.type <> 'reaction'";
        let found = self.messages_where(scope, rest, args![scope.company(), message, conversation]).await?;
        let Some(middle) = found.into_iter().next() else {
            return Ok(None);
        };
        let position = (middle.message.sent_at.millis(), message.0);
        let half = i64::from(limit / 2);
        let mut items = self.thread(scope, conversation, ThreadDirection::Newer, position, half).await?;
        items.reverse();
        items.push(middle);
        let left = limit.saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
        let older =
            self.thread(scope, conversation, ThreadDirection::Older, position, i64::from(left) + 1).await?;
        let older = Page::from_rows(older, left, MessageWithMedia::cursor);
        // If the page is full, it ends at its last message.
        let last = items.last().map(MessageWithMedia::cursor).filter(|_| left == 0);
        let next = older.next.or(last);
        items.extend(older.items);
        Ok(Some(Page::new(items, next, MessageWithMedia::cursor)))
    }

    pub async fn message(&self, scope: &Scope, id: MessageId) -> Result<Option<MessageWithMedia>> {
        Ok(self.messages_where(scope, "m.id = $2", args![scope.company(), id]).await?.into_iter().next())
    }

    /// What a message was made of, where more of it is needed than people see.
    pub async fn message_source(&self, scope: &Scope, id: MessageId) -> Result<Option<MessageSource>> {
        let sql = format!(
            "SELECT {} FROM messages m WHERE m.company_id = $1{} AND m.id = $2",
            MessageSource::SELECT,
            and_seen(scope, "m.conversation_id")
        );
        self.db().first(AssertSqlSafe(sql), args![scope.company(), id]).await
    }
}
