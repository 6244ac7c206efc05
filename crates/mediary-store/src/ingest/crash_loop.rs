//! Webhooks that end the process that takes them (out of memory, a bug in a dependency). Nothing can be counted after that, and the
//! next start would take the same webhooks first, in an endless crash loop. So each start counts the first webhooks before it takes
//! them. If several starts have counted them and they are still there, they are taken one by one, each counted again, and one that
//! was started too often is set aside, so that the others are recorded.
//!
//! Webhooks that another process has locked are neither counted nor waited for. If a webhook is counted too often (several nodes
//! start at once), it is taken alone, or at worst waits for [`WAIT`]; none is lost.

use std::time::Duration;

use mediary_core::WebhookEventId;
use sqlx::AssertSqlSafe;

use super::Turn;
use super::queues::{self, NextBatch};
use super::types::IngestLimits;
use crate::bulk::Bulk;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::row;
use crate::{Result, Store, dialect};

/// After this many starts, webhooks are taken one by one.
const SUSPECT: i64 = 3;
/// How often a webhook may be started without being processed.
const BEGUN_MAX: i64 = 5;
/// The wait of a webhook that is set aside. At a start it is multiplied by the attempts, up to an hour.
const WAIT: Duration = Duration::from_secs(10);
const ATTEMPTS_MAX: i64 = 360;
/// How many failed webhooks get another wait at a start: the first that it would take. If a later one ends the process, it is among
/// the first at the next start.
const PUT_OFF_AT_ONCE: i64 = 32;
const REASON: &str = "the program ended each time while it recorded this webhook";

impl Store {
    /// Counts the webhooks that come first, at the start of a process. Returns how many are to be taken one by one.
    pub async fn begin_backlog(&self, limits: IngestLimits) -> Result<usize> {
        let begun = self.begin_webhooks(limits).await?;
        let suspect = begun.iter().any(|(_, begun)| *begun >= SUSPECT);
        Ok(if suspect { begun.len() } else { 0 })
    }

    /// Counts the webhook that is next and about to be taken alone, and sets it aside if it was started too often.
    pub async fn begin_one(&self) -> Result<()> {
        let begun = self.begin_webhooks(IngestLimits { events: 1, bytes: 1 }).await?;
        let sql = "UPDATE webhook_events SET attempts = attempts + 1, error = $2, next_attempt_at = $3
            WHERE id = $1 AND processed_at IS NULL AND error IS NULL";
        for (id, _) in begun.into_iter().filter(|(_, begun)| *begun > BEGUN_MAX) {
            self.db().execute(sql, args![id, REASON, self.now().plus(WAIT)]).await?;
        }
        Ok(())
    }

    async fn begin_webhooks(&self, limits: IngestLimits) -> Result<Vec<(WebhookEventId, i64)>> {
        let turns = &self.inner.turns;
        let queues = queues::next(self.db(), turns).await?;
        let batch = NextBatch::new(&queues, turns, self.now(), limits);
        transaction!(self.db(), |tx| {
            let mut count = Bulk::with(
                "UPDATE webhook_events SET begun = begun + 1 FROM k WHERE webhook_events.id = k.id
                    RETURNING webhook_events.id, webhook_events.begun",
            );
            for id in batch.peek(tx).await? {
                count.push(row! { id => id });
            }
            count.run(tx).await
        })
    }

    /// Gives failed webhooks another wait at the start of a process: if they end this one too, new webhooks are recorded first.
    pub async fn put_off_failed_webhooks(&self) -> Result<()> {
        let sql = format!(
            "WITH due AS MATERIALIZED (SELECT e.id FROM webhook_events e WHERE {} LIMIT $4{})
            UPDATE webhook_events SET next_attempt_at = $1 + $2 * CASE WHEN attempts < $3 THEN attempts ELSE $3 END
            WHERE id IN (SELECT id FROM due)",
            Turn::Failed.due(),
            dialect::lock_rows(self.backend()),
        );
        let wait = i64::try_from(WAIT.as_millis()).unwrap_or(i64::MAX);
        self.db().execute(AssertSqlSafe(sql), args![self.now(), wait, ATTEMPTS_MAX, PUT_OFF_AT_ONCE]).await?;
        Ok(())
    }
}
