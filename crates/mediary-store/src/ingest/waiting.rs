//! Statuses, edits and revocations that came before their message wait in `message_updates`; of reactions, which are messages,
//! only a note waits (`reactions`).

use std::collections::BTreeMap;

use mediary_core::{AccountId, CompanyId, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::applied::{MessageKey, Updates};
use super::storable::Storable;
use super::types::IncomingStatus;
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::record::record;
use crate::value::args;
use crate::writes::row;
use crate::{Error, Result, Store, dialect};

record! {
    /// An update that waits for its message.
    pub(super) struct WaitingUpdate from message_updates as u {
        pub id: i64,
        pub company_id: CompanyId,
        pub kind: String,
        pub body: String,
    }
}

/// Keeps updates whose message is not stored yet. Of the statuses of a message only the furthest is kept, for the others would change
/// nothing: a program that sends without Mediary causes three of them for each message.
pub(super) async fn keep(tx: &mut Tx, now: Timestamp, early: &Updates) -> Result<()> {
    let mut insert = Bulk::insert("message_updates", "");
    let mut add = |key: MessageKey, kind: &str, sent_at: Timestamp, body: String| {
        insert.push(row! {
            company_id => key.company,
            account_id => key.account,
            provider_message_id => key.id,
            kind => kind,
            sent_at => sent_at,
            body => body,
            created_at => now,
        });
    };
    for status in furthest(tx, &early.statuses).await? {
        add(status.key(), "status", status.timestamp, to_json(status)?);
    }
    for edit in &early.edits {
        add(edit.key(), "edit", edit.timestamp, to_json(edit)?);
    }
    for revoke in &early.revokes {
        add(revoke.key(), "revoke", revoke.timestamp, to_json(revoke)?);
    }
    insert.execute(tx).await?;
    Ok(())
}

/// The statuses that are further than those that wait for their messages already, one for each message; the ones that they replace
/// are deleted.
///
/// Waiting rows are locked as they are read. Another node that keeps a status of the same message at this moment either waits, and
/// then reads what this transaction left (or nothing, if it was deleted); or it has inserted a row that is not visible here. Either
/// way each status, or one that is further, is kept by some transaction: none is lost, and at worst two wait for a message, which
/// then takes the further one.
async fn furthest<'a>(tx: &mut Tx, early: &'a [IncomingStatus]) -> Result<Vec<&'a IncomingStatus>> {
    let mut by_message: BTreeMap<MessageKey, &IncomingStatus> = BTreeMap::new();
    for status in early {
        let known = by_message.entry(status.key()).or_insert(status);
        if known.status.advances_to(status.status) {
            *known = status;
        }
    }
    let hold = dialect::hold_rows(tx.backend(), "u");
    let mut select = Bulk::with(format!(
            "SELECT u.id, u.company_id, u.kind, u.body FROM k CROSS JOIN message_updates u
            WHERE u.company_id = k.company_id AND u.account_id = k.account_id AND u.provider_message_id = k.name
                AND u.kind = 'status' ORDER BY u.id{hold}"
        ),
    );
    for key in by_message.keys() {
        select.push(row! { company_id => key.company, account_id => key.account, name => key.id.as_str() });
    }
    let waiting: Vec<WaitingUpdate> = select.run(tx).await?;
    let mut replaced = Bulk::delete("message_updates");
    for WaitingUpdate { id, company_id, body, .. } in waiting {
        let Some(known) = from_json::<IncomingStatus>(id, &body) else { continue };
        let key = known.key();
        match by_message.get(&key) {
            Some(new) if known.status.advances_to(new.status) => replaced.push(row! {
                company_id => company_id,
                id => id,
            }),
            _ => drop(by_message.remove(&key)),
        }
    }
    replaced.execute(tx).await?;
    Ok(by_message.into_values().collect())
}

fn to_json(update: &impl Serialize) -> Result<String> {
    serde_json::to_string(update)
        .map_err(|error| Error::internal("failed to write an update").with_source(error))
}

