//! What WhatsApp's answer to a message says of whom it went to.
//!
//! A customer who replies is found by the ids that WhatsApp knows them by, and these may be others than the number that a sender wrote:
//! one with a zero too many, say, or nothing but a business-scoped id. So the contact gets the ids that WhatsApp answered with, and
//! the reply lands in the conversation of the message. The number that was written is remembered with the one that it stands for, so that
//! the next message to it finds the same contact.
//!
//! - Another spelling of the same number (Brazil, Mexico, Argentina) is not written down: WhatsApp itself alternates between the two,
//!   and a contact is looked up by both.
//! - An id that another contact has stays with that one: there the reply lands, for WhatsApp says that it is theirs, and there the next
//!   message to the same number goes.
//! - Where WhatsApp names another business-scoped id than the contact has, the number is somebody else's by now. The next webhook
//!   tells whose; this answer says nothing of the contact.

use mediary_core::{CompanyId, ContactId, Timestamp, canonical_number, other_spelling, same_number};
use sqlx::AssertSqlSafe;

use super::stored_contacts::{Hold, StoredContact, hold, search_text};
use super::types::ContactKey;
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::record::Record as _;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::{insert, row, update};
use crate::{ClaimedSend, Error, Result, Store, dialect};

impl Store {
    /// Gives the contact that a message went to the ids with which WhatsApp answered, as far as they are news and nobody else has them,
    /// and remembers which number it went to. True if the contact changed.
    pub async fn learn_recipient(&self, sent: &ClaimedSend, answered: &ContactKey) -> Result<bool> {
        // Nearly always there is none, and then it costs nothing.
        let known =
            ContactKey { wa_id: sent.wa_id.clone(), user_id: sent.user_id.clone(), ..ContactKey::default() };
        if sent.is_group || news(&known, sent, answered) == ContactKey::default() {
            return Ok(false);
        }
        let now = self.now();
        let learned = transaction!(self.db(), |tx| {
            let Some(stored) = contact_of(tx, sent).await? else { return Ok(false) };
            // It is locked alone and before all else, so nobody waits for this transaction in a circle, and nobody writes into the
            // contact's conversations while it changes.
            let held = hold(tx, std::slice::from_ref(&stored), Hold::Own).await?;
            if held.first() != Some(&stored) {
                return Err(Error::collision("another transaction changed the same contact at this moment"));
            }
            let (company, id) = (stored.company_id, stored.id);
            let mut key = stored.key();
            let news = news(&key, sent, answered);
            if let Some((number, wa_id)) = sent.wa_id.as_deref().zip(news.wa_id.as_deref()) {
                remember(tx, now, company, number, wa_id).await?;
            }
            let free = free(tx, company, news).await?;
            if free == ContactKey::default() {
                return Ok(false);
            }
            key.wa_id = free.wa_id.or(key.wa_id);
            key.user_id = free.user_id.or(key.user_id);
            let (sql, args) = update! {
                contacts set {
                    search_text => search_text(&key),
                    wa_id => key.wa_id,
                    user_id => key.user_id,
                    updated_at => now,
                }
                where { company_id => company, id => id }
            };
            Ok(tx.execute(sql, args).await? > 0)
        });
        match learned {
            // Another contact got the id after this transaction had looked for it.
            Err(error) if error.is_conflict() => Ok(false),
            learned => learned,
        }
    }
}

/// The ids of an answer that are news of a contact with the ids `known`.
fn news(known: &ContactKey, sent: &ClaimedSend, answered: &ContactKey) -> ContactKey {
    let is_another = |told: &String| known.user_id.as_ref().is_some_and(|known| known != told);
    if answered.user_id.as_ref().is_some_and(is_another) {
        return ContactKey::default();
    }
    // A number that the contact got since the message was claimed is newer than the answer.
    let is_number = |told: &String| {
        known.wa_id == sent.wa_id && known.wa_id.as_ref().is_none_or(|known| !same_number(told, known))
    };
    ContactKey {
        wa_id: answered.wa_id.clone().filter(is_number),
        user_id: answered.user_id.clone().filter(|_| known.user_id.is_none()),
        ..ContactKey::default()
    }
}

/// The contact of a message's conversation.
async fn contact_of(tx: &mut Tx, sent: &ClaimedSend) -> Result<Option<StoredContact>> {
    let sql = format!(
        "SELECT {} FROM messages m JOIN conversations v ON v.company_id = m.company_id AND v.id = m.conversation_id
            JOIN contacts c ON c.company_id = v.company_id AND c.id = v.contact_id
            WHERE m.company_id = $1 AND m.id = $2",
        StoredContact::SELECT
    );
    tx.first(AssertSqlSafe(sql), args![sent.company_id, sent.message_id]).await
}

/// Remembers by what id WhatsApp knows a number.
async fn remember(tx: &mut Tx, now: Timestamp, company: CompanyId, number: &str, wa_id: &str) -> Result<()> {
    let (sql, args) = insert! {
        answered_numbers { company_id => company, number => number, wa_id => wa_id, created_at => now }
        "ON CONFLICT (company_id, number) DO UPDATE SET wa_id = excluded.wa_id, created_at = excluded.created_at"
    };
    tx.execute(sql, args).await?;
    Ok(())
}

/// These ids without those that another contact has. A number that has two spellings is locked first, so that none gets it in the
/// other one until the commit (rule 5 of `contacts`).
async fn free(tx: &mut Tx, company: CompanyId, ids: ContactKey) -> Result<ContactKey> {
    let mut free = ContactKey::default();
    if let Some(wa_id) = ids.wa_id {
        let other = other_spelling(&wa_id);
        if other.is_some()
            && let Some(lock) = dialect::lock_names(tx.backend())
        {
            let mut lock = Bulk::with(lock);
            lock.push(row! { company_id => company, name => canonical_number(&wa_id).into_owned() });
            lock.run::<(bool,)>(tx).await?;
        }
        if !is_taken(tx, company, "wa_id", &[Some(&wa_id), other.as_ref()]).await? {
            free.wa_id = Some(wa_id);
        }
    }
    if let Some(user_id) = ids.user_id
        && !is_taken(tx, company, "user_id", &[Some(&user_id)]).await?
    {
        free.user_id = Some(user_id);
    }
    Ok(free)
}

/// Whether a contact has one of these ids.
async fn is_taken(
    tx: &mut Tx,
    company: CompanyId,
    column: &'static str,
    ids: &[Option<&String>],
) -> Result<bool> {
    let mut look = Bulk::with(format!(
        "SELECT c.id FROM k CROSS JOIN contacts c WHERE c.company_id = k.company_id AND c.{column} = k.name"
    ));
    for id in ids.iter().flatten() {
        look.push(row! { company_id => company, name => id.as_str() });
    }
    Ok(!look.run::<(ContactId,)>(tx).await?.is_empty())
}
