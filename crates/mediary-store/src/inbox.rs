//! The durable inbox: raw signed webhook bodies until they are ingested.

use std::fmt;

use bytes::Bytes;
use mediary_core::{AccountId, CompanyId, Timestamp, WebhookEventId};
use serde::{Deserialize, Serialize};

use crate::batch::Commit;
use crate::bulk::Bulk;
use crate::db::Db;
use crate::record::{Columns, Read, ReadError, record};
use crate::value::args;
use crate::writes::row;
use crate::{Error, Result, Store};

/// Whose items of a webhook are ingested: the accounts whose secret signed it, or all of the installation's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventScope {
    pub accounts: Vec<AccountId>,
    /// Signed with the installation's own secret.
    pub installation: bool,
}

impl Read for EventScope {
    const WIDTH: usize = 1;
    fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
        serde_json::from_str(&String::read(columns)?).map_err(ReadError::new)
    }
}

/// A verified webhook body.
#[derive(Clone)]
pub struct NewWebhookEvent {
    pub body: Bytes,
    pub received_at: Timestamp,
    pub scope: EventScope,
    /// The company whose accounts' own secret signed it. Companies take turns when webhooks are recorded.
    pub company: Option<CompanyId>,
}

impl fmt::Debug for NewWebhookEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewWebhookEvent").field("size", &self.body.len()).finish_non_exhaustive()
    }
}

record! {
    /// A webhook body in the inbox.
    #[derive(Clone)]
    pub struct WebhookEvent from webhook_events as e {
        pub id: WebhookEventId,
        pub body: Vec<u8>,
        pub received_at: Timestamp,
        pub scope: EventScope,
        /// Failed attempts to ingest it.
        pub attempts: i64,
    }
}

impl fmt::Debug for WebhookEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookEvent")
            .field("id", &self.id)
            .field("size", &self.body.len())
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// The webhooks that wait in the inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InboxDepth {
    pub waiting: u64,
    pub oldest_received_at: Option<Timestamp>,
}

/// Writes webhook bodies, many in one transaction.
pub(crate) struct InboxCommit {
    pub(crate) db: Db,
}

impl Commit for InboxCommit {
    type Item = NewWebhookEvent;
    type Output = WebhookEventId;

    async fn commit(&self, events: Vec<NewWebhookEvent>) -> Result<Vec<WebhookEventId>> {
        let mut insert = Bulk::insert("webhook_events", "RETURNING id");
        for event in events {
            let scope = serde_json::to_string(&event.scope).map_err(|error| {
                Error::internal("failed to write the scope of a webhook").with_source(error)
            })?;
            let queue = event.company.map_or(0, |company| company.0);
            insert.push(row! {
                body => &event.body[..],
                scope => scope,
                received_at => event.received_at,
                queue => queue,
            });
        }
        let mut tx = self.db.begin().await?;
        let mut ids: Vec<(WebhookEventId,)> = insert.run(&mut tx).await?;
        tx.commit().await?;
        // Ids grow in the order of the rows; the answer need not come in it.
        ids.sort_unstable();
        Ok(ids.into_iter().map(|(id,)| id).collect())
    }
}

impl Store {
    /// Keeps a webhook body. Returns once it is on disk.
    pub async fn inbox_append(&self, event: NewWebhookEvent) -> Result<WebhookEventId> {
        self.inner.inbox.try_commit(event).await
    }

    /// How many webhooks of this process wait to be written to the disk.
    pub fn inbox_appending(&self) -> usize {
        self.inner.inbox.callers()
    }

    pub async fn inbox_depth(&self) -> Result<InboxDepth> {
        let sql = "SELECT CAST(COUNT(*) AS BIGINT), (SELECT e.received_at FROM webhook_events e
                WHERE e.processed_at IS NULL ORDER BY e.id LIMIT 1)
            FROM webhook_events WHERE processed_at IS NULL";
        let row: Option<(u64, Option<Timestamp>)> = self.db().first(sql, args![]).await?;
        let (waiting, oldest_received_at) = row.unwrap_or_default();
        Ok(InboxDepth { waiting, oldest_received_at })
    }

    /// Postpones an event that could not be ingested. It is retried from `next_attempt_at` on; the others are processed.
    pub async fn ingest_failed(
        &self,
        event: WebhookEventId,
        error: &str,
        next_attempt_at: Timestamp,
    ) -> Result<()> {
        let sql = "UPDATE webhook_events SET attempts = attempts + 1, error = $2, next_attempt_at = $3
            WHERE id = $1 AND processed_at IS NULL";
        self.db().execute(sql, args![event, error, next_attempt_at]).await?;
        Ok(())
    }

    /// Removes events processed before then; how many. Those that wait for an account, or have a parked item, stay.
    pub async fn prune_webhook_events(&self, processed_before: Timestamp, limit: u32) -> Result<u64> {
        let sql = "DELETE FROM webhook_events WHERE id IN (SELECT e.id FROM webhook_events e
                WHERE e.processed_at IS NOT NULL AND e.processed_at < $1
                    AND NOT EXISTS (SELECT 1 FROM waiting_webhooks w WHERE w.event_id = e.id)
                    AND NOT EXISTS (SELECT 1 FROM parked_items p WHERE p.event_id = e.id)
                ORDER BY e.processed_at, e.id LIMIT $2)";
        self.db().execute(sql, args![processed_before, limit]).await
    }
}
