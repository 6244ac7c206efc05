//! Messages and conversations that have all words of a query, newest first.
//!
//! As in lists of media (`lists::found`), the next few thousand are looked at as they are now, and the index gives the rest where those do not
//! fill the page.

use mediary_core::{ConversationId, MessageId, Scope, WordQuery};
use sqlx::AssertSqlSafe;

use super::terms::Terms;
use crate::dialect::words::{CONTACTS, Indexed, MESSAGES};
use crate::scope::and_seen;
use crate::value::args;
use crate::{Conversation, Cursor, MessageWithMedia, Page, PageRequest, Result, Store, dialect};

/// Records that are looked at in their order, and of which the words are compared first. See `lists::found`.
const WALKED: i64 = 4000;
const FIRST_WALKED: i64 = 300;

/// What is searched, as SQL.
struct Searched {
    indexed: Indexed,
    /// The table that has the order, and where it stands.
    ordered: &'static str,
    /// Further tables, with the condition that joins them.
    joined: &'static str,
    join: &'static str,
    company: &'static str,
    conversation: &'static str,
    key: &'static str,
    id: &'static str,
    texts: &'static str,
    condition: &'static str,
}

const SEARCHED_MESSAGES: Searched = Searched {
    indexed: MESSAGES,
    ordered: "messages m",
    joined: "",
    join: "TRUE",
    company: "m.company_id",
    conversation: "m.conversation_id",
    key: "m.sent_at",
    id: "m.id",
    texts: "m.text, m.caption",
    condition: "m.revoked_at IS NULL AND m.type <> 'reaction' AND (m.text IS NOT NULL OR m.caption IS NOT NULL)",
};

const SEARCHED_CONVERSATIONS: Searched = Searched {
    indexed: CONTACTS,
    ordered: "conversations v",
    joined: " CROSS JOIN contacts c",
    join: "c.company_id = v.company_id AND c.id = v.contact_id",
    company: "v.company_id",
    conversation: "v.id",
    key: "v.last_message_at",
    id: "v.id",
    texts: "c.name, COALESCE(c.phone, '') || ' ' || COALESCE(c.wa_id, '') || ' ' || COALESCE(c.user_id, '')",
    condition: "TRUE",
};

/// A record: its id, its place in the order, and its texts.
type FoundRecord = (i64, i64, Option<String>, Option<String>);

impl Searched {
    fn select(&self, from: &str, scope: &Scope, rest: &str) -> AssertSqlSafe<String> {
        let Self { join, company, key, id, texts, condition, .. } = self;
        let seen = and_seen(scope, self.conversation);
        AssertSqlSafe(format!(
            "SELECT {id}, {key}, {texts} FROM {from} WHERE {company} = $1{seen} AND {join} AND {condition} AND {rest}
                ORDER BY {key} DESC, {id} DESC LIMIT $4"
        ))
    }
}

impl Store {
    /// Messages whose text or caption has all of these words. Those that were taken back are not found.
    pub async fn search_messages(
        &self,
        scope: &Scope,
        words: &WordQuery,
        page: &PageRequest,
    ) -> Result<Page<MessageWithMedia>> {
        let found = self.search(&SEARCHED_MESSAGES, scope, words, page).await?;
        let ids: Vec<MessageId> = found.items.into_iter().map(MessageId).collect();
        Ok(Page { items: self.messages_of_ids(scope, &ids).await?, next: found.next })
    }

    /// Conversations with a contact whose name, number or user id has all of these words.
    pub async fn search_conversations(
        &self,
        scope: &Scope,
        words: &WordQuery,
        page: &PageRequest,
    ) -> Result<Page<Conversation>> {
        let found = self.search(&SEARCHED_CONVERSATIONS, scope, words, page).await?;
        let ids: Vec<ConversationId> = found.items.into_iter().map(ConversationId).collect();
        Ok(Page { items: self.conversations_of_ids(scope, &ids).await?, next: found.next })
    }

    async fn search(
        &self,
        searched: &Searched,
        scope: &Scope,
        words: &WordQuery,
        page: &PageRequest,
    ) -> Result<Page<i64>> {
        let from = page.before()?;
        let end = self.end_of_walk(searched, scope, from).await?;
        let wanted = page.row_count();
        let mut found = self.looked_at(searched, scope, words, (from, end), wanted).await?;
        let missing = wanted - i64::try_from(found.len()).unwrap_or(wanted);
        if let Some(end) = end.filter(|_| missing > 0) {
            found.extend(self.indexed(searched, scope, words, end, missing).await?);
        }
        let page = Page::from_rows(found, page.limit, |(id, at, ..)| Cursor::number(*at, *id));
        Ok(page.map(|(id, ..)| id))
    }

    /// The last of the next records in their order, whatever they are; `None` if there are fewer.
    async fn end_of_walk(
        &self,
        searched: &Searched,
        scope: &Scope,
        (at, id): (i64, i64),
    ) -> Result<Option<(i64, i64)>> {
        let Searched { ordered, company, key, id: id_column, .. } = searched;
        let sql = format!(
            "SELECT {key}, {id_column} FROM {ordered} WHERE {company} = $1 AND ({key}, {id_column}) < ($2, $3)
                ORDER BY {key} DESC, {id_column} DESC LIMIT 1 OFFSET $4"
        );
        self.db().first(AssertSqlSafe(sql), args![scope.company(), at, id, WALKED - 1]).await
    }

    /// Those of the next records that have the words.
    async fn looked_at(
        &self,
        searched: &Searched,
        scope: &Scope,
        words: &WordQuery,
        ((at, id), end): ((i64, i64), Option<(i64, i64)>),
        wanted: i64,
    ) -> Result<Vec<FoundRecord>> {
        let Searched { ordered, joined, key, id: id_column, .. } = searched;
        let (end_at, end_id) = end.unwrap_or((i64::MIN, i64::MIN));
        let rest = format!("({key}, {id_column}) < ($2, $3) AND ({key}, {id_column}) >= ($5, $6)");
        let sql = searched.select(&format!("{ordered}{joined}"), scope, &rest);
        let mut found = Vec::new();
        // Where many match, the first few fill the page.
        for rows in [FIRST_WALKED, WALKED] {
            let args = args![scope.company(), at, id, rows, end_at, end_id];
            found = self.db().all::<FoundRecord>(AssertSqlSafe(sql.0.clone()), args).await?;
            let is_all = i64::try_from(found.len()).unwrap_or(rows) < rows;
            found.retain(|(.., first, second)| {
                words.is_in([first, second].into_iter().flatten().map(String::as_str))
            });
            if is_all || i64::try_from(found.len()).unwrap_or(wanted) >= wanted {
                break;
            }
        }
        found.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        Ok(found)
    }

    /// The next records behind a position that the index finds.
    async fn indexed(
        &self,
        searched: &Searched,
        scope: &Scope,
        words: &WordQuery,
        (at, id): (i64, i64),
        wanted: i64,
    ) -> Result<Vec<FoundRecord>> {
        let backend = self.backend();
        let Searched { indexed, ordered, key, id: id_column, .. } = searched;
        let mut from = dialect::words::found(backend, *indexed, "$5");
        if !ordered.starts_with(indexed.records) {
            from.push_str(&format!(" CROSS JOIN {ordered}"));
        }
        // The unary plus only keeps SQLite from reading along the order.
        let rest = format!("(+{key}, {id_column}) < ($2, $3)");
        let query = Terms::new(scope.company()).query(Some(words)).to_query(backend);
        let args = args![scope.company(), at, id, wanted, query];
        self.search_rows(searched.select(&from, scope, &rest), args).await
    }
}
