//! Messages and conversations that have all words of a query, newest first.

use mediary_core::{ConversationId, MessageId, Scope, WordQuery};
use sqlx::AssertSqlSafe;

use super::page::{Candidate, FilteredList, page_of};
use super::terms::Terms;
use crate::dialect::words::{CONTACTS, Indexed, MESSAGES};
use crate::scope::and_seen;
use crate::value::args;
use crate::{Conversation, Cursor, MessageWithMedia, Page, PageRequest, Result, Store, dialect};

/// Messages and conversations that may be looked at for a page. They lie beside each other.
const WALKED_MAX: i64 = 4000;

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
    /// Which records the order has.
    walked: &'static str,
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
    walked: "m.type <> 'reaction'",
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
    walked: "TRUE",
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
        let ids: Vec<MessageId> = found.items.iter().map(|found| MessageId(found.id)).collect();
        Ok(found.with(self.messages_of_ids(scope, &ids).await?, |row| row.message.id.0))
    }

    /// Conversations with a contact whose name, number or user id has all of these words.
    pub async fn search_conversations(
        &self,
        scope: &Scope,
        words: &WordQuery,
        page: &PageRequest,
    ) -> Result<Page<Conversation>> {
        let found = self.search(&SEARCHED_CONVERSATIONS, scope, words, page).await?;
        let ids: Vec<ConversationId> = found.items.iter().map(|found| ConversationId(found.id)).collect();
        Ok(found.with(self.conversations_of_ids(scope, &ids).await?, |row| row.id.0))
    }

    async fn search(
        &self,
        searched: &Searched,
        scope: &Scope,
        words: &WordQuery,
        page: &PageRequest,
    ) -> Result<Page<Cursor>> {
        // A cursor of another list is refused before anything is looked at.
        page.before()?;
        page_of(&SearchedList { store: self, searched, scope, words }, page).await
    }
}

/// The records of a search in their order.
struct SearchedList<'s> {
    store: &'s Store,
    searched: &'s Searched,
    scope: &'s Scope,
    words: &'s WordQuery,
}

impl SearchedList<'_> {
    fn query(&self) -> String {
        Terms::new(self.scope.company()).query(Some(self.words)).to_query(self.store.backend())
    }
}

/// The number and id of a cursor; `otherwise` where there is none.
fn position(cursor: Option<&Cursor>, otherwise: i64) -> Result<(i64, i64)> {
    cursor.map_or(Ok((otherwise, otherwise)), |cursor| Ok((cursor.as_number()?, cursor.id)))
}

fn candidate((id, at, first, second): FoundRecord) -> Candidate {
    Candidate { cursor: Cursor::number(at, id), texts: [first, second] }
}

impl FilteredList for SearchedList<'_> {
    fn words(&self) -> Option<&WordQuery> {
        Some(self.words)
    }

    fn walked_max(&self) -> i64 {
        WALKED_MAX
    }

    async fn end_of_walk(&self, beyond: Option<&Cursor>, rows: i64) -> Result<Option<Cursor>> {
        let Searched { ordered, company, key, id, walked, .. } = self.searched;
        // A cursor names no record but those that the caller sees.
        let seen = and_seen(self.scope, self.searched.conversation);
        let sql = format!(
            "SELECT {key}, {id} FROM {ordered} WHERE {company} = $1{seen} AND {walked} AND ({key}, {id}) < ($2, $3)
                ORDER BY {key} DESC, {id} DESC LIMIT 1 OFFSET $4"
        );
        let (at, before) = position(beyond, i64::MAX)?;
        let args = args![self.scope.company(), at, before, rows - 1];
        let end: Option<(i64, i64)> = self.store.db().first(AssertSqlSafe(sql), args).await?;
        Ok(end.map(|(at, id)| Cursor::number(at, id)))
    }

    async fn walk(
        &self,
        beyond: Option<&Cursor>,
        upto: Option<&Cursor>,
        rows: i64,
    ) -> Result<Vec<Candidate>> {
        let Searched { ordered, joined, key, id, .. } = self.searched;
        let ((at, before), (end_at, end_id)) = (position(beyond, i64::MAX)?, position(upto, i64::MIN)?);
        let rest = format!("({key}, {id}) < ($2, $3) AND ({key}, {id}) >= ($5, $6)");
        let sql = self.searched.select(&format!("{ordered}{joined}"), self.scope, &rest);
        let args = args![self.scope.company(), at, before, rows, end_at, end_id];
        let found: Vec<FoundRecord> = self.store.db().all(sql, args).await?;
        Ok(found.into_iter().map(candidate).collect())
    }

    async fn finds_few(&self, max: i64) -> Result<bool> {
        let hits = dialect::words::hits(self.store.backend(), self.searched.indexed, "$2");
        self.store.finds_few(&hits, args![self.scope.company(), self.query()], max).await
    }

    async fn indexed(&self, beyond: Option<&Cursor>, rows: i64) -> Result<Vec<Candidate>> {
        let Searched { indexed, ordered, key, id, .. } = self.searched;
        let mut from = dialect::words::found(self.store.backend(), *indexed, "$5");
        if !ordered.starts_with(indexed.records) {
            from.push_str(&format!(" CROSS JOIN {ordered}"));
        }
        // The unary plus only keeps SQLite from reading along the order.
        let rest = format!("(+{key}, {id}) < ($2, $3)");
        let (at, before) = position(beyond, i64::MAX)?;
        let args = args![self.scope.company(), at, before, rows, self.query()];
        let sql = self.searched.select(&from, self.scope, &rest);
        let found: Vec<FoundRecord> = self.store.search_rows(sql, args).await?;
        Ok(found.into_iter().map(candidate).collect())
    }
}
