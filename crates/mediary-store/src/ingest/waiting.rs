//! Statuses, edits and revocations that came before their message wait in `message_updates`.

use mediary_core::{CompanyId, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::apply::{self, Applied, MessageKey, Updates};
use super::collisions::Tries;
use super::messages::Fresh;
use super::types::Change;
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::record::record;
use crate::value::{Value, args};
use crate::{Error, ErrorKind, Result, Store};

record! {
    /// An update that waits for its message.
    struct Waiting from message_updates as u {
        pub id: i64,
        pub company_id: CompanyId,
        pub kind: String,
        pub body: String,
    }
}

/// Keeps updates whose message is not known.
pub(super) async fn keep(tx: &mut Tx, now: Timestamp, early: &Updates) -> Result<()> {
    let mut insert = Bulk::new(
        "INSERT INTO message_updates (company_id, account_id, provider_message_id, kind, sent_at, body, created_at)",
        "",
    );
    let mut add = |key: MessageKey, kind: &str, sent_at: Timestamp, body: String| {
        insert.push(args![key.company, key.account, key.id, kind, sent_at, body, now]);
    };
    for status in &early.statuses {
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

fn to_json(update: &impl Serialize) -> Result<String> {
    serde_json::to_string(update)
        .map_err(|error| Error::invalid("failed to write an update").with_source(error))
}

/// Takes out what waited for these messages, oldest first.
pub(super) async fn take(tx: &mut Tx, fresh: &[Fresh]) -> Result<Updates> {
    let mut select = Bulk::new(
        "WITH k(company_id, account_id, name) AS (",
        ") SELECT u.id, u.company_id, u.kind, u.body FROM k CROSS JOIN message_updates u WHERE u.company_id = k.company_id
            AND u.account_id = k.account_id AND u.provider_message_id = k.name ORDER BY u.sent_at, u.id",
    );
    for row in fresh {
        let message = &row.message;
        select.push(args![message.company_id, message.account_id, message.provider_message_id.as_str()]);
    }
    let waiting: Vec<Waiting> = select.run(tx).await?;
    take_out(tx, waiting).await
}

async fn take_out(tx: &mut Tx, waiting: Vec<Waiting>) -> Result<Updates> {
    let mut updates = Updates::default();
    let mut delete = Bulk::new("DELETE FROM message_updates WHERE (company_id, id) IN (", ")");
    for Waiting { id, company_id, kind, body } in waiting {
        match kind.as_str() {
            "status" => updates.statuses.push(from_json(id, &body)?),
            "edit" => updates.edits.push(from_json(id, &body)?),
            _ => updates.revokes.push(from_json(id, &body)?),
        }
        delete.push(args![company_id, id]);
    }
    delete.execute(tx).await?;
    Ok(updates)
}

fn from_json<T: DeserializeOwned>(id: i64, body: &str) -> Result<T> {
    serde_json::from_str(body).map_err(|error| {
        let kind = ErrorKind::Corrupt { table: "message_updates", column: "body", id };
        Error::new(kind, "failed to read an update").with_source(error)
    })
}

async fn apply_found(tx: &mut Tx, now: Timestamp, sql: &'static str, args: Vec<Value>) -> Result<Applied> {
    let waiting: Vec<Waiting> = tx.all(sql, args).await?;
    let updates = take_out(tx, waiting).await?;
    let mut applied = Applied::default();
    apply::apply_updates(tx, now, updates, &mut applied).await?;
    Ok(applied)
}

impl Store {
    /// Applies updates that wait although their message is there: two nodes may have taken the two at the same
    /// moment, neither seeing the other's. Looks at what came since then.
    pub async fn apply_waiting_updates(&self, since: Timestamp, limit: u32) -> Result<Vec<Change>> {
        let sql = "SELECT u.id, u.company_id, u.kind, u.body FROM message_updates u
            JOIN messages m ON m.company_id = u.company_id AND m.account_id = u.account_id
                AND m.provider_message_id = u.provider_message_id
            WHERE u.created_at >= $1 ORDER BY u.created_at, u.id LIMIT $2";
        let mut tries = Tries::default();
        loop {
            let mut tx = self.db().begin().await?;
            match apply_found(&mut tx, self.now(), sql, args![since, limit]).await {
                Ok(applied) => {
                    tx.commit().await?;
                    return Ok(applied.changes);
                }
                Err(error) => tries.after(tx, error).await?,
            }
        }
    }

    /// Forgets updates whose message never came.
    pub async fn prune_message_updates(&self, created_before: Timestamp, limit: u32) -> Result<u64> {
        let sql = "DELETE FROM message_updates WHERE (company_id, id) IN (SELECT u.company_id, u.id
                FROM message_updates u
                WHERE u.created_at < $1 ORDER BY u.created_at LIMIT $2)";
        self.db().execute(sql, args![created_before, limit]).await
    }
}
