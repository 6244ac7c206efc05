//! Joins of two contacts that turn out to be one person, and changes of number or user id.
//!
//! Why a join loses nothing that others write meanwhile (the rules are those of [`super`]):
//!
//! 1. Both contacts are locked exclusively, in the order of their ids, so no other transaction inserts or finds conversations of
//!    them.
//! 2. So are all their conversations, so no other transaction is writing a message or a file in them, or can begin to.
//! 3. Only then is anything moved, by later statements, which see everything that was committed before.
//! 4. A conversation or contact is removed only if it is empty. If it is not, despite 1 to 3, the join is rolled back and retried;
//!    nothing is ever deleted by a cascade.
//!
//! All of this holds for both contacts and both conversations, so it does not matter which of the two conversations is moved.
//!
//! The cost of joins: of two conversations of one account the one with fewer messages is moved, and the other one is assigned to the
//! contact that stays. So a message moves only into a conversation at least as large as the one it leaves, and the size of its
//! conversation at least doubles: however contacts are joined, n messages move n·log n times at most. Joining many contacts to one
//! with many messages costs work for what is added, not each time for all that was there.

use mediary_core::{AccountId, CompanyId, ContactId, ConversationId, MessageId, Timestamp, other_spelling};
use sqlx::AssertSqlSafe;

use super::applied::AppliedChanges;
use super::stored_contacts::{Hold, StoredContact, hold, search_text};
use super::types::{ContactKey, IdentityChange, IncomingMessage};
use crate::db::Tx;
use crate::record::{Record as _, record};
use crate::value::{Value, args};
use crate::writes::update;
use crate::{Error, Result, dialect};

/// The first limit up to which the messages of two conversations are counted, and the factor by which it grows.
const COUNTED_FIRST: u64 = 64;
const COUNTED_NEXT: u64 = 4;

record! {
    /// A conversation of a contact.
    struct Thread from conversations as v {
        pub id: ConversationId,
        pub account_id: AccountId,
        pub contact_id: ContactId,
        pub last_message_id: Option<MessageId>,
        pub last_message_at: Timestamp,
        pub unread_count: i64,
    }
}

/// Joins two contacts: one is removed, and its conversations move to the other. Both are locked.
pub(super) async fn contacts(
    tx: &mut Tx,
    now: Timestamp,
    company: CompanyId,
    stays: ContactId,
    goes: ContactId,
    applied: &mut AppliedChanges,
) -> Result<()> {
    // By `+v.id`, or SQLite scans all conversations of the company in the order of their ids.
    let sql = format!(
        "SELECT {} FROM conversations v WHERE v.company_id = $1 AND v.contact_id IN ($2, $3) ORDER BY +v.id{}",
        Thread::SELECT,
        dialect::own_rows(tx.backend(), "v")
    );
    let threads: Vec<Thread> = tx.all(AssertSqlSafe(sql), args![company, stays, goes]).await?;
    let (staying, moving): (Vec<Thread>, Vec<Thread>) =
        threads.into_iter().partition(|thread| thread.contact_id == stays);
    for thread in moving {
        let id = match staying.iter().find(|other| other.account_id == thread.account_id) {
            Some(other) => conversations(tx, now, company, stays, (other, &thread)).await?,
            None => {
                let sql = "UPDATE conversations SET contact_id = $3, updated_at = $4
                    WHERE company_id = $1 AND id = $2";
                tx.execute(sql, args![company, thread.id, stays, now]).await?;
                thread.id
            }
        };
        applied.conversation(company, id);
    }
    let sql = "DELETE FROM contacts WHERE company_id = $1 AND id = $2 AND NOT EXISTS
        (SELECT 1 FROM conversations v WHERE v.company_id = $1 AND v.contact_id = $2)";
    remove_empty(tx, sql, args![company, goes]).await
}

