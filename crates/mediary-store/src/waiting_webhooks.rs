//! Webhooks for numbers without an active account, or whose account has another secret: they are kept, and read again once there is an
//! account for the number, or its secret changes.
//!
//! No event announces a new account: each node checks every second whether a number for which webhooks wait has an account by now. So
//! it does not matter who added it, on which node, or whether a webhook came at that moment:
//!
//! 1. A webhook is read with accounts that may have been looked up a second ago; if it waits although its account exists, the next
//!    check finds both.
//! 2. A webhook that is read again is read whole: repeated items change nothing.
//! 3. A webhook that waits for two numbers is read for each of them.

use mediary_core::{Timestamp, WebhookEventId};

use crate::bulk::Bulk;
use crate::db::Tx;
use crate::inbox::WebhookEvent;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::row;
use crate::{Result, Store, dialect};

/// Numbers in one check, and webhooks of one number that are requeued at a time.
const NUMBERS: i64 = 256;
const WEBHOOKS: i64 = 256;
/// The most bytes of webhooks that are requeued at a time, unless one alone has more: SQLite writes each of them again.
const WEBHOOK_BYTES: u64 = 1024 * 1024;

/// A webhook, and a number that it waits for.
#[derive(Clone, Debug)]
pub struct WaitingWebhook {
    pub event: WebhookEventId,
    pub number: String,
    /// The sealed secret of the account with the number, if the signature was made with another one.
    pub refused_by: Option<Vec<u8>>,
}

/// Webhooks that were requeued by one check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequeuedBatch {
    /// How many webhooks were requeued.
    pub webhooks: usize,
    /// The number after which the next check resumes; empty at the end.
    pub reached: String,
}

/// Records the numbers for which webhooks wait.
pub(crate) async fn keep(tx: &mut Tx, events: &[WebhookEvent], waiting: &[WaitingWebhook]) -> Result<()> {
    let mut insert = Bulk::insert("waiting_webhooks", "ON CONFLICT (phone_number_id, event_id) DO NOTHING");
    for WaitingWebhook { event, number, refused_by } in waiting {
        if let Some(kept) = events.iter().find(|kept| kept.id == *event) {
            insert.push(row! {
                phone_number_id => number.as_str(),
                event_id => *event,
                received_at => kept.received_at,
                refused_by => refused_by.as_deref(),
            });
        }
    }
    insert.execute(tx).await?;
    Ok(())
}

impl Store {
    /// Requeues webhooks whose number has an active account by now. Checks a limited number of numbers, those after `after`.
    pub async fn reread_webhooks(&self, after: &str) -> Result<RequeuedBatch> {
        // Steps from number to number by the index, so that many webhooks of one number cost no more than one webhook.
        let sql = "WITH RECURSIVE n(number, seen) AS (
                SELECT (SELECT MIN(w.phone_number_id) FROM waiting_webhooks w WHERE w.phone_number_id > $1), 1
                UNION ALL
                SELECT (SELECT MIN(w.phone_number_id) FROM waiting_webhooks w WHERE w.phone_number_id > n.number),
                    n.seen + 1 FROM n WHERE n.number IS NOT NULL AND n.seen < $2)
            SELECT n.number, a.id IS NOT NULL FROM n LEFT JOIN whatsapp_accounts a
                ON a.phone_number_id = n.number AND a.status <> 'disabled'
            WHERE n.number IS NOT NULL";
        let numbers: Vec<(String, bool)> = self.db().all(sql, args![after, NUMBERS]).await?;
        let mut found = RequeuedBatch::default();
        if i64::try_from(numbers.len()).is_ok_and(|count| count == NUMBERS) {
            found.reached = numbers.iter().map(|(number, _)| number).max().cloned().unwrap_or_default();
        }
        for (number, _) in numbers.into_iter().filter(|(_, has_account)| *has_account) {
            found.webhooks += self.reread_of(&number).await?;
        }
        Ok(found)
    }

    async fn reread_of(&self, number: &str) -> Result<usize> {
        transaction!(self.db(), |tx| {
            // One node requeues each webhook: the note and the webhook change in one transaction.
            let sql = format!(
                "SELECT w.event_id, (SELECT CAST(octet_length(e.body) AS BIGINT) FROM webhook_events e WHERE e.id = w.event_id)
                FROM waiting_webhooks w WHERE w.phone_number_id = $1 AND (w.refused_by IS NULL
                    OR w.refused_by IS DISTINCT FROM (SELECT a.app_secret FROM whatsapp_accounts a
                        WHERE a.phone_number_id = $1))
                ORDER BY w.event_id LIMIT $2{}",
                dialect::lock_rows(tx.backend())
            );
            let mut events: Vec<(WebhookEventId, Option<u64>)> =
                tx.all(sqlx::AssertSqlSafe(sql), args![number, WEBHOOKS]).await?;
            events.truncate(fitting(&events));
            let mut back = Bulk::with(
                "UPDATE webhook_events SET processed_at = NULL, error = NULL, attempts = 0, begun = 0,
                    next_attempt_at = 0
                    FROM k WHERE webhook_events.id = k.id",
            );
            let mut forget = Bulk::with(
                "DELETE FROM waiting_webhooks WHERE (phone_number_id, event_id) IN (SELECT k.number, k.id FROM k)",
            );
            for (event, _) in &events {
                back.push(row! { id => *event });
                forget.push(row! { number => number, id => *event });
            }
            back.execute(tx).await?;
            forget.execute(tx).await?;
            Ok(events.len())
        })
    }

    /// How many webhooks wait for a number.
    pub async fn waiting_webhook_count(&self) -> Result<u64> {
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM waiting_webhooks";
        Ok(self.db().first::<(u64,)>(sql, args![]).await?.map_or(0, |(count,)| count))
    }

    /// Gives up on webhooks received before then; how many notes were removed.
    pub async fn prune_waiting_webhooks(&self, received_before: Timestamp, limit: u32) -> Result<u64> {
        let sql = "DELETE FROM waiting_webhooks WHERE (phone_number_id, event_id) IN
            (SELECT w.phone_number_id, w.event_id FROM waiting_webhooks w WHERE w.received_at < $1
                ORDER BY w.received_at LIMIT $2)";
        self.db().execute(sql, args![received_before, limit]).await
    }
}

/// How many of them are requeued at a time.
fn fitting(events: &[(WebhookEventId, Option<u64>)]) -> usize {
    let mut bytes = 0_u64;
    let fit = events.iter().take_while(|(_, size)| {
        bytes = bytes.saturating_add(size.unwrap_or(0));
        bytes <= WEBHOOK_BYTES
    });
    fit.count().max(1)
}
