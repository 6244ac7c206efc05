//! Messages imported from an older system. Messages that are stored already are never changed by an import.

use std::collections::HashSet;

use mediary_core::{AccountId, CompanyId, Timestamp};

use super::applied::{AppliedChanges, MessageKey};
use super::apply;
use super::collisions::Tries;
use super::messages::NewRows;
use super::storable::Storable;
use super::types::IncomingMessage;
use super::{company_locks, media, reactions, waiting};
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::value::args;
use crate::writes::row;
use crate::{Error, Result, Store};

impl Store {
    /// Writes messages of a company, in one transaction; whether each is new, in the order given. One whose WhatsApp
    /// id any account of the company has already is left out, and changes nothing.
    pub async fn import_messages(
        &self,
        company: CompanyId,
        messages: Vec<IncomingMessage>,
    ) -> Result<Vec<bool>> {
        if messages.iter().any(|message| message.company_id != company || message.imported.is_none()) {
            return Err(Error::internal(
                "a message of an import is of another company, or none of an import",
            ));
        }
        let messages: Vec<_> = messages.into_iter().map(Storable::storable).collect();
        let mut tries = Tries::default();
        let (mut new, applied) = loop {
            let mut tx = self.db().begin().await?;
            match write_unknown(&mut tx, self.now(), company, &messages).await {
                Ok(done) => {
                    tx.commit().await?;
                    break done;
                }
                Err(error) => tries.after(tx, error).await?,
            }
        };
        self.inner.growth.keep_up(self.db(), applied.newest).await;
        Ok(messages.iter().map(|message| new.remove(&message.provider_message_id)).collect())
    }
}

/// The WhatsApp ids among these that an account of the company has.
async fn known(tx: &mut Tx, company: CompanyId, messages: &[IncomingMessage]) -> Result<HashSet<String>> {
    // Each with each account, for Postgres finds no way through the index when it has to join the accounts.
    let sql = "SELECT a.id FROM whatsapp_accounts a WHERE a.company_id = $1";
    let accounts: Vec<(AccountId,)> = tx.all(sql, args![company]).await?;
    let mut select = Bulk::with(
        "SELECT k.name FROM k CROSS JOIN messages m
            WHERE m.company_id = k.company_id AND m.account_id = k.account_id AND m.provider_message_id = k.name",
    );
    for message in messages {
        for (account,) in &accounts {
            select.push(row! {
                company_id => company,
                account_id => *account,
                name => message.provider_message_id.as_str(),
            });
        }
    }
    Ok(select.run::<(String,)>(tx).await?.into_iter().map(|(id,)| id).collect())
}

async fn write_unknown(
    tx: &mut Tx,
    now: Timestamp,
    company: CompanyId,
    messages: &[IncomingMessage],
) -> Result<(HashSet<String>, AppliedChanges)> {
    company_locks::share(tx, company).await?;
    let mut met = known(tx, company, messages).await?;
    let unknown = messages.iter().filter(|message| met.insert(message.provider_message_id.clone()));
    let unknown: Vec<IncomingMessage> = unknown.cloned().collect();
    let mut applied = AppliedChanges::default();
    let new = write(tx, now, unknown, &mut applied).await?;
    Ok((new, applied))
}

/// Writes unknown messages and the updates that waited for them. Returns the WhatsApp ids of the new ones, for a webhook may have
/// recorded some of them meanwhile.
async fn write(
    tx: &mut Tx,
    now: Timestamp,
    unknown: Vec<IncomingMessage>,
    applied: &mut AppliedChanges,
) -> Result<HashSet<String>> {
    if unknown.is_empty() {
        return Ok(HashSet::new());
    }
    let NewRows { new_messages, .. } = apply::write(tx, now, unknown, applied).await?;
    media::expire(tx, now, &new_messages).await?;
    reactions::apply(tx, now, &new_messages, applied).await?;
    let early = waiting::take(tx, new_messages.iter().map(|row| MessageKey::of(&row.message))).await?;
    apply::apply_updates(tx, now, early, applied).await?;
    Ok(new_messages.into_iter().map(|row| row.message.provider_message_id).collect())
}
