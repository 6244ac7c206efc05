//! Webhooks that end the process that takes them: what kills it (no memory left, a bug below ours) cannot be counted afterwards,
//! and the next start would take the same webhooks first, for ever. So each start counts those that it takes first, before it
//! takes them. If they were counted by several starts and are still there, they are taken one by one, each counted again,
//! and one that was begun too often is set aside, so that the others are recorded.
//!
//! What another process has in hand is not counted, nor waited for. A count too many (several nodes that start at once) makes a
//! webhook go alone, or at worst wait for [`WAIT`]; none is lost by it.

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

/// From so many starts on, webhooks are taken one by one.
const SUSPECT: i64 = 3;
/// How often a webhook may be begun without an end.
const BEGUN_MAX: i64 = 5;
/// The wait of one that is set aside; after a start, so much for each of its attempts, but no more than an hour.
const WAIT: Duration = Duration::from_secs(10);
const ATTEMPTS_MAX: i64 = 360;
/// How many of those that failed wait again at a start: the first ones that it would take. Should a later one end the process,
/// it is among the first at the next start.
const PUT_OFF_AT_ONCE: i64 = 32;
const REASON: &str = "the program ended each time while it recorded this webhook";

impl Store {
    /// Counts the webhooks that come first, at the start of a process. Returns how many are to be taken one by one.
    pub async fn begin_backlog(&self, limits: IngestLimits) -> Result<usize> {
        let begun = self.begin_webhooks(limits).await?;
        let suspect = begun.iter().any(|(_, begun)| *begun >= SUSPECT);
        Ok(if suspect { begun.len() } else { 0 })
    }

    /// Counts the webhook whose turn it is, which is about to be taken alone, and sets it aside if that was often enough.
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

    /// Gives what failed another wait at the start of a process: should it end this one too, new webhooks are recorded first.
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
