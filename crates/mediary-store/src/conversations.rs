//! Conversations: the inbox, and one of them.

use std::collections::HashMap;
use std::fmt;

use mediary_core::{AccountId, CompanyId, ContactId, ConversationId, Scope, Timestamp};

use sqlx::AssertSqlSafe;

use crate::bulk::Bulk;
use crate::messages::Message;
use crate::record::{Columns, Read, ReadError, Record as _, record};
use crate::scope::and_seen;
use crate::value::{Value, args};
use crate::writes::row;
use crate::{Cursor, MediaFile, MessageWithMedia, Page, PageRequest, Result, Store, dialect};

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

/// A filter of conversations.
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
    /// Where a list by the last message goes on behind it.
    fn cursor(&self) -> Cursor {
        Cursor::number(self.last_message_at.millis(), self.id.0)
    }
}

/// The shortest search text for which the index of contacts can be used. A shorter one matches so many contacts that the inbox is
/// scanned instead.
const INDEXED_CHARS: usize = 3;
/// The most contacts whose conversations are looked up one by one. If more match, a scan of the inbox fills a page sooner.
const FOUND_MAX: i64 = 2000;

/// What a contact's search text has to hold. Of a number only the digits count, however it is written.
struct Search {
    text: String,
    pattern: String,
}

impl Search {
    fn new(search: &str) -> Self {
        let mut text = search.trim().to_lowercase();
        if text.contains(|c: char| c.is_ascii_digit()) && !text.contains(char::is_alphabetic) {
            text.retain(|c| c.is_ascii_digit());
        }
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        Self { text, pattern: format!("%{escaped}%") }
    }

    fn is_indexed(&self) -> bool {
        self.text.chars().count() >= INDEXED_CHARS && !self.text.contains('\0')
    }
}

/// The company is the first parameter, or that of a row.
fn conversations_sql(scope: &Scope, from: &str, company: &str, rest: &str) -> String {
    format!(
        "SELECT {}, {}, {} FROM {from}
            JOIN contacts c ON c.company_id = v.company_id AND c.id = v.contact_id
            LEFT JOIN messages m ON m.company_id = v.company_id AND m.id = v.last_message_id
            LEFT JOIN media_files f ON f.company_id = m.company_id AND f.message_id = m.id AND f.part = 0
            WHERE v.company_id = {company}{} AND {rest}",
        Thread::SELECT,
        Message::SELECT,
        MediaFile::SELECT,
        and_seen(scope, "v.id")
    )
}

impl Store {
    async fn conversations_where(
        &self,
        scope: &Scope,
        rest: &str,
        args: Vec<Value>,
    ) -> Result<Vec<Conversation>> {
        let sql = conversations_sql(scope, "conversations v", "$1", rest);
        let rows = self.db().all(AssertSqlSafe(sql), args).await?;
        self.with_attachments(rows).await
    }

    async fn with_attachments(&self, mut rows: Vec<Conversation>) -> Result<Vec<Conversation>> {
        self.attach(rows.iter_mut().filter_map(|row| row.last_message.as_mut())).await?;
        Ok(rows)
    }

    /// The inbox, newest activity first.
    pub async fn conversations(
        &self,
        scope: &Scope,
        query: &ConversationQuery,
    ) -> Result<Page<Conversation>> {
        let search = query.search.as_deref().map(Search::new);
        let rows = match &search {
            Some(search) if search.is_indexed() && self.finds_few_contacts(scope, search).await? => {
                self.conversations_of_found(scope, search, &query.page).await?
            }
            search => self.inbox_page(scope, search.as_ref(), &query.page).await?,
        };
        Ok(Page::from_rows(rows, query.page.limit, Conversation::cursor))
    }

    /// Scans the inbox from its newest conversation on.
    async fn inbox_page(
        &self,
        scope: &Scope,
        search: Option<&Search>,
        page: &PageRequest,
    ) -> Result<Vec<Conversation>> {
        let (last_message_at, id) = page.before()?;
        let mut args = args![scope.company(), last_message_at, id, page.row_count()];
        let mut rest = "(v.last_message_at, v.id) < ($2, $3)".to_owned();
        if let Some(search) = search {
            args.push(search.pattern.as_str().into());
            rest.push_str(r" AND c.search_text LIKE $5 ESCAPE '\'");
        }
        rest.push_str(" ORDER BY v.last_message_at DESC, v.id DESC LIMIT $4");
        self.conversations_where(scope, &rest, args).await
    }

    async fn finds_few_contacts(&self, scope: &Scope, search: &Search) -> Result<bool> {
        let args = args![scope.company(), search.pattern.as_str(), self.term(search)];
        self.finds_few(dialect::found_contacts(self.backend()), args, FOUND_MAX).await
    }

    /// Finds the contacts first, then their conversations. A contact that starts to match in between is included.
    async fn conversations_of_found(
        &self,
        scope: &Scope,
        search: &Search,
        page: &PageRequest,
    ) -> Result<Vec<Conversation>> {
        let (last_message_at, id) = page.before()?;
        let found = dialect::found_contacts(self.backend());
        // The unary plus only keeps SQLite from scanning the inbox.
        let rest = "v.contact_id = k.id AND (+v.last_message_at, v.id) < ($4, $5)
            ORDER BY v.last_message_at DESC, v.id DESC LIMIT $6";
        let sql = conversations_sql(scope, "k CROSS JOIN conversations v", "$1", rest);
        let sql = format!("WITH k(id) AS MATERIALIZED ({found}) {sql}");
        let (pattern, term) = (search.pattern.as_str(), self.term(search));
        let args = args![scope.company(), pattern, term, last_message_at, id, page.row_count()];
        let rows = self.search_rows(AssertSqlSafe(sql), args).await?;
        self.with_attachments(rows).await
    }

    fn term(&self, search: &Search) -> String {
        dialect::search_term(self.backend(), &search.text)
    }

    /// Conversations by their ids, in that order; without those that are gone.
    pub async fn conversations_of_ids(
        &self,
        scope: &Scope,
        ids: &[ConversationId],
    ) -> Result<Vec<Conversation>> {
        let from = "k CROSS JOIN conversations v";
        let mut read = Bulk::with(conversations_sql(scope, from, "k.company_id", "v.id = k.id"));
        let mut order = HashMap::new();
        for (place, id) in ids.iter().enumerate() {
            read.push(row! { company_id => scope.company(), id => *id });
            order.insert(*id, place);
        }
        let mut rows: Vec<Conversation> = read.read(self.db()).await?;
        rows.sort_unstable_by_key(|row| order.get(&row.id).copied());
        self.with_attachments(rows).await
    }

    pub async fn conversation(&self, scope: &Scope, id: ConversationId) -> Result<Option<Conversation>> {
        Ok(self.conversations_where(scope, "v.id = $2", args![scope.company(), id]).await?.into_iter().next())
    }

    /// Sets the unread count to zero. False if there is no such conversation.
    pub async fn mark_read(&self, scope: &Scope, id: ConversationId) -> Result<bool> {
        let sql = format!(
            "UPDATE conversations SET unread_count = 0, updated_at = $3 WHERE company_id = $1{} AND id = $2",
            and_seen(scope, "id")
        );
        let args = args![scope.company(), id, self.now()];
        Ok(self.db().execute(AssertSqlSafe(sql), args).await? > 0)
    }
}
