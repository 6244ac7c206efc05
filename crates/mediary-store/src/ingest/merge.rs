//! Two contacts that turn out to be one person, and persons who change number or user id.

use mediary_core::{AccountId, CompanyId, ContactId, ConversationId, MessageId, Timestamp};
use sqlx::AssertSqlSafe;

use super::apply::Applied;
use super::contacts::{Stored, search_text};
use super::types::{ContactKey, IdentityChange};
use crate::Result;
use crate::db::Tx;
use crate::record::{Record as _, record};
use crate::value::args;

record! {
    /// A conversation of a contact.
    struct Thread from conversations as v {
        pub id: ConversationId,
        pub account_id: AccountId,
        pub last_message_id: Option<MessageId>,
        pub last_message_at: Timestamp,
        pub unread_count: i64,
    }
}

/// Moves all of one contact to another one and removes it.
pub(super) async fn contacts(
    tx: &mut Tx,
    now: Timestamp,
    company: CompanyId,
    stays: ContactId,
    goes: ContactId,
    applied: &mut Applied,
) -> Result<()> {
    let sql = format!(
        "SELECT {} FROM conversations v WHERE v.company_id = $1 AND v.contact_id = $2 ORDER BY v.id",
        Thread::SELECT
    );
    let moving: Vec<Thread> = tx.all(AssertSqlSafe(sql.clone()), args![company, goes]).await?;
    let staying: Vec<Thread> = tx.all(AssertSqlSafe(sql), args![company, stays]).await?;
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
    tx.execute("DELETE FROM contacts WHERE company_id = $1 AND id = $2", args![company, goes]).await?;
    Ok(())
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
    tx.execute("DELETE FROM conversations WHERE company_id = $1 AND id = $2", args![company, goes.id])
        .await?;
    Ok(())
}

/// Finds a contact by user id, or else by `wa_id`.
async fn find(tx: &mut Tx, company: CompanyId, key: &ContactKey) -> Result<Option<Stored>> {
    for (column, id) in [("user_id", &key.user_id), ("wa_id", &key.wa_id)] {
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

/// The contact keeps its conversations under the new number or user id. One that was met under the new ones already
/// is the same person.
pub(super) async fn change_identity(
    tx: &mut Tx,
    now: Timestamp,
    change: IdentityChange,
    applied: &mut Applied,
) -> Result<()> {
    let company = change.company_id;
    let Some(person) = find(tx, company, &change.old).await? else {
        return Ok(());
    };
    let person_id = person.id;
    let mut key = person.key();
    let ContactKey { wa_id, user_id, .. } = change.new.clone();
    let by_user_id = ContactKey { user_id, ..ContactKey::default() };
    let by_wa_id = ContactKey { wa_id, ..ContactKey::default() };
    for new in [by_user_id, by_wa_id] {
        if let Some(met) = find(tx, company, &new).await?.filter(|met| met.id != person_id) {
            contacts(tx, now, company, person_id, met.id, applied).await?;
            key.learn(met.key());
        }
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
