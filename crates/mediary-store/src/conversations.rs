//! Conversations: the inbox, and one of them.

use std::fmt;

use mediary_core::{AccountId, CompanyId, ContactId, ConversationId, Timestamp};

use sqlx::AssertSqlSafe;

use crate::messages::Message;
use crate::record::{Columns, Read, ReadError, Record as _, record};
use crate::value::{Value, args};
use crate::{Cursor, MediaFile, MessageWithMedia, Page, PageRequest, Result, Store};

/// A person (or group) the company talks with.
#[derive(Clone)]
pub struct Contact {
    pub id: ContactId,
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
    pub phone: Option<String>,
    pub name: Option<String>,
    pub is_group: bool,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact")
            .field("id", &self.id)
            .field("is_group", &self.is_group)
            .finish_non_exhaustive()
    }
}

impl Read for Contact {
    const WIDTH: usize = 6;
    fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
        Ok(Self {
            id: Read::read(columns)?,
            wa_id: Read::read(columns)?,
            user_id: Read::read(columns)?,
            phone: Read::read(columns)?,
            name: Read::read(columns)?,
            is_group: Read::read(columns)?,
        })
    }
}

record! {
    /// The thread of one contact with one account, without its last message.
    #[derive(Clone, Debug)]
    pub(crate) struct Thread from conversations as v {
        pub id: ConversationId,
        pub company_id: CompanyId,
        pub account_id: AccountId,
        pub contact: Contact = "c.id, c.wa_id, c.user_id, c.phone, c.name, c.is_group",
        pub last_message_at: Timestamp,
        pub unread_count: i64,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

/// The thread of one contact with one account.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub id: ConversationId,
    pub company_id: CompanyId,
    pub account_id: AccountId,
    pub contact: Contact,
    pub last_message: Option<MessageWithMedia>,
    pub last_message_at: Timestamp,
    pub unread_count: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Which conversations.
#[derive(Clone, Debug, Default)]
pub struct ConversationQuery {
    pub page: PageRequest,
    /// Part of a contact's name, number or id; case does not matter.
    pub search: Option<String>,
}

impl Read for Conversation {
    const WIDTH: usize = Thread::WIDTH + MessageWithMedia::WIDTH;
    fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
        let thread = Thread::read(columns)?;
        let (message, media): (Option<Message>, Option<MediaFile>) = (columns.outer()?, columns.outer()?);
        Ok(Self {
            id: thread.id,
            company_id: thread.company_id,
            account_id: thread.account_id,
            contact: thread.contact,
            last_message: message.map(|message| MessageWithMedia { message, media, attachments: Vec::new() }),
            last_message_at: thread.last_message_at,
            unread_count: thread.unread_count,
            created_at: thread.created_at,
            updated_at: thread.updated_at,
        })
    }
}

impl Conversation {
    fn cursor(&self) -> Cursor {
        Cursor::number(self.last_message_at.millis(), self.id.0)
    }
}

/// The pattern a contact's search text has to match. Of a number only the digits count, however it is written.
fn search_pattern(search: &str) -> String {
    let mut text = search.trim().to_lowercase();
    if text.contains(|c: char| c.is_ascii_digit()) && !text.contains(char::is_alphabetic) {
        text.retain(|c| c.is_ascii_digit());
    }
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

impl Store {
    async fn conversations_where(&self, rest: &str, args: Vec<Value>) -> Result<Vec<Conversation>> {
        let sql = format!(
            "SELECT {}, {}, {} FROM conversations v
                JOIN contacts c ON c.company_id = v.company_id AND c.id = v.contact_id
                LEFT JOIN messages m ON m.company_id = v.company_id AND m.id = v.last_message_id
                LEFT JOIN media_files f ON f.company_id = m.company_id AND f.message_id = m.id AND f.part = 0
                WHERE v.company_id = $1 AND {rest}",
            Thread::SELECT,
            Message::SELECT,
            MediaFile::SELECT
        );
        let mut rows: Vec<Conversation> = self.db().all(AssertSqlSafe(sql), args).await?;
        self.attach(rows.iter_mut().filter_map(|row| row.last_message.as_mut())).await?;
        Ok(rows)
    }

    /// The inbox, newest activity first.
    pub async fn conversations(
        &self,
        company: CompanyId,
        query: &ConversationQuery,
    ) -> Result<Page<Conversation>> {
        let (last_message_at, id) = query.page.before()?;
        let mut args = args![company, last_message_at, id, query.page.row_count()];
        let mut rest = "(v.last_message_at, v.id) < ($2, $3)".to_owned();
        if let Some(search) = &query.search {
            args.push(search_pattern(search).into());
            rest.push_str(r" AND c.search_text LIKE $5 ESCAPE '\'");
        }
        rest.push_str(" ORDER BY v.last_message_at DESC, v.id DESC LIMIT $4");
        let rows = self.conversations_where(&rest, args).await?;
        Ok(Page::from_rows(rows, query.page.limit, Conversation::cursor))
    }

    pub async fn conversation(&self, company: CompanyId, id: ConversationId) -> Result<Option<Conversation>> {
        Ok(self.conversations_where("v.id = $2", args![company, id]).await?.into_iter().next())
    }

    /// Sets the unread count to zero. False if there is no such conversation.
    pub async fn mark_read(&self, company: CompanyId, id: ConversationId) -> Result<bool> {
        let sql =
            "UPDATE conversations SET unread_count = 0, updated_at = $3 WHERE company_id = $1 AND id = $2";
        Ok(self.db().execute(sql, args![company, id, self.now()]).await? > 0)
    }
}