/// Joins two conversations of the same account for the contact that stays. Returns the one that remains.
async fn conversations(
    tx: &mut Tx,
    now: Timestamp,
    company: CompanyId,
    contact: ContactId,
    pair: (&Thread, &Thread),
) -> Result<ConversationId> {
    let (stays, goes) = by_size(tx, company, pair).await?;
    let sql = "UPDATE messages SET conversation_id = $3 WHERE company_id = $1 AND conversation_id = $2";
    tx.execute(sql, args![company, goes.id, stays.id]).await?;
    let sql = "UPDATE media_files SET conversation_id = $3 WHERE company_id = $1 AND conversation_id = $2";
    tx.execute(sql, args![company, goes.id, stays.id]).await?;
    let sql = "UPDATE sends SET conversation_id = $3 WHERE company_id = $1 AND conversation_id = $2
        AND state IN ('waiting', 'running')";
    tx.execute(sql, args![company, goes.id, stays.id]).await?;
    let sql = "DELETE FROM conversations WHERE company_id = $1 AND id = $2
        AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.company_id = $1 AND m.conversation_id = $2)
        AND NOT EXISTS (SELECT 1 FROM media_files f WHERE f.company_id = $1 AND f.conversation_id = $2)";
    remove_empty(tx, sql, args![company, goes.id]).await?;
    let position = |thread: &Thread| thread.last_message_id.map(|id| (thread.last_message_at, id));
    let newest = if position(goes) > position(stays) { goes } else { stays };
    // After the other one is removed, for a contact has one conversation of an account.
    let (sql, args) = update! {
        conversations set {
            contact_id => contact,
            last_message_id => newest.last_message_id,
            last_message_at => newest.last_message_at,
            unread_count = "unread_count + ?" => goes.unread_count,
            updated_at => now,
        }
        where { company_id => company, id => stays.id }
    };
    tx.execute(sql, args).await?;
    Ok(stays.id)
}

/// The larger and the smaller one of two conversations. Counts up to a limit that grows until one of them does not reach it:
/// a few times the messages of the smaller one, which are what a join may cost.
async fn by_size<'a>(
    tx: &mut Tx,
    company: CompanyId,
    (one, other): (&'a Thread, &'a Thread),
) -> Result<(&'a Thread, &'a Thread)> {
    let mut limit = COUNTED_FIRST;
    loop {
        let of_one = messages(tx, company, one.id, limit).await?;
        let of_other = messages(tx, company, other.id, limit).await?;
        if of_one.min(of_other) < limit {
            return Ok(if of_one < of_other { (other, one) } else { (one, other) });
        }
        limit = limit.saturating_mul(COUNTED_NEXT);
    }
}

/// How many messages a conversation has, counted up to a limit.
async fn messages(tx: &mut Tx, company: CompanyId, conversation: ConversationId, limit: u64) -> Result<u64> {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM messages m
        WHERE m.company_id = $1 AND m.conversation_id = $2 LIMIT $3) part";
    Ok(tx.first::<(u64,)>(sql, args![company, conversation, limit]).await?.map_or(0, |(count,)| count))
}

/// Removes a row after everything was moved away from it. If it is not empty, the whole join is rolled back.
async fn remove_empty(tx: &mut Tx, sql: &'static str, args: Vec<Value>) -> Result<()> {
    match tx.execute(sql, args).await? {
        1 => Ok(()),
        _ => Err(Error::collision("something came to a contact while it was joined with another")),
    }
}

