//! Webhooks that end the process that takes them: what kills it (no memory left, a bug below ours) cannot be counted afterwards,
//! and the next start would take the same webhook first, for ever. So what was there before a process is taken one by one, and
//! counted before it is taken. One that was begun too often is set aside, and the others are recorded.

use std::time::Duration;

use super::queues::{self, Take};
use super::types::IngestLimits;
use crate::value::args;
use crate::{Result, Store};

/// How often a webhook may be begun without an end.
const BEGUN_MOST: i64 = 3;
/// The wait of one that is set aside; after a start, so much for each of its attempts, but no more than an hour.
const WAIT: Duration = Duration::from_secs(10);
const ATTEMPTS_MOST: i64 = 360;
const REASON: &str = "the program ended each time while it recorded this webhook";

impl Store {
    /// Counts an attempt of the new webhook whose turn it is, which is about to be made. Should another node take it first, or this
    /// one another, the count means nothing, for what is recorded is not begun again.
    pub async fn count_attempt(&self) -> Result<()> {
        let (now, last) = (self.now(), &self.inner.last_queue);
        let queues = queues::next(self.db(), last).await?;
        let limits = IngestLimits { events: 1, bytes: 1 };
        let next = Take { queues: &queues, last, now, limits }.peek(self.db()).await?;
        let Some(id) = next else { return Ok(()) };
        let sql = "UPDATE webhook_events SET attempts = attempts + 1,
                error = CASE WHEN attempts >= $3 THEN $4 ELSE error END,
                next_attempt_at = CASE WHEN attempts >= $3 THEN $5 ELSE next_attempt_at END
            WHERE id = $1 AND processed_at IS NULL AND error IS NULL AND next_attempt_at <= $2";
        self.db().execute(sql, args![id, now, BEGUN_MOST, REASON, now.plus(WAIT)]).await?;
        Ok(())
    }

    /// Gives what failed another wait at the start of a process: should it end this one too, new webhooks are recorded first.
    pub async fn put_off_failed_webhooks(&self) -> Result<()> {
        let sql = "UPDATE webhook_events
            SET next_attempt_at = $1 + $2 * CASE WHEN attempts < $3 THEN attempts ELSE $3 END
            WHERE processed_at IS NULL AND error IS NOT NULL AND next_attempt_at <= $1";
        let wait = i64::try_from(WAIT.as_millis()).unwrap_or(i64::MAX);
        self.db().execute(sql, args![self.now(), wait, ATTEMPTS_MOST]).await?;
        Ok(())
    }
}
