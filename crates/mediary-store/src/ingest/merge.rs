//! Two contacts that turn out to be one person, and persons who change number or user id.
//!
//! How a join loses nothing that others write meanwhile (the rules are those of [`super`]): 1. both contacts are held for this
//! transaction alone, in the order of their ids, so nobody makes conversations for them or finds them; 2. so are all their
//! conversations, so nobody has a message or a file under way in them, and nobody can begin one; 3. only then is anything
//! moved, in statements that begin after all that and so see all that was committed; 4. a conversation or contact is removed
//! only if nothing hangs on it. Should anything do so against 1 to 3, the join is undone and done again, never cascaded.

use mediary_core::{AccountId, CompanyId, ContactId, ConversationId, MessageId, Timestamp, other_spelling};
use sqlx::AssertSqlSafe;

use super::apply::Applied;
use super::contacts::{Hold, ROUNDS, Stored, hold, search_text};
use super::types::{ContactKey, IdentityChange};
use crate::db::Tx;
use crate::record::{Record as _, record};
use crate::value::{Value, args};
use crate::{Error, Result, dialect};

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

/// Moves all of one contact to another one and removes it. Both are held.
pub(super) async fn contacts(
    tx: &mut Tx,
    now: Timestamp,
    company: CompanyId,
    stays: ContactId,
    goes: ContactId,
    applied: &mut Applied,
) -> Result<()> {
    let sql = format!(
        "SELECT {} FROM conversations v WHERE v.company_id = $1 AND v.contact_id IN ($2, $3) ORDER BY v.id{}",
        Thread::SELECT,
        dialect::own_rows(tx.backend(), "v")
    );
    let threads: Vec<Thread> = tx.all(AssertSqlSafe(sql), args![company, stays, goes]).await?;
    let (staying, moving): (Vec<Thread>, Vec<Thread>) =
        threads.into_iter().partition(|thread| thread.contact_id == stays);
    for thread in moving {
        let id = match staying.iter().find(|other| other.account_id == thread.account_id) {
            Some(other) => {
                conversations(tx, now, company, other, &thread).await?;
                other.id
            }
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

/// Moves all of one conversation to another one of the same account and removes it.
async fn conversations(
    tx: &mut Tx,
    now: Timestamp,
    company: CompanyId,
    stays: &Thread,
    goes: &Thread,
) -> Result<()> {
    let sql = "UPDATE messages SET conversation_id = $3 WHERE company_id = $1 AND conversation_id = $2";
    tx.execute(sql, args![company, goes.id, stays.id]).await?;
    let sql = "UPDATE media_files SET conversation_id = $3 WHERE company_id = $1 AND conversation_id = $2";
    tx.execute(sql, args![company, goes.id, stays.id]).await?;
    let place = |thread: &Thread| thread.last_message_id.map(|id| (thread.last_message_at, id));
    let newest = if place(goes) > place(stays) { goes } else { stays };
    let sql = "UPDATE conversations SET last_message_id = $3, last_message_at = $4, unread_count = unread_count + $5,
            updated_at = $6
        WHERE company_id = $1 AND id = $2";
    let args =
        args![company, stays.id, newest.last_message_id, newest.last_message_at, goes.unread_count, now];
    tx.execute(sql, args).await?;
    let sql = "DELETE FROM conversations WHERE company_id = $1 AND id = $2
        AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.company_id = $1 AND m.conversation_id = $2)
        AND NOT EXISTS (SELECT 1 FROM media_files f WHERE f.company_id = $1 AND f.conversation_id = $2)";
    remove_empty(tx, sql, args![company, goes.id]).await
}

/// Removes the row of which all was moved away; if it is not empty, nothing of the join happens.
async fn remove_empty(tx: &mut Tx, sql: &'static str, args: Vec<Value>) -> Result<()> {
    match tx.execute(sql, args).await? {
        1 => Ok(()),
        _ => Err(Error::collision("something came to a contact while it was joined with another")),
    }
}

/// Finds a contact by user id, or else by `wa_id`.
async fn find(tx: &mut Tx, company: CompanyId, key: &ContactKey) -> Result<Option<Stored>> {
    let other = key.wa_id.as_deref().and_then(other_spelling);
    for (column, id) in [("user_id", &key.user_id), ("wa_id", &key.wa_id), ("wa_id", &other)] {
        if let Some(id) = id {
            let sql = format!(
                "SELECT {} FROM contacts c WHERE c.company_id = $1 AND c.{column} = $2",
                Stored::SELECT
            );
            let found = tx.first(AssertSqlSafe(sql), args![company, id.as_str()]).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
    }
    Ok(None)
}

/// The contact of an identity change, and those that were met under its new ids; all held, for all of them change.
struct Changing {
    person: Stored,
    met: Vec<Stored>,
}

async fn hold_all(tx: &mut Tx, change: &IdentityChange) -> Result<Option<Changing>> {
    let company = change.company_id;
    let ContactKey { wa_id, user_id, .. } = change.new.clone();
    let by_user_id = ContactKey { user_id, ..ContactKey::default() };
    let by_wa_id = ContactKey { wa_id, ..ContactKey::default() };
    for _ in 0..ROUNDS {
        let Some(person) = find(tx, company, &change.old).await? else { return Ok(None) };
        let mut met: Vec<Stored> = Vec::new();
        for new in [&by_user_id, &by_wa_id] {
            let found = find(tx, company, new).await?;
            let other = |found: &Stored| found.id != person.id && met.iter().all(|met| met.id != found.id);
            met.extend(found.filter(other));
        }
        let mut all: Vec<Stored> = met.iter().chain([&person]).cloned().collect();
        all.sort_by_key(|stored| stored.id);
        if hold(tx, &all, Hold::Own).await? == all {
            return Ok(Some(Changing { person, met }));
        }
    }
    Err(Error::collision("other nodes keep writing the contacts of an identity change"))
}

/// The contact keeps its conversations under the new number or user id. One that was met under the new ones already
/// is the same person.
pub(super) async fn change_identity(
    tx: &mut Tx,
    now: Timestamp,
    change: IdentityChange,
    applied: &mut Applied,
) -> Result<()> {
    let company = change.company_id;
    let Some(Changing { person, met }) = hold_all(tx, &change).await? else {
        return Ok(());
    };
    let person_id = person.id;
    let mut key = person.key();
    for met in met {
        contacts(tx, now, company, person_id, met.id, applied).await?;
        key.learn(met.key());
    }
    key.learn(change.new);
    let sql = "UPDATE contacts SET wa_id = $3, user_id = $4, phone = $5, name = $6, search_text = $7, updated_at = $8
        WHERE company_id = $1 AND id = $2";
    let search_text = search_text(&key);
    let ContactKey { wa_id, user_id, phone, name, .. } = key;
    tx.execute(sql, args![company, person_id, wa_id, user_id, phone, name, search_text, now]).await?;
    let sql = "SELECT v.id FROM conversations v WHERE v.company_id = $1 AND v.contact_id = $2 ORDER BY v.id";
    for (conversation,) in tx.all::<(ConversationId,)>(sql, args![company, person_id]).await? {
        applied.conversation(company, conversation);
    }
    Ok(())
}

impl ContactKey {
    /// Takes over what another key knows.
    fn learn(&mut self, other: Self) {
        self.wa_id = other.wa_id.or(self.wa_id.take());
        self.user_id = other.user_id.or(self.user_id.take());
        self.phone = other.phone.or(self.phone.take());
        self.name = other.name.or(self.name.take());
    }
}