/// Finds a contact by user id, or else by `wa_id`.
async fn find(tx: &mut Tx, company: CompanyId, key: &ContactKey) -> Result<Option<StoredContact>> {
    let other = key.wa_id.as_deref().and_then(other_spelling);
    for (column, id) in [("user_id", &key.user_id), ("wa_id", &key.wa_id), ("wa_id", &other)] {
        if let Some(id) = id {
            let sql = format!(
                "SELECT {} FROM contacts c WHERE c.company_id = $1 AND c.{column} = $2",
                StoredContact::SELECT
            );
            let found = tx.first(AssertSqlSafe(sql), args![company, id.as_str()]).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
    }
    Ok(None)
}

/// A change of identity, and the message that reports it.
pub(super) struct ReportedChange {
    company: CompanyId,
    change: IdentityChange,
    at: Timestamp,
    /// Whether the message is recorded with it, or was before.
    is_new: bool,
}

impl ReportedChange {
    /// Takes the change that a message reports out of it.
    pub(super) fn of(message: &mut IncomingMessage, is_new: bool) -> Option<Self> {
        let change = *message.identity_change.take()?;
        Some(Self { company: message.company_id, change, at: message.timestamp, is_new })
    }
}

/// The contact of an identity change, and those that were recorded under its new ids; all are locked, for all of them change.
struct ChangingContact {
    person: StoredContact,
    met: Vec<StoredContact>,
}

async fn hold_all(
    tx: &mut Tx,
    company: CompanyId,
    change: &IdentityChange,
) -> Result<Option<ChangingContact>> {
    let ContactKey { wa_id, user_id, .. } = change.new.clone();
    let by_user_id = ContactKey { user_id, ..ContactKey::default() };
    let by_wa_id = ContactKey { wa_id, ..ContactKey::default() };
    let Some(person) = find(tx, company, &change.old).await? else { return Ok(None) };
    let mut met: Vec<StoredContact> = Vec::new();
    for new in [&by_user_id, &by_wa_id] {
        let found = find(tx, company, new).await?;
        let other = |found: &StoredContact| found.id != person.id && met.iter().all(|met| met.id != found.id);
        met.extend(found.filter(other));
    }
    let mut all: Vec<StoredContact> = met.iter().chain([&person]).cloned().collect();
    all.sort_by_key(|stored| stored.id);
    if hold(tx, &all, Hold::Own).await? != all {
        return Err(Error::collision("another transaction wrote the contacts of an identity change"));
    }
    Ok(Some(ChangingContact { person, met }))
}

/// Gives a contact its new number or user id; it keeps its conversations. A contact that was recorded under the new ids already is
/// the same person, and is joined.
///
/// A repeated change also finds a contact that a late message of the same person created under the old ids. But a contact that has
/// been active since the change is either another person, who has the old number now, or has changed again: it stays as it is. It is
/// locked, so nobody writes into its conversations between this check and the join.
pub(super) async fn change_identity(
    tx: &mut Tx,
    now: Timestamp,
    reported: ReportedChange,
    applied: &mut AppliedChanges,
) -> Result<()> {
    let ReportedChange { company, change, at, is_new } = reported;
    let Some(ChangingContact { person, met }) = hold_all(tx, company, &change).await? else {
        return Ok(());
    };
    if !is_new && active_since(tx, company, person.id, at).await? {
        return Ok(());
    }
    let person_id = person.id;
    let mut key = person.key();
    for met in met {
        contacts(tx, now, company, person_id, met.id, applied).await?;
        key.learn(met.key());
    }
    key.learn(change.new);
    let (sql, args) = update! {
        contacts set {
            search_text => search_text(&key),
            wa_id => key.wa_id,
            user_id => key.user_id,
            phone => key.phone,
            name => key.name,
            updated_at => now,
        }
        where { company_id => company, id => person_id }
    };
    tx.execute(sql, args).await?;
    let sql = "SELECT v.id FROM conversations v WHERE v.company_id = $1 AND v.contact_id = $2 ORDER BY +v.id";
    for (conversation,) in tx.all::<(ConversationId,)>(sql, args![company, person_id]).await? {
        applied.conversation(company, conversation);
    }
    Ok(())
}

/// Whether a contact has a message later than that.
async fn active_since(tx: &mut Tx, company: CompanyId, contact: ContactId, at: Timestamp) -> Result<bool> {
    let sql = "SELECT v.id FROM conversations v
        WHERE v.company_id = $1 AND v.contact_id = $2 AND v.last_message_at > $3 LIMIT 1";
    Ok(tx.first::<(ConversationId,)>(sql, args![company, contact, at]).await?.is_some())
}

impl ContactKey {
    /// Adds the ids and details of another key.
    fn learn(&mut self, other: Self) {
        self.wa_id = other.wa_id.or(self.wa_id.take());
        self.user_id = other.user_id.or(self.user_id.take());
        self.phone = other.phone.or(self.phone.take());
        self.name = other.name.or(self.name.take());
    }
}