/// Deletes and returns the updates that waited for these messages, oldest first.
pub(super) async fn take(tx: &mut Tx, messages: impl IntoIterator<Item = MessageKey>) -> Result<Updates> {
    let mut select = Bulk::with(
        "SELECT u.id, u.company_id, u.kind, u.body FROM k CROSS JOIN message_updates u WHERE u.company_id = k.company_id
            AND u.account_id = k.account_id AND u.provider_message_id = k.name ORDER BY u.sent_at, u.id",
    );
    for key in messages {
        select.push(row! { company_id => key.company, account_id => key.account, name => key.id });
    }
    let waiting: Vec<WaitingUpdate> = select.run(tx).await?;
    take_out(tx, waiting).await
}

/// Deletes updates that wait, and reads them.
pub(super) async fn take_out(tx: &mut Tx, waiting: Vec<WaitingUpdate>) -> Result<Updates> {
    let mut updates = Updates::default();
    let mut delete = Bulk::delete("message_updates");
    for WaitingUpdate { id, company_id, kind, body } in waiting {
        let read = match kind.as_str() {
            "status" => from_json(id, &body).map(|status| updates.statuses.push(status)),
            "edit" => from_json(id, &body).map(|edit| updates.edits.push(edit)),
            _ => from_json(id, &body).map(|revoke| updates.revokes.push(revoke)),
        };
        if read.is_some() {
            delete.push(row! { company_id => company_id, id => id });
        }
    }
    delete.execute(tx).await?;
    Ok(updates)
}

/// An update as this release or an earlier one wrote it (earlier ones kept ids as they came). One that cannot be read stays until it
/// is pruned, and stops neither its message nor other updates.
fn from_json<T: DeserializeOwned + Storable>(id: i64, body: &str) -> Option<T> {
    let read = serde_json::from_str::<T>(body);
    let read =
        read.inspect_err(|_| tracing::error!(id, "an update of a message that waits for it cannot be read"));
    read.ok().map(T::storable)
}

impl Store {
    /// Deletes the oldest updates of accounts for which more than `max_per_account` wait, among the accounts that received some since
    /// then.
    pub async fn bound_message_updates(
        &self,
        since: Timestamp,
        max_per_account: u32,
        limit: u32,
    ) -> Result<u64> {
        let sql =
            "SELECT DISTINCT u.company_id, u.account_id FROM message_updates u WHERE u.created_at >= $1";
        let accounts: Vec<(CompanyId, AccountId)> = self.db().all(sql, args![since]).await?;
        let mut forgotten = 0;
        for (company, account) in accounts {
            let sql = "SELECT u.created_at, u.id FROM message_updates u WHERE u.company_id = $1 AND u.account_id = $2
                ORDER BY u.created_at DESC, u.id DESC LIMIT 1 OFFSET $3";
            let first_too_many: Option<(Timestamp, i64)> =
                self.db().first(sql, args![company, account, max_per_account]).await?;
            let Some((at, id)) = first_too_many else { continue };
            let sql = "DELETE FROM message_updates WHERE (company_id, id) IN (SELECT u.company_id, u.id
                FROM message_updates u WHERE u.company_id = $1 AND u.account_id = $2
                    AND (u.created_at, u.id) <= ($3, $4)
                ORDER BY u.created_at, u.id LIMIT $5)";
            forgotten += self.db().execute(sql, args![company, account, at, id, limit]).await?;
        }
        Ok(forgotten)
    }

    /// Deletes updates, and notes of reactions, whose message never came.
    pub async fn prune_message_updates(&self, created_before: Timestamp, limit: u32) -> Result<u64> {
        let sql = "DELETE FROM message_updates WHERE (company_id, id) IN (SELECT u.company_id, u.id
                FROM message_updates u
                WHERE u.created_at < $1 ORDER BY u.created_at LIMIT $2)";
        let updates = self.db().execute(sql, args![created_before, limit]).await?;
        let sql = "DELETE FROM waiting_reactions WHERE (company_id, account_id, reaction_target) IN (
                SELECT w.company_id, w.account_id, w.reaction_target FROM waiting_reactions w
                WHERE w.created_at < $1 ORDER BY w.created_at LIMIT $2)";
        Ok(updates + self.db().execute(sql, args![created_before, limit]).await?)
    }
}
